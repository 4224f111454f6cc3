"""Months of billing: lock, units and invoices by state (PB10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from api.access import BILLERS, Rule, allow
from api.deps import Call, ReadDep
from api.v1.invoices import clients_seen
from api.v1.measures import MOST_MONTHS, months_until
from api.v1.parameters import problems
from schemas.invoices import MonthView
from ticketos.db.repositories import periods

router = APIRouter(prefix="/v1", tags=["billing"])

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/billing-periods"): allow(BILLERS, scope="billing:read"),
}
ClientNamed = Annotated[str | None, Query(max_length=60, description="Id or slug of a client")]


def months_of(connection: Connection, call: Call, client: str | None, count: int) -> list[MonthView]:
    """The months of one client, or of all the caller bills, the newest first."""
    first = months_until(call.now.date(), count)[0]
    chosen = clients_seen(connection, call, client)
    return [MonthView.model_validate(one) for one in periods.months(connection, chosen, first)]


@router.get("/billing-periods", response_model=list[MonthView], responses=problems(404))
async def list_periods(
    call: ReadDep,
    client: ClientNamed = None,
    months: Annotated[int, Query(ge=1, le=MOST_MONTHS, description="How many months back")] = 12,
) -> list[MonthView]:
    """Months with their lock, their units and their invoices by state."""
    return await call.read(lambda connection: months_of(connection, call, client, months))
