"""MF10 recommendations on contracts that end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlalchemy import RowMapping

from api.deps import ReadDep
from api.v1.newest import newest
from api.v1.parameters import Cursor, Limit, problems
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
    return await newest(
        call, renewals.listed, _view, Page[RenewalView], client=client, limit=limit, cursor=cursor
    )


def _view(row: RowMapping) -> RenewalView:
    return RenewalView.model_validate(dict(row))
