"""The sign-off mail did not reach anybody (MF8, CP13): silence then says nothing and accepts nothing. Operations are asked
for another address; with it the mail goes out again and the contract's days begin anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketos.domain import approval as approvals
from ticketos.domain import deadline, stages
from ticketos.domain.changes import (
    Change,
    CloseTask,
    Emit,
    MoveDeemed,
    Notify,
    OpenTask,
    SetTicket,
    Verdict,
)
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import (
    Actor,
    ApprovalState,
    ClockState,
    ContractState,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
)

KIND = "signer"
"""Kind of the task that asks for another address."""
DESK = "ops"
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
    task = OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:{KIND}:{mail}",
        kind="signer",
        workflow="ticket",
        desk=DESK,
        priority=ticket.priority,
        round=approval.round,
        payload={"version": approval.version},
    )
    told = {"version": approval.version, "deemed_at": deemed}
    return Verdict(
        "stopped",
        (
            MoveDeemed(approval.id, None),
            task,
            _shown(ticket, {"desk": DESK, "next_action": "Find another address for the sign-off"}),
            Notify(new_id(), f"{task.key}:lost", "approval_unreached", DESK, now, ticket.owner_id, told),
            Emit("ticket.approval_unreached", after={**told, "mail": mail}, why=why),
        ),
        facts={"task": str(task.id)},
    )


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
            SetTicket(
                {
                    "desk": stages.DESKS["approval"],
                    "next_action": "The client accepts or returns",
                    "next_at": next_at,
                }
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


def _shown(ticket: TicketState, values: Mapping[str, Any]) -> SetTicket:
    """Whose turn it is; on a ticket that needs attention it is seen once that is mended."""
    held = ticket.detail.get("held")
    if ticket.state != "needs_attention" or held is None:
        return SetTicket(values)
    return SetTicket({"detail": {**ticket.detail, "held": {**held, **values}}})
