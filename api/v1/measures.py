"""Volume, promises, accuracy and cost of the work, month by month."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from api.access import BILLERS
from api.deps import Call, ReadDep
from api.principal import CLIENT_ROLES
from api.v1.parameters import problems
from api.v1.tickets import client_asked
from schemas.watch import AccuracyMonth, CostMonth, MeasuresView, OutcomeMonth, PromiseMonth, VolumeMonth
from ticketos.db.repositories import measures, outcomes
from ticketos.domain.accuracy import accuracy
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1", tags=["operations"])

MOST_MONTHS = 24


def months_until(last: date, count: int) -> list[str]:
    """The ``count`` months up to that day's own, oldest first, as 2026-11."""
    number = last.year * 12 + last.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(number - count + 1, number + 1)]


def measured(connection: Connection, call: Call, client: str | None, count: int, zone: str) -> MeasuresView:
    """The measures of one client, or of all the caller sees together."""
    if zone not in available_timezones():
        raise DomainError("zone-unknown", zone=zone)
    chosen = call.principal.clients_with(call.rule.roles)
    if client is not None:
        chosen = (client_asked(connection, call, client),)
    months = months_until(call.now.astimezone(ZoneInfo(zone)).date(), count)
    since = datetime.fromisoformat(f"{months[0]}-01").replace(tzinfo=ZoneInfo(zone))
    paying = [one for one in chosen if call.principal.roles_over(one) & (BILLERS | CLIENT_ROLES)]
    by_month: dict[str, dict[str, Any]] = {month: {} for month in months}
    for row in (
        *measures.volume(connection, chosen, since, zone),
        *measures.delivered(connection, chosen, since, zone),
    ):
        by_month.setdefault(row["month"], {}).update(row)
    came = outcomes.months(connection, chosen, since, zone, handling=call.principal.staff)
    return MeasuresView(
        at=call.now,
        clients=list(chosen),
        zone=zone,
        months=months,
        volume=[VolumeMonth(**{**by_month[month], "month": month}) for month in months],
        promises=[_promise(row) for row in measures.promises(connection, chosen, since, zone)],
        accuracy=[_accuracy(row) for row in measures.sampled(connection, chosen, since, zone)],
        outcomes=[_outcome(row) for row in came if row["month"] in by_month],
        cost=[CostMonth.model_validate(row) for row in measures.cost(connection, paying, months[0])],
    )


def _promise(row: dict[str, Any]) -> PromiseMonth:
    return PromiseMonth(**row, rate=share(row["met"], row["met"] + row["missed"]))


def _outcome(row: dict[str, Any]) -> OutcomeMonth:
    return OutcomeMonth(
        **row,
        resolved_rate=share(row.get("resolved", 0), row.get("requests", 0)),
        automation_rate=share(row.get("untouched", 0), row.get("delivered", 0)),
        repeat_rate=share(row.get("repeated", 0), row.get("requests", 0)),
        defects_per_1000=share(row.get("defects", 0) * 1000, row.get("inspected", 0)),
    )


def share(part: int, whole: int) -> Decimal | None:
    """``part`` ÷ ``whole`` in six places; None where there is nothing to divide by."""
    return None if not whole else (Decimal(part) / whole).quantize(Decimal("0.000001"))


def _accuracy(row: dict[str, Any]) -> AccuracyMonth:
    people, machine = (accuracy(row[name], row["inspected"]) for name in ("correct", "ai_correct"))
    return AccuracyMonth(**row, rate=people.rate, low=people.low, high=people.high, ai_rate=machine.rate)


@router.get("/measures", response_model=MeasuresView, responses=problems(404))
async def read_measures(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    months: Annotated[int, Query(ge=1, le=MOST_MONTHS, description="How many months, this one included")] = 6,
    zone: Annotated[str, Query(max_length=60, description="Whose months they are")] = "UTC",
) -> MeasuresView:
    """How the work went: requests and documents, clocks kept, accuracy with its interval, what came of it, cost."""
    return await call.read(lambda connection: measured(connection, call, client, months, zone))
