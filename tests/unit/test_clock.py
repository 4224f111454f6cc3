"""SLA clocks: due times, milestones that come once, pauses, returns (CP1, CP2, CP7, CP8, CP13)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ticketos.domain import clock as clocks
from ticketos.domain.calendar import ALWAYS, WorkCalendar
from ticketos.domain.clock import Clock, ClockPolicy, Milestone, Pause
from ticketos.domain.errors import DomainError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 16, 9, tzinfo=UTC)  # a Monday
OFFICE = WorkCalendar("UTC", (((time(9), time(13)), (time(14), time(18))),) * 5 + ((), ()))
POLICY = ClockPolicy(ladder_s=(0, 3600, 7200))
DAY_CLOCK = Clock("turnaround", 24 * 3600, START)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def names(items: tuple[Milestone, ...]) -> list[str]:
    return [item.name for item in items]


def test_the_contract_defaults_are_those_of_the_control_points() -> None:
    assert clocks.FIRST_RESPONSE_S == {"P1": 14_400, "P2": 86_400, "P3": 86_400, "P4": 86_400}
    assert clocks.TURNAROUND_S == {"standard": 86_400, "priority": 14_400}


def test_milestones_come_in_order_at_their_share_of_the_target() -> None:
    assert clocks.milestones(DAY_CLOCK, ALWAYS, POLICY) == (
        Milestone("warning_50", at(12)),
        Milestone("warning_75", at(18)),
        Milestone("warning_90", at(21.6)),
        Milestone("breach", at(24)),
        Milestone("escalation_1", at(24)),
        Milestone("escalation_2", at(25)),
        Milestone("escalation_3", at(26)),
    )


def test_a_clock_on_office_hours_waits_for_the_office() -> None:
    eight = Clock("turnaround", 10 * 3600, START)
    assert clocks.due_at(eight, OFFICE) == datetime(2026, 11, 17, 11, tzinfo=UTC)
    friday = Clock("first_response", 4 * 3600, datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert clocks.due_at(friday, OFFICE) == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_pause_shifts_the_due_time_by_the_working_time_paused() -> None:
    paused = clocks.pause(Clock("turnaround", 8 * 3600, START), at(1), "waiting for the customer")
    resumed = clocks.resume(paused, at(6))  # 10:00 to 15:00: four working hours
    assert clocks.due_at(resumed, OFFICE) == datetime(2026, 11, 17, 13, tzinfo=UTC)
    over_night = clocks.pause(Clock("turnaround", 8 * 3600, START), at(9.5), "x")
    assert clocks.due_at(clocks.resume(over_night, at(23)), OFFICE) == at(9)


def test_while_paused_the_due_time_moves_with_now() -> None:
    paused = clocks.pause(DAY_CLOCK, at(10), "x")
    assert clocks.due_at(paused, ALWAYS) == at(24)
    assert clocks.due_at(paused, ALWAYS, now=at(15)) == at(29)
    assert clocks.elapsed_s(paused, ALWAYS, at(15)) == 10 * 3600
    assert clocks.remaining_s(paused, ALWAYS, at(15)) == 14 * 3600


def test_a_pause_after_the_breach_does_not_undo_it_but_holds_the_ladder() -> None:
    late = clocks.pause(DAY_CLOCK, at(24.5), "x")
    assert clocks.state(late, ALWAYS, at(25)) == "breached"
    resumed = clocks.resume(late, at(30))
    assert clocks.due_at(resumed, ALWAYS) == at(24)
    assert clocks.milestones(resumed, ALWAYS, POLICY)[-2] == Milestone("escalation_2", at(30.5))


def test_each_milestone_fires_once_and_missed_ones_come_together_in_order() -> None:
    first = clocks.fire(DAY_CLOCK, ALWAYS, POLICY, frozenset(), at(12))
    assert (names(first.due), first.next_at) == (["warning_50"], at(18))
    again = clocks.fire(DAY_CLOCK, ALWAYS, POLICY, frozenset({"warning_50"}), at(12))
    assert (again.due, again.next_at) == ((), at(18))
    missed = clocks.fire(DAY_CLOCK, ALWAYS, POLICY, frozenset({"warning_50"}), at(25.5))
    assert names(missed.due) == ["warning_75", "warning_90", "breach", "escalation_1", "escalation_2"]
    assert missed.next_at == at(26)
    assert clocks.fire(DAY_CLOCK, ALWAYS, POLICY, frozenset(), at(99)).next_at is None


def test_nothing_fires_while_paused_but_what_lies_before_the_pause() -> None:
    running = clocks.fire(DAY_CLOCK, ALWAYS, POLICY, frozenset(), at(20))
    assert names(running.due) == ["warning_50", "warning_75"]
    paused = clocks.fire(clocks.pause(DAY_CLOCK, at(13), "x"), ALWAYS, POLICY, frozenset(), at(20))
    assert (names(paused.due), paused.next_at) == (["warning_50"], None)


def test_nothing_fires_after_the_stop_but_what_lies_before_it() -> None:
    stopped = clocks.stop(DAY_CLOCK, at(13))
    fired = clocks.fire(stopped, ALWAYS, POLICY, frozenset(), at(99))
    assert (names(fired.due), fired.next_at) == (["warning_50"], None)
    exact = clocks.fire(clocks.stop(DAY_CLOCK, at(24)), ALWAYS, POLICY, frozenset(), at(99))
    assert "breach" not in names(exact.due)


def test_a_new_target_keeps_elapsed_and_paused_time() -> None:
    worked = clocks.resume(clocks.pause(DAY_CLOCK, at(2), "x"), at(5))
    urgent = clocks.retarget(worked, 4 * 3600)
    assert clocks.due_at(urgent, ALWAYS) == at(7)
    assert clocks.elapsed_s(urgent, ALWAYS, at(6)) == clocks.elapsed_s(worked, ALWAYS, at(6)) == 3 * 3600
    fired = clocks.fire(urgent, ALWAYS, POLICY, frozenset({"warning_50"}), at(6.7))
    assert names(fired.due) == ["warning_75", "warning_90"]


def test_a_return_by_the_client_restarts_the_clock_and_the_stopped_span_is_a_pause() -> None:
    stopped = clocks.stop(DAY_CLOCK, at(20))
    again = clocks.restart(stopped, at(70))
    assert again.pauses == (Pause(at(20), at(70), clocks.STOPPED),)
    assert clocks.due_at(again, ALWAYS) == at(74)
    assert clocks.state(again, ALWAYS, at(73)) == "at_risk"
    assert clocks.state(clocks.stop(again, at(74)), ALWAYS, at(99)) == "met"


@pytest.mark.parametrize(
    ("hours", "state"),
    [(0, "on_track"), (19.2, "on_track"), (19.3, "at_risk"), (23.9, "at_risk"), (24, "breached")],
)
def test_a_running_clock_is_on_track_then_at_risk_then_breached(hours: float, state: str) -> None:
    assert clocks.state(DAY_CLOCK, ALWAYS, at(hours)) == state


def test_a_stopped_clock_is_met_up_to_its_due_instant_and_missed_after() -> None:
    assert clocks.state(clocks.stop(DAY_CLOCK, at(24)), ALWAYS, at(30)) == "met"
    assert (
        clocks.state(clocks.stop(DAY_CLOCK, at(24) + timedelta(microseconds=1)), ALWAYS, at(30)) == "missed"
    )
    # The office closes at the due instant: work delivered that night is late although no working time passed.
    office = Clock("turnaround", 8 * 3600, START)
    assert clocks.state(clocks.stop(office, at(10)), OFFICE, at(30)) == "missed"


def test_the_state_at_an_earlier_instant_knows_nothing_of_later_events() -> None:
    history = clocks.stop(clocks.resume(clocks.pause(DAY_CLOCK, at(5), "x"), at(8)), at(40))
    seen = [clocks.state(history, ALWAYS, at(hours)) for hours in (1, 6, 9, 26.5, 28, 41)]
    assert seen == ["on_track", "paused", "on_track", "at_risk", "breached", "missed"]


def test_acts_are_refused_in_the_wrong_state_and_taken_in_the_right_one() -> None:
    paused, stopped = clocks.pause(DAY_CLOCK, at(1), "x"), clocks.stop(DAY_CLOCK, at(1))
    for code, refused in (
        ("clock-already-paused", lambda: clocks.pause(paused, at(2), "x")),
        ("clock-stopped", lambda: clocks.pause(stopped, at(2), "x")),
        ("clock-stopped", lambda: clocks.stop(stopped, at(2))),
        ("clock-not-paused", lambda: clocks.resume(DAY_CLOCK, at(2))),
        ("clock-not-stopped", lambda: clocks.restart(DAY_CLOCK, at(2))),
        ("clock-pause-reason-missing", lambda: clocks.pause(DAY_CLOCK, at(2), " ")),
        ("clock-time-backwards", lambda: clocks.resume(paused, at(0.5))),
        ("clock-time-backwards", lambda: clocks.restart(stopped, at(0.5))),
        ("clock-time-backwards", lambda: clocks.pause(DAY_CLOCK, at(-1), "x")),
        ("clock-target-invalid", lambda: clocks.retarget(DAY_CLOCK, 0)),
        ("clock-pause-left-open", lambda: replace(paused, stopped_at=at(3))),
        ("clock-policy-invalid", lambda: ClockPolicy(warn_percent=(75, 50))),
        ("clock-policy-invalid", lambda: ClockPolicy(ladder_s=(-1,))),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code
    assert clocks.stop(paused, at(2)).open_pause is None
    assert clocks.retarget(DAY_CLOCK, 1).target_s == 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 20 * 60), min_size=1, max_size=6), st.integers(60, 30 * 60), st.booleans())
def test_the_due_time_is_the_first_minute_at_which_the_target_has_elapsed(
    steps: list[int], target: int, ends_stopped: bool
) -> None:
    clock, now = Clock("turnaround", target * 60, START), START
    for index, step in enumerate(steps):
        now += step * MINUTE
        clock = clocks.pause(clock, now, "x") if index % 2 == 0 else clocks.resume(clock, now)
    if clock.open_pause:
        clock = clocks.resume(clock, now + MINUTE)
    due = clocks.due_at(clock, OFFICE)
    # Minute by minute, with nothing of the clock's own arithmetic.
    spans = [(item.started_at, item.ended_at) for item in clock.pauses]
    seen, minute = 0, START
    while seen < target:
        paused = any(begins <= minute and (ends is None or minute < ends) for begins, ends in spans)
        seen += OFFICE.is_working(minute) and not paused
        minute += MINUTE
    assert due == minute
    if ends_stopped:
        stopped = clocks.stop(clock, max(due, now) + MINUTE)
        assert clocks.state(stopped, OFFICE, due + 99 * HOUR) == "missed"


class ClockMachine(RuleBasedStateMachine):
    """One watcher asks every time, one only at the end: both announce the same, in the same order."""

    @initialize(half_hours=st.integers(1, 40), office=st.booleans())
    def begin(self, half_hours: int, office: bool) -> None:
        self.calendar = OFFICE if office else ALWAYS
        self.clock = Clock("turnaround", half_hours * 1800, START)
        self.now = START
        self.announced: list[Milestone] = []
        self.retargeted = False

    @rule(minutes=st.integers(0, 600))
    def wait(self, minutes: int) -> None:
        # Look at every announced wake-up on the way, as the ticket's timer does.
        until = self.now + minutes * MINUTE
        while (wake := self.watch()) is not None and wake <= until:
            assert wake > self.now, "the next wake-up lies ahead"
            self.now = wake
        self.now = until
        self.watch()

    def watch(self) -> datetime | None:
        fired = clocks.fire(
            self.clock, self.calendar, POLICY, frozenset(names(tuple(self.announced))), self.now
        )
        self.announced += fired.due
        return fired.next_at

    @precondition(lambda self: self.clock.stopped_at is None and self.clock.open_pause is None)
    @rule()
    def pause(self) -> None:
        self.watch()
        self.clock = clocks.pause(self.clock, self.now, "x")

    @precondition(lambda self: self.clock.open_pause is not None)
    @rule()
    def resume(self) -> None:
        self.clock = clocks.resume(self.clock, self.now)
        self.watch()

    @precondition(lambda self: self.clock.stopped_at is None)
    @rule()
    def stop(self) -> None:
        self.clock = clocks.stop(self.clock, self.now)

    @precondition(lambda self: self.clock.stopped_at is not None)
    @rule()
    def restart(self) -> None:
        self.clock = clocks.restart(self.clock, self.now)
        self.watch()

    @rule(half_hours=st.integers(1, 40))
    def retarget(self, half_hours: int) -> None:
        before = clocks.elapsed_s(self.clock, self.calendar, self.now)
        self.clock = clocks.retarget(self.clock, half_hours * 1800)
        self.retargeted = True
        assert clocks.elapsed_s(self.clock, self.calendar, self.now) == before
        self.watch()

    @invariant()
    def each_milestone_is_announced_at_most_once(self) -> None:
        assert len(set(names(tuple(self.announced)))) == len(self.announced)

    @invariant()
    def a_watcher_who_was_away_catches_up_with_the_one_who_was_not(self) -> None:
        late = clocks.fire(self.clock, self.calendar, POLICY, frozenset(), self.now)
        assert list(late.due) == sorted(late.due, key=lambda item: item.at)
        if not self.retargeted:
            # A milestone at the very instant of a stop belongs to whoever looked first.
            halted = {item.name for item in self.announced if item.at == self.clock.stopped_at}
            if self.clock.open_pause is not None:
                halted |= {
                    item.name for item in self.announced if item.at == self.clock.open_pause.started_at
                }
            assert names(late.due) == [item.name for item in self.announced if item.name not in halted]

    @invariant()
    def elapsed_and_remaining_make_the_target(self) -> None:
        elapsed = clocks.elapsed_s(self.clock, self.calendar, self.now)
        assert elapsed + clocks.remaining_s(self.clock, self.calendar, self.now) == self.clock.target_s
        assert 0 <= elapsed <= self.calendar.working_seconds(START, self.now)
        state = clocks.state(self.clock, self.calendar, self.now)
        if state in ("on_track", "at_risk", "met"):
            assert elapsed <= self.clock.target_s
        if state in ("breached", "missed"):
            assert elapsed >= self.clock.target_s


ClockMachine.TestCase.settings = settings(deadline=None, max_examples=80, stateful_step_count=25)
TestClockMachine = ClockMachine.TestCase
