"""How the work went, by day, week or month: every measure as a tile that leads to its rows, charts with their tables,
and the same parted by client, line, channel, team, person or clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.figures import Figures, group_name, rows_address, shown, tile
from api.portal.formats import Formats
from api.portal.insight_charts import KINDS, charts
from api.portal.listing import address, client_filter, clients_of, sheet
from api.portal.parts import Choice, Empty, Filter, NavItem, Tile
from api.portal.visit import Visit, VisitDep
from api.v1.measures import Asked, measured
from schemas.watch import MeasuresView, OutcomeMonth
from ticketos.db.repositories.measures import SOURCES
from ticketos.domain.margin import GROUPS as MARGIN_GROUPS
from ticketos.domain.margin import MARGIN
from ticketos.domain.measures import BY_KEY, GRAINS, GROUPS, HOUSE_GROUPS, MOST_PERIODS, Grain

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
TILES: dict[str, tuple[str, ...]] = {
    "volume": ("requests", "delivered"),
    "solved": ("resolved", "contained", "first_contact", "escalated", "repeated"),
    "promises": ("kept_first_response", "kept_turnaround", "kept_stages"),
    "quality": ("accuracy", "quality_score", "defects", "escapes"),
    "machine": ("automation", "involvement", "resolution", "straight_through", "handling"),
    "said": ("csat", "ces", "nps"),
}
"""The figures of the page by what they are about, in this order."""
SPANS: dict[str, tuple[int, ...]] = {"day": (7, 14, 31, 92), "week": (4, 13, 26, 53), "month": (3, 6, 12, 24)}
_USUAL = {"day": 14, "week": 13, "month": 6}
CAME = (
    *("resolved", "escalated", "repeated", "positive", "neutral", "negative", "untouched", "defects"),
    *("asked", "answered", "csat", "ces", "nps"),
    *("resolved_rate", "automation_rate", "repeat_rate", "defects_per_1000"),
)
"""Columns of the file by month, as the API names them."""
PLAIN = ("measure", "period", "group", "name", "part", "whole", "value", "low", "high", "meets")
"""Columns of the file by any grain and group."""


@router.get("/insights")
async def show(
    visit: VisitDep, client: str = "", grain: str = "", periods: int = 0, months: int = 0, by: str = ""
) -> Response:
    """Tiles, the figures of each group where asked for, and charts."""
    asked = asked_of(visit, client, grain, periods or months, by)
    plain = Asked(asked.client, asked.grain, asked.count, "", asked.zone)

    def read(connection: Connection) -> tuple[MeasuresView, MeasuresView | None]:
        call = visit.call
        return measured(connection, call, plain), measured(connection, call, asked) if asked.by else None

    found, grouped = await visit.read(read)
    t = visit.portal.texts
    f = Formats(t, visit.viewer.zone, visit.call.now)
    figures = Figures(found)
    groups = [
        (t(f"insights.about_{name}"), [_tile(key, figures, f, client) for key in keys if figures.knows(key)])
        for name, keys in TILES.items()
    ]
    query = {"client": client, "grain": grain, "periods": periods or months or "", "by": asked.by}
    return visit.page(
        "insights/show",
        groups=[(name, tiles) for name, tiles in groups if tiles],
        parted=_parted(Figures(grouped), f, client) if grouped is not None else None,
        by=asked.by,
        **_margin(visit, grouped if asked.by else found, client),
        nothing=Empty(t("insights.rows_none"), t("insights.rows_none_text"), "filter"),
        charts=charts(
            figures, f, client, staff=visit.viewer.staff, judges=bool(visit.viewer.roles & _SAMPLE.roles)
        ),
        meant=[(one.label, one.about.means) for _, tiles in groups for one in tiles if one.about],
        live_topic="",
        reports=_reports(visit, found, client),
        filters=_filters(visit, asked, client),
        file=address("/insights.csv", query),
        zone=found.zone,
        at=found.at,
    )


def _margin(visit: Visit, view: MeasuresView | None, client: str) -> dict[str, Any]:
    """What is left of the net by month and currency, for whoever may see it: None where it is not shown at all."""
    t = visit.portal.texts
    known = view is not None and any(one.measure == MARGIN.key for one in view.definitions)
    if view is None or not known or not view.months or view.by not in ("", *MARGIN_GROUPS):
        return {"margin": None}
    slugs = {str(key): slug for slug, _, key in clients_of(visit)}
    rows = [
        (
            one,
            group_name(t, view.by, one.group, one.name),
            address(
                "/invoices",
                {
                    "client": slugs.get(one.group or "", "") if view.by == "client" else client,
                    "period": one.month,
                },
            ),
        )
        for one in reversed(view.margin)
    ]
    empty = Empty(t("insights.margin_none"), t("insights.margin_none_text"), "filter")
    return {"margin": rows, "margin_by": view.by, "margin_empty": empty}


def asked_of(visit: Visit, client: str, grain: str, count: int, by: str) -> Asked:
    """What the address asks for; what it names wrongly is as if it were not there."""
    named: Grain = next((one for one in GRAINS if one == grain), "month")
    kept = min(max(count, 1), MOST_PERIODS[named]) if count else _USUAL[named]
    return Asked(client or None, named, kept, by if by in _groups(visit) else "", visit.viewer.zone.key)


def _reports(visit: Visit, found: MeasuresView, client: str) -> list[tuple[str, str]]:
    """The reports of these months, where they are of one client: what each is called and where it is."""
    if not found.months or len(found.clients) != 1 or (visit.viewer.staff and not client):
        return []
    here = f"/v1/clients/{found.clients[0]}/service-reports"
    return [
        (visit.formats.month(one), address(f"{here}/{one}.pdf", {"zone": found.zone}))
        for one in reversed(found.months)
    ]


def _groups(visit: Visit) -> list[str]:
    return [one for one in GROUPS if visit.viewer.staff or one not in HOUSE_GROUPS]


def _filters(visit: Visit, asked: Asked, client: str) -> list[Filter]:
    t, grain = visit.portal.texts, asked.grain
    counts = sorted({*SPANS[grain], asked.count})
    spans = [Choice(str(n), t(f"insights.{grain}s", n=n), n == asked.count) for n in counts]
    grains = [Choice(one, t(f"measures.grain.{one}"), one == grain) for one in GRAINS]
    groups = [Choice(one, t(f"measures.by.{one}"), one == asked.by) for one in _groups(visit)]
    return [
        *client_filter(visit, client),
        Filter("grain", t("insights.grain"), grains, grain),
        Filter("periods", t("insights.span"), spans, str(asked.count)),
        Filter("by", t("insights.by"), [Choice("", t("insights.by_none"), not asked.by), *groups], asked.by),
    ]


def _tile(key: str, figures: Figures, f: Formats, client: str) -> Tile:
    found, t = figures.total(key), f.texts
    if key in ("csat", "ces", "nps"):
        asked = sum(one.asked for one in figures.view.outcomes)
        words = t("insights.answers", n=found.whole, asked=f.number(asked)) if asked else ""
        return tile(key, figures, f, client, words or t("insights.replies", n=found.whole))
    if key == "handling":
        return tile(key, figures, f, client, t("insights.papers", n=found.whole))
    return tile(key, figures, f, client)


def _parted(figures: Figures, f: Formats, client: str) -> dict[str, Any]:
    """The figures of each group over the whole span: heads, and a line per group with values and what they are of."""
    by = figures.view.by
    keys = [
        key
        for keys in TILES.values()
        for key in keys
        if figures.knows(key) and SOURCES[BY_KEY[key].source].group(by)
    ]
    days = figures.days()
    lines = []
    for group, name in figures.groups():
        cells = []
        for key in keys:
            found = figures.total(key, group)
            of = (
                f.texts("insights.of", met=f.number(found.part), n=f.number(found.whole))
                if found.whole
                else ""
            )
            href = (
                rows_address(key, client, *days, by=by, group=group or "-")
                if found.part or found.whole
                else ""
            )
            cells.append((shown(BY_KEY[key], found, f), "" if BY_KEY[key].unit == "seconds" else of, href))
        lines.append((group_name(f.texts, by, group, name), cells))
    return {"heads": [f.texts(f"measures.{key}.name") for key in keys], "lines": lines}


@router.get("/insights.csv")
async def export(
    visit: VisitDep, client: str = "", grain: str = "", periods: int = 0, months: int = 0, by: str = ""
) -> Response:
    """Every figure as a file: a line per month, or by another grain or group a line per figure."""
    asked = asked_of(visit, client, grain, periods or months, by)
    found = await visit.read(lambda connection: measured(connection, visit.call, asked))
    if asked.by or asked.grain != "month":
        lines = [[getattr(one, name) for name in PLAIN] for one in found.rows]
        return await sheet(visit, "insights", PLAIN, lines)
    return await _by_month(visit, found)


async def _by_month(visit: Visit, found: MeasuresView) -> Response:
    figures = Figures(found)
    more = [key for key in TILES if figures.knows(key) and key not in ("requests", "resolved", "delivered")]
    head = (
        *("month", "requests", "documents", "delivered"),
        *(f"{kind}_{what}" for kind in KINDS for what in ("met", "missed", "running")),
        *("inspected", "correct", "rate", "low", "high", "ai_rate", "cost"),
        *CAME,
        *(f"measure_{key}" for key in more),
        *(["margin"] if figures.knows(MARGIN.key) else []),
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
        read = (
            [right.inspected, right.correct, right.rate, right.low, right.high, right.ai_rate]
            if right
            else [0, 0, None, None, None, None]
        )
        what = next((o for o in found.outcomes if o.month == one.month), OutcomeMonth(month=one.month))
        came = [getattr(what, name) for name in CAME]
        values = [row.value if (row := figures.row(key, one.month)) else None for key in more]
        left = "; ".join(f"{m.margin:f} {m.currency}" for m in found.margin if m.month == one.month)
        margin = [left] if figures.knows(MARGIN.key) else []
        lines.append(
            [
                one.month,
                one.requests,
                one.documents,
                one.delivered,
                *clocks,
                *read,
                cost,
                *came,
                *values,
                *margin,
            ]
        )
    return await sheet(visit, "insights", head, lines)
