"""Silence is an answer of somebody who was told (MF8, CP13). Where the sign-off mail did not reach anybody, or there was
nobody to send it to, it says nothing and accepts nothing: a desk is asked for an address (``domain.signer``), with it the
mail goes out and the contract's days begin anew. They never count from before the mail was handed over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ticketos.domain import approval as approvals
from ticketos.domain import deadline, signer, stages
from ticketos.domain.changes import (
    Change,
    CloseTask,
    Emit,
    MoveDeemed,
    SetTicket,
    Verdict,
)
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import (
    SYSTEM,
    Actor,
    ApprovalState,
    ClockState,
    ContractState,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
)

KIND = signer.KIND
DESK = "ops"
"""Desk that is told of lost mail."""
GRACE = timedelta(minutes=1)
"""A mail that left so soon after the offer leaves the promised instant as it is."""
AGAIN = timedelta(minutes=15)
"""After so long it is looked again whether the mail has left, also where the contract gives silence no time at all."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST = 254


def stop(
    ticket: TicketState,
    approval: ApprovalState | None,
    asked: Sequence[TaskState],
    version: str | None,
    mail: str,
    why: str,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """The mail with this version (None: one of our mails, unknown which) is lost. ``stopped``, or ``past`` when
    nothing is open any more, or ``known`` when somebody looks for an address already (``asked``). ``mail`` names the
    outbox row or message that told us."""
    if ticket.closed_at is not None or approval is None or approval.state != "open":
        return Verdict("past")
    if version not in (None, approval.version):
        return Verdict("past")
    if asked:
        return Verdict("known")
    deemed = approval.deemed_at.isoformat() if approval.deemed_at else None
    task, notice, said = signer.ask(
        ticket,
        f"{ticket.id}:{ticket.life}:{KIND}:{mail}",
        DESK,
        approval.round,
        approval.version,
        {"mail": mail},
        {"version": approval.version, "deemed_at": deemed},
        why,
        now,
        new_id,
    )
    return Verdict(
        "stopped",
        (
            MoveDeemed(approval.id, None),
            task,
            _shown(ticket, {"desk": DESK, "next_action": "Find another address for the sign-off"}),
            notice,
            said,
        ),
        facts={"task": str(task.id)},
    )


def unheard(
    ticket: TicketState,
    approval: ApprovalState | None,
    contract: ContractState | None,
    mail: tuple[str, datetime | None] | None,
    clocks: Sequence[ClockState],
    now: datetime,
    new_id: NewId,
) -> Verdict | None:
    """What becomes of silence that may not count yet; None where it counts. ``mail`` is the state of the mail with the
    version and when it was handed over, None where there never was one."""
    if approval is None or approval.state != "open" or approval.deemed_at is None or contract is None:
        return None
    if approval.deemed_at > now:
        return None
    timing = deadline.timing_of(contract)
    if mail is None:
        said = signer.nobody(ticket, approval.round, approval.version, now, new_id)
        next_at = deadline.next_deadline(clocks, timing, None, None, now)
        turn = {"desk": signer.SUCCESS, "next_action": "Name who signs off"}
        shown = _shown(ticket, turn, next_at=next_at)
        return Verdict("waiting", (MoveDeemed(approval.id, None), shown, *said), next_at)
    state, handed_over = mail
    told = handed_over if state == "done" else None
    due = contract.terms.approval.deemed_at(timing.calendar, told or now)
    if told is None:
        due = max(due, now + AGAIN)
    if told is not None and due <= now + GRACE:
        return None
    after = {"version": approval.version, "deemed_at": due.isoformat()}
    why = "the mail left later" if told else "the mail has not left yet"
    moved = replace(approval, deemed_at=due)
    next_at = deadline.next_deadline(clocks, timing, None, moved, now)
    return Verdict(
        "waiting",
        (
            MoveDeemed(approval.id, due),
            SetTicket({"next_at": next_at}),
            Emit("ticket.silence_postponed", after=after, why=why),
        ),
        next_at,
    )


def signer_found(
    ticket: TicketState,
    asked: Sequence[TaskState],
    approval: ApprovalState | None,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    clocks: Sequence[ClockState],
    to: str | None,
    now: datetime,
    new_id: NewId,
) -> Verdict | None:
    """The client has an address or a login by now: the version is put before them without anybody's doing."""
    task = next((t for t in asked if t.payload.get("cause") == signer.NOBODY), None)
    if task is None or not to or approval is None or approval.state != "open":
        return None
    if approval.version != task.payload.get("version"):
        return None
    return _put_before(ticket, task, approval, contract, documents, checks, clocks, to, SYSTEM, now, new_id)


def readdressed(
    ticket: TicketState,
    task: TaskState,
    approval: ApprovalState | None,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    clocks: Sequence[ClockState],
    result: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Somebody found an address: the mail goes there, and the days in which silence is acceptance begin now.

    Refused: ``address-invalid``; ``approval-not-open`` for a version that was decided or replaced meanwhile."""
    stages.require_open(ticket)
    to = str(result.get("email") or "").strip()
    if len(to) > _LONGEST or not _ADDRESS.fullmatch(to):
        raise DomainError("address-invalid")
    if approval is None or approval.state != "open" or approval.version != task.payload.get("version"):
        raise DomainError("approval-not-open", number=ticket.number)
    return _put_before(ticket, task, approval, contract, documents, checks, clocks, to, actor, now, new_id)


def _put_before(
    ticket: TicketState,
    task: TaskState,
    approval: ApprovalState,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    clocks: Sequence[ClockState],
    to: str,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    timing = deadline.timing_of(contract)
    deemed_at = contract.terms.approval.deemed_at(timing.calendar, now) if contract else None
    offered = ApprovalState(approval.id, approval.round, approval.version, "open", deemed_at, None)
    next_at = deadline.next_deadline(clocks, timing, None, offered, now)
    key = f"{ticket.id}:{ticket.life}:approval:{approval.round}:{task.id}"
    deliverable = approvals.deliverable_of(documents, checks)
    return Verdict(
        "readdressed",
        (
            CloseTask(task.id, "done", now, actor.user_id),
            MoveDeemed(approval.id, deemed_at),
            approvals.mail(new_id(), key, ticket, approval.version, to, deemed_at, deliverable),
            _shown(
                ticket,
                {"desk": stages.DESKS["approval"], "next_action": "The client accepts or returns"},
                next_at=next_at,
            ),
            Emit(
                "ticket.approval_readdressed",
                after={
                    "version": approval.version,
                    "deemed_at": deemed_at.isoformat() if deemed_at else None,
                },
                personal={"to": to},
                subject=to,
            ),
        ),
        next_at,
    )


def settled(asked: Sequence[TaskState], now: datetime) -> tuple[Change, ...]:
    """The client decided all the same: nobody needs to look for an address."""
    return tuple(CloseTask(task.id, "cancelled", now, None, {"reason": "decided"}) for task in asked)


def _shown(ticket: TicketState, values: Mapping[str, Any], **beside: Any) -> SetTicket:
    """Whose turn it is; on a ticket that needs attention it is seen once that is mended. What stands ``beside`` it holds
    at once."""
    held = ticket.detail.get("held")
    if ticket.state != "needs_attention" or held is None:
        return SetTicket({**values, **beside})
    return SetTicket({"detail": {**ticket.detail, "held": {**held, **values}}, **beside})
