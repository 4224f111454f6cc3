"""Signing in and out: password, then the second factor's code where there is one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from api.access import ALL, PUBLIC, Rule, allow
from api.deps import ServicesDep
from api.edge import COOKIE
from api.errors import status_of
from api.portal.forms import SEED_COOKIE, Form, posted, safe_next
from api.portal.listing import address
from api.portal.page import Portal, redirect
from api.portal.parts import Command
from api.portal.viewer import YEAR_S, ZONE_COOKIE, viewer_of, zone_named
from api.portal.visit import PortalDep, PostDep
from api.services import Services, in_thread
from api.v1 import sessions
from ticketos.db.repositories import credentials, persons
from ticketos.db.repositories.credentials import Login
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("GET", "/login/code"): PUBLIC,
    ("POST", "/login/code"): PUBLIC,
    ("POST", "/logout"): allow(ALL, page=True),
}
COMMANDS = (Command("shell.sign_out", "/logout", "out", post=True, rare=True),)
HALF_COOKIE, VIA_COOKIE = "tos_half", "tos_via"
_HALF_LIFE_S = 300


def _half(services: Services) -> URLSafeTimedSerializer:
    newest_last = [key.hex() for key in reversed(services.keyring.derived("portal-half-signed-in"))]
    return URLSafeTimedSerializer(newest_last, salt="half")


def _page(portal: Portal, request: Request, name: str, status: int = 200, **values: Any) -> Response:
    return portal.render(request, viewer_of(request, None), f"session/{name}", status, **values)


def login_page(
    portal: Portal, request: Request, status: int = 200, *, email: str = "", wanted: str = "/", **values: Any
) -> Response:
    """The sign-in form, with the way through a provider where there is one."""
    provider = portal.services.oidc
    return _page(
        portal,
        request,
        "login",
        status,
        email=email,
        next=wanted,
        provider=provider.name if provider else None,
        begin=address("/login/oidc", {"next": wanted if wanted != "/" else ""}),
        leave=provider is not None and VIA_COOKIE in request.cookies,
        **values,
    )


@router.get("/login")
async def show(request: Request, portal: PortalDep, next: str = "/") -> Response:  # noqa: A002 (the URL's word)
    """The sign-in form."""
    return login_page(portal, request, wanted=safe_next(next))


@router.post("/login")
async def sign_in(request: Request, portal: PortalDep, services: ServicesDep) -> Response:
    """Password first. Whoever has a second factor is not signed in yet."""
    form: Form | None = None
    try:
        form = await posted(request, services, portal.guard, "")
        response = await _password_given(request, services, form)
    except DomainError as error:
        typed = form.text("email", 500) if form else ""
        wanted = safe_next(form.text("next")) if form else "/"
        return login_page(
            portal,
            request,
            status_of(error.code),
            email=typed,
            wanted=wanted,
            notice=portal.problem(error),
        )
    if zone_named(zone := form.text("zone", 60)):
        response.set_cookie(ZONE_COOKIE, zone, max_age=YEAR_S, httponly=True, samesite="lax", path="/")
    return response


async def _password_given(request: Request, services: Services, form: Form) -> Response:
    wanted, password = safe_next(form.text("next")), str(form.data.get("password") or "")[:200]
    login = await sessions.checked_login(
        services, form.text("email", 500), password, address=_address(request)
    )
    try:
        return await enter(request, services, login, None, wanted)
    except DomainError as error:
        if error.code != "code-needed":
            raise
    return ask_code(services, login, wanted)


def ask_code(services: Services, login: Login, wanted: str, by: str = "") -> Response:
    """On to the second factor: the browser carries, signed, whose first one was right."""
    response = redirect("/login/code")
    response.set_cookie(
        HALF_COOKIE,
        _half(services).dumps([str(login.user_id), str(login.client_id), wanted, by]),
        max_age=_HALF_LIFE_S,
        httponly=True,
        # A browser that a provider sends back takes no strict cookie along; without a code it opens nothing.
        samesite="lax" if by else "strict",
        secure=services.options.secure_cookies,
        path="/login",
    )
    return response


@router.get("/login/code")
async def show_code(request: Request, portal: PortalDep, services: ServicesDep) -> Response:
    """The form for the second factor's code."""
    if _half_signed_in(request, services) is None:
        return redirect("/login")
    return _page(portal, request, "code")


@router.post("/login/code")
async def give_code(request: Request, portal: PortalDep, services: ServicesDep) -> Response:
    """The code: then the session begins."""
    half = _half_signed_in(request, services)
    if half is None:
        return redirect("/login")
    user_id, client_id, wanted, by = half
    try:
        form = await posted(request, services, portal.guard, "")
        login = await in_thread(lambda: _login(services, user_id, client_id))
        if login is None or not login.open(services.now()):
            raise DomainError("sign-in-refused")
        response = await enter(request, services, login, form.text("code", 40) or "-", wanted, by=by)
    except DomainError as error:
        return _page(portal, request, "code", 401, notice=portal.problem(error))
    response.delete_cookie(HALF_COOKIE, path="/login")
    return response


@router.post("/logout")
async def sign_out(visit: PostDep) -> Response:
    """End this session."""
    await sessions.end_session(visit.call)
    response = redirect("/login")
    response.delete_cookie(COOKIE, path="/")
    response.delete_cookie(SEED_COOKIE, path="/")
    visit.portal.guard.say(response, "good", "session.signed_out")
    return response


def _half_signed_in(request: Request, services: Services) -> tuple[UUID, UUID, str, str] | None:
    try:
        user, client, wanted, by = _half(services).loads(
            request.cookies.get(HALF_COOKIE, ""), max_age=_HALF_LIFE_S
        )
        return UUID(user), UUID(client), safe_next(wanted), str(by)
    except (BadSignature, ValueError, TypeError):
        return None


def _login(services: Services, user_id: UUID, client_id: UUID) -> Login | None:
    with services.database.transaction([client_id]) as connection:
        row = persons.user(connection, user_id)
        return None if row is None else credentials.login_of(connection, row["email"])


async def enter(
    request: Request,
    services: Services,
    login: Login,
    code: str | None,
    wanted: str,
    *,
    by: str = "",
    factor_settled: bool = False,
) -> Response:
    """Begin a session: always a new one, so that nobody can have set it before. ``by`` is the provider that
    vouched."""
    token = await sessions.open_session(
        services,
        login,
        code,
        address=_address(request),
        agent=request.headers.get("user-agent", "")[:300],
        by=by or None,
        factor_settled=factor_settled,
    )
    response = redirect(wanted)
    sessions.set_cookie(response, token, secure=services.options.secure_cookies)
    response.delete_cookie(SEED_COOKIE, path="/")  # forms of before are forms of nobody
    return response


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
