"""MF7: the minutes a person spent on one round of rework, and what they cost.

**Minutes** run from when the person who finished the task had it (given, taken, or an offer accepted) and had finished
whatever they finished before it, of any client, until they finished it. They run on the contract's calendar, and not
while the ticket was paused. So the time in which the task lay in its queue, was on offer, or was with somebody who
gave it back is not counted, and no minute is counted twice for one person. Where the page measured more (work outside the
contract's hours) what it measured counts, up to the time that passed. Of a task that was finished without having been
anybody's only what the page measured is known; without that, no minutes are stated. A round that one person passed on to
another (an expert) is the work of both: the defect ticket states the sum of what is known, each event one person's own.

**Cost** is the stated minutes at the contract's hourly rate (``rework.hourly_rate``), half-up to the currency's minor unit.
Without a rate no cost is stated: nobody knows that it was nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from ticketos.domain import rework
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.changes import Change, Emit, SubTicket
from ticketos.domain.clock import STOPPED, Pause
from ticketos.domain.deadline import TURNAROUND, Timing, find
from ticketos.domain.money import Money, money_sum
from ticketos.domain.state import Actor, ClockState, TaskState, TicketState
from ticketos.domain.terms import Terms

_HUNDREDTH = Decimal("0.01")
MINUTE = 60


@dataclass(frozen=True)
class Spell:
    """One person's turn at a task: ``had`` since when they had it (None: it was nobody's), ``earlier`` when they finished
    something else last, ``measured`` the seconds their page counted, if it did."""

    had: datetime | None
    done: datetime
    earlier: datetime | None = None
    measured: Decimal | None = None


def minutes(spell: Spell, calendar: WorkCalendar, pauses: Sequence[Pause] = ()) -> Decimal | None:
    """Minutes with two decimals, half-up; None where nothing is known."""
    seen = max(spell.measured or Decimal(0), Decimal(0))
    if spell.had is None:
        return _rounded(seen) if spell.measured is not None else None
    since = min(max(filter(None, (spell.had, spell.earlier))), spell.done)
    worked = calendar.working_time(since, spell.done)
    for pause in pauses:
        if pause.reason == STOPPED:  # handed in: that stops the promise, and nobody's work
            continue
        start, end = max(pause.started_at, since), min(pause.ended_at or spell.done, spell.done)
        if start < end:
            worked -= calendar.working_time(start, end)
    passed = _seconds(spell.done - since)
    return _rounded(max(_seconds(worked), min(seen, passed)))


def cost(spent: Decimal | None, terms: Terms) -> Money | None:
    """What so many minutes cost; None without minutes or without a rate."""
    rate = terms.rework.hourly_rate
    if spent is None or rate is None:
        return None
    exact = Money(rate * spent / MINUTE, terms.rework.currency or terms.pricing.currency)
    return exact.rounded()


def of_round(
    unit: UUID | None,
    task: TaskState,
    actor: Actor,
    children: Mapping[str, TicketState],
    now: datetime,
    earlier: datetime | None,
    seconds: object,
    terms: Terms,
    timing: Timing,
    clocks: Iterable[ClockState],
) -> tuple[Change, ...]:
    """What finishing this task took, on the defect ticket of the unit's round; nothing where the task is not of rework.

    ``children`` are the rows of the request's tree, ``earlier`` is when the person finished something else last,
    ``seconds`` what their page says it counted."""
    if unit is None or actor.user_id is None:
        return ()
    key = rework.defect_key(unit, task.life, task.round)
    defect = children.get(key)
    if defect is None:
        return ()
    had = task.assigned_at if task.assigned_to == actor.user_id else None
    clock = find(clocks, TURNAROUND)
    pauses = clock.clock.pauses if clock else ()
    spell = Spell(had, now, earlier, _measured(seconds, now - task.created_at))
    return recorded(key, defect, task, spell, terms, timing.calendar, pauses)


def _measured(seconds: object, most: timedelta) -> Decimal | None:
    """The page's word, as far as it can be true: no longer than the task has been there."""
    try:
        found = Decimal(str(seconds))
    except InvalidOperation:
        return None
    return min(found, _seconds(most)) if found.is_finite() else None


def recorded(
    key: str,
    defect: TicketState,
    task: TaskState,
    spell: Spell,
    terms: Terms,
    calendar: WorkCalendar,
    pauses: Sequence[Pause],
) -> tuple[Change, ...]:
    """The round on its defect ticket, with what others worked on it before, and this person's turn on the trail. ``key``
    is the defect's in the tree."""
    spent = minutes(spell, calendar, pauses)
    before = defect.detail.get("minutes")
    together = spent if before is None else Decimal(before) + (spent or Decimal(0))
    worked = {
        "worked_from": defect.detail.get("worked_from") or (spell.had.isoformat() if spell.had else None),
        "worked_to": spell.done.isoformat(),
    }
    kept = {**_facts(together, terms), **worked}
    return (
        SubTicket(key, "D", "defect", defect.subject, defect.state, None, "delivery", kept),
        Emit(
            "defect.worked",
            after={
                "defect": defect.number,
                "document": key.split(":")[1],
                "round": task.round,
                **_facts(spent, terms),
            },
        ),
    )


def _facts(spent: Decimal | None, terms: Terms) -> dict[str, Any]:
    money = cost(spent, terms)
    return {
        "minutes": None if spent is None else str(spent),
        "cost": None if money is None else f"{money.amount:f}",
        "currency": None if money is None else money.currency,
        "hourly_rate": None if money is None else str(terms.rework.hourly_rate),
    }


Row = tuple[str, Mapping[str, Any], datetime | None]
"""A defect ticket's number, detail, and when it was closed."""


def defects(children: Iterable[TicketState]) -> list[Row]:
    """The defect tickets among the rows of a request's tree."""
    return [(sub.number, sub.detail, sub.closed_at) for sub in children if sub.kind == "defect"]


def history(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Every round of rework of a request, as its defect tickets tell it, oldest round first (TA3)."""
    found = [
        {
            "number": number,
            "document": detail["document"],
            "life": int(detail.get("life", 1)),
            "round": int(detail["round"]),
            "defects": len(detail.get("defects") or ()),
            **{name: detail.get(name) for name in ("minutes", "cost", "currency", "open_minutes")},
            "opened_at": detail.get("opened_at"),
            "closed_at": closed_at.isoformat() if closed_at else None,
        }
        for number, detail, closed_at in rows
    ]
    return sorted(found, key=lambda one: (one["life"], one["round"], one["number"]))


def totals(rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rounds, minutes and cost of a request together; ``cost`` by currency. What no round states is not stated here."""
    told = [Decimal(one["minutes"]) for one in rounds if one.get("minutes") is not None]
    priced = [Money.of(one["cost"], one["currency"]) for one in rounds if one.get("cost") is not None]
    currencies = sorted({one.currency for one in priced})
    last: dict[int, int] = {}
    for one in rounds:
        last[one["life"]] = max(last.get(one["life"], 0), int(one["round"]))
    return {
        "rounds": sum(last.values()),
        "minutes": str(sum(told, Decimal(0))) if told else None,
        "cost": {
            name: f"{money_sum([m for m in priced if m.currency == name], name).amount:f}"
            for name in currencies
        },
        "unmeasured": len(rounds) - len(told),
    }


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000


def _rounded(seconds: Decimal) -> Decimal:
    return (seconds / MINUTE).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
