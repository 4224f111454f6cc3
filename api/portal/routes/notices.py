"""The inbox: what one's desks and oneself are told, unread first, with the filter in the address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.catalogue import Texts
from api.portal.formats import Formats, decimal_of
from api.portal.forms import safe_next
from api.portal.listing import LIMIT, address, client_filter
from api.portal.parts import Chip, Choice, Empty, Filter, NavItem, Tab, Tone
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import notices as v1
from schemas.notices import NoticeView, ReadNotices
from ticketos.db.repositories import notices
from ticketos.domain import notices as rules

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/notices"): as_page(ROUTES["GET", "/v1/notices"]),
    ("POST", "/notices/read"): as_page(ROUTES["POST", "/v1/notices/read"]),
    ("POST", "/notices/{notice_id}/read"): as_page(ROUTES["POST", "/v1/notices/{notice_id}/read"]),
}
NAV = (
    NavItem(
        text="notices.title",
        href="/notices",
        icon="bell",
        roles=rules.READERS,
        section="work",
        key="n",
        order=12,
    ),
)
_LOOK: dict[rules.Kind, tuple[Tone, str]] = {
    "warning": ("warn", "clock"),
    "breached": ("bad", "late"),
    "stage_late": ("warn", "clock"),
    "escalated": ("bad", "flag"),
    "offers_ended": ("warn", "person"),
    "expert_missing": ("warn", "person"),
    "approval_unreached": ("bad", "mail"),
    "outbox_dead": ("bad", "mail"),
    "reconciliation": ("warn", "alert"),
    "month_end": ("warn", "lock"),
    "renewal": ("info", "document"),
    "dispute": ("warn", "flag"),
    "dispute_late": ("bad", "late"),
}


@router.get("/notices")
async def show(
    visit: VisitDep,
    state: str = "unread",
    desk: str = "",
    kind: str = "",
    client: str = "",
    mine: str = "",
    cursor: str | None = None,
) -> Response:
    """One page of the inbox."""
    query = _query(desk, kind, client, mine)
    view = "all" if state == "all" else "unread"

    def read(connection: Connection) -> tuple[list[NoticeView], str | None, int]:
        chosen = v1.chosen_of(
            connection,
            visit.call,
            state=view,
            desk=query["desk"],
            kind=query["kind"],
            client=query["client"] or None,
            mine=bool(query["mine"]),
        )
        reader = v1.reader_of(visit.principal)
        rows, following = notices.listed(connection, reader, chosen, limit=LIMIT, cursor=cursor or None)
        waiting = notices.unread(connection, reader, chosen.since)
        return [v1.shown(row, visit.principal) for row in rows], following, waiting

    rows, following, waiting = await visit.read(read)
    visit.portal.inboxes.keep(visit.principal.user_id, waiting)
    t = visit.portal.texts
    formats = Formats(t, visit.viewer.zone, visit.call.now)
    filtered = any(query.values())
    here = {"state": view if view == "all" else "", **query}
    case = "filtered" if filtered else view
    return visit.page(
        "notices/list",
        rows=rows,
        state=view,
        query=query,
        here=address("/notices", here),
        until=max((row.at for row in rows), default=visit.call.now).isoformat(),
        filtered=filtered,
        said={row.id: said(row, t, formats) for row in rows},
        links={row.id: _about(row, visit) for row in rows},
        chips={row.id: _chip(row, t) for row in rows},
        tabs=[
            Tab(t("notices.unread"), address("/notices", query), view == "unread", waiting),
            Tab(t("notices.all"), address("/notices", {"state": "all", **query}), view == "all"),
        ],
        filters=_filters(visit, query),
        more=address("/notices", {**here, "cursor": following}) if following else None,
        first=address("/notices", here) if cursor else None,
        empty=Empty(t(f"notices.empty_{case}"), t(f"notices.empty_{case}_text"), "bell"),
        live_topic="",
    )


def _query(desk: str, kind: str, client: str, mine: str) -> dict[str, str]:
    """The filters of an address; what is no desk or kind filters nothing."""
    return {
        "desk": desk if desk in rules.ROLES else "",
        "kind": kind if kind in rules.KINDS else "",
        "client": client,
        "mine": "yes" if mine else "",
    }


def _filters(visit: Visit, query: dict[str, str]) -> list[Filter]:
    t = visit.portal.texts
    desks = sorted(rules.desks_of(visit.principal.roles), key=lambda one: t.word("desk", one))
    found = []
    if len(desks) > 1:
        named = [Choice(one, t.word("desk", one), one == query["desk"]) for one in desks]
        found.append(Filter("desk", t("notices.desk"), [Choice("", t("shell.any")), *named], query["desk"]))
    kinds = [Choice(one, t(f"notices.kinds.{one}"), one == query["kind"]) for one in rules.KINDS]
    found.append(Filter("kind", t("notices.kind"), [Choice("", t("shell.any")), *kinds], query["kind"]))
    whose = [Choice("", t("shell.any")), Choice("yes", t("notices.mine_only"), bool(query["mine"]))]
    found.append(Filter("mine", t("notices.whose"), whose, query["mine"]))
    return [*found, *client_filter(visit, query["client"])]


def said(row: NoticeView, t: Texts, f: Formats) -> str:
    """What happened, in words."""
    detail, kind = row.detail, _known(row.kind)
    milestone = str(detail.get("milestone") or "").rsplit("_", 1)[-1]
    return t(
        f"notices.told.{kind or 'other'}",
        clock=t.word("clock", detail.get("clock")),
        stage=t.word("stage", detail.get("stage")),
        share=f"{milestone} %" if milestone.isdigit() else milestone,
        step=milestone,
        task=t.word("kind", detail.get("kind")),
        period=f.period(str(detail.get("period") or "")),
        contract=str(detail.get("contract") or ""),
        day=f.period(str(detail.get("ends_on") or "")),
        invoice=str(detail.get("invoice") or ""),
        dispute=t.word("dispute_state", detail.get("state")),
        amount=_amount(detail, f),
    )


def _about(row: NoticeView, visit: Visit) -> str:
    """The page of what happened: the request, or the month of the book, or the contract that ends."""
    if row.ticket_id is not None:
        return f"/tickets/{row.ticket_id}"
    if row.kind in ("dispute", "dispute_late") and (dispute := _id(row.detail.get("dispute"))):
        return f"/disputes/{dispute}"
    book, period = visit.viewer.companies.get(row.client_id), row.detail.get("period")
    if book is not None and period:
        return address("/books/month", {"book": book.slug, "period": str(period)})
    return "/renewals" if row.kind == "renewal" else "/notices"


def _amount(detail: Mapping[str, Any], f: Formats) -> str:
    """The amount a notice names, where it is one."""
    total = decimal_of(detail.get("total"))
    return f.money(total, str(detail.get("currency") or "")) if total is not None else ""


def _id(value: object) -> UUID | None:
    """The id that a notice names, if it is one."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _chip(row: NoticeView, t: Texts) -> Chip:
    kind = _known(row.kind)
    if kind is None:
        return Chip(t("notices.told.other"), "neutral", "dot")
    return Chip(t(f"notices.kinds.{kind}"), *_LOOK[kind])


def _known(kind: str) -> rules.Kind | None:
    """A notice of an earlier release may be of a kind there is no more."""
    return next((one for one in rules.KINDS if one == kind), None)


@router.post("/notices/read")
async def read_all(visit: PostDep) -> Response:
    """Everything unread that the page showed."""
    form = visit.form
    query = _query(
        form.text("desk", 40), form.text("kind", 40), form.text("client", 64), form.text("mine", 5)
    )

    async def act() -> Response:
        asked = {**query, "mine": bool(query["mine"]), "until": form.text("until", 40) or None}
        return await v1.read_many(visit.call, visit.body(ReadNotices, **asked))

    def counted(answer: Response) -> tuple[str, dict[str, object]]:
        return "notices.said_many", {"n": int(json.loads(bytes(answer.body))["read"])}

    try:
        return await visit.act(act, to=address("/notices", query), said=counted)
    finally:
        visit.portal.inboxes.doubt((visit.principal.user_id,))


@router.post("/notices/{notice_id}/read")
async def read_one(visit: PostDep, notice_id: UUID) -> Response:
    """One of them."""

    async def act() -> Any:
        answer = await v1.read_one(visit.call, notice_id)
        visit.portal.inboxes.doubt((visit.principal.user_id,))
        return answer

    back = safe_next(visit.form.text("back", 500), "/notices")
    return await visit.act(act, to=back, said="notices.said_one")
