"""Decisions of the client: what waits, accepting or returning one or many, a batch in part, always the version
that was looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api import views
from api.access import CONTENT_READERS, ROUTES, Rule, as_page
from api.portal import chips
from api.portal.listing import FILE_PAGE, LIMIT, address, client_filter, file_of
from api.portal.page import redirect
from api.portal.parts import Crumb, Empty, NavItem, Notice, Tab
from api.portal.visit import PostDep, Visit, VisitDep
from api.principal import CLIENT_ROLES
from api.v1 import acts
from api.v1 import tickets as v1
from api.v1.approvals import offered
from schemas.act_bodies import ApprovalBody
from schemas.bulk import BulkApproval, BulkOutcome, OneApproval
from schemas.watch import OfferedVersion
from ticketos.db.repositories import approvals, documents, tickets
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/approvals"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/approvals"): _READ,
    ("GET", "/approvals.csv"): _READ,
    ("POST", "/approvals"): as_page(ROUTES["POST", "/v1/approvals"]),
    ("GET", "/approvals/{ticket_id}"): _READ,
    ("POST", "/approvals/{ticket_id}"): as_page(ROUTES["POST", "/v1/tickets/{ticket_id}/approval"]),
}
NAV = (
    NavItem(
        text="approvals.title",
        href="/approvals",
        icon="check-circle",
        roles=CLIENT_ROLES,
        section="work",
        key="a",
        order=7,
    ),
)


@router.get("/approvals")
async def show(visit: VisitDep, view: str = "open", client: str = "", cursor: str | None = None) -> Response:
    """What waits for a decision, or what was decided."""
    return await _list(visit, "decided" if view == "decided" else "open", client, cursor)


async def _list(
    visit: Visit, view: str, client: str = "", cursor: str | None = None, status: int = 200, **more: Any
) -> Response:
    def read(connection: Connection) -> tuple[list[OfferedVersion], str | None, int]:
        rows, following = offered(
            connection,
            visit.call,
            client=client or None,
            waiting=view == "open",
            limit=LIMIT,
            cursor=cursor or None,
        )
        return (
            rows,
            following,
            approvals.waiting(connection, visit.principal.clients_with(visit.call.rule.roles)),
        )

    rows, following, waiting = await visit.read(read)
    t = visit.portal.texts
    query = {"view": view, "client": client}
    return visit.page(
        "approvals/list",
        status,
        rows=rows,
        view=view,
        state=lambda value: chips.version(value, t),
        may=bool(visit.viewer.roles & CLIENT_ROLES) and view == "open",
        tabs=[
            Tab(t("approvals.open"), "/approvals", view == "open", waiting),
            Tab(t("approvals.decided"), "/approvals?view=decided", view == "decided"),
        ],
        filters=client_filter(visit, client),
        file=address("/approvals.csv", query),
        more=address("/approvals", {**query, "cursor": following}) if following else None,
        first=address("/approvals", query) if cursor else None,
        empty=Empty(t(f"approvals.empty_{view}"), t(f"approvals.empty_{view}_text"), "check-circle"),
        live_topic="",
        **{"outcomes": [], "reason": "", "picked": frozenset(), **more},
    )


@router.get("/approvals.csv")
async def export(visit: VisitDep, view: str = "open", client: str = "") -> Response:
    """The same list as a file."""

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[OfferedVersion], str | None]:
        return offered(
            connection,
            visit.call,
            client=client or None,
            waiting=view == "open",
            limit=FILE_PAGE,
            cursor=cursor,
        )

    def line(one: OfferedVersion) -> list[Any]:
        decided = one.decided_at.isoformat() if one.decided_at else ""
        return [
            *(one.number, one.subject, one.version, one.state, one.documents_total),
            *(one.offered_at.isoformat(), decided, one.reason),
        ]

    head = ("number", "subject", "version", "state", "documents", "offered_at", "decided_at", "reason")
    return await file_of(visit, "approvals", head, page, line)


@router.post("/approvals")
async def decide_many(visit: PostDep) -> Response:
    """Accept or return every version that was ticked, each by the hash that was on the page."""
    form = visit.form
    decision, reason = form.text("decision", 20), form.text("reason", 500)
    picked = frozenset(filter(None, form.texts("chosen")))

    async def again(notice: Notice, status: int) -> Response:
        return await _list(visit, "open", status=status, notice=notice, reason=reason, picked=picked)

    try:
        if not picked:
            raise DomainError("nothing-chosen")
        if decision == "return" and not reason:
            raise DomainError("reason-missing")
        wanted = [_named(visit, one, decision, reason) for one in sorted(picked)]
        answer = await acts.approve_many(visit.call, visit.body(BulkApproval, approvals=wanted))
    except DomainError as error:
        return await visit.refused(error, again)
    outcome = BulkOutcome.model_validate(json.loads(bytes(answer.body)))
    refused = [one for one in outcome.results if one.status == "refused"]
    if not refused:
        response = redirect("/approvals")
        applied = sum(one.status == "applied" for one in outcome.results)
        if applied == len(outcome.results):
            key = "approvals.accepted" if decision == "accept" else "approvals.returned"
            visit.portal.guard.say(response, "good", key, n=applied)
        else:
            visit.portal.guard.say(response, "info", "shell.being_applied")
        return response
    t = visit.portal.texts
    notice = Notice("bad", t("approvals.some_refused", n=len(refused), all=len(outcome.results)))
    return await _list(visit, "open", status=409, notice=notice, outcomes=await _told(visit, refused))


def _named(visit: Visit, text: str, decision: str, reason: str) -> OneApproval:
    ticket_id, _, version = text.partition(":")
    return visit.body(OneApproval, ticket_id=ticket_id, version=version, decision=decision, reason=reason)


async def _told(visit: Visit, refused: list[Any]) -> list[tuple[str, str]]:
    def read(connection: Connection) -> dict[UUID, str]:
        rows = ((one.ticket_id, tickets.get(connection, one.ticket_id)) for one in refused)
        return {ticket_id: row["number"] for ticket_id, row in rows if row is not None}

    numbers = await visit.read(read)
    return [(numbers.get(one.ticket_id, "–"), one.detail or "") for one in refused]


@router.get("/approvals/{ticket_id}")
async def one(visit: VisitDep, ticket_id: UUID) -> Response:
    """The version before the client, document by document."""
    return await _one(visit, ticket_id)


async def _one(visit: Visit, ticket_id: UUID, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> dict[str, Any]:
        row = v1.one(connection, visit.call, ticket_id)
        newest = tickets.approval_of(connection, row["root_id"])
        if newest is None:
            raise DomainError("not-found", what="version")
        found = documents.of_ticket(connection, row["root_id"])
        open_now = newest["state"] == "open"
        units = [d for d in found if d["state"] == "posted" and (d["approval"] != "accepted" or not open_now)]
        return {
            "ticket": row,
            "version": newest,
            "units": [views.document(d, visit.principal) for d in units],
            "work": _handed_in(newest, found, row),
            "left_out": [d for d in found if d["state"] in ("quarantined", "rejected")],
            "reasoned": sum(any(check.get("override") for check in d["checks"]) for d in units),
            "checks": documents.quality_of(connection, row["root_id"]),
        }

    found = await visit.read(read)
    t, version = visit.portal.texts, found["version"]
    checks = found.pop("checks")
    return visit.page(
        "approvals/view",
        status,
        **found,
        state=chips.version(version["state"], t),
        second={check["document_id"] or check["ticket_id"] for check in checks if check["level"] == 2},
        corrected=sum(len(check["defects"]) for check in checks),
        open_now=version["state"] == "open",
        may_open=bool(visit.viewer.roles & CONTENT_READERS),
        may=version["state"] == "open" and bool(visit.viewer.roles & CLIENT_ROLES),
        crumbs=[Crumb(t("approvals.title"), "/approvals"), Crumb(found["ticket"]["number"])],
        back="/requests" if not visit.viewer.staff else "/tickets",
        live_topic=str(ticket_id),
        **{"reason": "", "chosen": {}, "typed_version": None, **more},
    )


def _handed_in(version: RowMapping, found: Sequence[RowMapping], row: RowMapping) -> dict[str, Any] | None:
    """What a person did on the request itself, as this version holds it, with its files as far as they are kept."""
    work = version["deliverable"].get("work")
    if work is None:
        return None
    kept = {str(d["id"]) for d in found}
    files = [{**one, "kept": one["id"] in kept} for one in work["files"]]
    return {"note": work["note"], "files": files, "unit": str(row["root_id"])}


@router.post("/approvals/{ticket_id}")
async def decide(visit: PostDep, ticket_id: UUID) -> Response:
    """Accept, return, or both in parts, of the version that was on the page."""
    form = visit.form
    decision, reason = form.text("decision", 20), form.text("reason", 500)
    chosen = {name: value for name, value in form.prefixed("unit_") if value in ("accept", "return")}

    async def act() -> Response:
        if decision in ("return", "partial") and not reason:
            raise DomainError("reason-missing")
        body = visit.body(
            ApprovalBody,
            version=form.text("version", 64),
            decision=decision,
            units=chosen if decision == "partial" else {},
            reason=reason,
        )
        return await acts.approve(visit.call, ticket_id, body)

    async def again(notice: Notice, status: int) -> Response:
        typed = form.text("version", 64)
        return await _one(
            visit, ticket_id, status, notice=notice, reason=reason, chosen=chosen, typed_version=typed
        )

    said = {"accept": "approvals.accepted", "return": "approvals.returned"}.get(decision, "approvals.in_part")
    follow = ("approvals.follow", f"{'/tickets' if visit.viewer.staff else '/requests'}/{ticket_id}")
    return await visit.act(act, to="/approvals", said=said, again=again, follow=follow, n=1)
