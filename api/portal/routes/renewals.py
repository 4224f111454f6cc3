"""Contracts that end, with what is advised about each and the figures it rests on (MF10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.formats import Formats
from api.portal.parts import NavItem
from api.portal.visit import VisitDep
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
MOST = 100


@router.get("/renewals")
async def show(visit: VisitDep) -> Response:
    """The newest first."""
    seen = visit.principal.clients_with(visit.call.rule.roles)
    rows = await visit.read(lambda connection: renewals.listed(connection, seen, limit=MOST))
    f = Formats(visit.portal.texts, visit.viewer.zone, visit.call.now)
    return visit.page(
        "renewals/list",
        rows=rows,
        tone={"renew": "good", "mend": "bad", "reprice": "warn", "ask": "warn"},
        value=lambda one: _value(f, one),
        live_topic="",
    )


def _value(f: Formats, measure: dict[str, Any]) -> str:
    """A measure as a person reads it: shares as percent, CSAT as it is."""
    if measure["value"] is None:
        return f.texts("renewals.unknown")
    return measure["value"] if measure["name"] == "csat" else f.percent(Decimal(measure["value"]), 1)
