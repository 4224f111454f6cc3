"""AG9 the months of a client's book: open, soft-closed, closed; and where an entry goes whose date falls in one.

A month that was never spoken of takes the state of the first later one that is shut: closing October shuts all
before it, as a lock date does. Nothing is moved on its own account: a document dated into a shut month waits for a
person, unless the contract says in so many words that such entries go to the first open day. ADR 0013.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ticketos.domain.errors import DomainError

OPEN, SOFT, CLOSED = "open", "soft", "closed"
STATES = (OPEN, SOFT, CLOSED)

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 1)
"""First days of the months that can be spoken of."""

Months = Mapping[str, str]
"""State by month (``2026-10``) of those months a book has spoken of."""

ASK, FIRST_OPEN = "person", "first_open_day"
RULES = (ASK, FIRST_OPEN)
"""What a contract may say of a document dated into a shut month: a person decides, or it is booked on the first open
day and keeps its own date beside that."""

CHOICES = ("first_open", "own_date", "reject")
"""What finance may decide of one document: into the first open month; on its own date, which a soft-closed month
still takes and one opened again; or not at all."""


@dataclass(frozen=True)
class Placed:
    """The entry is booked on ``day``. ``moved_by``: ``contract`` or ``person`` where that is not its own date.
    ``decided_in``: the task in which a person let it into a soft-closed month."""

    day: date
    moved_by: str | None = None
    decided_in: UUID | None = None


@dataclass(frozen=True)
class Held:
    """No entry is made: ``period`` is shut (``state`` says how), a person decides."""

    period: str
    state: str


@dataclass(frozen=True)
class Question:
    """How the month of a document stands, and what may be decided of it."""

    period: str
    state: str
    first_open: date
    choices: tuple[str, ...]


def month_of(day: date) -> str:
    """``2026-10``."""
    return f"{day.year:04d}-{day.month:02d}"


def first_day(period: str) -> date:
    """The month's first day. Raises ``period-invalid``, also for a month no book can have."""
    try:
        found = date.fromisoformat(f"{period}-01")
    except ValueError as error:
        raise DomainError("period-invalid", given=period) from error
    if not EARLIEST <= found <= LATEST:
        raise DomainError("period-invalid", given=period)
    return found


def last_day(period: str) -> date:
    """The month's last day."""
    return date.fromordinal(_following(first_day(period)).toordinal() - 1)


def days_of(period: str) -> tuple[date, ...]:
    """Every day of the month. Raises ``period-invalid``."""
    first = first_day(period).toordinal()
    return tuple(date.fromordinal(one) for one in range(first, last_day(period).toordinal() + 1))


def state_of(period: str, months: Months) -> str:
    """How a month stands: as was said of it, else as the nearest later month that is shut, else open."""
    if period in months:
        return months[period]
    return next((months[later] for later in sorted(months) if later > period and months[later] != OPEN), OPEN)


def first_open_day(day: date, months: Months) -> date:
    """``day`` itself where its month is open, else the first day of the next month that is."""
    while state_of(month_of(day), months) != OPEN:
        day = _following(day)
    return day


def place(own: date, worth: str, months: Months, rule: str, decision: Mapping[str, Any]) -> Placed | Held:
    """Where the entry of a document dated ``own`` goes; ``worth`` is its amount with its currency.

    ``decision`` is what a person decided of this document, if anybody did (``choice``, ``own``, ``worth``, ``task``): it
    holds for the date and the amount it was made for and no other. A closed month takes nothing, whoever decided; a
    soft-closed one what a person let in.
    """
    period = month_of(own)
    state = state_of(period, months)
    if state == OPEN:
        return Placed(own)
    if decision.get("own") == own.isoformat() and decision.get("worth") == worth:
        if decision.get("choice") == "first_open":
            return Placed(first_open_day(own, months), "person")
        if decision.get("choice") == "own_date" and state == SOFT:
            return Placed(own, None, UUID(str(decision["task"])))
    if rule == FIRST_OPEN:
        return Placed(first_open_day(own, months), "contract")
    return Held(period, state)


def taken_back(booked: date, months: Months, then: Placed) -> Placed:
    """Where the entry goes that undoes one of ``booked``: beside it while its month is open, and where a person let what
    takes its place into that very month; else with what takes its place, or on the day it is withdrawn (``then``)."""
    if state_of(month_of(booked), months) == OPEN:
        return Placed(booked)
    if then.decided_in is not None and month_of(then.day) == month_of(booked):
        return Placed(booked, None, then.decided_in)
    return then


def question(own: date, months: Months) -> Question:
    """What finance is asked of a document dated ``own``, as the book stands."""
    state = state_of(month_of(own), months)
    choices = tuple(one for one in CHOICES if one != "own_date" or state != CLOSED)
    return Question(month_of(own), state, first_open_day(own, months), choices)


def may_decide(choice: str, own: date, months: Months) -> None:
    """Refuse a decision the book could not follow: ``period-decision-unknown``, ``period-closed``."""
    if choice not in CHOICES:
        raise DomainError("period-decision-unknown", given=choice, allowed=list(CHOICES))
    asked = question(own, months)
    if choice not in asked.choices:
        raise DomainError("period-closed", period=asked.period)


def may_soft_close(period: str, months: Months, today: date) -> None:
    """Only a month that is over in the client's zone, and open. Raises ``period-not-over``, ``period-not-open``."""
    if today <= last_day(period):
        raise DomainError("period-not-over", period=period)
    state = state_of(period, months)
    if state != OPEN:
        raise DomainError("period-not-open", period=period, state=state)


def may_close(period: str, months: Months) -> None:
    """From soft-closed alone: the month-end's checks come first. Raises ``period-not-soft``."""
    first_day(period)
    state = state_of(period, months)
    if state != SOFT:
        raise DomainError("period-not-soft", period=period, state=state)


def may_reopen(period: str, months: Months, reason: str) -> None:
    """What is shut, with a reason. Raises ``period-is-open``, ``reason-missing``."""
    first_day(period)
    if state_of(period, months) == OPEN:
        raise DomainError("period-is-open", period=period)
    if not reason.strip():
        raise DomainError("reason-missing")


def _following(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
