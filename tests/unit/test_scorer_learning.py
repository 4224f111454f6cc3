"""Retraining the scorer: a mistake that comes again is unlearnt, noise is not believed, what is general stays."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.learning import LearningActivities
from schemas.periods import PeriodCommand
from tests.support.oddities import odd
from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.memory import packed
from ticketos.ai.extract.scoring import retrain
from ticketos.ai.extract.scoring.scorer import BOUND, SHIPPED, Scorer, added
from ticketos.ai.extract.scoring.trees import champion, matrix
from ticketos.domain.learning import is_kept_back


def still() -> None:
    """Nobody waits."""


def stored(
    count: int, first: int = 0, change: Mapping[int, Mapping[str, str | None]] | None = None
) -> list[dict[str, Any]]:
    """Corrections as the database keeps them; `change` puts other values in place of the true ones."""
    found = []
    for seed in range(first, first + count):
        pages, final = odd(seed)
        final |= (change or {}).get(seed, {})
        found.append({"document": f"d{seed}", "vendor": final["supplier_name"], "words": packed(pages),
                      "final": final, "seen": ["total", "number"]})  # fmt: skip
    return found


def halves(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [row for row in rows if not is_kept_back(row["document"])], [
        row for row in rows if is_kept_back(row["document"])
    ]


def totals(scorer: Scorer, first: int, count: int = 12) -> list[bool]:
    made = [odd(seed) for seed in range(first, first + count)]
    return [analyse(pages, scorer=scorer).fields["total"].value == true["total"] for pages, true in made]


@pytest.fixture(scope="module")
def learnt() -> tuple[dict[str, Any], Any]:
    known, kept_back = halves(stored(60))
    challenger = retrain.fit(known, still)
    return challenger, retrain.judge(challenger, None, kept_back, still)


def test_a_mistake_of_a_layout_nobody_knew_is_unlearnt(learnt: tuple[dict[str, Any], Any]) -> None:
    challenger, outcome = learnt
    scorer = Scorer.from_model({"version": 1, "payload": challenger})
    assert sum(totals(SHIPPED, 500)) <= 2
    assert sum(totals(scorer, 500)) >= 10
    assert outcome.promoted, outcome.why


def test_what_is_general_stays_and_the_figures_of_the_guard_are_kept(
    learnt: tuple[dict[str, Any], Any],
) -> None:
    guard = learnt[1].challenger["guard"]
    assert guard["answers"] > 500
    challenger, shipped = guard["right"]
    assert shipped - challenger <= 0.005 * guard["answers"]


def test_corrections_that_follow_no_rule_are_not_promoted() -> None:
    rng = random.Random(3)
    changed = {seed: {"total": f"{rng.randint(100, 99_999) / 100:.2f}"} for seed in range(40)}
    # Half of them at least stand on the paper: another amount, taken by lot.
    for seed in range(0, 40, 2):
        amounts = [cell.text for cell in odd(seed)[0][0].rows[-rng.randint(1, 3)].cells]
        changed[seed] = {"total": amounts[-1]}
    known, kept_back = halves(stored(40, change=changed))
    outcome = retrain.judge(retrain.fit(known, still), None, kept_back, still)
    assert not outcome.promoted, outcome.why


def test_the_same_corrections_give_the_same_trees_and_survive_being_stored(
    learnt: tuple[dict[str, Any], Any],
) -> None:
    known, _ = halves(stored(60))
    again = retrain.fit(known, still)
    assert json.dumps(again, sort_keys=True) == json.dumps(learnt[0], sort_keys=True)


def test_a_clients_trees_move_no_score_by_more_than_the_bound_and_rest_beside_other_weights(
    learnt: tuple[dict[str, Any], Any],
) -> None:
    challenger = learnt[0]
    own = Scorer.from_model({"version": 1, "payload": challenger}).own["total"]
    wild = replace(own, value=own.value * 1000)
    shipped = champion("total")
    assert shipped is not None
    table = matrix(shipped, [{"due": 1.0, "total": float(n)} for n in range(2)])
    assert abs(added(wild, table)).max() <= BOUND
    stale = {"version": 1, "payload": {**challenger, "base": "another"}}
    assert Scorer.from_model(stale) is SHIPPED
    assert Scorer.from_model(None) is SHIPPED


def test_a_poisoned_paper_and_a_short_time_stop_nothing() -> None:
    rows = stored(6)
    rows[2]["words"] = [{"number": 1, "width": "wide"}]
    rows[3]["words"] = []
    rows[4]["final"] = {"total": "no amount", "issue_date": "yesterday"}
    rows[5]["final"] = ["no", "fields"]
    beats: list[int] = []
    made = retrain.fit(rows, lambda: beats.append(1))
    assert (made["papers"], made["skipped"], made["late"]) == (3, 3, False)
    assert len(beats) >= len(rows)
    assert retrain.fit(rows, still, longest_s=0.0)["late"]
    few = retrain.judge(made, None, rows, still)
    assert few.why == "only 6 kept-back examples, at least 10 are needed; 3 papers could not be read again"


def test_the_nights_activity_is_heard_of_while_it_learns() -> None:
    beats: list[Any] = []
    runs = SlowRuns()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: beats.append(1)
    command = PeriodCommand(client_id=UUID(int=1), period="2026-11-21")
    found = environment.run(LearningActivities(runs).run, command)
    assert found.facts == {"day": "2026-11-21"}
    assert len(beats) == 3


def test_a_night_that_was_cancelled_ends_between_two_papers() -> None:
    environment = ActivityEnvironment()
    command = PeriodCommand(client_id=UUID(int=1), period="2026-11-21")
    runs = SlowRuns()
    environment.on_heartbeat = lambda *_: environment.cancel()
    with pytest.raises(ApplicationError, match="CancelledError"):
        environment.run(LearningActivities(runs).run, command)
    assert runs.steps == 0


class SlowRuns:
    """A night of three steps."""

    steps = 0

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        return ()

    def run(
        self, client_id: UUID, period: str, actor: Any, alive: Callable[[], None] = still
    ) -> Mapping[str, Any]:
        for _ in range(3):
            alive()
            self.steps += 1
        return {"day": period}
