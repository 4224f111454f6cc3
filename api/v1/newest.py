"""Lists of rows over clients, the newest first: one way through the pages of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping

from api.deps import Call
from api.v1.invoices import clients_seen
from api.v1.parameters import id_cursor, page
from schemas.http import Page

Viewed = TypeVar("Viewed", bound=BaseModel)


class Listed(Protocol):
    """A repository's list: rows with an ``id`` that grows with time, those before ``before``."""

    def __call__(
        self,
        connection: Connection,
        client_ids: Sequence[UUID],
        /,
        *,
        limit: int,
        before: UUID | None = None,
    ) -> Sequence[RowMapping]: ...


def page_of(found: Sequence[RowMapping], limit: int) -> tuple[Sequence[RowMapping], str | None]:
    """One page of rows of which one more than ``limit`` was asked for, and the cursor of the next."""
    return found[:limit], str(found[limit - 1]["id"]) if len(found) > limit else None


async def newest(
    call: Call,
    listed: Listed,
    view: Callable[[RowMapping], Viewed],
    kind: type[Page[Viewed]],
    *,
    client: str | None,
    limit: int,
    cursor: str | None,
) -> JSONResponse:
    """One page of what the caller sees. Raises ``cursor-invalid``, ``client-unknown``."""
    before = id_cursor(cursor)

    def read(connection: Connection) -> Sequence[RowMapping]:
        return listed(connection, clients_seen(connection, call, client), limit=limit + 1, before=before)

    rows, following = page_of(await call.read(read), limit)
    return page([view(row) for row in rows], following, call.request.url, kind)
