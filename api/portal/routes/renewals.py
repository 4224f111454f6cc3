"""Contracts that end, with what is advised about each and the figures it rests on (MF10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.formats import Formats
from api.portal.listing import LIMIT, address
from api.portal.parts import NavItem
from api.portal.visit import VisitDep
from api.v1.newest import page_of
from api.v1.parameters import id_cursor
from ticketos.db.repositories import renewals

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("GET", "/renewals"): as_page(ROUTES["GET", "/v1/renewals"])}
NAV = (
    NavItem(
        text="renewals.title",
        href="/renewals",
        icon="turn",
        roles=RULES["GET", "/renewals"].roles,
        section="watch",
        key="e",
        order=65,
    ),
)


@router.get("/renewals")
async def show(visit: VisitDep, cursor: str | None = None) -> Response:
    """One page, the newest first."""
    before = id_cursor(cursor or None)

    def read(connection: Connection) -> tuple[Sequence[RowMapping], str | None]:
        seen = visit.principal.clients_with(visit.call.rule.roles)
        return page_of(renewals.listed(connection, seen, limit=LIMIT + 1, before=before), LIMIT)

    rows, following = await visit.read(read)
    f = Formats(visit.portal.texts, visit.viewer.zone, visit.call.now)
    return visit.page(
        "renewals/list",
        rows=rows,
        tone={"renew": "good", "mend": "bad", "reprice": "warn", "ask": "warn"},
        value=lambda one: _value(f, one),
        more=address("/renewals", {"cursor": following}) if following else None,
        first="/renewals" if cursor else None,
        live_topic="",
    )


def _value(f: Formats, measure: dict[str, Any]) -> str:
    """A measure as a person reads it: shares as percent, CSAT as it is."""
    if measure["value"] is None:
        return f.texts("renewals.unknown")
    return measure["value"] if measure["name"] == "csat" else f.percent(Decimal(measure["value"]), 1)
