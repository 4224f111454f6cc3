"""Internal targets of the stages (MF16): which clocks run, whom they tell, once for each pass."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.lifecycle import Call
from tests.support.memory import START, contract, ticket
from tests.support.one_request import Request
from tests.support.running import DESK
from ticketos.domain import agreement, clock, deadline
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.changes import Change, Emit, Notify, SetClock
from ticketos.domain.deadline import Timing, stage_moved, tick
from ticketos.domain.errors import DomainError
from ticketos.domain.stages import DESKS
from ticketos.domain.state import STAGES, ClockState
from ticketos.domain.terms import HOUR, STAGE_S, Terms

OFFICE = WorkCalendar(
    "UTC", tuple(((time(9), time(17)),) if day < 5 else () for day in range(7)), frozenset(), ()
)
DEFAULTS = Timing()


def new_id() -> Any:
    ids = itertools.count(5_000)
    return lambda: UUID(int=next(ids))


def kept(changes: tuple[Change, ...], before: tuple[ClockState, ...] = ()) -> tuple[ClockState, ...]:
    """The clocks after these changes, as the store would have them."""
    found = {state.clock.kind: state for state in before}
    for one in changes:
        if isinstance(one, SetClock):
            found[one.clock.kind] = ClockState(one.clock, one.fired, one.breached_at)
    return tuple(found.values())


def told(states: tuple[ClockState, ...], at: datetime, stage: str = "delivery") -> tuple[Any, list[Notify]]:
    verdict = tick(ticket(stage=stage, desk="ops"), states, DEFAULTS, None, at, new_id())
    return verdict, [one for one in verdict.changes if isinstance(one, Notify)]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_target_and_its_own_desk_is_told_once(stage: str) -> None:
    states = kept(stage_moved("intake", stage, True, (), DEFAULTS, START))
    due = START + timedelta(seconds=STAGE_S[stage])
    assert told(states, due - timedelta(seconds=1), stage)[1] == []
    verdict, (notice,) = told(states, due, stage)
    assert (notice.kind, notice.desk, notice.at) == ("stage_late", DESKS[stage], due)
    assert [c.event for c in verdict.changes if isinstance(c, Emit)] == ["clock.stage_late"]
    after = kept(verdict.changes, states)
    assert told(after, due + timedelta(days=9), stage)[1] == []
    assert verdict.next_at == due + timedelta(days=1), "nothing else is coming: a look a day"


def test_a_stage_that_is_left_in_the_same_breath_starts_no_clock() -> None:
    assert stage_moved("intake", "triage", False, (), DEFAULTS, START) == ()


def test_leaving_a_stage_ends_its_clock_and_the_next_pass_begins_anew() -> None:
    first = kept(stage_moved("assignment", "delivery", True, (), DEFAULTS, START))
    late = START + timedelta(seconds=STAGE_S["delivery"])
    verdict, (one,) = told(first, late)
    left = kept(
        stage_moved("delivery", "quality", False, kept(verdict.changes, first), DEFAULTS, late), first
    )
    assert told(left, late + timedelta(days=2))[1] == []
    back = late + timedelta(hours=1)
    again = kept(stage_moved("rework", "delivery", True, left, DEFAULTS, back), left)
    assert told(again, back + timedelta(seconds=STAGE_S["delivery"] - 1))[1] == []
    _, (two,) = told(again, back + timedelta(seconds=STAGE_S["delivery"]))
    assert one.key != two.key, "each pass is told by itself"


def test_standing_still_goes_on_counting() -> None:
    running = kept(stage_moved("triage", "contract", True, (), DEFAULTS, START))
    assert stage_moved("contract", "contract", True, running, DEFAULTS, START + timedelta(hours=1)) == ()
    fresh = stage_moved("billing", "billing", True, (), DEFAULTS, START)
    assert [one.clock.kind for one in fresh] == ["stage:billing"], "what needs attention is timed from there"


def test_targets_run_on_the_contracts_calendar() -> None:
    timing = Timing(OFFICE)
    evening = datetime(2026, 11, 2, 16, 0, tzinfo=UTC)
    (quality,) = stage_moved("delivery", "quality", True, (), timing, evening)
    assert quality.due_at == datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def test_a_target_is_no_promise_to_the_client() -> None:
    states = kept(stage_moved("assignment", "delivery", True, (), DEFAULTS, START))
    assert deadline.sla_state(states, DEFAULTS, START + timedelta(days=30)) == "on_track"


def test_a_pause_moves_the_target() -> None:
    (state,) = kept(stage_moved("assignment", "delivery", True, (), DEFAULTS, START))
    paused = clock.pause(state.clock, START + timedelta(hours=1), "asked")
    resumed = replace(state, clock=clock.resume(paused, START + timedelta(hours=31)))
    due = START + timedelta(seconds=STAGE_S["delivery"]) + timedelta(hours=30)
    assert told((resumed,), due - timedelta(seconds=1))[1] == []
    assert len(told((resumed,), due)[1]) == 1


def test_a_contract_changes_or_switches_off_each_of_them() -> None:
    terms = Terms.from_json({"sla": {"stage_s": {"delivery": 2 * HOUR, "quality": None}}})
    agreement.check(terms, priced=False)
    assert terms.sla.stage_s == {**{k: v for k, v in STAGE_S.items() if k != "quality"}, "delivery": 7200}
    timing = deadline.timing_of(contract({"sla": {"stage_s": {"delivery": 7200, "quality": None}}}))
    assert stage_moved("delivery", "quality", True, (), timing, START) == ()
    (own,) = stage_moved("assignment", "delivery", True, (), timing, START)
    assert own.due_at == START + timedelta(hours=2)


@pytest.mark.parametrize("stated", [{"delivry": 60}, {"delivery": 0}, {"delivery": -1}, {"delivery": "soon"}])
def test_targets_nobody_can_work_by_are_refused_when_written(stated: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match=r"^terms-invalid section=sla"):
        agreement.check(Terms.from_json({"sla": {"stage_s": stated}}), priced=False)


def test_what_fails_on_a_paused_ticket_starts_no_clock_that_runs_before_it_goes_on() -> None:
    request = Request(files=1, total="1118.00")
    for key in [key for key in request.world.clocks if key[2] == "stage:delivery"]:
        del request.world.clocks[key]
    assert request.act("pause", DESK, {"reason": "the client must answer"}) == "paused"
    request.flow.run(Call("ticket.attention", request.flow.command("read:1", reason="boom")))
    assert request.clock("stage:delivery").open_pause is not None
    request.now += timedelta(days=20)
    request.flow.tick()
    assert not [n for n in request.world.notices.values() if n.kind == "stage_late"]
    assert request.act("resume", DESK, {}) == "resumed"
    clock_ = request.clock("stage:delivery")
    assert clock_.open_pause is None and clock.elapsed_s(clock_, DEFAULTS.calendar, request.now) == 0
