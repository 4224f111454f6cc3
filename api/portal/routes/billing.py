"""The months of every client: units as they were accepted, the lock, the drafts, what is issued, what is held."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, as_page
from api.portal.formats import Formats
from api.portal.listing import address, client_filter, clients_of, sheet
from api.portal.page import redirect
from api.portal.parts import Chip, Empty, NavItem, Notice, Tile
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import disputes, periods, usage
from api.v1 import invoices as v1
from schemas.disputes import DisputeView
from schemas.invoices import Drafted, DraftInvoices, MonthView
from schemas.usage import HeldUnit
from ticketos.domain import disputing
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_READ = as_page(periods.RULES["GET", "/v1/billing-periods"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/billing"): _READ,
    ("GET", "/billing.csv"): _READ,
    ("GET", "/billing/held.csv"): _READ,
    ("POST", "/billing/lock"): as_page(v1.RULES["POST", "/v1/billing-periods/{client}/{period}/lock"]),
    ("POST", "/billing/draft"): as_page(v1.RULES["POST", "/v1/invoices/draft"]),
}
_SETTLE = as_page(usage.RULES["POST", "/v1/held-usage/{usage_id}/contract"])
NAV = (
    NavItem(
        text="billing.title",
        href="/billing",
        icon="money",
        roles=_READ.roles,
        section="office",
        key="b",
        order=58,
    ),
)
BACK = 12
MOST_HELD = 200
"""Held units a page shows; by API they have pages."""


@router.get("/billing")
async def show(visit: VisitDep, client: str = "") -> Response:
    """The months, the newest first."""
    return await _show(visit, client)


async def _show(visit: Visit, client: str = "", status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> tuple[list[MonthView], list[HeldUnit], list[DisputeView]]:
        return (
            periods.months_of(connection, visit.call, client or None, BACK),
            usage.held_of(connection, visit.call, client or None, MOST_HELD),
            disputes.disputes_of(connection, visit.call, client or None, disputing.OPEN, MOST_HELD),
        )

    months, held, disputed = await visit.read(read)
    t = visit.portal.texts
    f = Formats(t, visit.viewer.zone, visit.call.now)
    slugs = {client_id: slug for slug, _, client_id in clients_of(visit)}
    shown = [one for one in months if one.client_id in slugs]
    return visit.page(
        "billing/months",
        status,
        **{"previews": [], "preview_of": "", **more},
        months=shown,
        held=held,
        slugs=slugs,
        state=lambda one: _state(one, f),
        tiles=[
            Tile(t("billing.billable"), f.number(sum(one.billable for one in shown))),
            Tile(
                t("billing.held"),
                f.number(len(held)),
                "#held-units" if held else None,
                tone="warn" if held else "neutral",
            ),
            Tile(
                t("billing.disputed"),
                f.number(len(disputed)),
                address("/disputes", {"client": client, "state": disputing.OPEN}) if disputed else None,
                tone="warn" if disputed else "neutral",
            ),
            Tile(t("billing.drafts"), f.number(sum(one.drafts for one in shown)), "/invoices?state=draft"),
            Tile(
                t("billing.approved"),
                f.number(sum(one.approved for one in shown)),
                "/invoices?state=approved",
            ),
        ],
        may="finance" in visit.viewer.roles,
        may_settle=lambda one: visit.may(_SETTLE, one.client_id),
        filters=client_filter(visit, client),
        file=address("/billing.csv", {"client": client}),
        empty=Empty(t("billing.empty"), t("billing.empty_text"), "money"),
    )


def _state(one: MonthView, f: Formats) -> Chip:
    t = f.texts
    if one.state != "locked":
        return Chip(t("billing.open"), "neutral", "play")
    if one.drafts or one.approved:
        return Chip(t("billing.in_work"), "warn", "document")
    if one.billable:
        return Chip(t("billing.to_draft"), "warn", "lock")
    return Chip(t("billing.done"), "good", "check")


@router.get("/billing.csv")
async def export(visit: VisitDep, client: str = "") -> Response:
    """The months as a file."""
    months = await visit.read(
        lambda connection: periods.months_of(connection, visit.call, client or None, BACK)
    )
    names = ("period", "state", "billable", "held", "invoiced", "other", "drafts", "approved", "issued")
    lines = [[visit.viewer.company(one.client_id), *(getattr(one, name) for name in names)] for one in months]
    return await sheet(visit, "billing", ("client", *names), lines)


@router.get("/billing/held.csv")
async def export_held(visit: VisitDep, client: str = "") -> Response:
    """The held units as a file."""
    units = await visit.read(
        lambda connection: usage.held_of(connection, visit.call, client or None, MOST_HELD)
    )
    head = ("client", "request", "file", "unit", "quantity", "accepted_at", "bill_period", "fate")
    lines = [
        [
            *(
                visit.viewer.company(one.client_id),
                one.ticket_number,
                one.filename,
                one.unit_type,
                one.quantity,
            ),
            *(one.accepted_at.isoformat(), one.bill_period, one.fate),
        ]
        for one in units
    ]
    return await sheet(visit, "held", head, lines)


@router.post("/billing/lock")
async def lock(visit: PostDep) -> Response:
    """Close a month for usage."""
    client, period = visit.form.text("client", 60), visit.form.text("period", 7)

    async def work() -> Response:
        body = visit.body(DraftInvoices, client=client, period=period)  # one schema judges both
        return await v1.lock_period(visit.call, body.client, body.period)

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, status=status, notice=notice)

    return await visit.act(
        work, to="/billing", said="billing.locked", again=again, period=visit.formats.month(period)
    )


def _named(visit: Visit, slug: str) -> str:
    """What the client with that short name is called."""
    return next((name for one, name, _ in clients_of(visit) if one == slug), slug)


@router.post("/billing/draft")
async def draft(visit: PostDep) -> Response:
    """Draft a locked month's invoices, or show what they would be."""
    form = visit.form
    client, period, only_look = form.text("client", 60), form.text("period", 7), form.text("look") == "1"

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, status=status, notice=notice)

    try:
        asked = visit.body(DraftInvoices, client=client, period=period, dry_run=only_look)
        answer = await v1.draft_invoices(visit.call, asked)
    except DomainError as error:
        return await visit.refused(error, again)
    drafted = Drafted.model_validate(json.loads(bytes(answer.body)))
    if only_look:
        return await _show(
            visit,
            previews=drafted.previews,
            preview_of=f"{_named(visit, client)}, {visit.formats.month(period)}",
        )
    response = redirect(
        f"/invoices/{drafted.invoices[0].id}" if len(drafted.invoices) == 1 else "/invoices?state=draft"
    )
    key = "billing.drafted" if drafted.invoices else "billing.nothing_drafted"
    visit.portal.guard.say(response, "good" if drafted.invoices else "info", key, n=len(drafted.invoices))
    return response
