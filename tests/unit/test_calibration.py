"""Weekly calibration: which units, who may score them, and how agreement is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ticketos.domain import calibration
from ticketos.domain.calibration import Score, Unit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

WORKER, FIRST, ANNA, BEN, CARL = (UUID(int=n) for n in range(1, 6))
UNIT = Unit(UUID(int=9), ("number", "total", "date"), WORKER, Score(FIRST, frozenset({"total"})))


def person(who: UUID) -> Actor:
    return Actor("user", str(who), frozenset({"qa"}))


def found(*wrong: str, by: UUID = ANNA) -> Score:
    return Score(by, frozenset(wrong))


def test_the_week_is_the_one_that_has_ended_on_the_clients_calendar() -> None:
    monday = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert calibration.week_before(monday, "Asia/Kolkata") == "2026-W47"
    sunday_night = datetime(2026, 11, 22, 20, tzinfo=UTC)  # Monday already in Kolkata
    assert calibration.week_before(sunday_night, "Asia/Kolkata") == "2026-W47"
    assert calibration.week_before(sunday_night, "UTC") == "2026-W46"
    assert calibration.week_before(datetime(2027, 1, 4, 9, tzinfo=UTC), "UTC") == "2026-W53"


def test_a_week_has_its_bounds_also_when_the_clock_changes() -> None:
    begins, ends = calibration.bounds("2026-W43", "Europe/Berlin")
    assert (begins, ends) == (datetime(2026, 10, 18, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    for wrong in ("2026-W54", "2026-47", "x"):
        with pytest.raises(DomainError, match=r"^week-invalid"):
            calibration.bounds(wrong, "UTC")


def test_the_draw_is_small_replayable_and_another_one_each_week() -> None:
    units = [str(UUID(int=n)) for n in range(200)]
    one, two = (calibration.seed(UUID(int=1), week) for week in ("2026-W46", "2026-W47"))
    drawn = calibration.draw(one, units)
    assert len(drawn) == calibration.SIZE
    assert calibration.draw(one, reversed(units)) == drawn
    assert calibration.draw(two, units) != drawn
    assert len(calibration.draw(one, units[:3])) == 3
    assert calibration.draw(one, []) == ()


@pytest.mark.parametrize(
    ("who", "verdict", "wrong", "code"),
    [
        (WORKER, "pass", (), "own-work"),
        (FIRST, "pass", (), "own-work"),
        (ANNA, "fail", (), "defect-missing"),
        (ANNA, "pass", ("total",), "defect-on-pass"),
        (ANNA, "fail", ("colour",), "question-unknown"),
        (ANNA, "maybe", (), "verdict-unknown"),
    ],
)
def test_a_score_that_cannot_be_is_refused(who: UUID, verdict: str, wrong: Any, code: str) -> None:
    with pytest.raises(DomainError, match=f"^{code}"):
        calibration.score(UNIT, person(who), verdict, wrong)


def test_each_unit_has_two_scores_by_two_people() -> None:
    made = calibration.score(UNIT, person(ANNA), "fail", ["total"])
    assert (made.reviewer_id, made.wrong, made.verdict) == (ANNA, frozenset({"total"}), "fail")
    half = replace(UNIT, scores=(made,))
    assert calibration.agreement(half) is None
    with pytest.raises(DomainError, match=r"^calibration-scored"):
        calibration.score(half, person(ANNA), "pass", [])
    whole = replace(half, scores=(made, calibration.score(half, person(BEN), "pass", [])))
    with pytest.raises(DomainError, match=r"^calibration-complete"):
        calibration.score(whole, person(CARL), "pass", [])
    with pytest.raises(DomainError, match=r"^not-allowed"):
        calibration.score(UNIT, Actor("schedule"), "pass", [])


def test_agreement_is_told_by_question_and_with_the_first_review() -> None:
    whole = replace(UNIT, scores=(found("total"), found("total", "date", by=BEN)))
    assert calibration.agreement(whole) == {
        "verdict": True,
        "questions": {"number": True, "total": True, "date": False},
        "with_first_review": [True, True],
    }


def test_the_summary_counts_decisions_and_corrects_for_chance() -> None:
    # 8 decisions: both right 5, both wrong 1, only one 1, only the other 1; p_o = 6/8, p_e = (2/8)² + (6/8)²
    asked = tuple("abcd")
    one = Unit(UUID(int=1), asked, None, found(), (found("a", "b"), found("a", by=BEN)))
    two = Unit(UUID(int=2), asked, None, found(), (found(), found("c", by=BEN)))
    half = replace(UNIT, scores=(found(),))
    result = calibration.summary([one, two, half])
    assert (result["units"], result["compared"], result["agreed"], result["rate"]) == (2, 8, 6, "0.7500")
    assert result["kappa"] == "0.3333"
    assert result["questions"]["b"] == {"compared": 2, "agreed": 1}
    clean = calibration.summary([replace(UNIT, scores=(found(), found(by=BEN)))])
    assert (clean["rate"], clean["kappa"]) == ("1.0000", None), "without any fault chance explains all"
    assert calibration.summary([half])["rate"] is None


def test_every_field_that_was_delivered_is_asked_and_none_that_was_left_empty() -> None:
    delivered: dict[str, Any] = {
        "total": {"value": "118.00"},
        "po_number": {"value": "4711"},
        "own_field": {"value": "x"},
        "supplier_address": {"value": "Pune"},
        "due_date": {"value": None},
        "buyer_name": None,
    }
    asked = calibration.questions(("number", "total"), delivered)
    assert asked == ("number", "total", "supplier_address", "po_number", "own_field")
    assert calibration.questions(("number", "total"), {}) == ("number", "total")
    unit = replace(UNIT, questions=asked)
    assert calibration.score(unit, person(ANNA), "fail", ["po_number"]).wrong == {"po_number"}
    with pytest.raises(DomainError, match=r"^question-unknown"):
        calibration.score(unit, person(ANNA), "fail", ["due_date"])
