"""Versions before the client: what waits for a decision, and what was decided (MF8)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from api.deps import Call, ReadDep
from api.v1.parameters import Cursor, Limit, page, problems
from api.v1.tickets import client_asked
from schemas.http import Page
from schemas.watch import OfferedVersion
from ticketos.db.repositories import approvals

router = APIRouter(tags=["acts"])


def offered(
    connection: Connection,
    call: Call,
    *,
    client: str | None = None,
    waiting: bool = True,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[OfferedVersion], str | None]:
    """One page of versions of the clients the caller decides for or looks after."""
    chosen = call.principal.clients_with(call.rule.roles)
    if client is not None:
        chosen = (client_asked(connection, call, client),)
    rows, following = approvals.listed(connection, chosen, waiting=waiting, limit=limit, cursor=cursor)
    return [OfferedVersion.model_validate(dict(row)) for row in rows], following


@router.get("/v1/approvals", response_model=Page[OfferedVersion], responses=problems(400, 404))
async def list_approvals(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    state: Annotated[
        Literal["open", "decided"], Query(description="open: what waits longest comes first")
    ] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """What waits for the client's decision, or what was decided."""
    shown, following = await call.read(
        lambda connection: offered(
            connection, call, client=client, waiting=state == "open", limit=limit, cursor=cursor
        )
    )
    return page(shown, following, call.request.url, Page[OfferedVersion])
