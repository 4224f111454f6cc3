"""From what speaks for a value to the probability that it is right.

Fitted on documents the weights were not learnt from, then held back: print made by a generator is cleaner than life,
so a certainty it taught is told smaller than it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ticketos.ai.extract.scoring.option import log_odds
from ticketos.ai.extract.scoring.trees import sigmoid

EVIDENCE = (
    *("score", "legible", "agrees", "backed", "disagrees", "passed", "failed"),
    *("guessed_day", "derived", "announced", "repeated"),
)
"""What is weighed: the scorer's log-odds, the log-odds of the ink, sums that fit (and how likely the others of the sum are
by themselves) or do not, checks, a day that could be a month, a value that was calculated, the strength of its label, how
often it is printed again."""
_SHRUNK = {"text": (0.9, 0.15), "ocr": (0.85, 0.3), "rule": (0.8, 0.4)}
_CAP = 0.998
_SIGN_TURNED = 0.85


@dataclass(frozen=True)
class Curve:
    """A line in log-odds for one field."""

    base: float
    slopes: dict[str, float]

    def probability(self, evidence: dict[str, float], source: str) -> float:
        """How likely the value is right, told smaller than the fit says."""
        fitted = self.base + sum(slope * evidence.get(name, 0.0) for name, slope in self.slopes.items())
        factor, margin = _SHRUNK.get(source, (0.85, 0.3))
        sure = min(sigmoid(factor * fitted - margin), _CAP)
        # Issuers differ in whether a credit note's minus is meant: a person decides.
        return min(sure, _SIGN_TURNED) if evidence.get("turned") else sure


def ink(legibility: float) -> float:
    """The log-odds of the least certain word, bounded: text layers are certain, not infinitely so."""
    return min(max(log_odds(legibility), -3.0), 4.5)


def curve(field: str) -> Curve | None:
    """The fitted curve of a field; None for one that has none."""
    return _stored().get(field)


@cache
def _stored() -> dict[str, Curve]:
    file = resources.files("ticketos.ai.extract.scoring").joinpath("weights.json")
    if not file.is_file():
        return {}
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {name: Curve(it["base"], it["slopes"]) for name, it in stored.get("calibration", {}).items()}
