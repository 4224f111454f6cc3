"""Where a client begins its day: what runs and when it will be done, what waits for a decision, the month so far."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, allow
from api.portal import calm
from api.portal.figures import Figures, about, tile
from api.portal.formats import Formats
from api.portal.listing import CLIENT
from api.portal.parts import Empty, NavItem, Tile, Tone
from api.portal.visit import VisitDep
from api.v1.approvals import offered
from api.v1.measures import Asked, measured
from ticketos.db.repositories import approvals, tickets

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("GET", "/overview"): allow(CLIENT, page=True)}
NAV = (
    NavItem(
        text="overview.title", href="/overview", icon="home", roles=CLIENT, section="work", key="h", order=5
    ),
)
RUNNING, WAITING, COUNTED = 8, 5, 1_000


@router.get("/overview")
async def show(visit: VisitDep) -> Response:
    """The overview."""
    zone = visit.viewer.zone.key

    def read(connection: Connection) -> dict[str, Any]:
        seen = visit.principal.clients_with(visit.call.rule.roles)
        open_ones = tickets.Filter(client_ids=seen, open_only=True)
        return {
            "running": tickets.listed(connection, open_ones, RUNNING, None)[0],
            "open": tickets.counted(connection, open_ones, COUNTED),
            "waiting": offered(connection, visit.call, limit=WAITING)[0],
            "decisions": approvals.waiting(connection, seen),
            "month": measured(connection, visit.call, Asked(count=1, zone=zone)),
        }

    found = await visit.read(read)
    t = visit.portal.texts
    f = Formats(t, visit.viewer.zone, visit.call.now)
    return visit.page(
        "overview/show",
        **found,
        now={row["id"]: calm.status(row, t) for row in found["running"]},
        promise=calm.promise,
        tiles=_tiles(visit, found, f),
        empty=Empty(
            t("overview.nothing"), t("overview.nothing_text"), "ticket", t("requests.raise"), "/requests/new"
        ),
        live_topic="",
    )


def _tiles(visit: Any, found: dict[str, Any], f: Formats) -> list[Tile]:
    t, figures, decisions = visit.portal.texts, Figures(found["month"]), found["decisions"]

    def now(key: str, count: int, href: str, tone: Tone = "neutral") -> Tile:
        name = t(f"measures.{key}.name")
        return Tile(name, _many(f, count), href, tone=tone, about=about(key, f, visit.call.now))

    kept = figures.total("kept_turnaround")
    right = figures.total("accuracy")
    return [
        now("running", found["open"], "/requests"),
        now("waits", decisions, "/approvals", "warn" if decisions else "neutral"),
        tile("delivered", figures, f, note=t("overview.this_month")),
        tile("kept_turnaround", figures, f, note=t("overview.kept_note", met=kept.part, n=kept.whole)),
        tile("accuracy", figures, f, note="" if right.value is not None else t("overview.accuracy_none")),
    ]


def _many(f: Formats, count: int) -> str:
    return f.number(count) if count <= COUNTED else f"> {f.number(COUNTED)}"
