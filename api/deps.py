"""What a route gets: the caller, a transaction in the caller's name, and answers kept by
``Idempotency-Key``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import CapacityLimiter
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from api.access import Rule, require_role
from api.errors import problem_bytes, status_of
from api.failures import constraint_of
from api.principal import Principal
from api.services import Services, in_thread
from ticketos.db.repositories import idempotency
from ticketos.db.repositories.idempotency import AlreadyAnsweredError, Answer, Keyed
from ticketos.domain.errors import DomainError

Result = TypeVar("Result")

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_AGAIN = frozenset({"uq_message_external", "uq_idempotency_record", "pk_idempotency_record"})
"""Constraints on which two requests with the same thing to say collide: the later one runs again and finds
it said."""

_NOT_KEPT = frozenset(
    {
        "idempotency-in-flight",
        "idempotency-key-reused",
        "rate-limited",
        "not-started-yet",
        "password-wrong",
        "month-end-under-way",
    }
)


@dataclass(frozen=True)
class Reply:
    """An answer a route wants given. ``body`` None is an empty one; ``kept`` is what a repeat gets instead,
    where the body holds a secret that must not be stored."""

    body: BaseModel | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: BaseModel | None = None

    def response(self) -> Response:
        """As HTTP."""
        if self.body is None:
            return Response(status_code=self.status, headers=dict(self.headers))
        return Response(
            self.body.model_dump_json(), self.status, dict(self.headers), media_type="application/json"
        )


@dataclass
class Call:
    """One request of a signed-in caller."""

    request: Request
    services: Services
    principal: Principal
    rule: Rule
    key: str | None

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.services.now()

    def about(self, row: RowMapping | Mapping[str, Any], what: str, *, ticket_id: UUID | None = None) -> None:
        """Remember which row the request is about, so that a refusal names it, and check the role over its
        client."""
        state = self.request.state
        state.client_id, state.entity, state.entity_id = row["client_id"], what, str(row["id"])
        state.ticket_id = ticket_id
        require_role(self.principal, self.rule, row["client_id"])

    def found(self, row: RowMapping | None, what: str) -> RowMapping:
        """The row if the caller may work on it: 404 when it is absent or of a client without any role, 403
        when the role over its client is not among the route's."""
        if row is None or (row["client_id"] not in self.principal.clients):
            raise DomainError("not-found", what=what)
        ticket_id = row.get("root_id") or row.get("ticket_id")
        self.about(row, what, ticket_id=ticket_id)
        return row

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in one transaction that sees the caller's clients."""
        services, reach = self.services, self.principal.reach

        def run() -> Result:
            with services.database.transaction(reach) as connection:
                return work(connection)

        return await in_thread(run)

    async def write(
        self,
        work: Callable[[Connection], Reply],
        *,
        asked: bytes | None = None,
        also: Collection[UUID] = (),
        limiter: CapacityLimiter | None = None,
    ) -> Response:
        """Run ``work`` in one transaction and answer; with an ``Idempotency-Key`` the answer is kept in that
        very transaction. ``asked`` stands for the body where its bytes vary (multipart); ``also`` are
        clients in the making; ``limiter`` lets only so many of a kind work at once."""
        keyed = (
            None if self.key is None else self.keyed(await self.request.body() if asked is None else asked)
        )
        reach = self.principal.reach | frozenset(also)
        try:
            return await in_thread(lambda: self._write(work, keyed, reach), limiter)
        except DomainError as error:
            if keyed is not None:
                await self.keep_refusal(keyed, error)
            raise

    async def once(self, work: Callable[[], Awaitable[Reply]]) -> Response:
        """``write`` for what takes longer than a transaction and may be begun twice without harm: the answer is kept when
        it is there, and the repeat gets it. One of 202 is not kept: the repeat asks again."""
        keyed = None if self.key is None else self.keyed(await self.request.body())
        try:
            if keyed is not None:
                asked = keyed
                answer = await self.read(lambda connection: idempotency.find(connection, asked, self.now))
                if answer is not None:
                    return replayed(answer)
            reply = await work()
        except DomainError as error:
            if keyed is not None:
                await self.keep_refusal(keyed, error)
            raise
        if keyed is None or reply.status == 202:
            return reply.response()
        return await in_thread(lambda: self._write(lambda _: reply, keyed, self.principal.reach))

    def _write(
        self, work: Callable[[Connection], Reply], keyed: Keyed | None, reach: Collection[UUID]
    ) -> Response:
        for attempt in (1, 2):
            try:
                with self.services.database.transaction(reach) as connection:
                    if (
                        keyed is not None
                        and (answer := idempotency.find(connection, keyed, self.now)) is not None
                    ):
                        return replayed(answer)
                    reply = work(connection)
                    if keyed is not None:
                        idempotency.keep(connection, keyed, _answer(reply), self.now)
                    return reply.response()
            except AlreadyAnsweredError:
                if attempt == 2:
                    raise DomainError("idempotency-in-flight") from None
            except IntegrityError as error:
                if attempt == 2 or constraint_of(error) not in _AGAIN:
                    raise
        raise AssertionError("unreachable")

    def keyed(self, asked: bytes) -> Keyed:
        """The request as its repeat is recognised by."""
        assert self.key is not None
        parts = (self.request.method, self.request.url.path, self.request.url.query)
        content = hashlib.sha256("\n".join(parts).encode() + b"\0" + asked).digest()
        owner = (
            self.principal.home if self.principal.home in self.principal.reach else self.principal.clients[0]
        )
        return Keyed(owner, self.principal.name, self.key, content)

    async def keep_refusal(self, keyed: Keyed, error: DomainError) -> None:
        """Keep the refusal for the repeat; failures of ours, and what another attempt may change, are not
        kept."""
        status = status_of(error.code)
        if error.code in _NOT_KEPT or not 400 <= status < 500 or status in (401, 429):
            return
        _, headers, body = problem_bytes(error, self.request.url.path, self.request.state.trace_id)

        def keep() -> None:
            with self.services.database.transaction(self.principal.reach) as connection:
                if idempotency.find(connection, keyed, self.now) is None:
                    idempotency.keep(connection, keyed, Answer(status, body, headers), self.now)

        try:
            await in_thread(keep)
        except (AlreadyAnsweredError, DomainError):
            return  # another request with this key came first; its answer is the one that counts


def replayed(answer: Answer) -> Response:
    """A kept answer, marked as such."""
    headers = {**answer.headers, "Idempotent-Replayed": "true"}
    media = headers.pop("content-type", "application/json")
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, answer.status, headers, media)


def _answer(reply: Reply) -> Answer:
    kept = reply.kept or reply.body
    body = None if kept is None else kept.model_dump(mode="json")
    return Answer(reply.status, body, dict(reply.headers))


async def services_of(request: Request) -> Services:
    """What the app was built with."""
    services: Services = request.app.state.services
    return services


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Makes a repeat safe: the first answer is kept for 48 hours and given again.",
        max_length=255,
        examples=["0198c0de-6c1f-7d3e-9a55-3f1e2d4c5b6a"],
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", description="The ETag you read; a newer one is refused with 412.", examples=['"3"']
    ),
]


async def call_of(
    request: Request, services: Annotated[Services, Depends(services_of)], key: IdempotencyKey = None
) -> Call:
    """The request of a signed-in caller. The edge has let it through; without a caller the table is wrong."""
    principal = request.state.principal
    if principal is None:
        raise DomainError("unauthenticated")
    return Call(request, services, principal, request.state.rule, checked_key(key))


async def reading_of(request: Request, services: Annotated[Services, Depends(services_of)]) -> Call:
    """As ``call_of`` for routes that change nothing and so need no key."""
    return await call_of(request, services)


def checked_key(key: str | None) -> str | None:
    """The key if it can be kept. Quotes around it, as the draft standard has them, belong to the syntax."""
    if key is None:
        return None
    bare = key[1:-1] if len(key) > 2 and key[0] == key[-1] == '"' else key
    if not _KEY.fullmatch(bare):
        raise DomainError("idempotency-key-invalid")
    return bare


CallDep = Annotated[Call, Depends(call_of)]
ReadDep = Annotated[Call, Depends(reading_of)]
ServicesDep = Annotated[Services, Depends(services_of)]


def etag(version: object) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, version: object) -> None:
    """Refuse (``version-mismatch``) an edit of something that was changed since the caller read it."""
    if if_match is None or if_match.strip() == "*":
        return
    given = {one.strip().removeprefix("W/") for one in if_match.split(",")}
    if etag(version) not in given:
        raise DomainError("version-mismatch", current=str(version))
