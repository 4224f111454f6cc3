"""Learning from corrections: which examples are kept back, and the contest of challenger and champion.

Nothing here reads or fits: given what both answered, who is better, and may that be chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import comb
from typing import Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

KEPT_BACK = 4
"""One example in this many is never learnt from, for ever: on those the contest is held."""
FEWEST_JUDGES = 10
"""Kept-back examples below which no challenger is let in: so few say nothing."""


MANY_SUPPLIERS = 12
"""Suppliers from which on all papers of one in `KEPT_BACK` suppliers are kept back too: whether what was learnt holds
for suppliers never met."""
MOST_CHANCE = 0.01
"""How likely a challenger that is no better may look better. Small, since there is a contest every night."""
SLACK = 0.005
"""The share of answers on generated papers by which a client's version may be worse than what ships: one or two that
turn by chance must not forbid what helps."""

Alive = Callable[[], None]
"""Called between steps of long work: tells whoever waits that it goes on, and raises when it should not."""


class Rows(Protocol):
    """Examples as stored, met as often as needed: of readings ``document``, ``vendor``, ``shown``, ``final`` and
    ``seen``; of papers ``words`` beside them, and ``unmet`` where nothing was learnt from that supplier; of codings
    ``text``, ``account``, ``cost_centre`` and ``tax_code``."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """A contest as a kind of model held it: both scores, whether the challenger takes over, and why in words."""

    challenger: Mapping[str, Any]
    champion: Mapping[str, Any]
    promoted: bool
    why: str


Score = Callable[[Mapping[str, Any] | None, Rows], Mapping[str, float]]


@dataclass(frozen=True)
class Learnable:
    """A kind of model: what it is learnt from, how, and how a challenger stands against the version in use.

    ``fit`` gives a payload of plain values; ``judge`` holds the contest of a payload with the one in use (None is what
    was shipped) on examples neither has seen. ``fits`` says whether a stored payload can still be used.
    """

    name: str
    source: Literal["readings", "papers", "codings"]
    fit: Callable[[Rows, Alive], Mapping[str, Any]]
    judge: Callable[[Mapping[str, Any], Mapping[str, Any] | None, Rows, Alive], Outcome]
    fits: Callable[[Mapping[str, Any]], bool] = lambda payload: True


def by_scores(
    score: Score, better: Callable[[Mapping[str, float], Mapping[str, float]], bool]
) -> Callable[[Mapping[str, Any], Mapping[str, Any] | None, Rows, Alive], Outcome]:
    """A contest of two scores; ``score`` judges one payload and counts its examples under ``judges``."""

    def judge(
        challenger: Mapping[str, Any], champion: Mapping[str, Any] | None, rows: Rows, alive: Alive
    ) -> Outcome:
        in_use = dict(score(champion, rows))
        alive()
        scores = dict(score(challenger, rows))
        return Outcome(scores, in_use, *verdict(better(scores, in_use), int(scores["judges"])))

    return judge


def chance(wins: int, losses: int) -> float:
    """How likely so many wins or more would be among these, were both equally good.

    The sign test on papers that the two answer differently: McNemar's test (Psychometrika 12, 1947, 153-157) in its
    exact one-sided form, the binomial tail with p = 1/2. 1.0 without a difference.
    """
    played = wins + losses
    ways: int = sum(comb(played, more) for more in range(wins, played + 1))
    return ways / (1 << played)


@dataclass(frozen=True, slots=True)
class Duel:
    """Two versions on the same papers: on how many the challenger read more fields right (``wins``) or fewer; fields
    with a known value, and of each version how many it read right and how many wrong though it was sure."""

    papers: int = 0
    wins: int = 0
    losses: int = 0
    answers: int = 0
    present: tuple[int, int] = (0, 0)
    challenger: tuple[int, int] = (0, 0)

    @property
    def better_by_more_than_chance(self) -> bool:
        """A paper counts once however many of its fields changed: those are not independent of each other."""
        return chance(self.wins, self.losses) <= MOST_CHANCE


@dataclass(frozen=True, slots=True)
class Ruling:
    """What decides on a challenger of the scorer: how many fields it learnt, and its duels on papers kept back, on
    those of suppliers never learnt from, and (against what ships) on generated papers."""

    fields: int
    kept: Duel
    unmet: Duel
    guard: Duel

    def verdict(self) -> tuple[bool, str]:
        """Whether the challenger takes over, and why in words."""
        kept, unmet, guard = self.kept, self.unmet, self.guard
        if kept.papers < FEWEST_JUDGES:
            return False, too_few(kept.papers)
        if not self.fields:
            return (
                False,
                "the corrections show no mistake that comes again and can be told from what is right",
            )
        told = f"{kept.wins} of {kept.papers} kept-back papers read better, {kept.losses} worse"
        if not kept.better_by_more_than_chance:
            return False, f"{told}: that may be chance (p = {chance(kept.wins, kept.losses):.3f})"
        if kept.challenger[1] > kept.present[1]:
            return (
                False,
                f"{told}, but {kept.challenger[1] - kept.present[1]} more wrong answers would pass unseen",
            )
        if unmet.papers >= FEWEST_JUDGES and unmet.losses > unmet.wins:
            return (
                False,
                f"{told}, but of suppliers never learnt from {unmet.losses} worse and {unmet.wins} better",
            )
        slack = SLACK * guard.answers
        lost, bold = guard.present[0] - guard.challenger[0], guard.challenger[1] - guard.present[1]
        if lost > slack:
            return False, f"{told}, but papers of other kinds read worse: {lost} of {guard.answers} values"
        if bold > slack:
            return False, f"{told}, but on papers of other kinds {bold} more wrong answers are told surely"
        return True, told

    def figures(self) -> dict[str, Any]:
        """The figures behind the verdict, for the record."""
        return {
            "wins": self.kept.wins,
            "losses": self.kept.losses,
            "chance": round(chance(self.kept.wins, self.kept.losses), 5),
            "unmet": [self.unmet.papers, self.unmet.wins, self.unmet.losses],
            "guard": {
                "answers": self.guard.answers,
                "right": list(self.guard.challenger[:1]) + list(self.guard.present[:1]),
            },
        }


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

    def run(self, client_id: UUID, period: str, actor: Any, alive: Alive = lambda: None) -> Mapping[str, Any]:
        """Retrain every kind and hold the contests; minutes, with ``alive`` called all the while."""
        ...


def is_kept_back(document_id: UUID | str) -> bool:
    """Whether an example is for judging only: settled by its id alone, so it never changes sides."""
    return hashlib.sha256(str(document_id).encode()).digest()[0] % KEPT_BACK == 0


def unmet_suppliers(vendors: Collection[str]) -> frozenset[str]:
    """The suppliers none of whose papers is learnt from: one in `KEPT_BACK` by name, where there are many."""
    if len(set(vendors)) < MANY_SUPPLIERS:
        return frozenset()
    return frozenset(vendor for vendor in vendors if is_kept_back(f"supplier:{vendor}"))


def too_few(judges: int) -> str:
    """Why so few judges decide nothing, in words."""
    return f"only {judges} kept-back examples, at least {FEWEST_JUDGES} are needed"


def verdict(challenger_better: bool, judges: int) -> tuple[bool, str]:
    """Whether the challenger takes over, and why in words."""
    if judges < FEWEST_JUDGES:
        return False, too_few(judges)
    if not challenger_better:
        return False, "not better than the version in use on the kept-back examples"
    return True, f"better than the version in use on {judges} kept-back examples"


def day_to_learn(at: datetime, zone: str) -> date:
    """The client's day that has ended at the instant."""
    return at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
