"""Every measure by day, week or month and by client, line, channel, team, person or clock, and the rows it counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from api import spans
from api.access import BILLERS
from api.deps import Call, ReadDep
from api.principal import CLIENT_ROLES
from api.v1.months import by_month
from api.v1.parameters import Cursor, Limit, Many, page, problems
from api.v1.tickets import client_asked
from schemas.http import Page
from schemas.watch import CostMonth, CountedRow, MarginMonth, MeasureDefinition, MeasureRow, MeasuresView
from ticketos.db.repositories import margins, measures, persons
from ticketos.domain import margin as margin_rules
from ticketos.domain import measures as rules
from ticketos.domain.errors import DomainError
from ticketos.domain.margin import MARGIN
from ticketos.domain.measures import GROUPS, MEASURES, Grain, Measure
from ticketos.lines import LINES

router = APIRouter(prefix="/v1", tags=["operations"])

MOST_MONTHS = rules.MOST_PERIODS["month"]
By = Literal["", "client", "line", "channel", "team", "agent", "clock"]
_TITLES = {line.key: line.title for line in LINES}


@dataclass(frozen=True)
class Asked:
    """What is asked for: the grain, how many periods, parted by what, narrowed to what, and whose days they are."""

    client: str | None = None
    grain: Grain = "month"
    count: int = 6
    by: str = ""
    zone: str = "UTC"
    only: tuple[tuple[str, str], ...] = ()
    last: date | None = None
    """A day of the last period; None: today."""


def months_until(last: date, count: int) -> list[str]:
    """The ``count`` months up to that day's own, oldest first, as 2026-11."""
    return [rules.label(first, "month") for first in rules.periods(last, count, "month")]


def measured(connection: Connection, call: Call, asked: Asked) -> MeasuresView:
    """The measures of one client, or of all the caller sees together. What the house is made of (``HOUSE_GROUPS``) is
    refused to clients. Raises ``zone-unknown``, ``forbidden``."""
    span, house = span_of(connection, call, asked)
    days = _days(call, asked)
    leave = () if house else measures.HOUSE
    found = measures.counted(connection, span, asked.grain, asked.by, leave=leave)
    paying = [one for one in span.clients if call.principal.roles_over(one) & (BILLERS | CLIENT_ROLES)]
    months = asked.grain == "month"
    shown = [rules.label(day, asked.grain) for day in days]
    billing = [one for one in span.clients if call.principal.roles_over(one) & BILLERS]
    plain = {rules.label(one.period, "month"): one.counters for one in found if months and not asked.by}
    return MeasuresView(
        at=call.now,
        clients=list(span.clients),
        zone=asked.zone,
        grain=asked.grain,
        by=asked.by,
        periods=shown,
        definitions=[
            *(definition(one) for one in MEASURES if house or not one.house),
            *([_margin_defined()] if house and billing else ()),
        ],
        rows=_rows(connection, found, asked, shown, house=house),
        months=shown if months else [],
        **by_month(shown if months and not asked.by else [], plain),
        cost=[
            CostMonth.model_validate(row)
            for row in (measures.cost(connection, paying, shown[0]) if months and not asked.only else ())
        ],
        margin=_margins(connection, billing, shown, asked.by) if house and months and not asked.only else [],
    )


def _margins(
    connection: Connection, billing: Sequence[UUID], shown: Sequence[str], by: str
) -> list[MarginMonth]:
    """The margin of these months, for whoever of the house may see their papers; by what it does not know: nothing."""
    if not billing or by not in ("", *margin_rules.GROUPS):
        return []
    found = margins.earned(connection, billing, shown[0], shown[-1], by)
    names = names_of(connection, by, {one.group for one in found})
    return [
        MarginMonth(
            month=one.month,
            currency=one.net.currency,
            group=one.group,
            name=names.get(one.group, ""),
            net=one.net.amount,
            people=one.people.amount,
            rework=one.rework.amount,
            margin=one.margin.amount,
            rate=one.rate,
        )
        for one in found
    ]


def span_of(connection: Connection, call: Call, asked: Asked) -> tuple[measures.Span, bool]:
    """Which rows the caller asks for, and whether all of it is the house's to see."""
    if asked.zone not in available_timezones():
        raise DomainError("zone-unknown", zone=asked.zone)
    chosen = call.principal.clients_with(call.rule.roles)
    if asked.client is not None:
        chosen = (client_asked(connection, call, asked.client),)
    house = all(call.principal.staff_over(one) for one in chosen)
    if not house and rules.HOUSE_GROUPS.intersection((asked.by, *(name for name, _ in asked.only))):
        raise DomainError("forbidden")
    zone = ZoneInfo(asked.zone)
    days = _days(call, asked)
    since, until = (spans.begins(day, zone) for day in (days[0], rules.after(days[-1], asked.grain)))
    return measures.Span(chosen, since, until, asked.zone, call.now, dict(asked.only)), house


def _days(call: Call, asked: Asked) -> list[date]:
    """First days of the periods asked for."""
    last = asked.last or call.now.astimezone(ZoneInfo(asked.zone)).date()
    return rules.periods(last, asked.count, asked.grain)


def definition(one: Measure) -> MeasureDefinition:
    """A measure's definition with the groups its source knows."""
    source = measures.SOURCES[one.source]
    return _defined(one, [name for name in GROUPS if source.group(name)])


def _margin_defined() -> MeasureDefinition:
    return _defined(MARGIN, list(margin_rules.GROUPS))


def _defined(one: Measure, by: list[str]) -> MeasureDefinition:
    return MeasureDefinition(
        measure=one.key,
        kpi=one.kpi,
        formula=one.formula,
        unit=one.unit,
        window=one.window,
        leaves_out=one.leaves_out,
        source=one.source,
        target=one.target,
        by=by,
        house=one.house,
    )


def _rows(
    connection: Connection,
    found: Sequence[measures.Counted],
    asked: Asked,
    shown: Sequence[str],
    *,
    house: bool,
) -> list[MeasureRow]:
    names = names_of(connection, asked.by, {one.group for one in found})
    kept = frozenset(shown)
    return [
        _row(measure, period, one, names.get(one.group, ""))
        for one in found
        if (period := rules.label(one.period, asked.grain)) in kept
        for measure in MEASURES
        if (house or not measure.house) and (measure.whole or measure.part) in one.counters
    ]


def _row(measure: Measure, period: str, one: measures.Counted, name: str) -> MeasureRow:
    found = rules.value_of(measure, one.counters)
    return MeasureRow(
        measure=measure.key,
        period=period,
        group=one.group,
        name=name,
        part=found.part,
        whole=found.whole,
        value=found.value,
        low=found.low,
        high=found.high,
        meets=found.meets,
    )


def names_of(connection: Connection, by: str, groups: Collection[str | None]) -> dict[str | None, str]:
    """What groups are called; a clock and a team are called by their codes, which pages have words for."""
    known = {one for one in groups if one}
    if by == "agent":
        return {
            str(key): name for key, name in persons.names_of(connection, [UUID(x) for x in known]).items()
        }
    if by == "client":
        return {str(row.id): row.name for row in measures.clients(connection, [UUID(x) for x in known])}
    return {one: _TITLES.get(one, one) if by == "line" else one for one in known}


@router.get("/measures", response_model=MeasuresView, responses=problems(403, 404))
async def read_measures(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    months: Annotated[int, Query(ge=1, le=MOST_MONTHS, description="How many months, this one included")] = 6,
    zone: Annotated[str, Query(max_length=60, description="Whose days they are")] = "UTC",
    grain: Annotated[Grain, Query(description="What a period is; weeks begin on Monday")] = "month",
    periods: Annotated[
        int | None, Query(ge=1, le=92, description="How many periods: 92 days, 53 weeks, 24 months at most")
    ] = None,
    by: Annotated[By, Query(description="Part every measure by this, where its rows know it")] = "",
    measure: Many = [],  # noqa: B006 (FastAPI copies it)
) -> MeasuresView:
    """How the work went: every measure by its one definition, for each period and group. Clients part by line, channel and
    clock."""
    wanted = {key if key == MARGIN.key else rules.named(key).key for key in measure}
    count = min(periods or months, rules.MOST_PERIODS[grain])
    asked = Asked(client, grain, count, by, zone)
    found = await call.read(lambda connection: measured(connection, call, asked))
    if not wanted:
        return found
    rows = [one for one in found.rows if one.measure in wanted]
    named = [one for one in found.definitions if one.measure in wanted]
    margin = found.margin if MARGIN.key in wanted else []
    return found.model_copy(update={"rows": rows, "definitions": named, "margin": margin})


@router.get("/measures/{measure}/rows", response_model=Page[CountedRow], responses=problems(400, 403, 404))
async def read_rows(
    call: ReadDep,
    measure: Annotated[str, Path(max_length=40)],
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    since: Annotated[
        spans.Asked | None,
        Query(description="First day, or the instant from which on; default: the first of this month"),
    ] = None,
    until: Annotated[
        spans.Asked | None, Query(description="Last day, or the instant before which; default: today")
    ] = None,
    zone: Annotated[str, Query(max_length=60, description="Whose days they are")] = "UTC",
    part: Annotated[bool, Query(description="Only what counts above the line")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Exactly the rows a measure counts in a span of days or between two instants, the latest first."""
    one = rules.named(measure)
    days = Days(since, until)
    rows, following = await call.read(
        lambda connection: counted_rows(
            connection, call, one, days, Asked(client, zone=zone), limit, cursor, part_only=part
        )
    )
    return page(rows, following, call.request.url, Page[CountedRow])


@dataclass(frozen=True)
class Days:
    """From one day to another, both counted in, or between instants, half-open; None: from the first of this month, to
    today."""

    since: spans.Moment | None = None
    until: spans.Moment | None = None


def days_of(connection: Connection, call: Call, measure: Measure, days: Days, asked: Asked) -> measures.Span:
    """The span of these days. Raises ``forbidden`` for what is the house's own."""
    span, house = span_of(connection, call, asked)
    if measure.house and not house:
        raise DomainError("forbidden")
    zone = ZoneInfo(asked.zone)
    today = call.now.astimezone(zone).date()
    first = spans.begins(days.since or today.replace(day=1), zone)
    return replace(span, since=first, until=spans.ends(days.until or today, zone))


def counted_rows(
    connection: Connection,
    call: Call,
    measure: Measure,
    days: Days,
    asked: Asked,
    limit: int,
    cursor: str | None,
    *,
    part_only: bool,
) -> tuple[list[CountedRow], str | None]:
    """One page of the rows a measure counts in those days."""
    span = days_of(connection, call, measure, days, asked)
    rows, following = measures.listed(connection, measure, span, limit, cursor, part_only=part_only)
    return [CountedRow.model_validate(row) for row in rows], following
