"""What the processing ticket and the quality ticket keep: steps of every round (TA2), accuracy and its level (TA3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import START, document, ticket
from ticketos.domain import delivery, quality
from ticketos.domain.changes import SubTicket, Verdict
from ticketos.domain.state import QaState

REQUEST = ticket()
PAPER = document(1, REQUEST, state="posted", quality="passed")


def detail(verdict: Verdict) -> dict[str, Any]:
    """What the verdict writes on its sub-ticket."""
    (found,) = [dict(c.detail) for c in verdict.changes if isinstance(c, SubTicket)]
    return found


def check(level: int, inspected: int, correct: int, number: int = 0) -> QaState:
    return QaState(UUID(int=1), level, number, "all", "pass", None, inspected, correct)


@pytest.mark.parametrize(
    ("checks", "score", "level"),
    [
        ([check(1, 8, 6)], "75.00", 1),
        ([check(1, 8, 6), check(1, 8, 8)], "87.50", 1),
        ([check(1, 8, 8), check(2, 7, 6)], "85.71", 2),
        ([check(1, 8, 8), check(2, 7, 6, number=1)], "100.00", 1),
        ([check(1, 0, 0)], None, None),
        ([], None, None),
    ],
)
def test_a_score_says_at_which_level_it_was_found(
    checks: list[QaState], score: str | None, level: int | None
) -> None:
    kept = detail(quality.conclude(REQUEST, [PAPER], checks, START))
    assert (kept["score"], kept["score_level"]) == (score, level)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def test_each_round_keeps_its_steps_with_how_many_documents_and_when() -> None:
    first = detail(delivery.begin(REQUEST, (), at(0)))["steps"]
    assert first == [{"step": "started", "at": at(0).isoformat(), "life": 1, "round": 0}]
    events = [("posted", at(9)), ("read", at(2)), ("keyed", at(8)), ("read", at(1)), ("posted", at(9))]
    done = detail(delivery.finished(REQUEST, {}, [PAPER], first, events, at(10)))["steps"]
    again = replace(REQUEST, round=1)
    begun = detail(delivery.begin(again, done, at(20)))["steps"]
    later = [*events[1:], ("keyed", at(25)), ("posted", at(29))]
    log = detail(delivery.finished(again, {}, [PAPER], begun, later, at(30)))["steps"]
    told = [
        (one["round"], one["step"], one.get("documents"), one.get("first") or one["at"], one.get("last"))
        for one in log
    ]
    assert told == [
        (0, "started", None, at(0).isoformat(), None),
        (0, "read", 2, at(1).isoformat(), at(2).isoformat()),
        (0, "keyed", 1, at(8).isoformat(), at(8).isoformat()),
        (0, "posted", 2, at(9).isoformat(), at(9).isoformat()),
        (0, "finished", None, at(10).isoformat(), None),
        (1, "started", None, at(20).isoformat(), None),
        (1, "keyed", 1, at(25).isoformat(), at(25).isoformat()),
        (1, "posted", 1, at(29).isoformat(), at(29).isoformat()),
        (1, "finished", None, at(30).isoformat(), None),
    ]
