"""What runs by itself: every schedule with its last and its next run."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from api.access import BILLERS, ROUTES, Rule, as_page
from api.portal.listing import address, client_filter
from api.portal.parts import Chip, Empty, NavItem, Notice
from api.portal.routes import quality
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import reconciliations
from api.v1.schedules import STARTERS, Kind, run_schedule, schedules_of
from schemas.watch import ScheduleView
from workflows import names

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/schedules"])
_ADVICE = ROUTES["GET", "/v1/renewals"]
_DAYS = reconciliations.RULES["GET", "/v1/reconciliations"]
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/schedules"): _READ,
    ("POST", "/schedules/{client_id}/{kind}/run"): as_page(
        ROUTES["POST", "/v1/schedules/{client_id}/{kind}/run"]
    ),
}
NAV = (
    NavItem(
        text="schedules.title", href="/schedules", icon="clock", roles=_READ.roles, section="watch", order=50
    ),
)


@router.get("/schedules")
async def show(visit: VisitDep, client: str = "") -> Response:
    """The list."""
    return await _show(visit, client)


@router.post("/schedules/{client_id}/{kind}/run")
async def run(visit: PostDep, client_id: UUID, kind: Kind) -> Response:
    """Do now what is due."""

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, visit.form.text("client", 60), status=status, notice=notice)

    to = address("/schedules", {"client": visit.form.text("client", 60)})
    return await visit.act(
        lambda: run_schedule(visit.call, client_id, kind), to=to, said="schedules.asked", again=again
    )


async def _show(visit: Visit, client: str, status: int = 200, **more: Any) -> Response:
    visit.call.rule = RULES["GET", "/schedules"]  # a refused act shows the list again
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
        status,
        rows=found,
        state=state,
        leads={
            names.RECONCILIATION: "/reconciliations" if visit.viewer.roles & _DAYS.roles else None,
            names.INVOICING: "/billing" if visit.viewer.roles & BILLERS else None,
            names.MONTH_END: "/books" if visit.viewer.roles & BILLERS else None,
            names.CALIBRATION: "/quality"
            if visit.viewer.roles & quality.RULES["GET", "/quality"].roles
            else None,
            names.RENEWAL: "/renewals" if visit.viewer.roles & _ADVICE.roles else None,
            names.LEARNING: None,
        },
        may_run=lambda one: (
            one.known
            and not one.running
            and not one.paused
            and bool(visit.principal.roles_over(one.client_id) & STARTERS[one.kind])
        ),
        client=client,
        filters=client_filter(visit, client),
        empty=Empty(t("schedules.empty"), t("schedules.empty_text"), "clock"),
        **more,
    )
