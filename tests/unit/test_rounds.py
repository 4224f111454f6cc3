"""The log of rounds is told from the verdicts and decisions that are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import rounds

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LENA = UUID(int=8)


def check(
    level: int, number: int = 0, verdict: str = "pass", right: int = 8, minutes: int = 0, **more: Any
) -> dict[str, Any]:
    base = {
        "life": 1, "level": level, "round": number, "verdict": verdict, "at": NOW + timedelta(minutes=minutes),
        "fields_inspected": 8, "fields_correct": right, "defects": [], "reviewer_id": LENA if level == 2 else None,
    }  # fmt: skip
    return {**base, **more}


def version(number: int, state: str, minutes: int, **more: Any) -> dict[str, Any]:
    offered = NOW + timedelta(minutes=minutes)
    base = {
        "life": 1, "round": number, "state": state, "offered_at": offered,
        "decided_at": None if state == "open" else offered + timedelta(minutes=5), "decided_by": None, "reason": None,
    }  # fmt: skip
    return {**base, **more}


def test_who_what_and_when_of_each_round_in_their_order() -> None:
    wrong = {"field": "total", "category": "wrong_value", "severity": "critical"}
    found = rounds.log(
        [
            check(1, minutes=1),
            check(2, verdict="fail", right=7, minutes=5, defects=[wrong]),
            check(1, 1, minutes=20),
            check(2, 1, minutes=25),
        ],
        [
            version(1, "returned", 30, decided_by="ravi", reason="wrong cost centre"),
            version(2, "accepted", 60),
        ],
    )
    assert [(one.round, one.outcome, one.score, one.level) for one in found] == [
        (0, "failed", Decimal("87.50"), 2),
        (1, "passed", Decimal("100.00"), 2),
        (2, "passed", None, None),
    ]
    first, second, third = found
    assert (first.checked, first.reviewed, first.reviewers, first.defects) == (1, 1, (LENA,), (wrong,))
    assert (first.began_at, first.judged_at) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=5))
    assert (second.decision, second.decided_by, second.reason) == ("returned", "ravi", "wrong cost centre")
    assert second.decided_at == NOW + timedelta(minutes=35)
    assert (third.decision, third.began_at) == ("accepted", NOW + timedelta(minutes=60))


def test_without_a_second_person_the_score_is_the_automatic_checks() -> None:
    (one,) = rounds.log([check(1, right=6, verdict="fail")], [])
    assert (one.score, one.level, one.outcome) == (Decimal("75.00"), 1, "failed")
    (nothing,) = rounds.log([check(1, fields_inspected=0, fields_correct=0)], [])
    assert (nothing.score, nothing.level) == (None, None)


def test_a_round_is_open_while_a_second_person_has_not_spoken() -> None:
    found = rounds.log([check(1, verdict="fail"), check(1, 1)], [version(1, "open", 9)], open_reviews=1)
    assert [one.outcome for one in found] == ["failed", "open"]
    assert (found[1].decision, found[1].decided_at) == ("open", None)


def test_a_reopened_request_begins_its_rounds_anew() -> None:
    found = rounds.log([check(1, life=2), check(1)], [])
    assert [(one.life, one.round) for one in found] == [(1, 0), (2, 0)]
    assert rounds.log([], []) == ()
