"""Exactly the rows that a figure counts: what they are of, and what each adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import CONTENT_READERS, ROUTES, Rule, as_page
from api.portal.figures import about, group_name, shown
from api.portal.formats import Formats
from api.portal.listing import FILE_PAGE, LIMIT, address, client_filter, day_filters, file_of
from api.portal.parts import Crumb, Empty, Filter, Tab
from api.portal.visit import Visit, VisitDep
from api.spans import lenient
from api.v1.measures import Asked, Days, counted_rows, days_of, names_of
from schemas.watch import CountedRow
from ticketos.db.repositories import measures
from ticketos.domain.measures import GROUPS, Measure, named, value_of
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/measures/{measure}/rows"])
RULES: dict[tuple[str, str], Rule] = {("GET", "/insights/rows"): _READ, ("GET", "/insights/rows.csv"): _READ}
RATES = ("share", "per_1000")
"""Units of which a row may count below the line alone."""
_TITLES = {line.key: line.title for line in LINES}


@router.get("/insights/rows")
async def show(
    visit: VisitDep,
    measure: str = "requests",
    client: str = "",
    since: str = "",
    until: str = "",
    by: str = "",
    group: str = "",
    part: str = "",
    cursor: str = "",
) -> Response:
    """The list, with the figure it makes."""
    one, days = named(measure), Days(lenient(since), lenient(until))
    asked = _asked(visit, client, by, group)
    rates = one.unit in RATES

    def read(connection: Connection) -> dict[str, Any]:
        span = days_of(connection, visit.call, one, days, asked)
        rows, following = counted_rows(
            connection, visit.call, one, days, asked, LIMIT, cursor or None, part_only=bool(part) and rates
        )
        totals = measures.totals(connection, one, span)
        name = names_of(connection, by, {group}).get(group, "") if asked.only and group != "-" else ""
        return {"rows": rows, "following": following, "totals": totals, "group": name, "span": span}

    found = await visit.read(read)
    t, f, totals = visit.portal.texts, visit.formats, found["totals"]
    counters = {one.part: totals["part"]} | ({one.whole: totals["whole"]} if one.whole else {})
    query = {"measure": one.key, "client": client, "since": since, "until": until, "by": by, "group": group}
    shows = {**query, "part": part}
    return visit.page(
        "insights/rows",
        crumbs=[
            Crumb(t("insights.title"), address("/insights", {"client": client})),
            Crumb(t(f"measures.{one.key}.name")),
        ],
        named=t(f"measures.{one.key}.name"),
        about=about(one.key, f, visit.call.now),
        value=shown(one, value_of(one, counters), f),
        totals=totals,
        rates=rates,
        narrowed=group_name(t, by, None if group == "-" else group, found["group"]) if asked.only else "",
        rows=found["rows"],
        adds=lambda row: _adds(one, row, f),
        titles=_TITLES,
        ticket="/tickets" if visit.viewer.staff else "/requests",
        may_open=bool(visit.viewer.roles & CONTENT_READERS),
        tabs=_tabs(visit, query, one, totals, part),
        keep=[(name, query[name]) for name in ("measure", "by", "group") if query[name]]
        + ([("part", part)] if part else []),
        filters=[*client_filter(visit, client), *_days(visit, days)],
        file=address("/insights/rows.csv", shows),
        more=address("/insights/rows", {**shows, "cursor": found["following"]})
        if found["following"]
        else None,
        first=address("/insights/rows", shows) if cursor else None,
        empty=Empty(t("insights.rows_none"), t("insights.rows_none_text"), "filter"),
        live_topic="",
    )


def _asked(visit: Visit, client: str, by: str, group: str) -> Asked:
    only = ((by, group),) if by in GROUPS and group else ()
    return Asked(client or None, zone=visit.viewer.zone.key, only=only)


def _days(visit: Visit, days: Days) -> list[Filter]:
    today = visit.call.now.astimezone(visit.viewer.zone).date()
    first, last = days.since or today.replace(day=1), days.until or today
    return day_filters(visit, first.isoformat(), last.isoformat())


def _adds(one: Measure, row: CountedRow, f: Formats) -> str:
    """What a row adds to the figure."""
    if one.unit in RATES:
        return f.texts("insights.rows_adds_of", part=f.number(row.part), whole=f.number(row.whole))
    return f.effort(timedelta(milliseconds=row.part)) if one.unit == "seconds" else f.number(row.part)


def _tabs(visit: Visit, query: dict[str, str], one: Measure, totals: dict[str, int], part: str) -> list[Tab]:
    """What counts above the line, and all of it, with their numbers of rows."""
    t = visit.portal.texts
    if one.unit not in RATES:
        return []
    return [
        Tab(t("insights.rows_all"), address("/insights/rows", query), not part, totals["whole_rows"]),
        Tab(
            t("insights.rows_counted"),
            address("/insights/rows", {**query, "part": "1"}),
            bool(part),
            totals["part_rows"],
        ),
    ]


@router.get("/insights/rows.csv")
async def export(
    visit: VisitDep,
    measure: str = "requests",
    client: str = "",
    since: str = "",
    until: str = "",
    by: str = "",
    group: str = "",
    part: str = "",
) -> Response:
    """The same list as a file."""
    one, days = named(measure), Days(lenient(since), lenient(until))
    asked, only = _asked(visit, client, by, group), bool(part) and one.unit in RATES

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[CountedRow], str | None]:
        return counted_rows(connection, visit.call, one, days, asked, FILE_PAGE, cursor, part_only=only)

    head = ("at", "client", "request", "subject", "service_line", "state", "document", "part", "whole")

    def line(row: CountedRow) -> list[Any]:
        company = visit.viewer.company(row.client_id)
        return [
            *(row.at.isoformat(), company, row.number, row.subject, row.service_line, row.state),
            *(row.filename, row.part, row.whole),
        ]

    return await file_of(visit, f"rows-{one.key}", head, page, line)
