"""A client's requests: what runs and when it will be done, raising one with its files, and one of them in calm
words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api import unlocking, views
from api.access import ROUTES, Rule, allow, as_page
from api.portal import calm, chips
from api.portal.acting import FormAct, offer, rules_of
from api.portal.bill import on_bill
from api.portal.listing import (
    CLIENT,
    FILE_PAGE,
    LIMIT,
    address,
    class_choices,
    client_filter,
    clients_of,
    day_filters,
    file_of,
    span,
)
from api.portal.parts import Choice, Command, Crumb, Empty, Filter, NavItem, Notice, Tab
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import acts, passwords, raising
from api.v1 import tickets as v1
from schemas.act_bodies import PriorityBody, ReasonBody
from schemas.acts import Priority
from schemas.requests import NewTicket
from ticketos.db.repositories import documents, tasks, tickets
from ticketos.domain.state import OPEN_STATES

router = APIRouter(include_in_schema=False)
ACTS: dict[str, FormAct] = {
    "cancel": FormAct(
        acts.cancel, ReasonBody, "requests.cancelled", ROUTES["POST", "/v1/tickets/{ticket_id}/cancel"]
    ),
    "priority": FormAct(
        acts.change_priority,
        PriorityBody,
        "requests.prioritised",
        ROUTES["POST", "/v1/tickets/{ticket_id}/priority"],
    ),
    "reopen": FormAct(
        acts.reopen, ReasonBody, "requests.reopened", ROUTES["POST", "/v1/tickets/{ticket_id}/reopen"]
    ),
}
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/requests"): allow(CLIENT, page=True),
    ("GET", "/requests.csv"): allow(CLIENT, page=True),
    ("GET", "/requests/new"): allow(CLIENT, page=True),
    ("POST", "/requests"): allow(CLIENT, page=True),
    ("GET", "/requests/{ticket_id}"): allow(CLIENT, page=True),
    ("POST", "/requests/{ticket_id}/documents/{document_id}/password"): as_page(
        ROUTES["POST", "/v1/documents/{document_id}/password"]
    ),
    **rules_of("/requests/{ticket_id}", ACTS),
}
NAV = (
    NavItem(
        text="requests.title", href="/requests", icon="ticket", roles=CLIENT, section="work", key="r", order=6
    ),
)
COMMANDS = (Command("requests.raise", "/requests/new", "plus", CLIENT),)
VIEWS = ("running", "yours", "done", "all")


def filtered(
    connection: Connection, visit: Visit, view: str, q: str, client: str, since: str, until: str
) -> tickets.Filter:
    """The filters of the address as the repository takes them."""
    seen = visit.principal.clients_with(visit.call.rule.roles)
    if client:
        seen = tuple(one for slug, _, one in clients_of(visit) if slug == client)
    first, last = span(visit, since, until)
    return tickets.Filter(
        client_ids=seen,
        states={"done": ("closed", "cancelled")}.get(view, ()),
        stages=("approval",) if view == "yours" else (),
        open_only=view in ("running", "yours"),
        found=tickets.searched(connection, seen, q) if q.strip() else None,
        since=first,
        until=last,
    )


@router.get("/requests")
async def show(
    visit: VisitDep,
    view: str = "running",
    q: str = "",
    client: str = "",
    since: str = "",
    until: str = "",
    cursor: str | None = None,
) -> Response:
    """The list."""
    view, q = view if view in VIEWS else "running", q[:200]
    rows, following = await visit.read(
        lambda connection: tickets.listed(
            connection, filtered(connection, visit, view, q, client, since, until), LIMIT, cursor or None
        )
    )
    t = visit.portal.texts
    query = {"view": view, "q": q, "client": client, "since": since, "until": until}
    narrowed = bool(q or client or since or until)
    return visit.page(
        "requests/list",
        rows=rows,
        now={row["id"]: calm.status(row, t) for row in rows},
        promise=calm.promise,
        tabs=[
            Tab(t(f"requests.view.{one}"), address("/requests", {**query, "view": one}), one == view)
            for one in VIEWS
        ],
        filters=[
            Filter("q", t("lists.search"), value=q, kind="search"),
            *client_filter(visit, client),
            *day_filters(visit, since, until),
        ],
        view=view,
        narrowed=narrowed,
        file=address("/requests.csv", query),
        more=address("/requests", {**query, "cursor": following}) if following else None,
        first=address("/requests", query) if cursor else None,
        empty=Empty(
            t("lists.nothing"), t("lists.nothing_text"), "filter", t("shell.clear"), f"/requests?view={view}"
        )
        if narrowed
        else Empty(
            t(f"requests.empty.{view}"),
            t("requests.empty_text"),
            "ticket",
            t("requests.raise"),
            "/requests/new",
        ),
        live_topic="",
    )


@router.get("/requests.csv")
async def export(
    visit: VisitDep, view: str = "running", q: str = "", client: str = "", since: str = "", until: str = ""
) -> Response:
    """The same list as a file."""
    t = visit.portal.texts
    columns = (
        "number",
        "subject",
        "priority",
        "documents_total",
        "documents_done",
        "received_at",
        "due_at",
        "closed_at",
    )

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[RowMapping], str | None]:
        wanted = filtered(connection, visit, view, q[:200], client, since, until)
        return tickets.listed(connection, wanted, FILE_PAGE, cursor)

    def line(row: RowMapping) -> list[Any]:
        values = [row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in columns]
        return [*values, calm.status(row, t).text]

    return await file_of(visit, "requests", (*columns, "status"), page, line)


@router.get("/requests/new")
async def compose(visit: VisitDep) -> Response:
    """The form of a new request."""
    return _form(visit)


def _form(visit: Visit, status: int = 200, **more: Any) -> Response:
    t, typed = visit.portal.texts, more.pop("typed", {})
    mine = [Choice(slug, name, slug == typed.get("client")) for slug, name, _ in clients_of(visit)]
    urgent = typed.get("priority", "P3")
    return visit.page(
        "requests/new",
        status,
        typed=typed,
        clients=mine if len(mine) > 1 else [],
        priorities=[Choice(p, t(f"requests.priority.{p}"), p == urgent) for p in get_args(Priority)],
        classes=class_choices(t, typed.get("document_class", "")),
        crumbs=[Crumb(t("requests.title"), "/requests"), Crumb(t("requests.raise"))],
        most=visit.services.options.max_upload_bytes,
        **more,
    )


@router.post("/requests")
async def raise_request(visit: PostDep) -> Response:
    """Store the request with its files; its work begins by itself."""
    form, call = visit.form, visit.call
    typed = {
        name: form.text(name, 200_000) for name in ("client", "subject", "text", "priority", "document_class")
    }

    async def act() -> Response:
        files = await raising.attachments(form.files("files"), visit.services.options.max_upload_bytes)
        asked = visit.body(
            NewTicket,
            client=typed["client"] or None,
            subject=typed["subject"],
            text=typed["text"],
            priority=typed["priority"] or None,
            document_class=typed["document_class"] or None,
        )
        return await raising.accepted(
            call, asked, files, asked.model_dump_json().encode() + raising.digests(files)
        )

    async def again(notice: Notice, status: int) -> Response:
        return _form(visit, status, typed=typed, notice=notice)

    return await visit.act(
        act,
        to=lambda answer: answer.headers["location"].replace("/v1/tickets/", "/requests/"),
        said="requests.raised",
        again=again,
    )


@router.get("/requests/{ticket_id}")
async def one(visit: VisitDep, ticket_id: UUID) -> Response:
    """One request."""
    return await _one(visit, ticket_id)


async def _one(visit: Visit, ticket_id: UUID, status: int = 200, **more: Any) -> Response:
    call = visit.call

    def read(connection: Connection) -> dict[str, Any]:
        row = v1.one(connection, call, ticket_id)
        root_id = row["root_id"]
        root = row if root_id == row["id"] else v1.one(connection, call, root_id)
        around = tickets.tree(connection, root_id)
        events = call.services.audit.timeline(connection, root_id)
        shown = [views.document(d, call.principal) for d in documents.of_ticket(connection, root_id)]
        asked = {d.id: tasks.asking(connection, d.id, unlocking.KIND) for d in shown if d.blocked_by}
        return {
            "ticket": root,
            "documents": shown,
            "locked": [(d, asked[d.id]) for d in shown if asked.get(d.id) is not None],
            "messages": views.messages(around.messages, False),
            "approvals": [a for a in reversed(around.approvals) if a["state"] != "withdrawn"],
            "events": [views.event(e, False) for e in reversed(events) if e.event in calm.TOLD],
            "billed": on_bill(around.usage),
        }

    found = await visit.read(read)
    t, ticket = visit.portal.texts, found["ticket"]
    waiting = [a for a in found["approvals"] if a["state"] == "open"]
    return visit.page(
        "requests/view",
        status,
        **found,
        waiting=waiting,
        now=calm.status(ticket, t, decided=not waiting),
        told=lambda event: calm.told(event, t),
        promise=calm.promise,
        steps=calm.STEPS,
        at=calm.STEPS.index(calm.step(ticket)),
        document_state=lambda value: chips.document(value, t),
        version_state=lambda value: chips.version(value, t),
        may_cancel=ticket["state"] in OPEN_STATES and ticket["stage"] not in ("billing", "closure"),
        may_reopen=ticket["state"] not in OPEN_STATES,
        priorities=[
            Choice(p, t(f"requests.priority.{p}"), p == ticket["priority"]) for p in get_args(Priority)
        ],
        crumbs=[Crumb(t("requests.title"), "/requests"), Crumb(ticket["number"])],
        live_topic=str(ticket["id"]),
        **{"typed": {}, **more},
    )


@router.post("/requests/{ticket_id}/documents/{document_id}/password")
async def password(visit: PostDep, ticket_id: UUID, document_id: UUID) -> Response:
    """The password of a protected document, or that there is none."""
    leave_out = visit.form.text("act", 20) == "leave_out"

    async def work() -> Response:
        body = unlocking.typed(visit.form.data, leave_out)
        return await passwords.give_password(visit.call, document_id, body)

    async def again(notice: Notice, status: int) -> Response:
        return await _one(visit, ticket_id, status, notice=notice)

    said = "requests.left_out" if leave_out else "requests.unlocked"
    return await visit.act(work, to=f"/requests/{ticket_id}", said=said, again=again)


offer(router, "/requests/{ticket_id}", ACTS, _one)
