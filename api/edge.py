"""What every request passes before its route: trace id, limits, sign-in, role, safe headers.

It stands outside the router, so that a body is not even read for somebody who may not send it, and so that a
route cannot forget to ask.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from limits import RateLimitItemPerMinute
from limits.strategies import SlidingWindowCounterRateLimiter
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import AccessTable, Rule
from api.errors import problem
from api.failures import as_domain_error
from api.principal import Principal
from api.quota import Counts
from api.refusals import record_refusal
from api.services import Services, in_thread
from ticketos.db.repositories.credentials import SEEN_EVERY, Caller, caller_of, seen
from ticketos.domain.errors import DomainError

log = structlog.get_logger()

COOKIE = "tos_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN_PAGE = "/login"
INTAKE = frozenset({"/v1/tickets"})
"""Where new requests come in: refused here when the door is full, before anything is spent on them."""
GUESSED = frozenset({"/v1/sessions", "/login", "/login/code", "/login/oidc", "/login/oidc/back"})
"""Routes where somebody could guess passwords, or make us ask others."""
TRIED = frozenset(
    {"/v1/documents/{document_id}/password", "/requests/{ticket_id}/documents/{document_id}/password"}
)
"""The same for somebody signed in: as many tries in a minute as anybody has to sign in."""
TRIED_BY_LINK = frozenset({"/p/{token}"})
"""The same for whoever holds a signed link, by address and by link. Opening the page tries nothing."""

WAITING = frozenset({"/live"})
"""Routes that stay open while a page is looked at: they wait and work on nothing, so they take nobody's place."""

Refusing = Callable[[Scope, DomainError], Awaitable[Response]]
"""Makes the answer to a refused request of a page."""
_MOST_SEEN = 10_000
_TRACE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Edge:
    """ASGI middleware around the whole app."""

    def __init__(
        self, app: ASGIApp, services: Services, access: AccessTable, refusing: Refusing | None = None
    ) -> None:
        self._app = app
        self._refusing = refusing
        self._services = services
        self._access = access
        self._limiter = SlidingWindowCounterRateLimiter(Counts())
        self._in_flight = 0
        self._seen: dict[
            UUID, datetime
        ] = {}  # when a token's use was last written down, so that it is once a minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        state: dict[str, Any] = scope.setdefault("state", {})
        state["trace_id"] = given if _TRACE.fullmatch(given) else secrets.token_hex(16)
        state["started"] = False

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["started"] = True
                self._dress(MutableHeaders(scope=message), state)
            await send(message)

        counted = scope["path"] not in WAITING
        self._in_flight += counted
        try:
            refusal = await self._admit(scope, headers, state)
            if refusal is not None:
                await refusal(scope, receive, answer)
            else:
                await self._app(scope, self._measured(receive, headers), answer)
        except ClientDisconnect:  # nobody is left to answer
            log.info("api.caller_left", trace_id=state["trace_id"], path=scope["path"])
        except Exception as error:  # noqa: BLE001 - the last line: whatever happens, the caller gets a problem and no trace of ours
            await self._fail(error, scope, receive, answer)
        finally:
            self._in_flight -= counted

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"]
        known = as_domain_error(error) or DomainError("internal-error")
        if known.code == "internal-error":
            log.error("api.failed", trace_id=state["trace_id"], path=scope["path"], exc_info=error)
        if state["started"]:
            raise error
        await (await self._refusal(scope, known))(scope, receive, send)

    async def _refusal(self, scope: Scope, error: DomainError) -> Response:
        """As a page where a page was asked for, as a problem document elsewhere."""
        rule: Rule | None = scope["state"].get("rule")
        if self._refusing is not None and rule is not None and rule.page:
            return await self._refusing(scope, error)
        return problem(error, scope["path"], scope["state"]["trace_id"])

    async def _admit(self, scope: Scope, headers: Headers, state: dict[str, Any]) -> Response | None:
        """None to go on, else the answer."""
        found = self._access.find(scope["method"], scope["path"])
        rule = found[1] if found else None
        state["rule"], state["route"], state["principal"] = rule, found[0] if found else None, None
        try:
            if self._crowded(scope, found):
                raise DomainError("overloaded")
            self._check_length(headers)
            if (
                b"%00" in scope["query_string"]
            ):  # PostgreSQL keeps no such character; bodies are checked by their schemas
                raise DomainError("request-malformed", reason="a NUL character in the query")
            if rule is None or rule.public:
                tried = found is not None and found[0] in TRIED_BY_LINK and scope["method"] == "POST"
                self._limit(state, f"address:{_address(scope)}", "anonymous", self._quota(found, tried))
                if tried:
                    self._limit(state, f"link:{_signed(scope)}", "tried", self._quota(found, tried))
                state["principal"] = None
                return None
            principal = await self._sign_in(scope, headers)
            if principal is None:
                self._limit(
                    state,
                    f"address:{_address(scope)}",
                    "anonymous",
                    self._services.options.anonymous_per_minute,
                )
                if rule.page:
                    return RedirectResponse(f"{SIGN_IN_PAGE}?next={quote(_wanted(scope))}", 303)
                raise DomainError("unauthenticated")
            state["principal"] = principal
            self._limit(state, principal.name, "default", self._services.options.requests_per_minute)
            if found is not None and found[0] in TRIED:
                self._limit(state, principal.name, "tried", self._services.options.sign_ins_per_minute)
            self._check(scope, headers, principal, rule)
        except DomainError as error:
            if state["principal"] is not None:
                await record_refusal(self._services, scope, error)
            return await self._refusal(scope, error)
        except SQLAlchemyError as error:
            known = as_domain_error(error)
            if known is None:
                raise
            return await self._refusal(scope, known)
        return None

    def _crowded(self, scope: Scope, found: tuple[str, Rule] | None) -> bool:
        if scope["path"] in ("/healthz", "/readyz"):
            return False
        if self._in_flight > self._services.options.in_flight:
            return True
        return (
            found is not None
            and scope["method"] == "POST"
            and found[0] in INTAKE
            and self._services.door.full
        )

    def _quota(self, found: tuple[str, Rule] | None, tried: bool) -> int:
        options = self._services.options
        guessed = tried or (found is not None and found[0] in GUESSED)
        return options.sign_ins_per_minute if guessed else options.anonymous_per_minute

    async def _sign_in(self, scope: Scope, headers: Headers) -> Principal | None:
        token, cookie = _token(headers)
        if token is None:
            return None
        caller = await self._services.callers.found(token, lambda: in_thread(lambda: self._ask(token)))
        return None if caller is None else Principal(caller, _address(scope), cookie)

    def _ask(self, token: str) -> Caller | None:
        services = self._services
        with services.database.transaction(()) as connection:
            caller = caller_of(connection, token)
        if caller is None:
            return None
        now = services.now()
        if now - self._seen.get(caller.credential_id, now - SEEN_EVERY) >= SEEN_EVERY:
            if len(self._seen) > _MOST_SEEN:
                self._seen.clear()
            self._seen[caller.credential_id] = now
            with services.database.transaction([caller.client_id]) as connection:
                seen(connection, caller, now)
        return caller

    def _check(self, scope: Scope, headers: Headers, principal: Principal, rule: Rule) -> None:
        if principal.cookie and scope["method"] not in SAFE_METHODS:
            require_same_site(headers, self._services.options.public_url)
        if not principal.roles & rule.roles:
            raise DomainError("forbidden", needs=sorted(rule.roles))
        if not principal.has_scope(rule.scope):
            raise DomainError("scope-missing", scope=rule.scope)

    def _limit(self, state: dict[str, Any], who: str, policy: str, quota: int) -> None:
        item = RateLimitItemPerMinute(quota)
        admitted = self._limiter.hit(item, policy, who)
        window = self._limiter.get_window_stats(item, policy, who)
        wait = max(1, round(window.reset_time - self._clock()))
        state["rate"] = (policy, quota, max(0, window.remaining), wait)
        if not admitted:
            raise DomainError("rate-limited", retry_after=wait)

    def _clock(self) -> float:
        return self._services.now().timestamp()

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length")
        if length is not None and length.isdigit() and int(length) > self._most(headers):
            raise DomainError("body-too-large", limit_mb=self._most(headers) // 1024 // 1024)

    def _most(self, headers: Headers) -> int:
        options = self._services.options
        multipart = headers.get("content-type", "").lower().startswith("multipart/form-data")
        return options.max_request_bytes if multipart else options.max_json_bytes

    def _measured(self, receive: Receive, headers: Headers) -> Receive:
        """The body as it comes, refused as soon as it is longer than allowed (a length may be absent or a
        lie)."""
        most, seen_bytes = self._most(headers), 0

        async def measured() -> Message:
            nonlocal seen_bytes
            message = await receive()
            if message["type"] == "http.request":
                seen_bytes += len(message.get("body", b""))
                if seen_bytes > most:
                    raise HTTPException(413, detail=str(most // 1024 // 1024))
            return message

        return measured

    def _dress(self, headers: MutableHeaders, state: Mapping[str, Any]) -> None:
        for name, value in _SAFE_HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", _POLICY)
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = state["trace_id"]
        if self._services.options.public_url.startswith("https://"):
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if (rate := state.get("rate")) is not None:
            policy, quota, remaining, reset = rate
            headers["RateLimit-Policy"] = f'"{policy}";q={quota};w=60'
            headers["RateLimit"] = f'"{policy}";r={remaining};t={reset}'


def require_same_site(headers: Headers, public_url: str) -> None:
    """Refuse a browser's request that a page of another site caused (``cross-site-request``). Browsers say
    where a request comes from; one that says nothing at all must at least name our own address as origin."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site in ("same-origin", "none"):
            return
        raise DomainError("cross-site-request", site=site)
    origin = headers.get("origin")
    if origin is None or origin not in (
        public_url,
        f"http://{headers.get('host')}",
        f"https://{headers.get('host')}",
    ):
        raise DomainError("cross-site-request", site=origin or "unknown")


def _token(headers: Headers) -> tuple[str | None, bool]:
    """The token of a request and whether a browser sent it by itself."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip(), False
    if scheme:
        return None, False
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None, False
    return (None, False) if morsel is None else (morsel.value, True)


def _wanted(scope: Scope) -> str:
    """Where somebody wanted to go: a page that is read comes back with its filters, an act does not."""
    if scope["method"] not in SAFE_METHODS:
        return "/"
    query = scope["query_string"].decode("ascii", "replace")
    return str(scope["path"]) + (f"?{query}" if query else "")


def _signed(scope: Scope) -> str:
    """What a link's signature is over: the signature itself can be written in more than one way."""
    return str(scope["path"]).rpartition(".")[0]


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"
