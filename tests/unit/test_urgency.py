"""What a chip says: time left by the wall clock, at risk below a fifth, overrun in negative time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ticketos.domain.urgency import NO_CLOCK, urgency

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DUE = START + timedelta(hours=10)


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        (0, "on_track"),
        (7.9, "on_track"),
        (8, "on_track"),
        (8.01, "at_risk"),
        (9.99, "at_risk"),
        (10, "breached"),
        (30, "breached"),
    ],
)
def test_the_state_follows_the_time_left(hours: float, state: str) -> None:
    assert urgency(START, DUE, now=START + timedelta(hours=hours)).state == state


def test_what_is_over_counts_below_zero() -> None:
    assert urgency(START, DUE, now=DUE + timedelta(minutes=90)).left == timedelta(minutes=-90)


def test_a_pause_holds_what_was_left_and_hides_no_breach() -> None:
    much_later = DUE + timedelta(days=3)
    held = urgency(START, DUE, now=much_later, paused_at=START + timedelta(hours=4))
    assert (held.state, held.left) == ("paused", timedelta(hours=6))
    assert urgency(START, DUE, now=much_later, paused_at=DUE + timedelta(hours=1)).state == "breached"


def test_a_stopped_clock_urges_nobody_and_no_clock_says_nothing() -> None:
    assert (
        urgency(START, DUE, now=DUE + timedelta(days=1), stopped_at=DUE - timedelta(hours=1)).state
        == "stopped"
    )
    assert urgency(None, DUE, now=DUE) == NO_CLOCK
    assert urgency(START, None, now=DUE) == NO_CLOCK
