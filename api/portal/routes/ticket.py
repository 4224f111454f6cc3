"""One request: where it stands, its clocks and people, one timeline, its tree, and what may be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api import views
from api.access import ROUTES, Rule, as_page
from api.deps import etag
from api.portal import sla
from api.portal.acting import FormAct, offer, rules_of
from api.portal.ai_card import DECIDES, Cards
from api.portal.bill import on_bill
from api.portal.formats import Formats
from api.portal.listing import class_choices
from api.portal.page import redirect
from api.portal.parts import Choice, Notice, Tab
from api.portal.routes.work import doing
from api.portal.timeline import GROUPS, Timeline, folded, uuid_of
from api.portal.troubles import state_of, troubled
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import acts, ai_reviews, messages, steps
from api.v1 import tickets as v1
from api.v1.tasks import may_finish
from schemas.act_bodies import (
    LINK_KINDS,
    AiReview,
    Classification,
    LinkBody,
    MessageBody,
    OptionalReason,
    PauseBody,
    PriorityBody,
    ReasonBody,
)
from schemas.acts import Priority
from schemas.requests import EditTicket
from schemas.steps import StepTroubles
from ticketos.db.repositories import documents, persons, tasks, tickets
from ticketos.domain import ai_review, handwork
from ticketos.domain.document_class import BY_CONTRACT
from ticketos.domain.errors import DomainError
from ticketos.domain.state import OPEN_STATES, PROGRESS, STAGES
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)


def _like(act: str) -> Rule:
    return ROUTES["POST", f"/v1/tickets/{{ticket_id}}/{act}"]


ACTS: dict[str, FormAct] = {
    "pause": FormAct(acts.pause, PauseBody, "ticket.said.paused", _like("pause")),
    "resume": FormAct(acts.resume, OptionalReason, "ticket.said.resumed", _like("resume")),
    "cancel": FormAct(acts.cancel, ReasonBody, "ticket.said.cancelled", _like("cancel")),
    "priority": FormAct(acts.change_priority, PriorityBody, "ticket.said.priority", _like("priority")),
    "retry": FormAct(acts.retry, OptionalReason, "ticket.said.retried", _like("retry")),
    "reopen": FormAct(acts.reopen, ReasonBody, "ticket.said.reopened", _like("reopen")),
    "links": FormAct(v1.link_ticket, LinkBody, "ticket.said.linked", _like("links")),
    "notes": FormAct(messages.write_note, MessageBody, "ticket.said.noted", _like("notes")),
    "replies": FormAct(messages.write_reply, MessageBody, "ticket.said.replied", _like("replies")),
    "classification": FormAct(
        ai_reviews.correct_triage, Classification, "ticket.said.sorted", _like("classification")
    ),
    "ai-reviews": FormAct(ai_reviews.review_ai, AiReview, "ticket.said.judged", _like("ai-reviews")),
}
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/tickets/{ticket_id}"): as_page(ROUTES["GET", "/v1/tickets/{ticket_id}/tree"]),
    ("POST", "/tickets/{ticket_id}/subject"): as_page(ROUTES["PATCH", "/v1/tickets/{ticket_id}"]),
    **rules_of("/tickets/{ticket_id}", ACTS),
}
EVENTS, DOCUMENTS, PENDING, MOST_COLLEAGUES = 200, 100, 10, 500
_CONTENT = ROUTES["GET", "/v1/documents/{document_id}/content"]
_ASSIGN = ROUTES["POST", "/v1/tasks/{task_id}/assign"]


@dataclass(frozen=True)
class Step:
    """One stage of the bar."""

    name: str
    percent: int
    state: str  # done, now, todo; in place of now: stopped, retrying


@router.get("/tickets/{ticket_id}")
async def show(
    visit: VisitDep, ticket_id: UUID, show: str = "", order: str = "newest", before: int | None = None
) -> Response:
    """The whole page. People of a client see the request in their own words."""
    if not visit.viewer.staff:
        return redirect(f"/requests/{ticket_id}")
    return await _page(visit, ticket_id, show=show, order=order, before=before)


async def _page(
    visit: Visit,
    ticket_id: UUID,
    status: int = 200,
    *,
    show: str = "",
    order: str = "newest",
    before: int | None = None,
    **more: Any,
) -> Response:
    read_rule = RULES["GET", "/tickets/{ticket_id}"]
    found = await visit.read(lambda connection: _read(connection, visit, ticket_id, read_rule, before))
    t, now = visit.portal.texts, visit.call.now
    f = Formats(t, visit.viewer.zone, now)
    root = found["root"]
    staff = visit.principal.staff_over(root["client_id"])
    messages_seen = views.messages(found["around"].messages, staff)
    stream = Timeline(
        t,
        f,
        found["people"],
        {row["id"]: row["filename"] for row in found["documents"]},
        found["judged"],
        _todo(visit, found["tasks"]),
        Cards(
            t,
            f,
            root,
            documents=found["documents"],
            tasks=found["tasks"],
            approvals=found["around"].approvals,
            messages=messages_seen,
            people=found["people"],
            reopen_days=found["reopen_days"],
            opens=bool(visit.viewer.roles & _CONTENT.roles),
        ),
    )
    lines = stream.entries(
        [views.event(one, staff) for one in found["events"]],
        messages_seen,
        group=show,
        newest_first=order != "oldest",
    )
    base = f"/tickets/{root['id']}"
    troubles = await steps.troubles_of(visit.call, root)
    return visit.page(
        "tickets/ticket",
        status,
        **{"subject_typed": None, "typed": {}, **more},
        **found,
        troubles=troubled(troubles, t, f),
        away=not troubles.reachable,
        steps=_steps(root, troubles),
        clocks=[
            (row, sla.chip(sla.of_clock(row, now), f, t))
            for row in found["around"].clocks
            if row["life"] == root["life"]
        ],
        chip=_chip(found["around"].clocks, root, f, visit),
        **dict(zip(("corrections", "rework"), views.rework(found["around"].children), strict=True)),
        files={row["id"]: row["filename"] for row in found["documents"]},
        priority_chip=sla.priority(root["priority"], t),
        lines=list(folded(lines)),
        pending=_pending(visit, found) if before is None and show in ("", "work") else [],
        filters=[
            Tab(
                t(f"ticket.show.{one or 'all'}"),
                _address(base, one, order),
                one == (show if show in GROUPS else ""),
            )
            for one in ("", *GROUPS)
        ],
        turned=(_address(base, show, "oldest" if order != "oldest" else "newest"), order != "oldest"),
        earlier=_address(base, show, order, found["events"][0].seq)
        if len(found["events"]) == EVENTS
        else None,
        may=_may(visit, root),
        priorities=[Choice(one, one, one == root["priority"]) for one in get_args(Priority)],
        classes=[Choice("", t("requests.class_stays"), chosen=True), *class_choices(t, None, BY_CONTRACT)],
        link_kinds=[Choice(one, t.word("link", one)) for one in LINK_KINDS],
        service_lines=[Choice("", t("ticket.ai.as_it_is")), *(Choice(one.key, one.title) for one in LINES)],
        right_priorities=[
            Choice("", t("ticket.ai.as_it_is")),
            *(Choice(one, one) for one in get_args(Priority)),
        ],
        workflow=views.workflow_url(root["id"], root["client_id"], visit.principal, visit.services),
        staff=staff,
        said_field=lambda name: t.word("checklist", name) if name in handwork.CHECKLIST else t.field(name),
        decider=lambda value: found["people"].get(uuid_of(value), t("ticket.who.client")) if value else "",
        doing=doing,
        may_do=lambda row: may_finish(visit.call, row),
        live_topic=str(root["id"]),
    )


@dataclass(frozen=True)
class Pending:
    """A step that has not happened: what it is, on whom it waits, until when, where it is done."""

    title: str
    who: str = ""
    at: datetime | None = None
    href: str = ""


def _pending(visit: Visit, found: dict[str, Any]) -> list[Pending]:
    """What the request waits for, in the order it is due: tasks of people, versions before the client, the next timer."""
    t, root = visit.portal.texts, found["root"]
    if root["state"] not in OPEN_STATES:
        return []
    files = {row["id"]: row["filename"] for row in found["documents"]}
    steps = [
        Pending(
            " · ".join(filter(None, (t.word("kind", row["kind"]), files.get(row["subject_id"], "")))),
            t("ticket.with", name=found["people"].get(row["assigned_to"], t("work.somebody")))
            if row["assigned_to"]
            else t("ticket.queue"),
            row["due_at"],
            doing(row) if may_finish(visit.call, row) else "",
        )
        for row in found["tasks"][:PENDING]
    ]
    steps += [
        Pending(t("ticket.pending_version"), t("ticket.who.client"), row["deemed_at"])
        for row in found["around"].approvals
        if row["state"] == "open"
    ]
    steps.sort(key=lambda one: (one.at is None, one.at or visit.call.now))
    if root["next_at"] is not None:
        steps.append(Pending(t("ticket.pending_timer"), root["next_action"], root["next_at"]))
    return steps


def _todo(visit: Visit, open_: Sequence[RowMapping]) -> dict[UUID | None, str]:
    """Where an act of AI is corrected by doing: the open task of a document, or of the classification (None)."""
    return {
        one["subject_id"] if one["kind"] != "triage" else None: doing(one)
        for one in open_
        if one["kind"] in ("triage", "keying", "rework") and may_finish(visit.call, one)
    }


def _read(
    connection: Connection, visit: Visit, ticket_id: UUID, rule: Rule, before: int | None
) -> dict[str, Any]:
    # A refused act shows this page again: reading it is judged by the rule of reading.
    acting, visit.call.rule = visit.call.rule, rule
    try:
        row = v1.one(connection, visit.call, ticket_id)
        root = row if row["root_id"] == row["id"] else v1.one(connection, visit.call, row["root_id"])
    finally:
        visit.call.rule = acting
    around = tickets.tree(connection, root["id"])
    events = visit.services.audit.recent(connection, root["id"], before=before, limit=EVENTS)
    todo = tasks.of_ticket(connection, root["id"])
    checks = documents.quality_of(connection, root["id"])
    people = {
        person
        for one in events
        if one.actor_kind in ("user", "client") and (person := uuid_of(one.actor_id)) is not None
    }
    people |= {one for row in todo for one in (row["assigned_to"], row["completed_by"]) if one}
    people |= {one for row in around.approvals if (one := uuid_of(row["decided_by"])) is not None}
    people |= {one for one in (root["owner_id"], *(row["reviewer_id"] for row in checks)) if one}
    staff = visit.principal.staff_over(root["client_id"])
    by_ai = [str(one.id) for one in events if ai_review.by_ai(one.event, one.after or {})]
    linked = [one["other_id"] if one["ticket_id"] == root["id"] else one["ticket_id"] for one in around.links]
    return {
        "root": root,
        "asked": row,
        "around": around,
        "events": events,
        "tasks": [one for one in todo if one["state"] == "open"] if staff else [],
        "billed": on_bill(around.usage) if staff else [],
        "signers": persons.signers_of(connection, root["client_id"])
        if staff and any(one["state"] == "open" for one in around.approvals)
        else [],
        "documents": documents.of_ticket(connection, root["id"], limit=DOCUMENTS),
        "rounds": views.rounds(checks, around.approvals, todo, staff),
        "people": persons.names_of(connection, people) if staff else {},
        "judged": visit.services.audit.last_about(
            connection, root["id"], by_ai, (ai_review.APPROVED, ai_review.CORRECTED)
        ),
        "linked": tickets.numbers_of(connection, linked),
        "reopen_days": tickets.closure_terms(connection, root).reopen_days,
        "colleagues": _colleagues(connection, visit, root)
        if staff and any(one["state"] == "open" and one["kind"] in DECIDES for one in todo)
        else [],
    }


def _colleagues(connection: Connection, visit: Visit, root: RowMapping) -> list[tuple[str, str]]:
    """Whom a decision may be handed to, by address and name, where this person may hand it on."""
    if not visit.principal.roles_over(root["client_id"]) & _ASSIGN.roles:
        return []
    people = persons.users(connection, [visit.principal.home], limit=MOST_COLLEAGUES)
    return sorted((one["email"], one["name"]) for one in people if one["active"])


def _address(base: str, show: str, order: str, before: int | None = None) -> str:
    parts = [f"show={show}" if show else "", "order=oldest" if order == "oldest" else ""]
    parts.append(f"before={before}" if before else "")
    query = "&".join(part for part in parts if part)
    return base + (f"?{query}" if query else "")


def _steps(root: RowMapping, troubles: StepTroubles) -> list[Step]:
    """The bar. The present step says so where it does not get through. Rework is a way round: it is shown while it lasts,
    and is no step of a ticket without defects."""
    at = STAGES.index(root["stage"])
    over, now = root["state"] == "closed", state_of(troubles) or "now"
    return [
        Step(stage, PROGRESS[stage], now if i == at and not over else "done" if i < at or over else "todo")
        for i, stage in enumerate(STAGES)
        if stage != "rework" or root["stage"] == "rework"
    ]


def _chip(clocks: Any, root: RowMapping, f: Formats, visit: Visit) -> Any:
    for row in clocks:
        if row["kind"] == "turnaround" and row["life"] == root["life"]:
            return sla.chip(sla.of_clock(row, visit.call.now), f, visit.portal.texts)
    return None


def _may(visit: Visit, root: RowMapping) -> frozenset[str]:
    """The acts that this person may do to the ticket as it stands."""
    held = visit.principal.roles_over(root["client_id"])
    allowed = {
        act for act in (*ACTS, "subject") if held & RULES["POST", f"/tickets/{{ticket_id}}/{act}"].roles
    }
    state, fits = root["state"], {"links", "subject", "notes", "replies", "ai-reviews"}
    if state in OPEN_STATES:
        fits |= {"priority"}
        fits |= set() if root["stage"] in ("billing", "closure") else {"cancel", "classification"}
    fits |= {"open": {"pause"}, "paused": {"resume"}, "needs_attention": {"retry"}}.get(state, set())
    fits |= {"reopen"} if state in ("closed", "cancelled") else set()
    return frozenset(allowed & fits)


offer(router, "/tickets/{ticket_id}", ACTS, _page)


@router.post("/tickets/{ticket_id}/subject")
async def subject(visit: PostDep, ticket_id: UUID) -> Response:
    """Another subject. When somebody else changed the ticket meanwhile, both versions are shown."""
    typed, version = visit.form.text("subject", 600), visit.form.version

    async def work() -> Response:
        body = visit.body(EditTicket, subject=typed)
        return await v1.edit_ticket(visit.call, ticket_id, body, etag(version) if version else None)

    try:
        answer = await work()
    except DomainError as error:

        async def again(notice: Notice, status: int) -> Response:
            return await _page(visit, ticket_id, status, notice=notice, subject_typed=typed)

        return await visit.refused(error, again)

    async def done() -> Response:
        return answer

    return await visit.act(done, to=f"/tickets/{ticket_id}", said="ticket.said.subject")
