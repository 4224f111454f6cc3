"""Minutes and cost of rework (MF7): whose time counts, what does not, and what an hour costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import START, ticket
from tests.support.one_request import SIGNED, Request
from ticketos.domain import agreement, effort, rework
from ticketos.domain.calendar import ALWAYS, WorkCalendar
from ticketos.domain.changes import Emit, SubTicket
from ticketos.domain.clock import STOPPED, Pause
from ticketos.domain.deadline import Timing
from ticketos.domain.effort import Spell
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, TaskState
from ticketos.domain.terms import Terms

OFFICE = WorkCalendar(
    "UTC", tuple(((time(9), time(17)),) if day < 5 else () for day in range(7)), frozenset(), ()
)
NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday."""


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


TURN = Spell(at(0), at(12.5))
RATED = Terms.from_json({"rework": {"hourly_rate": "600"}})


@pytest.mark.parametrize(
    ("spell", "calendar", "pauses", "found"),
    [
        (Spell(at(0), at(12.5)), ALWAYS, (), "12.50"),
        (Spell(at(0), at(30), earlier=at(20)), ALWAYS, (), "10.00"),
        (Spell(at(10), at(30), earlier=at(2)), ALWAYS, (), "20.00"),
        (Spell(at(0), at(60)), ALWAYS, (Pause(at(10), at(40), "asked"),), "30.00"),
        (Spell(at(0), at(60)), ALWAYS, (Pause(at(-60), at(10), STOPPED),), "60.00"),
        (Spell(at(470), at(24 * 60 + 15)), OFFICE, (), "25.00"),
        (Spell(at(0), at(24 * 60 + 15)), ALWAYS, (), "1455.00"),
        (Spell(at(9 * 60), at(10 * 60), measured=Decimal(420)), OFFICE, (), "7.00"),
        (Spell(at(0), at(5), measured=Decimal(4000)), ALWAYS, (), "5.00"),
        (Spell(None, at(5), measured=Decimal(95)), ALWAYS, (), "1.58"),
        (Spell(None, at(5)), ALWAYS, (), None),
        (Spell(at(5), at(5), earlier=at(9)), ALWAYS, (), "0.00"),
    ],
    ids=[
        "from having it to having done it",
        "not while they did what came before",
        "not before they had it",
        "not while the ticket was paused",
        "a stop for the client's word is no pause of the person",
        "the night is no work where the contract has hours",
        "around the clock it is",
        "work after hours as the page measured it",
        "never more than the time that passed",
        "nobody's task: what the page measured",
        "nobody's task and no measure: not known",
        "clocks that differ",
    ],
)
def test_minutes_are_the_persons_own(
    spell: Spell, calendar: WorkCalendar, pauses: tuple[Pause, ...], found: str | None
) -> None:
    assert effort.minutes(spell, calendar, pauses) == (Decimal(found) if found else None)


@pytest.mark.parametrize(
    ("stated", "minutes", "found"),
    [
        ({"hourly_rate": "600"}, "12.50", "125.00 INR"),
        ({"hourly_rate": "1000"}, "0.01", "0.17 INR"),
        ({"hourly_rate": "0.30"}, "1.00", "0.01 INR"),
        ({"hourly_rate": "1000", "currency": "JPY"}, "0.75", "13 JPY"),
        ({"hourly_rate": "0"}, "5", "0.00 INR"),
        ({}, "5", None),
    ],
)
def test_cost_is_the_rate_half_up_and_without_a_rate_nothing_is_stated(
    stated: dict[str, Any], minutes: str, found: str | None
) -> None:
    money = effort.cost(Decimal(minutes), Terms.from_json({"rework": stated}))
    assert (str(money) if money else None) == found


def _recorded(terms: Terms, spell: Spell = TURN, before: SubTicket | None = None) -> tuple[SubTicket, Emit]:
    defect = replace(ticket(700), kind="defect", number="ACME-26-000100-D1")
    if before is not None:
        defect = replace(defect, detail={**defect.detail, **before.detail})
    task = TaskState(
        UUID(int=900), UUID(int=100), "rework", UUID(int=1), "w", "delivery", "data_entry", "open", "P3",
        UUID(int=7), 2, 1, {}, START, None, 1,
    )  # fmt: skip
    key = f"defect:{UUID(int=1)}:2"
    kept, said = effort.recorded(key, defect, task, spell, terms, ALWAYS, ())
    assert isinstance(kept, SubTicket) and isinstance(said, Emit)
    return kept, said


def test_who_passes_a_round_on_and_who_ends_it_have_both_worked_on_it() -> None:
    agent, _ = _recorded(RATED)
    both, said = _recorded(RATED, Spell(at(20), at(25.25)), agent)
    assert (both.detail["minutes"], both.detail["cost"]) == ("17.75", "177.50"), "12.5 and 5.25"
    assert (both.detail["worked_from"], both.detail["worked_to"]) == (
        at(0).isoformat(),
        at(25.25).isoformat(),
    )
    assert said.after is not None
    assert (said.after["minutes"], said.after["cost"]) == ("5.25", "52.50"), "each event one person's own"
    unknown = Spell(None, at(30))
    assert _recorded(RATED, unknown, both)[0].detail["minutes"] == "17.75", "what is known stays known"
    nobody, _ = _recorded(RATED, unknown)
    assert nobody.detail["minutes"] is None
    assert _recorded(RATED, Spell(at(30), at(31)), nobody)[0].detail["minutes"] == "1.00"


def test_a_round_is_kept_on_its_defect_and_on_the_trail() -> None:
    kept, said = _recorded(RATED)
    assert (kept.detail["minutes"], kept.detail["cost"], kept.detail["currency"]) == (
        "12.50",
        "125.00",
        "INR",
    )
    assert (kept.state, kept.closed_at) == ("open", None), "the defect waits for its inspection"
    assert said.after is not None
    assert (said.event, said.after["defect"], said.after["round"]) == (
        "defect.worked",
        "ACME-26-000100-D1",
        2,
    )
    assert (said.after["minutes"], said.after["cost"]) == ("12.50", "125.00")
    assert _recorded(Terms())[0].detail["cost"] is None


def test_the_history_adds_up_what_is_known() -> None:
    def row(n: int, **detail: Any) -> effort.Row:
        return f"X-D{n}", {"document": str(UUID(int=1)), "round": n, **detail}, None

    rounds = effort.history(
        [row(2, minutes="7.50", cost="75.00", currency="INR"), row(1, minutes="2.25"), row(3)]
    )
    assert [one["number"] for one in rounds] == ["X-D1", "X-D2", "X-D3"]
    assert effort.totals(rounds) == {
        "rounds": 3,
        "minutes": "9.75",
        "cost": {"INR": "75.00"},
        "unmeasured": 1,
    }
    assert effort.totals([])["minutes"] is None


@pytest.mark.parametrize("stated", [{"hourly_rate": 1.5}, {"hourly_rate": "-1"}, {"currency": "rupees"}])
def test_a_rate_that_cannot_be_worked_by_is_refused_when_written(stated: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match=r"^terms-invalid section=rework"):
        agreement.check(Terms.from_json({"rework": stated}), priced=False)
    agreement.check(RATED, priced=False)


def test_a_round_of_work_by_hand_tells_its_minutes_and_what_they_cost() -> None:
    request = Request(terms={**SIGNED, "rework": {"hourly_rate": "600"}})
    request.finish("work", note="called the supplier")
    assert not request.defects(), "the first time is no rework"
    request.decide("return", reason="which supplier?")
    request.now += timedelta(minutes=12, seconds=30)
    request.finish("work", note="called Sunrise Traders", seconds="90000")
    (defect,) = request.defects()
    assert (defect.detail["minutes"], defect.detail["cost"]) == ("12.50", "125.00"), (
        "no more than the time that passed"
    )
    told = [e for _, _, e in request.world.events if e.event == "defect.worked"]
    assert [(e.after or {}).get("minutes") for e in told] == ["12.50"]


@pytest.mark.parametrize(
    ("seconds", "found"),
    [("95", "1.58"), (95.0, "1.58"), ("9000", "5.00"), ("nan", None), (None, None), ("x", None)],
)
def test_of_a_task_that_was_nobodys_the_page_tells_no_more_than_can_be_true(
    seconds: object, found: str | None
) -> None:
    who = Actor("user", str(UUID(int=7)))
    defect = ticket(700, kind="defect")
    task = TaskState(
        UUID(int=900), UUID(int=100), "work", None, "w", "delivery", "it_helpdesk", "open", "P3",
        None, 1, 1, {}, NINE, None, 1,
    )  # fmt: skip
    rows = {rework.defect_key(UUID(int=100), 1, 1): defect}

    def told(children: Any) -> list[Any]:
        changes = effort.of_round(
            UUID(int=100), task, who, children, at(5), None, seconds, Terms(), Timing(), ()
        )
        return [c.detail["minutes"] for c in changes if isinstance(c, SubTicket)]

    assert told(rows) == [found] and told({}) == []
