"""Retraining: kept-back examples decide, worse challengers stay out, confidences and codings follow what people did."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ticketos.domain import learning
from ticketos.domain.state import CodingFacts, DocumentState
from ticketos.lines.data_entry import calibration, coding, coding_model
from ticketos.lines.data_entry.calibration import Judged
from ticketos.lines.data_entry.coding_model import Coded


def answers(count: int, seed: int, *, modest: bool) -> list[Judged]:
    """A reader that says 0.8 and is right 98 % of the time (modest), or says 0.93 and is right half the time."""
    rng = random.Random(seed)
    said, right = (0.8, 0.98) if modest else (0.93, 0.5)
    return [Judged("number", said + rng.uniform(-0.05, 0.05), rng.random() < right) for _ in range(count)]


def test_a_modest_reader_is_believed_more_and_a_boastful_one_less() -> None:
    for modest in (True, False):
        learnt = calibration.fit(answers(600, 1, modest=modest))
        fresh = answers(300, 2, modest=modest)
        challenger, champion = calibration.score(learnt, fresh), calibration.score(None, fresh)
        assert calibration.better(challenger, champion) == (challenger["wrong"] <= champion["wrong"])
        assert challenger["log_loss"] < champion["log_loss"]
        corrected = calibration.confidence(learnt, "number", 0.8 if modest else 0.93)
        assert corrected > 0.93 if modest else corrected < 0.65
        if not modest:
            assert champion["wrong"] > 40
            assert challenger["wrong"] == 0


def test_few_answers_change_nothing_and_none_claims_more_than_its_examples_carry() -> None:
    assert calibration.fit(answers(calibration.FEWEST - 1, 3, modest=True))["fields"] == {}
    learnt = calibration.fit([Judged("total", 0.9, right=True)] * 60)
    assert calibration.confidence(learnt, "total", 0.99) <= 0.992
    assert calibration.confidence(learnt, "net_total", 0.7) == 0.7
    assert calibration.confidence(None, "total", 0.7) == 0.7


def test_a_reading_is_decided_anew_and_names_the_version() -> None:
    learnt = {"version": 3, "payload": calibration.fit(answers(600, 1, modest=True))}
    field = {
        "value": "R-1",
        "confidence": 0.82,
        "source": "text",
        "auto": False,
        "blocked_by": ["low-confidence"],
    }
    reading: dict[str, Any] = {
        "status": "read",
        "versions": {"reader": "r"},
        "fields": {
            "number": field,
            "due_date": {**field, "blocked_by": ["low-confidence", "check:due_after_issue"]},
            "total": {**field, "source": "xml", "confidence": 0.99, "auto": True, "blocked_by": []},
        },
    }
    after = calibration.applied(reading, learnt)
    assert after["fields"]["number"]["auto"]
    assert after["fields"]["number"]["blocked_by"] == []
    assert not after["fields"]["due_date"]["auto"], "a failed check still blocks"
    assert after["fields"]["total"]["confidence"] == 0.99
    assert after["versions"] == {"reader": "r", "calibration": "3"}
    assert calibration.applied(reading, None) == reading
    assert calibration.applied({"status": "quarantined"}, learnt) == {"status": "quarantined"}


def papers(count: int, seed: int) -> list[Coded]:
    rng = random.Random(seed)
    goods = {
        "6100": ("paper", "toner", "folder"),
        "6200": ("diesel", "petrol", "motorway"),
        "6300": ("hotel", "breakfast", "taxi"),
    }
    found = []
    for _ in range(count):
        account = rng.choice(sorted(goods))
        words = " ".join(rng.choices(goods[account], k=3)) + f" shop{rng.randint(1, 500)} blue"
        found.append(Coded(words, account, "C1" if account == "6300" else ""))
    return found


def test_papers_of_unknown_suppliers_are_coded_by_their_words() -> None:
    model = coding_model.fit(papers(120, 1))
    scores = coding_model.score(model, papers(60, 2))
    assert scores["coded"] > 50
    assert scores["wrong"] == 0
    guess = coding_model.predict(model, "Hotel Sonne, breakfast")
    assert guess is not None
    assert (guess.account, guess.cost_centre) == ("6300", "C1")
    assert guess.probability >= coding_model.SURE
    assert "breakfast" in guess.words
    assert coding_model.predict(model, "something entirely else") is None
    undecided = coding_model.predict(model, "hotel diesel toner")
    assert undecided is None or undecided.probability < coding_model.SURE
    assert coding_model.predict(coding_model.fit(papers(5, 1)), "hotel") is None, "five papers teach nothing"


def document(description: str, **coding_of: Any) -> DocumentState:
    fields = {"supplier_name": {"value": "Sonne"}, "total": {"value": "10"}}
    return DocumentState(
        id=UUID(int=1),
        ticket_id=UUID(int=2),
        position=0,
        filename="a.pdf",
        content_type="application/pdf",
        sha256="0",
        address="a",
        state="ready",
        reason=None,
        doc_type="invoice",
        fields=fields,
        lines=({"description": description},),
        checks=(),
        coding=coding_of,
        blocked_by=(),
        business_key=None,
        duplicate_of=None,
        straight_through=False,
        finished_by=None,
        erp_reference=None,
        round=0,
        quality="pending",
        approval="pending",
        engine=None,
        row_version=1,
    )


def test_the_model_speaks_after_people_memory_and_rules_and_says_why() -> None:
    model = {"version": 4, "payload": coding_model.fit(papers(120, 1))}
    hotel = document("hotel breakfast taxi")
    coded = coding.code(hotel, CodingFacts(model=model))
    assert (coded["account"], coded["by"], coded["model"]) == ("6300", "model", "4")
    assert "hotel" in coded["reason"] or "breakfast" in coded["reason"] or "taxi" in coded["reason"]
    rule = {"pattern": "hotel", "account": "6500", "cost_centre": "", "tax_code": ""}
    assert coding.code(hotel, CodingFacts(rules=(rule,), model=model))["by"] == "rule"
    memory = {"account": "6600", "cost_centre": "", "tax_code": "", "times": 1}
    assert coding.code(hotel, CodingFacts(memory=(memory,), rules=(rule,), model=model))["by"] == "memory"
    assert coding.code(document("unheard of"), CodingFacts(model=model))["by"] == "default"


def test_a_worse_challenger_stays_out_and_so_does_one_without_judges() -> None:
    good, bad = {"coded": 10, "wrong": 0, "gain": 10}, {"coded": 12, "wrong": 2, "gain": 6}
    assert not coding_model.better(bad, good)
    assert coding_model.better(good, bad)
    assert not calibration.better({"log_loss": 0.1, "wrong": 2}, {"log_loss": 0.3, "wrong": 1})
    assert learning.verdict(challenger_better=True, judges=3)[0] is False
    assert learning.verdict(challenger_better=True, judges=50)[0] is True
    assert learning.verdict(challenger_better=False, judges=50)[0] is False


def test_a_kept_back_example_stays_kept_back() -> None:
    ids = [UUID(int=n) for n in range(4000)]
    kept = [learning.is_kept_back(one) for one in ids]
    assert kept == [learning.is_kept_back(str(one)) for one in ids]
    assert 0.2 < sum(kept) / len(kept) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_training_is_the_same_every_time(seed: int) -> None:
    assert calibration.fit(answers(200, seed, modest=True)) == calibration.fit(
        answers(200, seed, modest=True)
    )
    assert coding_model.fit(papers(50, seed)) == coding_model.fit(papers(50, seed))


def test_a_sign_test_says_how_likely_chance_is() -> None:
    assert learning.chance(0, 0) == 1.0
    assert learning.chance(7, 0) == 1 / 128
    assert learning.chance(9, 1) == 11 / 1024
    assert learning.chance(3, 3) == pytest.approx(42 / 64)
    assert learning.chance(3000, 2000) < 1e-9


GOOD = learning.Duel(40, 12, 1, 300, (200, 3), (214, 3))
EVEN = learning.Duel(120, 2, 2, 1000, (900, 5), (900, 5))
NONE = learning.Duel()


@pytest.mark.parametrize(
    ("ruling", "promoted", "word"),
    [
        (learning.Ruling(1, GOOD, NONE, EVEN), True, "12 of 40"),
        (learning.Ruling(0, GOOD, NONE, EVEN), False, "no mistake that comes again"),
        (learning.Ruling(1, replace(GOOD, papers=9), NONE, EVEN), False, "at least 10"),
        (learning.Ruling(1, replace(GOOD, losses=6), NONE, EVEN), False, "may be chance"),
        (learning.Ruling(1, replace(GOOD, challenger=(214, 4)), NONE, EVEN), False, "1 more wrong answers"),
        (learning.Ruling(1, GOOD, learning.Duel(12, 1, 2), EVEN), False, "never learnt from 2 worse"),
        (learning.Ruling(1, GOOD, learning.Duel(5, 1, 2), EVEN), True, "12 of 40"),
        (learning.Ruling(1, GOOD, NONE, replace(EVEN, challenger=(894, 5))), False, "other kinds"),
        (learning.Ruling(1, GOOD, NONE, replace(EVEN, challenger=(895, 5))), True, "12 of 40"),
        (learning.Ruling(1, GOOD, NONE, replace(EVEN, challenger=(900, 11))), False, "surely"),
    ],
)
def test_a_scorer_takes_over_when_it_is_better_by_more_than_chance_and_worse_at_nothing(
    ruling: learning.Ruling, promoted: bool, word: str
) -> None:
    assert (ruling.verdict()[0], word in ruling.verdict()[1]) == (promoted, True), ruling.verdict()


def test_where_suppliers_are_many_some_are_never_learnt_from() -> None:
    vendors = [f"vendor {n}" for n in range(400)]
    assert learning.unmet_suppliers(vendors[:11] * 5) == frozenset()
    unmet = learning.unmet_suppliers(vendors)
    assert 70 < len(unmet) < 130
    assert learning.unmet_suppliers(vendors[:200]) == unmet & set(vendors[:200])
