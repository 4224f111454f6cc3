"""Disputes of invoices: the queue, one of them with its answer; a client disputes on the page of the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, as_page
from api.portal import chips, sla
from api.portal.acting import typed_in
from api.portal.formats import Formats
from api.portal.listing import FILE_PAGE, LIMIT, address, choices, client_filter, file_of
from api.portal.parts import Chip, Crumb, Empty, Filter, NavItem, Notice
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import disputes as v1
from api.v1.parameters import id_cursor
from schemas.disputes import AcceptDispute, DisputeView, RefuseDispute
from ticketos.domain import disputing
from ticketos.domain.urgency import urgency

router = APIRouter(include_in_schema=False)
_ONE = "/disputes/{dispute_id}"
_READ = as_page(v1.RULES["GET", "/v1/disputes"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/disputes"): _READ,
    ("GET", "/disputes.csv"): _READ,
    ("GET", _ONE): as_page(v1.RULES["GET", f"/v1{_ONE}"]),
    **{
        ("POST", f"{_ONE}/{act}"): as_page(v1.RULES["POST", f"/v1{_ONE}/{act}"])
        for act in ("accept", "refuse", "withdraw")
    },
}
NAV = (
    NavItem(
        text="disputes.title", href="/disputes", icon="flag", roles=_READ.roles, section="office", order=62
    ),
)


def _found(
    connection: Connection, visit: Visit, client: str, state: str, limit: int, cursor: str | None
) -> tuple[Sequence[DisputeView], str | None]:
    wanted = state if state in disputing.STATES else None
    rows = v1.disputes_of(connection, visit.call, client or None, wanted, limit + 1, id_cursor(cursor))
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


@router.get("/disputes")
async def show(visit: VisitDep, client: str = "", state: str = "", cursor: str | None = None) -> Response:
    """The queue, the newest first."""
    found, following = await visit.read(
        lambda connection: _found(connection, visit, client, state, LIMIT, cursor or None)
    )
    t, f, query = visit.portal.texts, visit.formats, {"client": client, "state": state}
    narrowed = any(query.values())
    return visit.page(
        "disputes/list",
        rows=found,
        state=lambda code: chips.dispute(code, t),
        due=lambda one: due_chip(one, f),
        filters=[
            *client_filter(visit, client),
            Filter("state", t("disputes.state"), choices(t, "dispute_state", disputing.STATES, state), state),
        ],
        narrowed=narrowed,
        file=address("/disputes.csv", query),
        more=address("/disputes", {**query, "cursor": following}) if following else None,
        first=address("/disputes", query) if cursor else None,
        empty=Empty(t("lists.nothing"), t("lists.nothing_text"), "filter", t("shell.clear"), "/disputes")
        if narrowed
        else Empty(
            t("disputes.empty"),
            t("disputes.empty_staff" if visit.viewer.staff else "disputes.empty_text"),
            "flag",
            None if visit.viewer.staff else t("disputes.to_invoices"),
            "/invoices",
        ),
    )


def due_chip(one: DisputeView, f: Formats) -> Chip | None:
    """The time left for an answer; nothing once there is one."""
    if one.state != disputing.OPEN:
        return None
    return sla.chip(urgency(one.raised_at, one.due_at, now=f.now, stopped_at=None), f, f.texts)


@router.get("/disputes.csv")
async def export(visit: VisitDep, client: str = "", state: str = "") -> Response:
    """The same as a file."""
    head = (
        *("client", "invoice", "line", "request", "file", "state", "reason", "net", "total", "currency"),
        *("raised_at", "due_at", "answered_at", "answer", "credit_note"),
    )

    def line(one: DisputeView) -> list[Any]:
        return [
            *(visit.viewer.company(one.client_id), one.invoice_number, one.line_position, one.ticket_number),
            *(one.filename, one.state, one.reason, one.net, one.total, one.currency),
            *(
                _iso(one.raised_at),
                _iso(one.due_at),
                _iso(one.answered_at),
                one.answer,
                one.credit_note_number,
            ),
        ]

    return await file_of(
        visit,
        "disputes",
        head,
        lambda connection, cursor: _found(connection, visit, client, state, FILE_PAGE, cursor),
        line,
    )


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


@router.get(_ONE)
async def one(visit: VisitDep, dispute_id: UUID) -> Response:
    """One dispute: what is disputed, why, until when an answer is owed, and the answer."""
    return await _one(visit, dispute_id)


async def _one(visit: Visit, dispute_id: UUID, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> DisputeView:
        # A refused act shows this page again: reading it is judged by the rule of reading.
        visit.call.rule = RULES["GET", _ONE]
        return v1.one(connection, visit.call, dispute_id)

    found = await visit.read(read)
    t, f, open_ = visit.portal.texts, visit.formats, found.state == disputing.OPEN
    return visit.page(
        "disputes/view",
        status,
        one=found,
        state=chips.dispute(found.state, t),
        due=due_chip(found, f),
        may_answer=open_ and visit.may(RULES["POST", f"{_ONE}/accept"], found.client_id),
        may_withdraw=open_ and visit.may(RULES["POST", f"{_ONE}/withdraw"], found.client_id),
        ticket="/tickets" if visit.viewer.staff else "/requests",
        crumbs=[Crumb(t("disputes.title"), "/disputes"), Crumb(found.invoice_number or "")],
        **{"answer": "", "picked": "", **more},
    )


async def _act(visit: Visit, dispute_id: UUID, work: Any, said: str, picked: str) -> Response:
    async def again(notice: Notice, status: int) -> Response:
        typed = visit.form.text("answer", 500)
        return await _one(visit, dispute_id, status, notice=notice, answer=typed, picked=picked)

    return await visit.act(work, to=f"/disputes/{dispute_id}", said=said, again=again)


@router.post(f"{_ONE}/accept")
async def accept(visit: PostDep, dispute_id: UUID) -> Response:
    """Agree, by a credit note over what is disputed."""

    async def work() -> Response:
        body = visit.body(AcceptDispute, **typed_in(visit, AcceptDispute))
        return await v1.accept_dispute(visit.call, dispute_id, body)

    return await _act(visit, dispute_id, work, "disputes.said_accepted", "accept")


@router.post(f"{_ONE}/refuse")
async def refuse(visit: PostDep, dispute_id: UUID) -> Response:
    """Disagree, with the reason."""

    async def work() -> Response:
        body = visit.body(RefuseDispute, **typed_in(visit, RefuseDispute))
        return await v1.refuse_dispute(visit.call, dispute_id, body)

    return await _act(visit, dispute_id, work, "disputes.said_refused", "refuse")


@router.post(f"{_ONE}/withdraw")
async def withdraw(visit: PostDep, dispute_id: UUID) -> Response:
    """Let it be."""

    async def work() -> Response:
        return await v1.withdraw_dispute(visit.call, dispute_id)

    return await _act(visit, dispute_id, work, "disputes.said_withdrawn", "withdraw")
