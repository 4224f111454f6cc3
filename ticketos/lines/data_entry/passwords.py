"""A protected document: the client is asked for its password, once and for a time, and the rest goes on meanwhile.

The password itself is never here. Whoever was given it opened the file and kept a readable copy; what a rule hears is
where that copy lies. Nobody says so in time, or the client has no password: the document stays in quarantine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketos.domain.changes import (
    Change,
    CloseTask,
    Emit,
    OpenTask,
    SendMail,
    SetDocument,
    SetTicket,
    Verdict,
)
from ticketos.domain.deadline import Timing
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor, ClientState, DocumentState, TaskState, TicketState

KIND = "password"
"""Kind of the task, and what blocks a document that waits."""
LINE = "data_entry"


def waits_until(
    document: DocumentState, reading: Mapping[str, Any], timing: Timing, now: datetime
) -> datetime | None:
    """Until when the client is asked: the file wants a password, nobody has opened it yet, and the contract has us
    wait. None: it is not asked for."""
    if reading.get("reason") != "encrypted" or document.readable is not None:
        return None
    return timing.sla.password_until(timing.calendar, now)


def asked(
    ticket: TicketState,
    client: ClientState,
    document: DocumentState,
    reading: Mapping[str, Any],
    until: datetime,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Put aside, and the client asked until ``until``. The document is not done with: it counts as open."""
    task_id = new_id()
    changes: list[Change] = [
        SetDocument(
            document.id,
            {
                "state": "quarantined",
                "reason": "encrypted",
                "engine": reading.get("engine"),
                "read_at": now,
                "blocked_by": [KIND],
                "read_result": {"reason_text": reading.get("reason_text")},
            },
        ),
        _said(document, "document.quarantined", why=str(reading.get("reason_text") or "encrypted")),
        OpenTask(
            task_id,
            f"{ticket.id}:{ticket.life}:{KIND}:{document.id}",
            kind="password",
            workflow=LINE,
            desk="client",
            skill=KIND,
            subject_id=document.id,
            priority=ticket.priority,
            round=document.round,
            due_at=until,
            payload={"document": str(document.id)},
        ),
        _said(document, "document.password_asked", until=until.isoformat()),
        SetTicket({}),
    ]
    who = ticket.requester_email or client.approver_email
    if who:
        values = {"file": document.filename, "until": until.isoformat(), "task": str(task_id)}
        key = f"{ticket.id}:{ticket.life}:{KIND}:{document.id}"
        changes.append(SendMail(new_id(), key, KIND, who, values))
    return Verdict("locked", tuple(changes))


def given(
    ticket: TicketState,
    task: TaskState,
    document: DocumentState,
    result: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Verdict:
    """``result["readable"]`` is where the opened copy lies: the document is read again (``unlocked``). With
    ``result["leave_out"]`` the client has no password (``left_out``). ``result["person"]`` is the address a signed link
    was mailed to."""
    # Who has no login is known by address; it is a person's own value and can be erased.
    person = str(result.get("person") or "") or None
    if ticket.closed_at is not None:
        raise DomainError("ticket-closed", number=ticket.number)
    if KIND not in document.blocked_by:
        raise DomainError("password-not-asked", document=document.filename)
    if result.get("leave_out"):
        return Verdict(
            "left_out",
            (
                *_left_out(document, "the client has no password", now, person),
                CloseTask(task.id, "done", now, actor.user_id, {"left_out": True}),
                SetTicket({"documents_done": ticket.documents_done + 1}),
            ),
        )
    readable = str(result.get("readable") or "")
    if not readable:
        raise DomainError("password-missing")
    return Verdict(
        "unlocked",
        (
            SetDocument(
                document.id,
                {
                    "state": "received",
                    "reason": None,
                    "blocked_by": [],
                    "readable": readable,
                    "read_at": None,
                },
            ),
            CloseTask(task.id, "done", now, actor.user_id, {"document": str(document.id)}),
            _said(document, "document.unlocked", person=person),
            SetTicket({}),
        ),
        facts={"unread": 1},
    )


def lapsed(
    ticket: TicketState, tasks: Sequence[TaskState], documents: Sequence[DocumentState], now: datetime
) -> Verdict:
    """Nobody answered in time: the request goes on without these documents."""
    changes: list[Change] = [
        CloseTask(task.id, "cancelled", now, result={"reason": "no password came in time"}) for task in tasks
    ]
    for document in documents:
        changes += _left_out(document, "no password came in time", now)
    changes.append(SetTicket({"documents_done": ticket.documents_done + len(documents)}))
    return Verdict("lapsed", tuple(changes))


def _left_out(
    document: DocumentState, why: str, now: datetime, person: str | None = None
) -> tuple[Change, ...]:
    return (
        SetDocument(document.id, {"blocked_by": [], "done_at": now}),
        _said(document, "document.password_missing", why, person),
    )


def _said(
    document: DocumentState, event: str, why: str | None = None, person: str | None = None, **facts: str
) -> Emit:
    return Emit(
        event,
        after={"document": str(document.id), "reason": "encrypted", **facts},
        why=why,
        personal={"answered_by": person} if person else None,
        subject=person,
        entity="document",
        entity_id=str(document.id),
    )
