"""A classification that AI made by itself is undone by a person (MF2, AG2): the request goes another way, as far as nobody
has worked on it.

Another line means another contract, team and clocks, so the request is looked at anew from the contract on. That is safe
while it has not come to its line, and at a line that a person works by hand while nobody has taken the task. A task that
was given to somebody by itself counts as not taken; files are read by the machine at once, so there it is too late.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketos.domain import ai_review, handling, handwork, stages, tasks
from ticketos.domain.ai_review import AiAct
from ticketos.domain.changes import CancelTasks, Change, Emit, SetTicket, Verdict
from ticketos.domain.deadline import Timing
from ticketos.domain.errors import DomainError
from ticketos.domain.state import OPEN_STATES, Actor, ApprovalState, ClockState, TaskState, TicketState
from ticketos.domain.terms import PRIORITIES

ASKED, BEGUN = "triage-asked", "work-begun"
"""Why a request keeps its line: the question is open as a task; somebody, or the machine, works on it."""
MOVED, EDITED = "moved", "edited"
"""Outcomes: it goes another way; its type or priority alone is another."""
ROLES = tasks.ROLES["triage"]
"""Roles that decide where a request goes."""

Waiting = tuple[str, datetime, datetime | None]
"""An open task: kind, when it was opened, since when somebody has it."""

_BEFORE = ("triage", "contract", "assignment")
_OVER = ("billing", "closure")


def in_the_way(stage: str, life: int, number: int, open_: Collection[Waiting]) -> str | None:
    """Why a request of this stage, life and round can go to no other line any more (``triage-asked``, ``work-begun``),
    or None where it can."""
    if any(kind == "triage" for kind, _, _ in open_) or stage == "intake":
        return ASKED
    if life > 1 or number:
        return BEGUN
    if stage in _BEFORE:
        return None
    work = [(opened, since) for kind, opened, since in open_ if kind == handwork.KIND]
    taken = any(since is not None and since > opened for opened, since in work)
    return None if stage == "delivery" and work and not taken else BEGUN


def correct(
    ticket: TicketState,
    act: AiAct,
    given: Mapping[str, Any],
    open_: Sequence[TaskState],
    clock_states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    lines: Sequence[str],
    actor: Actor,
    now: datetime,
) -> Verdict:
    """Line, type and priority as a person holds them for right (``given``, with the ``reason``); what is left out stays
    as it is. Kept as a label beside what the AI said, as other corrections are.

    Refused: ``not-allowed``, ``work-begun``, ``triage-asked``, and what ``ai_review.review`` refuses."""
    if not actor.roles & ROLES:
        raise DomainError("not-allowed", kind="triage")
    if ticket.state not in OPEN_STATES:
        stages.require_open(ticket)
    line = given.get("service_line") or ticket.service_line
    kind = given.get("ticket_type") or ticket.ticket_type or "general"
    priority = given.get("priority") or ticket.priority
    if priority not in PRIORITIES:
        raise DomainError("unknown-priority", given=str(priority), allowed=list(PRIORITIES))
    reason = str(given.get("reason") or "").strip()
    said = ai_review.review(act, "corrected", line, kind, priority, reason, lines)
    if (line, kind, priority) == (ticket.service_line, ticket.ticket_type, ticket.priority):
        raise DomainError("correction-missing")
    chosen = {"service_line": line, "ticket_type": kind, "priority": priority}
    suggested = {name: act.after.get(name) for name in chosen}
    told = (Emit("ticket.triaged", after={**chosen, "by": "person", "suggested": suggested}), said)
    facts = {"line": line, "priority": priority}
    if line == ticket.service_line:
        return _edited(ticket, chosen, reason, told, clock_states, timing, approval, facts, now)
    waiting = [(one.kind, one.created_at, one.assigned_at) for one in open_]
    if (why := in_the_way(ticket.stage, ticket.life, ticket.round, waiting)) is not None:
        raise DomainError(why, number=ticket.number)
    parked = ticket.state == "parked"
    values: dict[str, Any] = {**chosen, "detail": {**ticket.detail, "priority_given": True}}
    if parked:
        values |= {"state": "open", "reason": None}
    return Verdict(
        MOVED,
        (
            *((CancelTasks(now, "classified anew"),) if open_ else ()),
            stages.enter(ticket, "triage", "Check the contract", **values),
            *told,
        ),
        facts={**facts, "parked": parked},
    )


def _edited(
    ticket: TicketState,
    chosen: Mapping[str, Any],
    reason: str,
    told: tuple[Emit, ...],
    clock_states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    facts: Mapping[str, Any],
    now: datetime,
) -> Verdict:
    """The line stays, so its work goes on; another priority re-times the clocks as it always does."""
    if ticket.stage in _OVER:
        raise DomainError(BEGUN, number=ticket.number)
    changes: list[Change] = [SetTicket({"ticket_type": chosen["ticket_type"]})]
    next_at = None
    if chosen["priority"] != ticket.priority:
        timed = handling.change_priority(
            ticket, clock_states, timing, approval, chosen["priority"], reason, now
        )
        changes, next_at = [*changes, *timed.changes], timed.next_at
        facts = {**facts, "timed": True}
    return Verdict(EDITED, (*changes, *told), next_at, facts)
