"""SLA clocks: first response, turnaround and stage clocks on a working calendar (CP1, CP2, CP7, CP8, CP13).

A clock is an immutable record of facts (start, pauses, stop); everything else is computed:

    elapsed(t)   = working time in [start, min(t, stop)) outside pauses
    due          = the earliest t with elapsed(t) = target
    warning_p    = the earliest t with elapsed(t) = target · p / 100
    escalation_n = the earliest t with elapsed(t) = target + ladder[n]

So a pause shifts what is still to come by the working time paused, and a pause after the breach cannot undo
it. A clock is met when stopped at or before its due instant. Pauses and the stop are half-open: an instant
that equals the start of a pause belongs to the pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ticketos.domain.calendar import WorkCalendar, require_aware
from ticketos.domain.errors import DomainError

FIRST_RESPONSE = "first_response"
TURNAROUND = "turnaround"
STOPPED = "stopped"
"""Reason of the pause that `restart` writes for the time a clock stood still."""

_HOUR = 3600
FIRST_RESPONSE_S = {"P1": 4 * _HOUR, "P2": 24 * _HOUR, "P3": 24 * _HOUR, "P4": 24 * _HOUR}
"""CP1, working seconds by ticket priority."""
TURNAROUND_S = {"standard": 24 * _HOUR, "priority": 4 * _HOUR}
"""CP2, working seconds by document class (a class apart from ticket priority)."""

ClockState = Literal["paused", "breached", "at_risk", "on_track", "met", "missed"]

_SECOND = timedelta(seconds=1)
_ZERO = timedelta(0)


@dataclass(frozen=True)
class Pause:
    """A span in which the clock does not run; `ended_at` is None while it lasts."""

    started_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Clock:
    """One promise in working seconds. `kind` is first_response, turnaround or `stage:<noun>`."""

    kind: str
    target_s: int
    started_at: datetime
    pauses: tuple[Pause, ...] = ()
    stopped_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.target_s <= 0:
            raise DomainError("clock-target-invalid", target_s=self.target_s)
        reached = require_aware(self.started_at)
        for pause_ in self.pauses:
            if require_aware(pause_.started_at) < reached:
                raise DomainError("clock-time-backwards", kind=self.kind)
            if pause_.ended_at is None:
                if pause_ is not self.pauses[-1] or self.stopped_at is not None:
                    raise DomainError("clock-pause-left-open", kind=self.kind)
                break
            reached = require_aware(pause_.ended_at)
            if reached < pause_.started_at:
                raise DomainError("clock-time-backwards", kind=self.kind)
        if self.stopped_at is not None and require_aware(self.stopped_at) < reached:
            raise DomainError("clock-time-backwards", kind=self.kind)

    @property
    def open_pause(self) -> Pause | None:
        """The pause that still lasts, or None."""
        last = self.pauses[-1] if self.pauses else None
        return last if last is not None and last.ended_at is None else None


@dataclass(frozen=True)
class Milestone:
    """A named instant of a clock: warning_50, breach, escalation_1 …"""

    name: str
    at: datetime


@dataclass(frozen=True)
class ClockPolicy:
    """Warnings in percent of the target, then the ladder: working seconds after the breach, rung by rung."""

    warn_percent: tuple[int, ...] = (50, 75, 90)
    ladder_s: tuple[int, ...] = (0, 2 * _HOUR, 8 * _HOUR)

    def __post_init__(self) -> None:
        warnings, ladder = self.warn_percent, self.ladder_s
        ordered = sorted(set(warnings)) == list(warnings) and sorted(ladder) == list(ladder)
        if not ordered or any(not 0 < percent < 100 for percent in warnings) or any(s < 0 for s in ladder):
            raise DomainError("clock-policy-invalid", warn_percent=warnings, ladder_s=ladder)


@dataclass(frozen=True)
class Fired:
    """Milestones to act on now, in order, and the next instant to wake up at (None: nothing is coming)."""

    due: tuple[Milestone, ...]
    next_at: datetime | None


def due_at(clock: Clock, calendar: WorkCalendar, now: datetime | None = None) -> datetime:
    """When the target is used up. While paused: as if resumed at `now`, or at once when `now` is None."""
    return _instant(clock, calendar, timedelta(seconds=clock.target_s), now)


def elapsed_s(clock: Clock, calendar: WorkCalendar, now: datetime) -> int:
    """Working seconds used up to `now` (or the stop), pauses left out."""
    return _elapsed(clock, calendar, now) // _SECOND


def remaining_s(clock: Clock, calendar: WorkCalendar, now: datetime) -> int:
    """Working seconds left; negative once the target is overrun."""
    return clock.target_s - elapsed_s(clock, calendar, now)


def milestones(clock: Clock, calendar: WorkCalendar, policy: ClockPolicy) -> tuple[Milestone, ...]:
    """All warnings, the breach and the ladder in order, as things stand (an open pause counts as over)."""
    target = timedelta(seconds=clock.target_s)
    plan = [(f"warning_{percent}", target * percent / 100) for percent in policy.warn_percent]
    plan.append(("breach", target))
    plan += [
        (f"escalation_{rung}", target + timedelta(seconds=after))
        for rung, after in enumerate(policy.ladder_s, start=1)
    ]
    return tuple(Milestone(name, _instant(clock, calendar, needed)) for name, needed in plan)


def fire(
    clock: Clock, calendar: WorkCalendar, policy: ClockPolicy, fired: frozenset[str], now: datetime
) -> Fired:
    """What to announce at `now`, given the names announced before.

    Each milestone comes exactly once; those missed while nobody looked come together, in order. A paused
    or stopped clock announces only what lies before the pause or stop, and waits for nothing.
    """
    seen = _as_of(clock, now)
    halted = seen.stopped_at
    if seen.open_pause is not None:
        halted = seen.open_pause.started_at
    coming = [item for item in milestones(seen, calendar, policy) if item.name not in fired]
    if halted is not None:
        return Fired(tuple(item for item in coming if item.at < halted), None)
    due = tuple(item for item in coming if item.at <= now)
    return Fired(due, min((item.at for item in coming if item.at > now), default=None))


def pause(clock: Clock, now: datetime, reason: str) -> Clock:
    """Stop counting from `now`; a reason is required (CP7)."""
    _running(clock)
    if not reason.strip():
        raise DomainError("clock-pause-reason-missing", kind=clock.kind)
    return replace(clock, pauses=(*clock.pauses, Pause(require_aware(now), None, reason)))


def resume(clock: Clock, now: datetime) -> Clock:
    """Count again from `now`."""
    if clock.open_pause is None:
        raise DomainError("clock-not-paused", kind=clock.kind)
    return replace(clock, pauses=_closed(clock, now))


def retarget(clock: Clock, target_s: int) -> Clock:
    """Another priority or contract: the target changes, elapsed and paused time stay (CP7)."""
    return replace(clock, target_s=target_s)


def stop(clock: Clock, now: datetime) -> Clock:
    """The promise is kept or missed at `now`; an open pause ends with it."""
    if clock.stopped_at is not None:
        raise DomainError("clock-stopped", kind=clock.kind)
    return replace(clock, pauses=_closed(clock, now), stopped_at=require_aware(now))


def restart(clock: Clock, now: datetime) -> Clock:
    """Run again after a stop (the client returned the work); the stopped span counts as a pause."""
    if clock.stopped_at is None:
        raise DomainError("clock-not-stopped", kind=clock.kind)
    span = Pause(clock.stopped_at, require_aware(now), STOPPED)
    return replace(clock, pauses=(*clock.pauses, span), stopped_at=None)


def state(clock: Clock, calendar: WorkCalendar, now: datetime) -> ClockState:
    """The clock in one word at `now`; what happened after `now` is not looked at.

    `breached` wins over `paused`, so pausing never hides a breach (`open_pause` tells the rest);
    `at_risk` means less than 20 % of the target is left.
    """
    seen = _as_of(clock, now)
    due = due_at(seen, calendar)
    if seen.stopped_at is not None:
        return "met" if seen.stopped_at <= due else "missed"
    if seen.open_pause is not None:
        return "breached" if due < seen.open_pause.started_at else "paused"
    if due <= now:
        return "breached"
    left = timedelta(seconds=clock.target_s) - _elapsed(seen, calendar, now)
    return "at_risk" if left * 5 < timedelta(seconds=clock.target_s) else "on_track"


def _running(clock: Clock) -> None:
    if clock.stopped_at is not None:
        raise DomainError("clock-stopped", kind=clock.kind)
    if clock.open_pause is not None:
        raise DomainError("clock-already-paused", kind=clock.kind)


def _closed(clock: Clock, now: datetime) -> tuple[Pause, ...]:
    if clock.open_pause is None:
        return clock.pauses
    return (*clock.pauses[:-1], replace(clock.open_pause, ended_at=require_aware(now)))


def _as_of(clock: Clock, now: datetime) -> Clock:
    """The clock as known at `now`: later pauses, ends of pauses and stops have not happened yet."""
    at = require_aware(now)
    pauses = tuple(
        replace(item, ended_at=None) if item.ended_at is not None and item.ended_at > at else item
        for item in clock.pauses
        if item.started_at <= at
    )
    stopped_at = clock.stopped_at if clock.stopped_at is not None and clock.stopped_at <= at else None
    return replace(clock, pauses=pauses, stopped_at=stopped_at)


def _segments(clock: Clock, now: datetime | None) -> list[tuple[datetime, datetime | None]]:
    """Running spans in order, the last one open-ended; the stop is not looked at."""
    spans: list[tuple[datetime, datetime | None]] = []
    begins = require_aware(clock.started_at)
    for item in clock.pauses:
        spans.append((begins, require_aware(item.started_at)))
        begins = require_aware(
            item.ended_at or (item.started_at if now is None else max(now, item.started_at))
        )
    spans.append((begins, None))
    return spans


def _elapsed(clock: Clock, calendar: WorkCalendar, now: datetime) -> timedelta:
    seen = _as_of(clock, now)
    until = seen.stopped_at or require_aware(now)
    total = _ZERO
    for begins, ends in _segments(seen, now):
        total += calendar.working_time(begins, until if ends is None else ends)
    return total


def _instant(
    clock: Clock, calendar: WorkCalendar, needed: timedelta, now: datetime | None = None
) -> datetime:
    """The earliest instant by which `needed` working time has run outside pauses."""
    left = needed
    for begins, ends in _segments(clock, now):
        if ends is not None:
            worked = calendar.working_time(begins, ends)
            if left > worked:
                left -= worked
                continue
        return calendar.add_working_time(begins, left)
    raise AssertionError("the last running span has no end")
