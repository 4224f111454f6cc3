"""What runs by itself: every schedule with its last and its next run."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.access import BILLERS, ROUTES, Rule, as_page
from api.portal.listing import client_filter
from api.portal.parts import Chip, Empty, NavItem
from api.portal.visit import VisitDep
from api.v1 import reconciliations
from api.v1.board import schedules_of
from schemas.watch import ScheduleView
from workflows import names

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/schedules"])
_DAYS = reconciliations.RULES["GET", "/v1/reconciliations"]
RULES: dict[tuple[str, str], Rule] = {("GET", "/schedules"): _READ}
NAV = (
    NavItem(
        text="schedules.title", href="/schedules", icon="clock", roles=_READ.roles, section="watch", order=50
    ),
)


@router.get("/schedules")
async def show(visit: VisitDep, client: str = "") -> Response:
    """The list."""
    t = visit.portal.texts
    chosen = {one.id for one in visit.viewer.companies.values() if not client or one.slug == client}
    found = [one for one in await schedules_of(visit.call) if one.client_id in chosen]

    def state(one: ScheduleView) -> Chip:
        if not one.known:
            return Chip(t("schedules.unknown"), "warn", "alert", t("schedules.unknown_why"))
        if one.paused:
            return Chip(t("schedules.paused"), "neutral", "pause", one.note or None)
        return (
            Chip(t("schedules.running"), "info", "play")
            if one.running
            else Chip(t("schedules.waits"), "good", "clock")
        )

    return visit.page(
        "schedules/list",
        rows=found,
        state=state,
        leads={
            names.RECONCILIATION: "/reconciliations" if visit.viewer.roles & _DAYS.roles else None,
            names.INVOICING: "/billing" if visit.viewer.roles & BILLERS else None,
            names.MONTH_END: "/books" if visit.viewer.roles & BILLERS else None,
        },
        filters=client_filter(visit, client),
        empty=Empty(t("schedules.empty"), t("schedules.empty_text"), "clock"),
    )
