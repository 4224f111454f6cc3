"""Signing in through the company's own identity provider: there, back, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access import PUBLIC, Rule
from api.deps import ServicesDep
from api.errors import status_of
from api.portal.forms import safe_next
from api.portal.page import redirect
from api.portal.routes import session
from api.portal.viewer import YEAR_S
from api.portal.visit import PortalDep
from api.services import Services, in_thread
from ticketos.db.repositories import credentials
from ticketos.db.repositories.credentials import Login
from ticketos.domain.errors import DomainError

if TYPE_CHECKING:
    from api.oidc import Provider

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/login/oidc"): PUBLIC,
    ("GET", "/login/oidc/back"): PUBLIC,
    ("GET", "/login/oidc/out"): PUBLIC,
}
UNDER_WAY_COOKIE = "tos_oidc"
_PATH = "/login/oidc"


@router.get("/login/oidc")
async def begin(request: Request, portal: PortalDep, services: ServicesDep, next: str = "/") -> Response:  # noqa: A002 (the URL's word)
    """Off to the provider. Whoever reads this address is only shown the way there."""
    provider = _provider(services)
    wanted = safe_next(next)
    try:
        address, carried = await in_thread(lambda: provider.begin(wanted))
    except DomainError as error:
        return session.login_page(
            portal, request, status_of(error.code), wanted=wanted, notice=portal.problem(error)
        )
    response = redirect(address)
    response.set_cookie(
        UNDER_WAY_COOKIE,
        carried,
        max_age=600,
        httponly=True,
        samesite="lax",  # the provider's page sends the browser back: a strict one would stay away
        secure=services.options.secure_cookies,
        path=_PATH,
    )
    return response


@router.get("/login/oidc/back")
async def back(request: Request, portal: PortalDep, services: ServicesDep) -> Response:
    """The browser is back. An answer counts once: what belongs to it is taken away with the answer."""
    try:
        response = await _entered(request, services)
    except DomainError as error:
        response = session.login_page(portal, request, status_of(error.code), notice=portal.problem(error))
    response.delete_cookie(UNDER_WAY_COOKIE, path=_PATH)
    return response


async def _entered(request: Request, services: Services) -> Response:
    provider = _provider(services)
    query, carried = dict(request.query_params), request.cookies.get(UNDER_WAY_COOKIE, "")
    vouched, wanted = await in_thread(lambda: provider.came_back(query, carried))
    login = await in_thread(lambda: _login(services, vouched.email))
    if login is None:
        raise DomainError("oidc-no-account", email=vouched.email)
    if not login.open(services.now()):
        raise DomainError("sign-in-refused")
    by = provider.registration.issuer
    try:
        response = await session.enter(
            request,
            services,
            login,
            None,
            safe_next(wanted),
            by=by,
            factor_settled=provider.settles_factor(vouched),
        )
    except DomainError as error:
        if error.code != "code-needed":
            raise
        response = session.ask_code(services, login, safe_next(wanted), by)
    response.set_cookie(
        session.VIA_COOKIE,
        "1",
        max_age=YEAR_S,
        httponly=True,
        samesite="strict",
        secure=services.options.secure_cookies,
        path="/login",
    )
    return response


@router.get("/login/oidc/out")
async def leave(services: ServicesDep) -> Response:
    """End the session at the provider too, where it offers that. It asks the person itself."""
    provider = _provider(services)
    try:
        address = await in_thread(provider.sign_out_address)
    except DomainError:  # it is away; here they are signed out all the same
        address = None
    response = redirect(address or "/login")
    response.delete_cookie(session.VIA_COOKIE, path="/login")
    return response


def _provider(services: Services) -> Provider:
    if services.oidc is None:
        raise DomainError("not-found", what="page")
    return services.oidc


def _login(services: Services, email: str) -> Login | None:
    with services.database.transaction(()) as connection:
        return credentials.login_of(connection, email)
