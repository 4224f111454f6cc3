"""What the processing ticket and the quality ticket keep: steps of every round (TA2), accuracy and its level (TA3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import START, document, ticket
from ticketos.domain import quality
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
