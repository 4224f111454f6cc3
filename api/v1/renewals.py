"""MF10 recommendations on contracts that end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, RowMapping

from api.deps import ReadDep
from api.v1.invoices import clients_seen
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.http import Page
from schemas.renewals import RenewalView
from ticketos.db.repositories import renewals

router = APIRouter(prefix="/v1", tags=["admin"])


@router.get("/renewals", response_model=Page[RenewalView], responses=problems(400, 404))
async def list_renewals(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """What is advised about contracts that end, the newest first."""
    before = id_cursor(cursor)

    def read(connection: Connection) -> list[RowMapping]:
        seen = clients_seen(connection, call, client)
        return list(renewals.listed(connection, seen, limit=limit + 1, before=before))

    found = await call.read(read)
    following = str(found[limit - 1]["id"]) if len(found) > limit else None
    shown = [RenewalView.model_validate(dict(row)) for row in found[:limit]]
    return page(shown, following, call.request.url, Page[RenewalView])
