"""What the reader's word is worth at this client: learnt from the fields its people confirmed or corrected.

A model stretches and shifts the log-odds of each field's confidence. It never claims more than the share of
right answers it was learnt from can carry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketos.domain.learning import Alive, Learnable, Rows, by_scores
from ticketos.lines.data_entry import rules

KIND = "reader"
FEWEST = 40
"""Judged answers of a field below which its confidence stays as the reader gave it."""
_STEPS, _RATE, _PULL = 300, 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer of the reader as a person judged it."""

    field: str
    confidence: float
    right: bool


def fit(answers: Iterable[Judged], alive: Alive = lambda: None) -> dict[str, Any]:
    """The model: for each field with enough answers its slope, shift and the most it may claim."""
    by_field: dict[str, list[Judged]] = {}
    for one in answers:
        by_field.setdefault(one.field, []).append(one)
    fields = {}
    for name, found in sorted(by_field.items()):
        if len(found) >= FEWEST:
            alive()
            fields[name] = _line(found)
    return {"fields": fields, "judged": sum(map(len, by_field.values()))}


def _line(found: Sequence[Judged]) -> dict[str, float]:
    """Logistic regression in one variable by gradient descent, pulled towards leaving things as they are."""
    points = [(_logit(one.confidence), float(one.right)) for one in found]
    slope, shift, count = 1.0, 0.0, len(points)
    for _ in range(_STEPS):
        off = [(_sigmoid(slope * x + shift) - y, x) for x, y in points]
        slope -= _RATE * (sum(e * x for e, x in off) + _PULL * (slope - 1.0)) / count
        shift -= _RATE * (sum(e for e, _ in off) + 0.2 * _PULL * shift) / count
        slope = min(max(slope, 0.0), 5.0)
    return {
        "slope": round(slope, 4),
        "shift": round(shift, 4),
        # So many answers carry so much certainty and no more.
        "most": round((count + 0.5) / (count + 1.0), 5),
    }


def confidence(model: Mapping[str, Any] | None, field: str, given: float) -> float:
    """The reader's confidence as the model corrects it."""
    line = (model or {}).get("fields", {}).get(field)
    if line is None:
        return given
    odds = float(line["slope"]) * _logit(given) + float(line["shift"])
    return round(min(_sigmoid(odds), float(line["most"])), 3)


def applied(reading: Mapping[str, Any], learned: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A reading with its confidences corrected, what may skip a person decided anew, the version noted."""
    if learned is None or reading.get("status") != "read":
        return reading
    fields = {}
    for name, found in reading.get("fields", {}).items():
        corrected = found["confidence"]
        if found["source"] != "xml":
            corrected = confidence(learned["payload"], name, float(found["confidence"]))
        blocked = [code for code in found.get("blocked_by", ()) if code != "low-confidence"]
        threshold = rules.DEFAULT_THRESHOLDS.get(name, rules.DEFAULT_THRESHOLDS["*"])
        if found["value"] is not None and corrected < threshold:
            blocked.append("low-confidence")
        fields[name] = {**found, "confidence": corrected, "auto": not blocked, "blocked_by": blocked}
    versions = {**(reading.get("versions") or {}), "calibration": str(learned["version"])}
    return {**reading, "fields": fields, "versions": versions}


def score(model: Mapping[str, Any] | None, answers: Sequence[Judged]) -> dict[str, float]:
    """How good a model is on answers it has not seen: log-loss, and automatic answers that were wrong."""
    loss, wrong, automatic = 0.0, 0, 0
    for one in answers:
        believed = confidence(model, one.field, one.confidence)
        bounded = min(max(believed, 0.001), 0.999)
        loss -= math.log(bounded if one.right else 1 - bounded)
        if believed >= rules.DEFAULT_THRESHOLDS.get(one.field, rules.DEFAULT_THRESHOLDS["*"]):
            automatic += 1
            wrong += not one.right
    count = max(len(answers), 1)
    return {
        "log_loss": round(loss / count, 5),
        "automatic": automatic,
        "wrong": wrong,
        "judges": len(answers),
    }


def better(challenger: Mapping[str, float], champion: Mapping[str, float]) -> bool:
    """Whether the challenger takes over: a clearly smaller loss, and not one more wrong answer let through."""
    return challenger["log_loss"] < champion["log_loss"] * 0.995 and challenger["wrong"] <= champion["wrong"]


def judged(rows: Rows) -> list[Judged]:
    """The reader's answers that a person looked at, out of finished readings."""
    return [
        Judged(name, float(row["shown"][name][1]), row["shown"][name][0] == row["final"].get(name))
        for row in rows
        for name in row["seen"]
        if name in row["shown"] and row["shown"][name][0] is not None
    ]


LEARNABLE = Learnable(
    KIND,
    "readings",
    lambda rows, alive: fit(judged(rows), alive),
    by_scores(lambda model, rows: score(model, judged(rows)), better),
)


def _logit(probability: float) -> float:
    bounded = min(max(probability, 0.01), 0.995)
    return math.log(bounded / (1 - bounded))


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))
