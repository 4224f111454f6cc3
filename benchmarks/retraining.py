"""What a night of retraining adds to supplier memory: generated suppliers, corrected by the truth, read again.

A client has papers of many suppliers corrected; from those the scorer is retrained and stands in the contest that
decides in production. Then fresh papers of these suppliers, and of others it never met, are read with what memory
knows alone, with the challenger beside it, and (that is what would be in use) with the challenger only if it won.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ticketos.ai.extract.memory import SupplierMemory
from ticketos.ai.extract.memory.places import same_value
from ticketos.ai.extract.scoring import retrain
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.dev.sim.documents import Kind
from ticketos.domain.learning import is_kept_back, unmet_suppliers

if TYPE_CHECKING:
    from benchmarks.learning import Desk


@dataclass
class Figures:
    """Of fresh papers: values read right, fields a person is asked for, automatic answers and the wrong among them."""

    papers: int = 0
    values: int = 0
    right: int = 0
    needed: int = 0
    auto: int = 0
    wrong: int = 0

    def count(self, known: dict[str, str | None], reading: dict[str, Any], asked: set[str]) -> None:
        """One paper more."""
        fields = reading["fields"]
        self.papers += 1
        self.needed += len(asked)
        for name in retrain.FIELDS:
            found = fields.get(name)
            if known.get(name) is None and found is None:
                continue
            right = same_value(name, found["value"] if found else None, known.get(name))
            self.values, self.right = self.values + 1, self.right + right
            if found and found["auto"]:
                self.auto, self.wrong = self.auto + 1, self.wrong + (not right)


@dataclass
class Retrained:
    """What came of it: the contest, and figures by whose papers they are and what was in use."""

    corrections: int = 0
    seconds: float = 0.0
    contest: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, dict[str, Figures]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "corrections": self.corrections,
            "seconds": round(self.seconds, 1),
            "contest": self.contest,
            **{
                whose: {used: vars(it) for used, it in by_use.items()}
                for whose, by_use in self.figures.items()
            },
        }


def measure(desk: Desk, kind: Kind, seed: int, suppliers: int, papers: int, fresh: int) -> Retrained:
    """Correct `papers` of each of `suppliers`, retrain, and read `fresh` more of each and of as many strangers."""
    from benchmarks.learning import asked_for, pile

    memory, rows, buyer = list[SupplierMemory](), list[dict[str, Any]](), f"client/{seed}"
    for supplier in range(suppliers):
        for paper in pile(kind, f"retrained/{seed}/{supplier}", buyer, 10_000, papers, desk.single):
            reading, known = desk.read(paper, memory), paper.known()
            seen = asked_for(kind, reading)
            final = {
                name: known.get(name) if name in seen or name not in reading["fields"] else it["value"]
                for name, it in ({key: {"value": None} for key in known} | reading["fields"]).items()
            }
            rows.append(
                {
                    "document": f"{seed}/{supplier}/{len(rows)}",
                    "vendor": str(supplier),
                    "words": reading["words"],
                    "final": final,
                    "seen": sorted(seen),
                }
            )
            memory = desk.correct(paper, reading, memory, kind)
    done = Retrained(len(rows))
    started = time.process_time()
    challenger = _contest(rows, done)
    done.seconds = time.process_time() - started
    ways = {"memory": SHIPPED, "and_challenger": challenger}
    for whose, first in (("met", 0), ("never_met", 1_000)):
        done.figures[whose] = {used: Figures() for used in ways}
        for supplier in range(first, first + suppliers):
            for paper in pile(kind, f"retrained/{seed}/{supplier}", buyer, 20_000, fresh, desk.single):
                for used, scorer in ways.items():
                    reading = desk.read(paper, memory, scorer)
                    done.figures[whose][used].count(paper.known(), reading, asked_for(kind, reading))
    return done


def _contest(rows: Sequence[dict[str, Any]], done: Retrained) -> Scorer:
    """The challenger from these corrections, split as the database would split them."""
    unmet = unmet_suppliers([row["vendor"] for row in rows])
    for row in rows:
        row["unmet"] = row["vendor"] in unmet
    back = [row for row in rows if row["unmet"] or is_kept_back(row["document"])]
    known = [row for row in rows if not (row["unmet"] or is_kept_back(row["document"]))]
    challenger = retrain.fit(known, lambda: None)
    outcome = retrain.judge(challenger, None, back, lambda: None)
    done.contest = {"promoted": outcome.promoted, "why": outcome.why, **outcome.challenger}
    return Scorer.from_model({"version": "challenger", "payload": challenger})
