"""MF13, MF15: what people do to a ticket as a whole: pause, go on, cancel, change priority, retry what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ticketos.domain import clock as clocks
from ticketos.domain import deadline, document_class
from ticketos.domain.changes import CancelTasks, Change, Emit, MoveDeemed, SetTicket, SubTicket, Verdict
from ticketos.domain.clock import Clock
from ticketos.domain.deadline import FIRST_RESPONSE, TURNAROUND, Timing
from ticketos.domain.errors import DomainError
from ticketos.domain.stages import DESKS
from ticketos.domain.state import OPEN_STATES, ApprovalState, ClockState, TicketState
from ticketos.domain.terms import PRIORITIES

MEND = {"desk": "ops", "next_action": "Find the cause, then retry"}
"""Whose turn it is on a ticket that needs attention."""


def pause(
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    reason: str,
    now: datetime,
    until: datetime | None = None,
) -> Verdict:
    """Stop the clocks, with a reason; ends by itself at ``until``, at the latest after the contract's maximum.

    Refused: ``pause-until-invalid`` for an end that has passed or lies beyond that maximum."""
    _open(ticket)
    if ticket.state == "paused":
        raise DomainError("already-paused", number=ticket.number)
    if ticket.state != "open":
        raise DomainError("not-pausable", state=ticket.state)
    if not reason.strip():
        raise DomainError("reason-missing")
    changes, _ = _move(states, timing, lambda c: clocks.pause(c, now, reason) if c.stopped_at is None else c)
    latest = now + timedelta(seconds=timing.sla.pause_max_s)
    end = until or latest
    if not now < end <= latest:
        raise DomainError("pause-until-invalid", until=end.isoformat(), latest=latest.isoformat())
    promised = {"at": now.isoformat(), "ends": end.isoformat()}
    return Verdict(
        "paused",
        (
            *changes,
            SetTicket(
                {
                    "state": "paused",
                    "reason": reason,
                    "next_at": end,
                    "sla_state": "paused",
                    "detail": {**ticket.detail, "pause": promised},
                }
            ),
            Emit("ticket.paused", after={"until": end.isoformat()}, why=reason),
        ),
        end,
    )


def resume(
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    reason: str,
    now: datetime,
) -> Verdict:
    """Go on; due times, and the day on which silence is acceptance, move by the working time paused. A ticket that
    needs attention goes on needing it."""
    _open(ticket)
    if not deadline.is_paused(ticket):
        raise DomainError("not-paused", number=ticket.number)
    changes, after = _move(states, timing, lambda c: clocks.resume(c, now) if c.open_pause else c)
    detail = {key: value for key, value in ticket.detail.items() if key != "pause"}
    goes_on: dict[str, Any] = {"state": "open", "reason": None}
    if ticket.state == "needs_attention":
        detail["held"] = {**detail["held"], **goes_on}
        goes_on = {}
    approval = _put_off(approval, ticket, timing, now)
    if approval is not None and approval.deemed_at is not None:
        changes.append(MoveDeemed(approval.id, approval.deemed_at))
    next_at = deadline.next_deadline(after, timing, None, approval, now)
    return Verdict(
        "resumed",
        (
            *changes,
            SetTicket(
                {
                    **goes_on,
                    "detail": detail,
                    "next_at": next_at,
                    "sla_state": deadline.sla_state(after, timing, now),
                    "due_at": deadline.turnaround_due(after, timing),
                }
            ),
            Emit("ticket.resumed", why=reason or None),
        ),
        next_at,
    )


def _put_off(
    approval: ApprovalState | None, ticket: TicketState, timing: Timing, now: datetime
) -> ApprovalState | None:
    """The open approval with its lapse moved by the working time paused; as it is when there is nothing to move."""
    began = (ticket.detail.get("pause") or {}).get("at")
    if approval is None or approval.state != "open" or approval.deemed_at is None or began is None:
        return approval
    paused = timing.calendar.working_time(datetime.fromisoformat(began), now)
    return replace(approval, deemed_at=timing.calendar.add_working_time(approval.deemed_at, paused))


def cancel(
    ticket: TicketState, children: Sequence[tuple[str, TicketState]], reason: str, now: datetime
) -> Verdict:
    """End without delivering. Accepted and billed work stays; everything open is withdrawn."""
    _open(ticket)
    if ticket.stage in ("billing", "closure"):
        raise DomainError("too-late-to-cancel", stage=ticket.stage)
    if not reason.strip():
        raise DomainError("reason-missing")
    closed = [
        SubTicket(key, "", sub.kind, sub.subject, "cancelled", closed_at=now)
        for key, sub in children
        if sub.closed_at is None and sub.kind != "billing"  # what was accepted is owed all the same
    ]
    return Verdict(
        "cancelled",
        (
            CancelTasks(now, "ticket cancelled"),
            *closed,
            SetTicket(
                {"state": "cancelled", "closed_at": now, "reason": reason, "next_action": "", "next_at": None}
            ),
            Emit("ticket.cancelled", after={"stage": ticket.stage}, why=reason),
        ),
    )


def change_priority(
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    priority: str,
    reason: str,
    now: datetime,
    wanted: str | None = None,
) -> Verdict:
    """Re-time the clocks; elapsed and paused time is kept (CP7). ``wanted`` is the class of its documents, where a
    person chooses one; ``by_contract`` drops what was chosen before, so that the contract's rules decide; with None
    what was chosen stays."""
    _open(ticket)
    if priority not in PRIORITIES:
        raise DomainError("unknown-priority", given=priority, allowed=list(PRIORITIES))
    allowed = (*document_class.CLASSES, document_class.BY_CONTRACT)
    if wanted is not None and wanted not in allowed:
        raise DomainError("unknown-class", given=wanted, allowed=list(allowed))
    detail = dict(ticket.detail)
    if wanted == document_class.BY_CONTRACT:
        detail.pop(document_class.WISH, None)
    elif wanted:
        detail[document_class.WISH] = wanted
    classed, why = document_class.of(replace(ticket, detail=detail), timing.sla, priority)
    if priority == ticket.priority and classed == ticket.document_class and detail == ticket.detail:
        raise DomainError("priority-unchanged", priority=priority)
    if (
        priority != ticket.priority
    ):  # of the class alone nothing follows for the priority: triage may still say it
        detail["priority_given"] = True
    targets = {
        FIRST_RESPONSE: timing.sla.first_response_s[priority],
        TURNAROUND: timing.sla.turnaround_s[classed],
    }
    changes, after = _move(
        states,
        timing,
        lambda c: clocks.retarget(c, targets.get(c.kind, c.target_s)) if c.stopped_at is None else c,
    )
    next_at = deadline.next_deadline(after, timing, ticket, approval, now)
    return Verdict(
        "priority_changed",
        (
            *changes,
            SetTicket(
                {
                    "priority": priority,
                    "due_at": deadline.turnaround_due(after, timing),
                    "next_at": next_at,
                    "detail": detail,
                    "document_class": classed,
                }
            ),
            Emit(
                "ticket.priority_changed",
                before={"priority": ticket.priority, "document_class": ticket.document_class},
                after={"priority": priority, "document_class": classed, "by": why},
                why=reason or None,
            ),
        ),
        next_at,
        {"priority": priority},
    )


def needs_attention(ticket: TicketState, cause: str, step: str, workflow_id: str) -> Verdict:
    """A step keeps failing: an owner, the cause in words, one click to retry (MF15). Where a step of the ticket's other
    workflow fails meanwhile, it waits for its own retry after the first."""
    if ticket.closed_at is not None:
        return Verdict("attention")
    said = Emit("ticket.needs_attention", after={"step": step}, why=cause[:500])
    held = ticket.detail.get("held") or {}
    if ticket.state == "needs_attention":
        also = held.get("also", [])
        known = {held.get("workflow"), *(one["workflow"] for one in also)}
        if workflow_id in known or None in known:
            return Verdict("attention")
        more = {**held, "also": [*also, {"workflow": workflow_id, "reason": cause[:500]}]}
        return Verdict("attention", (SetTicket({"detail": {**ticket.detail, "held": more}}), said))
    beneath = {
        "state": ticket.state,
        "reason": ticket.reason,
        "desk": ticket.desk,
        "next_action": ticket.next_action,
        "workflow": workflow_id,
    }
    return Verdict(
        "attention",
        (
            SetTicket(
                {
                    "state": "needs_attention",
                    "reason": cause[:500],
                    **MEND,
                    "attention_workflow": workflow_id,
                    "detail": {**ticket.detail, "held": beneath},
                }
            ),
            said,
        ),
    )


def retry(ticket: TicketState, reason: str) -> Verdict:
    """Try again what failed; a ticket that was paused or parked meanwhile is so again, as its stages still wait, and
    whoever had it before has it again (MF17). Where another of its workflows failed too, the ticket then needs attention
    for that one."""
    if ticket.state != "needs_attention":
        raise DomainError("nothing-to-retry", number=ticket.number)
    held = ticket.detail.get("held") or {"state": "open", "reason": None}
    said = Emit("ticket.retried", why=reason or None)
    if also := held.get("also"):
        now_for, *rest_of = also
        still = {**held, "workflow": now_for["workflow"], "also": rest_of}
        values = {
            "reason": now_for["reason"],
            "attention_workflow": now_for["workflow"],
            "detail": {**ticket.detail, "held": still},
        }
        return Verdict("retried", (SetTicket(values), said))
    rest = {key: value for key, value in ticket.detail.items() if key != "held"}
    was = {name: held[name] for name in ("state", "reason")}
    if (ticket.desk, ticket.next_action) == tuple(
        MEND.values()
    ):  # else a stage began meanwhile, and said whose it is
        was |= {name: held.get(name) or otherwise for name, otherwise in _before(ticket).items()}
    return Verdict(
        "retried",
        (SetTicket({**was, "attention_workflow": None, "detail": rest}), said),
    )


def _before(ticket: TicketState) -> dict[str, str]:
    """Whose turn it was where a ticket that needed attention before that was kept does not know."""
    return {"desk": DESKS[ticket.stage], "next_action": "Go on with the work"}


def _open(ticket: TicketState) -> None:
    if ticket.state not in OPEN_STATES or ticket.closed_at is not None:
        raise DomainError(
            "ticket-cancelled" if ticket.state == "cancelled" else "ticket-closed", number=ticket.number
        )


def _move(
    states: Sequence[ClockState], timing: Timing, step: object
) -> tuple[list[Change], list[ClockState]]:
    changes: list[Change] = []
    after: list[ClockState] = []
    for state in states:
        clock: Clock = step(state.clock)  # type: ignore[operator]
        if clock == state.clock:
            after.append(state)
            continue
        change = deadline.changed(state, clock, timing)
        changes.append(change)
        after.append(ClockState(clock, state.fired, state.breached_at))
    return changes, after
