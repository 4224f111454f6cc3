"""Learning from corrections: which examples are kept back, and the contest of challenger and champion."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

KEPT_BACK = 4
"""One example in this many is never learnt from, for ever: on those the contest is held."""
FEWEST_JUDGES = 10
"""Kept-back examples below which no challenger is let in: so few say nothing."""


Rows = Sequence[Mapping[str, Any]]
"""Examples as stored: of readings ``words``, ``shown``, ``final`` and ``seen``; of codings ``text``, ``account``,
``cost_centre`` and ``tax_code``."""


@dataclass(frozen=True)
class Learnable:
    """A kind of model: what it is learnt from, how, and when a challenger is better than the version in use.

    ``fit`` gives a payload of plain values; ``score`` judges one (None is what was shipped) on examples it has not
    seen and counts them under ``judges``.
    """

    name: str
    source: Literal["readings", "codings"]
    fit: Callable[[Rows], Mapping[str, Any]]
    score: Callable[[Mapping[str, Any] | None, Rows], Mapping[str, float]]
    better: Callable[[Mapping[str, float], Mapping[str, float]], bool]


@dataclass(frozen=True, slots=True)
class Contest:
    """A retraining of one kind: what it was learnt from, both scores, and who won."""

    kind: str
    version: int
    examples: int
    challenger: Mapping[str, Any]
    champion: Mapping[str, Any]
    promoted: bool
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {
            "kind": self.kind,
            "version": self.version,
            "examples": self.examples,
            "challenger": dict(self.challenger),
            "champion": dict(self.champion),
            "promoted": self.promoted,
            "why": self.why,
        }


class LearningRuns(Protocol):
    """What the nightly run asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The day (ISO) to learn for, if people corrected anything since the last time."""
        ...

    def run(self, client_id: UUID, period: str, actor: Any) -> Mapping[str, Any]:
        """Retrain every kind and hold the contests."""
        ...


def is_kept_back(document_id: UUID | str) -> bool:
    """Whether an example is for judging only: settled by its id alone, so it never changes sides."""
    return hashlib.sha256(str(document_id).encode()).digest()[0] % KEPT_BACK == 0


def verdict(challenger_better: bool, judges: int) -> tuple[bool, str]:
    """Whether the challenger takes over, and why in words."""
    if judges < FEWEST_JUDGES:
        return False, f"only {judges} kept-back examples, at least {FEWEST_JUDGES} are needed"
    if not challenger_better:
        return False, "not better than the version in use on the kept-back examples"
    return True, f"better than the version in use on {judges} kept-back examples"


def day_to_learn(at: datetime, zone: str) -> date:
    """The client's day that has ended at the instant."""
    return at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
