"""Signing in and out, and who one is (CS7)."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from api.deps import ReadDep, Reply, ServicesDep
from api.edge import COOKIE, require_same_site
from api.principal import Principal
from api.services import Services, in_thread
from api.v1.parameters import problems
from schemas.accounts import GrantView, MeView, SessionView, SignIn
from ticketos.db.repositories import accounts
from ticketos.db.repositories.accounts import SESSION_LIFE, Login
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

router = APIRouter(prefix="/v1", tags=["account"])

_HASHES_AT_ONCE = 2  # a hash takes a core and 64 MiB: guessing must not crowd out the work


def me_of(principal: Principal) -> MeView:
    """Who the caller is."""
    caller = principal.caller
    return MeView(
        id=caller.user_id,
        client_id=caller.client_id,
        email=caller.email,
        name=caller.name,
        grants=[GrantView.model_validate({"role": g.role, "client_id": g.client_id}) for g in caller.grants],
        clients=list(caller.clients),
        scopes=None if caller.scopes is None else sorted(caller.scopes),
    )


async def sign_in(services: Services, email: str, password: str, *, address: str, agent: str | None) -> str:
    """A new session's token. Every refusal sounds and takes the same: ``sign-in-refused``."""

    def look() -> Login | None:
        with services.database.transaction(()) as connection:
            return accounts.login_of(connection, email)

    login = await in_thread(look)
    stored = login.password_hash if login else None
    matches = await to_thread.run_sync(
        lambda: accounts.password_matches(password, stored), limiter=_limiter(services)
    )

    def settle() -> str | None:
        assert login is not None
        actor, now = Actor("user", str(login.user_id), origin=address), services.now()
        with services.database.transaction([login.client_id]) as connection:
            if matches and login.may_try(now):
                return services.accounts.begin_session(connection, login, now=now, actor=actor, agent=agent)[
                    0
                ]
            services.accounts.refuse_sign_in(connection, login, now=now, actor=actor)
            return None

    token = await in_thread(settle) if login is not None else None
    if token is None:
        raise DomainError("sign-in-refused")
    return token


def _limiter(services: Services) -> CapacityLimiter:
    if services.hashing is None:
        services.hashing = CapacityLimiter(_HASHES_AT_ONCE)
    return services.hashing


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Hand the session to a browser: not readable by scripts, not sent along by other sites' forms."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/",
    )


@router.post("/sessions", status_code=201, response_model=SessionView, responses=problems(401))
async def begin_session(request: Request, services: ServicesDep, body: SignIn) -> Response:
    """Sign in. After five wrong passwords the account is locked for a while, each time longer."""
    if "sec-fetch-site" in request.headers or "origin" in request.headers:
        require_same_site(request.headers, services.options.public_url)
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")[:300]
    token = await sign_in(
        services, body.email, body.password.get_secret_value(), address=address, agent=agent
    )

    def who(connection: Connection) -> Principal:
        caller = accounts.caller_of(connection, token)
        if caller is None:  # switched off between the two moments
            raise DomainError("sign-in-refused")
        return Principal(caller, address)

    def ask() -> Principal:
        with services.database.transaction(()) as connection:
            return who(connection)

    principal = await in_thread(ask)
    view = SessionView(token=token, expires_at=services.now() + SESSION_LIFE, user=me_of(principal))
    response = JSONResponse(view.model_dump(mode="json"), 201)
    if body.cookie:
        set_cookie(response, token, secure=services.options.secure_cookies)
    return response


@router.delete("/sessions/current", status_code=204, response_class=Response, responses=problems())
async def end_session(call: ReadDep) -> Response:
    """Sign out: the token is worth nothing from now on."""

    def end(connection: Connection) -> None:
        call.services.accounts.end_session(
            connection, call.principal.caller, now=call.now, actor=call.principal.actor(call.principal.home)
        )

    await call.read(end)
    call.services.callers.clear()
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/me", response_model=MeView, responses=problems())
async def read_me(call: ReadDep) -> Response:
    """Who the caller is and what they may do."""
    return Reply(me_of(call.principal)).response()
