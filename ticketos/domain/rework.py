"""MF7: a failed or returned item opens a defect ticket and goes back; after N rounds a lead decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketos.domain import handwork, stages
from ticketos.domain.changes import (
    Change,
    CloseTask,
    Emit,
    OpenTask,
    SetDocument,
    SetTicket,
    SubTicket,
    Verdict,
)
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor, DocumentState, QaState, TaskState, TicketState
from ticketos.domain.terms import ReworkTerms


def begin(
    ticket: TicketState,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    terms: ReworkTerms,
    granted: int,
    now: datetime,
    new_id: NewId,
    rows: Collection[str] = (),
) -> Verdict:
    """Send what failed or was returned back, or ask the lead about items that have had their rounds. ``rows`` are the
    names of the rows of the request's tree, which tell how often each came back; ``granted`` is the last round a lead
    has allowed beyond the contract's.

    A round is the line's or a person's: where documents and the ticket's own work go back, the documents go first, and
    quality does not pass before the work went too. ``facts.by_hand`` says whose round it is."""
    back = going_back(documents)
    number = ticket.round + 1
    papers = [d for d in back if not handwork.is_work(ticket.id, d.id)]
    by_hand = bool(back) and not papers
    back = papers or back
    if not back and any(d.state == "received" for d in documents):
        return Verdict(
            "rework",
            (
                stages.enter(ticket, "rework", "Enter the files that came later", round=number),
                Emit(
                    "ticket.rework_started", after={"round": number, "documents": 0}, why="files came later"
                ),
            ),
            facts={"round": number, "documents": 0, "by_hand": False},
        )
    if not back:  # a lead took the last ones out: what remains goes to quality and approval as it is
        return Verdict("settled", (SetTicket({"round": number}),), facts={"round": number})
    rounds = {d.id: _had(d.id, ticket.life, rows) for d in back}
    over = [d for d in back if rounds[d.id] >= terms.max_rounds]
    if over and number > granted:
        task = OpenTask(
            id=new_id(),
            key=f"{ticket.id}:{ticket.life}:escalation:{number}",
            kind="escalation",
            workflow="ticket",
            desk="lead",
            skill="lead",
            priority="P1",
            round=ticket.round,
            payload={"documents": [str(d.id) for d in over], "rounds": max(rounds[d.id] for d in over)},
        )
        return Verdict(
            "escalated",
            (
                stages.enter(ticket, "rework", "A lead decides on the defects"),
                task,
                Emit("ticket.rework_escalated", after={"rounds": ticket.round, "documents": len(over)}),
            ),
            facts={"task": str(task.id)},
        )
    changes: list[Change] = [stages.enter(ticket, "rework", "Correct the defects", round=number)]
    for document in back:
        found = _found(document, checks)
        changes += [
            SetDocument(
                document.id, {"state": "rework", "round": number, "quality": "pending", "approval": "pending"}
            ),
            SubTicket(
                defect_key(document.id, ticket.life, number),
                "D",
                "defect",
                f"Defect in {document.filename}",
                "open",
                document.finished_by,
                "delivery",
                {
                    "document": str(document.id),
                    "life": ticket.life,
                    "round": number,
                    "defects": found,
                    "opened_at": now.isoformat(),
                },
            ),
            Emit(
                "defect.opened",
                after={"document": str(document.id), "round": number, "defects": len(found)},
                entity="document",
                entity_id=str(document.id),
            ),
        ]
    changes.append(Emit("ticket.rework_started", after={"round": number, "documents": len(back)}))
    return Verdict(
        "rework", tuple(changes), facts={"round": number, "documents": len(back), "by_hand": by_hand}
    )


def defect_key(unit: UUID, life: int, number: int) -> str:
    """Name of a unit's defect ticket in the tree of its request; each life counts its rounds anew."""
    return f"defect:{unit}:{number}" if life == 1 else f"defect:{unit}:{life}.{number}"


def came_back(unit: UUID, keys: Iterable[str]) -> list[tuple[int, int]]:
    """Life and round of each time that unit came back, of the names of a request's rows (``defect_key``)."""
    start = f"defect:{unit}:"
    found = [key.removeprefix(start).rpartition(".") for key in keys if key.startswith(start)]
    return sorted((int(life or 1), int(number)) for life, _, number in found)


def close_defects(
    ticket: TicketState, defects: Mapping[str, TicketState], documents: Sequence[DocumentState], now: datetime
) -> tuple[Change, ...]:
    """Defect tickets whose document has passed or left are done, with how long they were open (``open_minutes``, by the
    wall clock). What people spent on them is there already (``domain.effort``)."""
    settled = {
        str(d.id) for d in documents if d.quality == "passed" or d.state in ("rejected", "quarantined")
    }
    changes: list[Change] = []
    for key, sub in defects.items():
        if sub.kind != "defect" or sub.closed_at is not None or key.split(":")[1] not in settled:
            continue
        opened = sub.detail.get("opened_at")
        minutes = round((now - datetime.fromisoformat(opened)).total_seconds() / 60, 2) if opened else None
        spent = {name: sub.detail.get(name) for name in ("round", "minutes", "cost", "currency")}
        changes += [
            SubTicket(
                key,
                "D",
                "defect",
                sub.subject,
                "done",
                None,
                "delivery",
                {"open_minutes": str(minutes)},
                closed_at=now,
            ),
            Emit("defect.closed", after={"defect": sub.number, "open_minutes": str(minutes), **spent}),
        ]
    return tuple(changes)


def settled(children: Mapping[str, TicketState], changes: Iterable[Change]) -> dict[str, TicketState]:
    """The rows of a request's tree as these changes to its defects leave them."""
    after = dict(children)
    for change in changes:
        if isinstance(change, SubTicket) and change.key in after:
            sub = after[change.key]
            detail = {**sub.detail, **change.detail}
            after[change.key] = replace(sub, state=change.state, detail=detail, closed_at=change.closed_at)
    return after


def lead_decides(
    ticket: TicketState,
    task: TaskState,
    result: Mapping[str, Any],
    documents: Sequence[DocumentState],
    actor: Actor,
    now: datetime,
) -> Verdict:
    """``again`` grants one more round; ``reject`` takes the items out of the delivery, unbilled, with the reason."""
    stages.require_open(ticket)
    decision, reason = result.get("decision"), str(result.get("reason") or "").strip()
    if decision not in ("again", "reject"):
        raise DomainError("decision-unknown", given=str(decision), allowed=["again", "reject"])
    if not reason:
        raise DomainError("reason-missing")
    changes: list[Change] = [
        CloseTask(task.id, "done", now, actor.user_id, {"decision": decision, "reason": reason})
    ]
    if decision == "again":
        changes.append(SetTicket({"detail": {**ticket.detail, "granted_round": ticket.round + 1}}))
    else:
        for document in asked_about(task, documents):
            changes += [
                SetDocument(
                    document.id, {"state": "rejected", "reason": "rework-limit", "approval": "rejected"}
                ),
                Emit(
                    "document.rejected",
                    after={"document": str(document.id)},
                    why=reason,
                    entity="document",
                    entity_id=str(document.id),
                ),
            ]
    return Verdict(str(decision), tuple(changes))


def asked_about(task: TaskState, documents: Sequence[DocumentState]) -> list[DocumentState]:
    """The items a lead was asked about, as far as they still go back; others have rounds of their own left."""
    named = task.payload.get("documents")
    return [d for d in going_back(documents) if named is None or str(d.id) in named]


def going_back(documents: Sequence[DocumentState]) -> list[DocumentState]:
    """What failed quality or was returned by the client, and is still part of the delivery."""
    return [
        d for d in documents if d.state == "posted" and (d.quality == "failed" or d.approval == "returned")
    ]


def _had(unit: UUID, life: int, rows: Collection[str]) -> int:
    """How many rounds of rework an item has had in this life; a round in which others went back is none of its own."""
    return sum(when[0] == life for when in came_back(unit, rows))


def _found(document: DocumentState, checks: Sequence[QaState]) -> list[Mapping[str, Any]]:
    mine = [q for q in checks if q.document_id == document.id and q.defects]
    return list(max(mine, key=lambda q: (q.round, q.level)).defects) if mine else []
