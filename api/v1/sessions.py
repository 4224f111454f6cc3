"""Signing in and out, and who one is (CS7)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from api.deps import ReadDep, Reply, ServicesDep
from api.edge import COOKIE, require_same_site
from api.principal import Principal
from api.services import Services, in_thread
from api.v1.parameters import problems
from schemas.accounts import GrantView, MeView, OpenSessionView, SessionView, SignIn
from ticketos.db.repositories import credentials
from ticketos.db.repositories.accounts import SESSION_LIFE
from ticketos.db.repositories.credentials import Login
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


async def checked_login(services: Services, email: str, password: str, *, address: str) -> Login:
    """The login whose password this is. Every refusal sounds and takes the same: ``sign-in-refused``."""

    def look() -> Login | None:
        with services.database.transaction(()) as connection:
            return credentials.login_of(connection, email)

    login = await in_thread(look)
    stored = login.password_hash if login else None
    matches = await to_thread.run_sync(
        lambda: credentials.password_matches(password, stored), limiter=_limiter(services)
    )
    if login is None:
        raise DomainError("sign-in-refused")
    if not (matches and login.may_try(services.now())):
        await _count_failure(services, login, address)
        raise DomainError("sign-in-refused")
    return login


async def open_session(
    services: Services,
    login: Login,
    code: str | None,
    *,
    address: str,
    agent: str | None,
    by: str | None = None,
    factor_settled: bool = False,
) -> str:
    """A session for somebody whose password was right, or whom the provider ``by`` vouched for: its token. Raises
    ``code-needed`` when the login has a second factor and no code came (unless ``factor_settled`` elsewhere),
    ``code-refused`` for a wrong one, which counts as a failed attempt."""

    def settle() -> str:
        actor, now = Actor("user", str(login.user_id), origin=address), services.now()
        with services.database.transaction([login.client_id]) as connection:
            if code is None:
                if (
                    not factor_settled
                    and services.second_factor.of(connection, login.user_id).since is not None
                ):
                    raise DomainError("code-needed")
            elif (
                services.second_factor.check(
                    connection, login.client_id, login.user_id, code, now=now, actor=actor
                )
                == "wrong"
            ):
                raise DomainError("code-refused")
            return services.accounts.begin_session(
                connection, login, now=now, actor=actor, agent=agent, by=by
            )[0]

    try:
        return await in_thread(settle)
    except DomainError as error:
        if error.code == "code-refused":
            await _count_failure(services, login, address)
        raise


async def _count_failure(services: Services, login: Login, address: str) -> None:
    def count() -> None:
        actor = Actor("user", str(login.user_id), origin=address)
        with services.database.transaction([login.client_id]) as connection:
            services.accounts.refuse_sign_in(connection, login, now=services.now(), actor=actor)

    await in_thread(count)


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
    """Sign in. After five wrong passwords or codes the account is locked for a while, each time longer."""
    if "sec-fetch-site" in request.headers or "origin" in request.headers:
        require_same_site(request.headers, services.options.public_url)
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")[:300]
    login = await checked_login(services, body.email, body.password.get_secret_value(), address=address)
    token = await open_session(services, login, body.code, address=address, agent=agent)

    def who(connection: Connection) -> Principal:
        caller = credentials.caller_of(connection, token)
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


@router.get("/sessions", response_model=list[OpenSessionView], responses=problems())
async def list_sessions(call: ReadDep) -> Any:
    """Where the caller is signed in."""
    rows = await call.read(
        lambda connection: credentials.sessions_of(connection, call.principal.user_id, call.now)
    )
    current = call.principal.caller.credential_id
    return [OpenSessionView.model_validate({**row, "current": row["id"] == current}) for row in rows]


@router.delete("/sessions/{session_id}", status_code=204, response_class=Response, responses=problems(404))
async def end_other_session(call: ReadDep, session_id: UUID) -> Response:
    """End one of the caller's sessions, wherever it is."""

    def end(connection: Connection) -> None:
        actor = call.principal.actor(call.principal.home)
        if not call.services.accounts.end_session_of(
            connection, call.principal.caller, session_id, now=call.now, actor=actor
        ):
            raise DomainError("not-found", what="session")

    await call.read(end)
    call.services.callers.clear()
    return Response(status_code=204)


@router.get("/me", response_model=MeView, responses=problems())
async def read_me(call: ReadDep) -> Response:
    """Who the caller is and what they may do."""
    return Reply(me_of(call.principal)).response()
