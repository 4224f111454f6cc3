"""AG9 a document dated into a shut month of the client's book: nobody but a person of finance lets it in or moves it.

It waits as a task of the finance desk, straight-through documents like all others. An entry that stands already (a
corrected document is posted again) stays until the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ticketos.domain import stages
from ticketos.domain.book_months import Held, Months, Placed, may_decide, month_of, place, question
from ticketos.domain.changes import Change, CloseTask, Emit, OpenTask, SetDocument, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor, DocumentState, TaskState, TicketState
from ticketos.lines.data_entry import rules

KIND = "posting_period"
"""Kind of the task, and what blocks a document that waits for it."""
LINE = "data_entry"
DESK = "finance"
"""Desk and skill of that task."""
WAITS: Mapping[str, str] = {"desk": DESK, "next_action": "Finance decides on documents of a shut month"}
"""Columns of a ticket while documents of it are before finance."""
GOES_ON: Mapping[str, str] = {"desk": stages.DESKS["delivery"], "next_action": "Do the work"}
"""The same once the last of them is decided."""


def own_date(document: DocumentState, today: date) -> date:
    """The date the document is of, or today in the client's zone where it has none."""
    return rules.iso_date((document.fields.get("issue_date") or {}).get("value")) or today


def placed(document: DocumentState, today: date, months: Months, rule: str) -> Placed | Held:
    """Where its entry goes, or why it waits."""
    return place(own_date(document, today), worth(document), months, rule, document.posting)


def worth(document: DocumentState) -> str:
    """What it is worth, with its currency, written the same whatever way it was typed; its kind tells the sign."""
    said = {name: (document.fields.get(name) or {}).get("value") or "" for name in ("currency", "total")}
    total = rules.amount(said["total"])
    return (
        f"{document.doc_type} {said['currency']} {'' if total is None else f'{total.normalize():f}'}".strip()
    )


def held(
    ticket: TicketState,
    document: DocumentState,
    why: Held,
    today: date,
    months: Months,
    new_id: NewId,
) -> tuple[Change, ...]:
    """Put it before finance instead of posting it."""
    own = own_date(document, today)
    facts = {
        "document": str(document.id),
        "own": own.isoformat(),
        "period": why.period,
        "state": why.state,
        "first_open": question(own, months).first_open.isoformat(),
    }
    task = OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:{KIND}:{document.id}:{document.round}:{ticket.seq}",
        kind="posting_period",
        workflow=LINE,
        desk=DESK,
        skill=DESK,
        subject_id=document.id,
        priority=ticket.priority,
        round=document.round,
        payload=facts,
    )
    return (
        SetDocument(document.id, {"state": "keying", "blocked_by": [KIND], "straight_through": False}),
        task,
        Emit(
            "document.period_closed",
            after=facts,
            why=why.state,
            entity="document",
            entity_id=str(document.id),
        ),
    )


def decided(
    ticket: TicketState,
    task: TaskState,
    document: DocumentState,
    result: Mapping[str, Any],
    actor: Actor,
    months: Months,
    today: date,
    now: datetime,
) -> Verdict:
    """Finance's word on one document. Refused: no person, no reason, a choice the book could not follow."""
    stages.require_open(ticket)
    if actor.user_id is None:
        raise DomainError("not-allowed", kind=task.kind)
    if KIND not in document.blocked_by:
        raise DomainError("document-not-held", document=document.filename)
    choice, reason = str(result.get("choice") or ""), str(result.get("reason") or "").strip()
    own = own_date(document, today)
    may_decide(choice, own, months)
    if not reason:
        raise DomainError("reason-missing")
    facts = {
        "document": str(document.id),
        "choice": choice,
        "own": own.isoformat(),
        "worth": worth(document),
        "period": month_of(own),
        "task": str(task.id),
    }
    about: dict[str, Any] = {"entity": "document", "entity_id": str(document.id)}
    close = CloseTask(task.id, "done", now, actor.user_id, {**facts, "reason": reason})
    if choice == "reject":
        values = {"state": "rejected", "reason": KIND, "finished_by": actor.user_id, "done_at": now}
        gone = Emit("document.rejected", after={**facts, "reason": KIND}, why=reason, **about)
        return Verdict("rejected", (SetDocument(document.id, {**values, "blocked_by": []}), close, gone))
    decision = {**facts, "by": str(actor.user_id), "at": now.isoformat(), "reason": reason}
    ready = SetDocument(document.id, {"state": "ready", "blocked_by": [], "posting": decision})
    return Verdict("ready", (ready, close, Emit("document.period_decided", after=facts, why=reason, **about)))
