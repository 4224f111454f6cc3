"""How the work went, as charts with their tables: volume, promises kept, accuracy with its interval, cost."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
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
from api.v1.measures import MOST_MONTHS, measured, share
from schemas.watch import MeasuresView, OutcomeMonth
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
_SAMPLE = ROUTES["GET", "/v1/accuracy"]
MEANT = (
    *(
        "requests",
        "resolved",
        "delivered",
        "kept_first_response",
        "kept_turnaround",
        "accuracy",
        "automation",
    ),
    *("defects", "escalated", "repeated", "sentiment", "csat", "ces", "nps", "handling"),
)
"""The figures that are defined on the page: each by one text."""
SPANS = (3, 6, 12, 24)
MOODS = ("positive", "neutral", "negative")
CAME = (
    *(
        "resolved",
        "escalated",
        "repeated",
        *MOODS,
        "untouched",
        "defects",
        "asked",
        "answered",
        "csat",
        "ces",
        "nps",
    ),
    *("resolved_rate", "automation_rate", "repeat_rate", "defects_per_1000"),
)
"""Columns of the file, as the API names them."""
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
        tiles=_tiles(found, f, _all_rows(found, client, staff=visit.viewer.staff)),
        charts=_charts(
            found, f, client, staff=visit.viewer.staff, judges=bool(visit.viewer.roles & _SAMPLE.roles)
        ),
        meant=[
            (t(f"insights.{one}"), t(f"insights.means.{one}"))
            for one in MEANT
            if one != "handling" or visit.viewer.staff
        ],
        live_topic="",
        filters=[*client_filter(visit, client), Filter("months", t("insights.span"), spans, str(months))],
        file=address("/insights.csv", query),
        zone=found.zone,
        at=found.at,
    )


async def _measured(visit: Visit, client: str, months: int) -> MeasuresView:
    count, zone = min(max(months, 1), MOST_MONTHS), visit.viewer.zone.key
    return await visit.read(lambda connection: measured(connection, visit.call, client or None, count, zone))


def _all_rows(found: MeasuresView, client: str, *, staff: bool) -> str:
    """The list of the requests that the figures count."""
    path, every = ("/tickets", {"state": "all"}) if staff else ("/requests", {"view": "all"})
    return address(
        path,
        {
            **every,
            "client": client,
            "since": _first(found.months[0]).isoformat(),
            "until": _last(found.months[-1]),
        },
    )


def _tiles(found: MeasuresView, f: Formats, rows: str) -> list[Tile]:
    t = f.texts
    inspected = sum(one.inspected for one in found.accuracy)
    right = accuracy(sum(one.correct for one in found.accuracy), inspected)
    tiles = [
        Tile(t("insights.requests"), f.number(sum(one.requests for one in found.volume)), rows),
        Tile(
            t("insights.delivered"),
            f.number(sum(one.delivered for one in found.volume)),
            "/documents?state=posted",
        ),
    ]
    for kind in KINDS:
        met = sum(one.met for one in found.promises if one.kind == kind)
        missed = sum(one.missed for one in found.promises if one.kind == kind)
        kept = f.percent(Decimal(met) / (met + missed)) if met + missed else "–"
        tiles.append(
            Tile(t(f"insights.kept_{kind}"), kept, rows, note=t("insights.of", met=met, n=met + missed))
        )
    bounds = (
        t("overview.accuracy_note", low=f.percent(right.low, 2), high=f.percent(right.high, 2))
        if right.rate is not None
        else t("overview.accuracy_none")
    )
    tiles.append(
        Tile(t("insights.accuracy"), f.percent(right.rate, 2) if right.rate is not None else "–", note=bounds)
    )
    return [*tiles, *_came(found, f, rows)]


def _came(found: MeasuresView, f: Formats, rows: str) -> list[Tile]:
    """What came of the work over all the months, by the same definitions as each month's."""
    t = f.texts

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in found.outcomes)

    def of(name: str, part: str, whole: str, href: str | None = rows) -> Tile:
        rate, n = share(total(part), total(whole)), total(whole)
        note = t("insights.of", met=f.number(total(part)), n=f.number(n))
        return Tile(t(f"insights.{name}"), "–" if rate is None else f.percent(rate), href, note)

    def mean(name: str, weight: str) -> Tile:
        known = [
            (value, getattr(one, weight))
            for one in found.outcomes
            if (value := getattr(one, name)) is not None
        ]
        n = sum(count for _, count in known)
        value = sum((value * count for value, count in known), Decimal(0)) / n if n else None
        shown = "–" if value is None else f.number(round(value, 1))
        return Tile(
            t(f"insights.{name}"), shown, note=t("insights.answers", n=n, asked=f.number(total("asked")))
        )

    density = share(total("defects") * 1000, total("inspected"))
    made = [
        of("resolved", "resolved", "requests"),
        of("automation", "untouched", "delivered", "/documents?state=posted"),
        Tile(
            t("insights.defects"),
            "–" if density is None else f.number(round(density, 1)),
            note=t("insights.of", met=f.number(total("defects")), n=f.number(total("inspected"))),
        ),
        of("escalated", "escalated", "requests"),
        of("repeated", "repeated", "requests"),
        *(mean(name, "answered") for name in ("csat", "ces", "nps")),
    ]
    if n := total("handled"):
        spent = sum(
            (one.handling_s * one.handled for one in found.outcomes if one.handling_s is not None), Decimal(0)
        )
        made.append(
            Tile(
                t("insights.handling"),
                f.span(timedelta(seconds=round(spent / n))),
                note=t("insights.papers", n=n),
            )
        )
    return made


def _charts(found: MeasuresView, f: Formats, client: str, *, staff: bool, judges: bool) -> list[Chart]:
    t = f.texts
    names = [format_skeleton("yMMM", _first(month), locale=t.locale) for month in found.months]
    path, every = ("/tickets", {"state": "all"}) if staff else ("/requests", {"view": "all"})
    links = [
        address(path, {**every, "client": client, "since": _first(m).isoformat(), "until": _last(m)})
        for m in found.months
    ]
    promises = {(one.kind, one.month): one.rate for one in found.promises}
    right = {one.month: one for one in found.accuracy}
    came = {one.month: one for one in found.outcomes}

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
            links=[address("/quality", {"month": m, "client": client}) for m in found.months]
            if judges
            else (),
            first=t("insights.month"),
            show=percent,
            legend=False,
        ),
        Chart(
            t("insights.sentiment_chart"),
            names,
            [
                Series(
                    t(f"insights.{mood}"), [getattr(came[m], mood) if m in came else 0 for m in found.months]
                )
                for mood in MOODS
            ],
            links=links,
            first=t("insights.month"),
            show=f.number,
        ),
        Chart(
            t("insights.escalated_chart"),
            names,
            [
                Series(
                    t(f"insights.{name}_n"),
                    [getattr(came[m], name) if m in came else 0 for m in found.months],
                )
                for name in ("resolved", "escalated", "repeated")
            ],
            links=links,
            first=t("insights.month"),
            show=f.number,
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
        *CAME,
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
        what = next((o for o in found.outcomes if o.month == one.month), OutcomeMonth(month=one.month))
        came = [getattr(what, name) for name in CAME]
        lines.append([one.month, one.requests, one.documents, one.delivered, *clocks, *shown, cost, *came])
    return sheet(visit, "insights", head, lines)
