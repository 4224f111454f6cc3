"""The inbox: what one's desks and oneself are told, unread first, with the filter in the address."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from babel.dates import format_date
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.catalogue import Texts
from api.portal.formats import Formats
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
_LOOK: dict[str, tuple[Tone, str]] = {
    "warning": ("warn", "clock"),
    "breached": ("bad", "late"),
    "escalated": ("bad", "flag"),
    "offers_ended": ("warn", "person"),
    "approval_unreached": ("bad", "mail"),
    "outbox_dead": ("bad", "mail"),
    "reconciliation": ("warn", "alert"),
    "renewal": ("info", "document"),
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
        filtered=filtered,
        said={row.id: said(row, t, formats) for row in rows},
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
    detail = row.detail
    clock = str(detail.get("clock") or "")
    if row.kind == "breached" and clock.startswith("stage:"):
        return t("notices.told.stage", stage=t.word("stage", clock.removeprefix("stage:")))
    if row.kind in ("warning", "breached", "escalated"):
        milestone = str(detail.get("milestone") or "").rsplit("_", 1)[-1]
        share = f"{milestone} %" if milestone.isdigit() else milestone
        return t(f"notices.told.{row.kind}", clock=t.word("clock", clock), share=share, step=milestone)
    if row.kind == "renewal":
        return t(
            "notices.told.renewal", contract=detail.get("contract", ""), day=_day(detail.get("ends_on"), f)
        )
    return t(f"notices.told.{row.kind}" if row.kind in rules.KINDS else "notices.told.other")


def _day(value: object, f: Formats) -> str:
    try:
        return str(format_date(date.fromisoformat(str(value)), "d MMM yyyy", locale=f.texts.locale))
    except ValueError:
        return str(value or "")


def _chip(row: NoticeView, t: Texts) -> Chip:
    tone, icon = _LOOK.get(row.kind, ("neutral", "dot"))
    known = row.kind in rules.KINDS
    return Chip(t(f"notices.kinds.{row.kind}") if known else t("notices.told.other"), tone, icon)


@router.post("/notices/read")
async def read_all(visit: PostDep) -> Response:
    """Everything unread that the page showed."""
    form = visit.form
    query = _query(
        form.text("desk", 40), form.text("kind", 40), form.text("client", 64), form.text("mine", 5)
    )
    count = 0

    async def act() -> Response:
        nonlocal count
        answer = await v1.read_many(
            visit.call, visit.body(ReadNotices, **{**query, "mine": bool(query["mine"])})
        )
        count = int(json.loads(bytes(answer.body))["read"])
        return answer

    try:
        response = await visit.act(act, to=address("/notices", query), said="notices.said_one")
    finally:
        visit.portal.inboxes.doubt((visit.principal.user_id,))
    if count != 1:
        visit.portal.guard.say(response, "good", "notices.said_many", n=count)
    return response


@router.post("/notices/{notice_id}/read")
async def read_one(visit: PostDep, notice_id: UUID) -> Response:
    """One of them."""

    async def act() -> Any:
        answer = await v1.read_one(visit.call, notice_id)
        visit.portal.inboxes.doubt((visit.principal.user_id,))
        return answer

    back = safe_next(visit.form.text("back", 500), "/notices")
    return await visit.act(act, to=back, said="notices.said_one")
