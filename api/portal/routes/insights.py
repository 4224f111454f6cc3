"""How the work went, as charts with their tables: volume, promises kept, accuracy with its interval, cost."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from fastapi import APIRouter
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.charts import Chart, Interval, Series
from api.portal.formats import Formats
from api.portal.listing import address, client_filter, sheet
from api.portal.parts import Choice, Filter, NavItem, Tile
from api.portal.visit import Visit, VisitDep
from api.v1.measures import MOST_MONTHS, measured
from schemas.watch import MeasuresView
from ticketos.domain.accuracy import accuracy

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/measures"])
RULES: dict[tuple[str, str], Rule] = {("GET", "/insights"): _READ, ("GET", "/insights.csv"): _READ}
NAV = (
    NavItem(
        text="insights.title",
        href="/insights",
        icon="chart",
        roles=_READ.roles,
        section="watch",
        key="c",
        order=45,
    ),
)
SPANS = (3, 6, 12, 24)
KINDS = ("first_response", "turnaround")


@router.get("/insights")
async def show(visit: VisitDep, client: str = "", months: int = 6) -> Response:
    """The charts."""
    found = await _measured(visit, client, months)
    t = visit.portal.texts
    f = Formats(t, visit.viewer.zone, visit.call.now)
    query = {"client": client, "months": months if months != 6 else ""}
    spans = [Choice(str(n), t("insights.months", n=n), n == months) for n in SPANS]
    return visit.page(
        "insights/show",
        tiles=_tiles(found, f),
        charts=_charts(found, f, client, staff=visit.viewer.staff),
        filters=[*client_filter(visit, client), Filter("months", t("insights.span"), spans, str(months))],
        file=address("/insights.csv", query),
        zone=found.zone,
    )


async def _measured(visit: Visit, client: str, months: int) -> MeasuresView:
    count, zone = min(max(months, 1), MOST_MONTHS), visit.viewer.zone.key
    return await visit.read(lambda connection: measured(connection, visit.call, client or None, count, zone))


def _tiles(found: MeasuresView, f: Formats) -> list[Tile]:
    t = f.texts
    inspected = sum(one.inspected for one in found.accuracy)
    right = accuracy(sum(one.correct for one in found.accuracy), inspected)
    tiles = [
        Tile(t("insights.requests"), f.number(sum(one.requests for one in found.volume))),
        Tile(t("insights.delivered"), f.number(sum(one.delivered for one in found.volume))),
    ]
    for kind in KINDS:
        met = sum(one.met for one in found.promises if one.kind == kind)
        missed = sum(one.missed for one in found.promises if one.kind == kind)
        share = f.percent(Decimal(met) / (met + missed)) if met + missed else "–"
        tiles.append(Tile(t(f"insights.kept_{kind}"), share, note=t("insights.of", met=met, n=met + missed)))
    bounds = (
        t("overview.accuracy_note", low=f.percent(right.low, 2), high=f.percent(right.high, 2))
        if right.rate is not None
        else t("overview.accuracy_none")
    )
    tiles.append(
        Tile(t("insights.accuracy"), f.percent(right.rate, 2) if right.rate is not None else "–", note=bounds)
    )
    return tiles


def _charts(found: MeasuresView, f: Formats, client: str, *, staff: bool) -> list[Chart]:
    t = f.texts
    names = [format_skeleton("yMMM", _first(month), locale=t.locale) for month in found.months]
    path, every = ("/tickets", {"state": "all"}) if staff else ("/requests", {"view": "all"})
    links = [
        address(path, {**every, "client": client, "since": _first(m).isoformat(), "until": _last(m)})
        for m in found.months
    ]
    promises = {(one.kind, one.month): one.rate for one in found.promises}
    right = {one.month: one for one in found.accuracy}

    def percent(value: Decimal | int) -> str:
        return f.percent(value, 0 if value * 100 == int(value * 100) else 1)

    made: list[Chart] = [
        Chart(
            t("insights.volume"),
            names,
            [
                Series(t("insights.requests"), [one.requests for one in found.volume]),
                Series(t("insights.documents"), [one.documents for one in found.volume]),
                Series(t("insights.delivered"), [one.delivered for one in found.volume]),
            ],
            links=links,
            first=t("insights.month"),
            show=f.number,
        ),
        Chart(
            t("insights.promises"),
            names,
            [
                Series(t(f"insights.kept_{kind}"), [promises.get((kind, m)) for m in found.months])
                for kind in KINDS
            ],
            kind="lines",
            links=links,
            first=t("insights.month"),
            show=percent,
        ),
        Interval(
            t("insights.accuracy_chart"),
            names,
            [
                Series(t("insights.accuracy"), [right[m].rate if m in right else None for m in found.months]),
                Series(t("insights.low"), [right[m].low if m in right else None for m in found.months]),
                Series(t("insights.high"), [right[m].high if m in right else None for m in found.months]),
            ],
            first=t("insights.month"),
            show=percent,
            legend=False,
        ),
    ]
    for currency in sorted({one.currency for one in found.cost}):
        net = {one.month: one.net for one in found.cost if one.currency == currency}
        made.append(
            Chart(
                t("insights.cost", currency=currency),
                names,
                [Series(t("invoices.net"), [net.get(month) for month in found.months])],
                links=[address("/invoices", {"client": client, "period": month}) for month in found.months],
                first=t("insights.month"),
                show=f.number,
            )
        )
    return made


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _last(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{month}-{monthrange(year, number)[1]:02d}"


@router.get("/insights.csv")
async def export(visit: VisitDep, client: str = "", months: int = 6) -> Response:
    """Every figure of the charts as a file."""
    found = await _measured(visit, client, months)
    head = (
        *("month", "requests", "documents", "delivered"),
        *(f"{kind}_{what}" for kind in KINDS for what in ("met", "missed", "running")),
        *("inspected", "correct", "rate", "low", "high", "ai_rate", "cost"),
    )
    lines: list[Sequence[Any]] = []
    for one in found.volume:
        kept = {p.kind: p for p in found.promises if p.month == one.month}
        right = next((a for a in found.accuracy if a.month == one.month), None)
        cost = "; ".join(f"{c.net:f} {c.currency}" for c in found.cost if c.month == one.month)
        clocks = [
            getattr(kept[kind], what) if kind in kept else 0
            for kind in KINDS
            for what in ("met", "missed", "running")
        ]
        shown = (
            [right.inspected, right.correct, right.rate, right.low, right.high, right.ai_rate]
            if right
            else [0, 0, None, None, None, None]
        )
        lines.append([one.month, one.requests, one.documents, one.delivered, *clocks, *shown, cost])
    return sheet("insights", head, lines)
