"""The one moving deadline of a ticket: the next warning, breach, ladder step, lapse of approval or end of pause.

``tick`` says what has fallen due; each milestone fires once, also after hours in which nobody ran (CP8).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketos.domain import clock as clocks
from ticketos.domain.calendar import ALWAYS, WorkCalendar
from ticketos.domain.changes import Change, Emit, Notify, SetClock, SetTicket, Verdict
from ticketos.domain.clock import Clock, ClockPolicy
from ticketos.domain.notices import Kind
from ticketos.domain.ports import NewId
from ticketos.domain.stages import DESKS
from ticketos.domain.state import ApprovalState, ClockState, ContractState, TicketState
from ticketos.domain.terms import SlaTerms, Terms

FIRST_RESPONSE = "first_response"
TURNAROUND = "turnaround"
STAGE = "stage:"
"""Prefix of the internal clocks."""

_WORST = ("breached", "missed", "at_risk", "paused", "on_track", "met")


@dataclass(frozen=True)
class Timing:
    """What a clock needs to be read: the contract's calendar, its thresholds, its limits."""

    calendar: WorkCalendar = ALWAYS
    sla: SlaTerms = field(default_factory=SlaTerms)

    @property
    def policy(self) -> ClockPolicy:
        """Warnings and ladder."""
        return self.sla.policy()


def timing_of(contract: ContractState | None) -> Timing:
    """The timing of a contract, or the default of control point CP1 until one is known."""
    return Timing(contract.calendar, contract.terms.sla) if contract else Timing(ALWAYS, Terms().sla)


def started(kind: str, target_s: int, at: datetime, timing: Timing) -> SetClock:
    """A clock that runs from ``at``."""
    return _set(ClockState(Clock(kind=kind, target_s=target_s, started_at=at)), timing)


def changed(state: ClockState, clock: Clock, timing: Timing) -> SetClock:
    """The same clock after a pause, stop, restart or new target."""
    return _set(ClockState(clock, state.fired, state.breached_at), timing)


def stopped(state: ClockState, now: datetime, timing: Timing) -> SetClock:
    """A running clock, stopped. Edge and workers have clocks of their own: never before what this one already tells."""
    return changed(state, clocks.stop(state.clock, max(now, *_told(state))), timing)


def restarted(state: ClockState, now: datetime, timing: Timing) -> SetClock:
    """A stopped clock that runs again, not before it was stopped; one that runs is left as it is."""
    if state.clock.stopped_at is None:
        return changed(state, state.clock, timing)
    return changed(state, clocks.restart(state.clock, max(now, state.clock.stopped_at)), timing)


STAYS = frozenset({"ask", "parked", "working", "inspect", "escalated", "offered", "attention"})
"""Outcomes after which a ticket stays in its stage until somebody acts or some work ends. After any other it goes on in the
same breath, and no internal clock is started for that."""


def stage_moved(
    left: str,
    entered: str,
    stays: bool,
    states: Sequence[ClockState],
    timing: Timing,
    now: datetime,
    paused: bool = False,
) -> tuple[SetClock, ...]:
    """Internal clocks of the stages left and entered (MF16). Each pass through a stage begins anew, and so is told once
    by itself; ``left`` equals ``entered`` where a ticket stands still in its stage. On a ``paused`` ticket a clock
    begins paused, and runs when the ticket goes on."""
    changes: list[SetClock] = []
    before = find(states, f"{STAGE}{left}")
    running = before is not None and before.clock.stopped_at is None
    if before is not None and running and left != entered:
        changes.append(stopped(before, now, timing))
    target = timing.sla.stage_s.get(entered)
    if stays and target and not (left == entered and running):
        begun = started(f"{STAGE}{entered}", target, now, timing)
        if paused:
            begun = changed(ClockState(begun.clock), clocks.pause(begun.clock, now, "paused"), timing)
        changes.append(begun)
    return tuple(changes)


def _told(state: ClockState) -> tuple[datetime, ...]:
    """The instants a clock tells of: nothing of it may end before them, whatever other machines' clocks say."""
    return (state.clock.started_at, *(p.ended_at or p.started_at for p in state.clock.pauses))


def first_due(
    changes: Sequence[SetClock], timing: Timing, now: datetime, known: datetime | None
) -> datetime | None:
    """The earlier of the known deadline and what these clocks bring."""
    states = [ClockState(c.clock, c.fired, c.breached_at) for c in changes]
    found = _earliest(states, timing, None, now)
    return min(filter(None, (found, known)), default=None)


def find(states: Iterable[ClockState], kind: str) -> ClockState | None:
    """The clock of that kind, if the ticket has one."""
    return next((state for state in states if state.clock.kind == kind), None)


def next_deadline(
    states: Sequence[ClockState],
    timing: Timing,
    ticket: TicketState | None,
    approval: ApprovalState | None,
    now: datetime,
) -> datetime | None:
    """When the ticket must be looked at again. With everything fired, a day from now: an open ticket always has
    a running timer (MF17)."""
    found = _earliest(states, timing, approval, now)
    if ticket is not None and is_paused(ticket):
        found = pause_ends(ticket, states, timing)
    return found or now + timedelta(days=1)


def _earliest(
    states: Sequence[ClockState], timing: Timing, approval: ApprovalState | None, now: datetime
) -> datetime | None:
    firings = _firings(states, timing, now)
    instants = [
        now for fired in firings if fired.due
    ]  # what fell due while nobody looked is announced at once
    instants += [fired.next_at for fired in firings if fired.next_at is not None]
    if approval is not None and approval.state == "open" and approval.deemed_at is not None:
        instants.append(approval.deemed_at)
    return min(instants) if instants else None


def answered(
    ticket: TicketState, states: Sequence[ClockState], timing: Timing, now: datetime
) -> tuple[Change, ...]:
    """A person answered the requester: the first response is given (CP7). Nothing when it was given before, or when
    the ticket has ended."""
    first = find(states, FIRST_RESPONSE)
    if ticket.closed_at is not None or first is None or first.clock.stopped_at is not None:
        return ()
    ended = stopped(first, now, timing)
    after = [ClockState(ended.clock, s.fired, s.breached_at) if s is first else s for s in states]
    return ended, SetTicket({"sla_state": sla_state(after, timing, now)})


def is_paused(ticket: TicketState) -> bool:
    """Paused, also when something failed on it meanwhile and it needs attention."""
    beneath = (ticket.detail.get("held") or {}).get("state")
    return ticket.state == "paused" or (ticket.state == "needs_attention" and beneath == "paused")


def pause_ends(ticket: TicketState, states: Sequence[ClockState], timing: Timing) -> datetime | None:
    """The instant at which a running pause ends by itself (CP7): as promised when it began, whatever clocks ran then.
    A ticket paused before that was kept has only its clocks to tell."""
    if (promised := (ticket.detail.get("pause") or {}).get("ends")) is not None:
        return datetime.fromisoformat(promised)
    starts = [pause.started_at for state in states for pause in state.clock.pauses if pause.ended_at is None]
    return min(starts) + timedelta(seconds=timing.sla.pause_max_s) if starts else None


def tick(
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Fire what is due. Outcome ``deemed`` or ``resume`` asks the workflow to act on it; else ``ticked``."""
    if ticket.closed_at is not None:
        return Verdict("ticked")
    if is_paused(ticket):
        end = pause_ends(ticket, states, timing)
        outcome = "resume" if end is not None and end <= now else "ticked"
        return Verdict(outcome, next_at=None if outcome == "resume" else end)
    changes: list[Change] = []
    after: list[ClockState] = []
    for before in states:
        fired = _fire(before, timing, now)
        if not fired.due:
            after.append(before)
            continue
        breach = next((m.at for m in fired.due if m.name == "breach"), before.breached_at)
        state = ClockState(before.clock, before.fired | {m.name for m in fired.due}, breach)
        after.append(state)
        changes.append(_set(state, timing))
        for milestone in fired.due:
            changes.extend(_announce(ticket, state.clock, milestone, new_id))
    worst = sla_state(after, timing, now)
    deemed = (
        approval is not None
        and approval.state == "open"
        and approval.deemed_at is not None
        and approval.deemed_at <= now
    )
    next_at = next_deadline(after, timing, ticket, None if deemed else approval, now)
    changes.append(SetTicket({"sla_state": worst, "next_at": next_at}))
    return Verdict("deemed" if deemed else "ticked", tuple(changes), next_at, {"sla": worst})


def sla_state(states: Sequence[ClockState], timing: Timing, now: datetime) -> str:
    """The worst state of a ticket's clocks."""
    promised = [item for item in states if not item.clock.kind.startswith(STAGE)]
    seen = {clocks.state(item.clock, timing.calendar, now) for item in promised}
    return next((name for name in _WORST if name in seen), "on_track")


def turnaround_due(states: Sequence[ClockState], timing: Timing) -> datetime | None:
    """When the work is due."""
    state = find(states, TURNAROUND)
    return clocks.due_at(state.clock, timing.calendar) if state else None


def _announce(
    ticket: TicketState, clock: Clock, milestone: clocks.Milestone, new_id: NewId
) -> tuple[Change, ...]:
    kind = clock.kind
    if kind.startswith(STAGE):
        return _late(ticket, clock, milestone, new_id)
    level, desk = _level(milestone.name, ticket)
    key = f"{ticket.id}:{ticket.life}:{kind}:{milestone.name}"
    detail = {"clock": kind, "milestone": milestone.name, "due": milestone.at.isoformat()}
    return (
        Notify(new_id(), key, level, desk, milestone.at, ticket.owner_id, detail),
        Emit(f"clock.{level}", after=detail, entity="clock", entity_id=kind),
    )


def _late(
    ticket: TicketState, clock: Clock, milestone: clocks.Milestone, new_id: NewId
) -> tuple[Change, ...]:
    """The desk that owns the stage is told, once for each pass: an internal matter, no broken promise."""
    stage = clock.kind.removeprefix(STAGE)
    key = f"{ticket.id}:{ticket.life}:{clock.kind}:{clock.started_at.isoformat()}"
    detail = {
        "clock": clock.kind,
        "stage": stage,
        "due": milestone.at.isoformat(),
        "target_s": clock.target_s,
    }
    return (
        Notify(new_id(), key, "stage_late", DESKS[stage], milestone.at, None, detail),
        Emit("clock.stage_late", after=detail, entity="clock", entity_id=clock.kind),
    )


def _level(name: str, ticket: TicketState) -> tuple[Kind, str]:
    if name.startswith("warning"):
        return "warning", ticket.desk
    if name == "breach":
        return "breached", ticket.desk
    step = int(name.rsplit("_", 1)[1])
    return "escalated", ("lead", "ops", "success")[min(step, 3) - 1]


def _firings(states: Sequence[ClockState], timing: Timing, now: datetime) -> list[clocks.Fired]:
    return [_fire(s, timing, now) for s in states]


def _fire(state: ClockState, timing: Timing, now: datetime) -> clocks.Fired:
    """An internal clock tells its desk once; a promised one warns, breaches and climbs the ladder."""
    policy = (
        ClockPolicy(warn_percent=(), ladder_s=()) if state.clock.kind.startswith(STAGE) else timing.policy
    )
    return clocks.fire(state.clock, timing.calendar, policy, state.fired, now)


def _set(state: ClockState, timing: Timing) -> SetClock:
    return SetClock(state.clock, state.fired, clocks.due_at(state.clock, timing.calendar), state.breached_at)
