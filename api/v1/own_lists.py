"""What the lists that a client keeps of its own (vendors, accounts) share: whose they are, and taking them in and giving
them out as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from api.access import require_role
from api.deps import Call, Reply
from api.v1.clients import one as client_one
from schemas.vendors import ListImport, RefusedRow
from ticketos.db.repositories.own_lists import Imported
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from ticketos.reports import cells

CSV = "text/csv"
ClientChoice = Annotated[UUID | None, Query(description="Of this client alone")]
DryRun = Annotated[bool, Query(description="Say what it would do, and keep nothing")]
Paged = Callable[[Connection, str | None], tuple[Sequence[RowMapping], str | None]]
WHOLE: dict[int | str, dict[str, Any]] = {200: {"description": "The whole list", "content": {CSV: {}}}}
"""The documented answer of an export."""


class Keeper(Protocol):
    """What takes a file into a client's list."""

    def take_in(
        self,
        connection: Connection,
        client_id: UUID,
        content: bytes,
        *,
        now: datetime,
        actor: Actor,
        dry_run: bool = False,
    ) -> Imported: ...


def csv_body(example: str) -> dict[str, Any]:
    """The documented body of an import."""
    content = {CSV: {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def seen_clients(call: Call, client_id: UUID | None) -> tuple[UUID, ...]:
    """The client asked for, or all that the caller has the route's role over. Raises ``client-unknown``."""
    seen = call.principal.clients_with(call.rule.roles)
    if client_id is None:
        return seen
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown")
    return tuple(one for one in seen if one == client_id)


def for_client(call: Call, client_id: UUID) -> None:
    """The client something new is for must be one the caller has the role over."""
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown")
    call.request.state.client_id = client_id
    require_role(call.principal, call.rule, client_id)


def plain(q: str | None) -> str:
    """What is searched for, if it can stand in a row at all."""
    if q and "\0" in q:
        raise DomainError("request-malformed", reason="a character that cannot be stored")
    return (q or "").strip()


async def csv_of(call: Call) -> bytes:
    """The file that a request is. Raises ``media-type-unsupported``."""
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != CSV:
        raise DomainError("media-type-unsupported", accepted=CSV)
    return await call.request.body()


async def taken_in(call: Call, client_id: UUID, content: bytes, keeper: Keeper, *, dry_run: bool) -> Response:
    """Take in a file, for whoever has its bytes."""

    def write(connection: Connection) -> Reply:
        client_one(connection, call, client_id)
        actor = call.principal.actor(client_id)
        done = keeper.take_in(connection, client_id, content, now=call.now, actor=actor, dry_run=dry_run)
        return Reply(
            ListImport(
                created=done.created,
                updated=done.updated,
                unchanged=done.unchanged,
                refused=len(done.refused),
                dry_run=dry_run,
                rows=[RefusedRow.model_validate(row) for row in done.refused],
            )
        )

    # The page has the client and the trial run in its form, not in its address: they are part of what was asked.
    return await call.write(write, asked=f"{client_id}:{dry_run}\n".encode() + content)


async def given_out(
    call: Call,
    client_id: UUID,
    name: str,
    columns: Sequence[str],
    page: Paged,
    line: Callable[[RowMapping], Iterable[object]],
) -> Response:
    """A client's whole list as a file, in the columns that an import takes."""

    def read(connection: Connection) -> Sequence[RowMapping]:
        client_one(connection, call, client_id)
        rows, cursor = page(connection, None)
        found = list(rows)
        while cursor is not None:
            rows, cursor = page(connection, cursor)
            found += rows
        return found

    rows = await call.read(read)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "private, no-store",
    }
    content = cells.BOM + cells.rows([columns, *map(line, rows)])
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
