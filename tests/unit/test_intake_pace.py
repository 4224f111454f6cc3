"""How many requests are let in, and how fast work on them begins, as the machine gets busier."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from api.door import FEW, LEAST, MOST, STEP_S, TARGET_S, Door
from api.quota import Counts
from api.services import CallerCache
from ticketos.db.repositories.credentials import Caller
from ticketos.domain.errors import DomainError
from ticketos.pace import Bounds, Pace
from workers.strain import LIMITS_S, Strain


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pace_halves_under_strain_and_comes_back_without_it() -> None:
    clock = Clock()
    pace = Pace(Bounds(least=2, first=64, most=64, burst=10), clock)
    seen = []
    for _ in range(6):
        clock.now += Pace.STEP_S
        pace.felt(True)
        seen.append(pace.rate)
    assert seen == [32, 16, 8, 4, 2, 2]
    for _ in range(100):
        clock.now += Pace.STEP_S
        pace.felt(False)
    assert pace.rate == 64


def test_a_pace_nobody_asked_for_a_while_has_recovered() -> None:
    clock = Clock()
    pace = Pace(Bounds(least=1, first=1, most=10, burst=4), clock)
    pace.felt(True)
    clock.now += 60
    pace.felt(False)
    clock.now += Pace.STEP_S
    pace.felt(False)
    clock.now += 60
    pace.felt(False)
    assert pace.rate == 10


def test_strain_within_a_step_counts_though_it_has_passed() -> None:
    clock = Clock()
    pace = Pace(Bounds(least=2, first=64, most=64, burst=10), clock)
    pace.felt(True)
    clock.now += Pace.STEP_S
    pace.felt(False)
    assert pace.rate == 32


def test_a_pace_under_strain_gives_its_least_and_no_more() -> None:
    clock = Clock()
    pace = Pace(Bounds(least=2, first=64, most=64, burst=10), clock)
    assert pace.take(50) == 10  # the burst after a pause
    for _ in range(10):
        clock.now += Pace.STEP_S
        pace.felt(True)
    pace.take(50)
    begun = 0
    for _ in range(100):
        clock.now += 0.1
        begun += pace.take(5)
    assert 19 <= begun <= 20  # ten seconds


def test_what_was_taken_and_not_used_may_be_taken_again() -> None:
    pace = Pace(Bounds(least=1, first=1, most=1, burst=4), Clock())
    assert pace.take(4) == 4
    pace.give_back(3)
    assert pace.take(4) == 3


def test_other_bounds_begin_at_their_first_and_hold_from_then_on() -> None:
    clock = Clock()
    quiet, rushed = Bounds(least=25, first=25, most=64, burst=10), Bounds(least=2, first=4, most=64, burst=3)
    pace = Pace(quiet, clock)
    for _ in range(10):
        clock.now += Pace.STEP_S
        pace.felt(True)
    assert pace.rate == 25
    pace.felt(False, rushed)  # at once, not with the next step
    assert pace.rate == 4
    assert pace.take(10) == 3
    for _ in range(4):
        clock.now += Pace.STEP_S
        pace.felt(False, rushed)
    assert 4 < pace.rate < 5  # a second later hardly more: what was begun is not felt yet
    pace.felt(True, quiet)
    assert pace.rate == 25


async def _pass(door: Door, clock: Clock, count: int, each_s: float, apart_s: float) -> None:
    for _ in range(count):
        with door.inside():
            clock.now += each_s
        clock.now += apart_s


async def test_a_door_nobody_used_lately_is_calm_and_slow_requests_end_that() -> None:
    clock = Clock()
    door = Door(clock)
    assert door.calm
    await _pass(
        door, clock, 3, each_s=0.09, apart_s=0
    )  # the first ones of a process are slow: that says nothing
    assert door.calm
    await _pass(door, clock, 4 * FEW, each_s=0.05, apart_s=0)
    assert not door.calm
    clock.now += STEP_S * 5
    assert door.calm
    with door.inside():  # what was measured before the pause is no measure of who comes after it
        assert door.calm
        clock.now += STEP_S * 2
    assert door.calm


async def test_a_standing_queue_makes_the_door_narrower_and_a_short_crowd_does_not() -> None:
    clock = Clock()
    door = Door(clock)
    crowd = [door.inside() for _ in range(MOST)]
    for one in crowd:
        one.__enter__()
    assert door.full
    with pytest.raises(DomainError, match="overloaded"), door.inside():
        raise AssertionError("nobody gets in")
    for one in crowd:
        one.__exit__(None, None, None)
    assert not door.full

    async def lets_in() -> int:
        inside = []
        while not door.full:
            inside.append(door.inside())
            inside[-1].__enter__()
        for one in inside:
            one.__exit__(None, None, None)
        return len(inside)

    assert await lets_in() == MOST
    for _ in range(40):  # every request of every step takes too long
        held = [door.inside() for _ in range(FEW)]
        for one in held:
            one.__enter__()
        clock.now += max(TARGET_S * 1.5, STEP_S)
        for one in held:
            one.__exit__(None, None, None)
        held = [door.inside() for _ in range(FEW)]
        for one in held:
            one.__enter__()
        clock.now += TARGET_S * 1.5
        for one in held:
            one.__exit__(None, None, None)
    assert await lets_in() == LEAST
    await _pass(door, clock, 60, each_s=0.01, apart_s=STEP_S)
    assert await lets_in() == MOST


def test_strain_is_felt_when_one_measure_stays_too_long() -> None:
    strain = Strain()
    strain.add("claim", LIMITS_S["claim"] * 3)  # once is nothing
    assert not strain.felt
    for _ in range(20):
        strain.add("claim", LIMITS_S["claim"] * 3)
    assert strain.felt
    for _ in range(20):
        strain.add("claim", 0.0)
    assert not strain.felt


def _caller() -> Caller:
    return cast(Caller, SimpleNamespace(user_id=uuid4()))


def _asker(answers: list[Caller | None], gate: asyncio.Event) -> Callable[[], Awaitable[Any]]:
    async def ask() -> Caller | None:
        await gate.wait()
        return answers.pop(0)

    return ask


async def test_many_who_show_one_token_are_looked_up_once() -> None:
    cache, gate, caller = CallerCache(), asyncio.Event(), _caller()
    answers: list[Caller | None] = [caller]  # a second question would find nothing to answer
    asked = [asyncio.create_task(cache.found("t", _asker(answers, gate))) for _ in range(20)]
    await asyncio.sleep(0)
    asked[0].cancel()  # whoever asked first goes away: the others still hear
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asked[1:]) == [caller] * 19
    assert cache.get("t") is caller


async def test_an_answer_older_than_a_change_is_not_remembered() -> None:
    cache, gate, before, after = CallerCache(), asyncio.Event(), _caller(), _caller()
    begun = asyncio.Event()

    async def ask() -> Caller | None:
        begun.set()
        await gate.wait()
        return before

    old = asyncio.create_task(cache.found("t", ask))
    await begun.wait()
    cache.clear()  # a grant was taken away meanwhile
    gate.set()
    assert await old is before
    assert cache.get("t") is None
    assert await cache.found("t", _asker([after], gate)) is after


def test_counts_of_a_minute_add_up_and_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    counts = Counts()
    assert [counts.incr("a", 120) for _ in range(3)] == [1, 2, 3]
    now += 121
    assert counts.incr("b", 120) == 1
    assert (counts.get("a"), dict(counts.storage)) == (0, {"b": 1})
