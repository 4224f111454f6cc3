"""A possible value of a field and what speaks for and against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.scoring.trees import sigmoid
from ticketos.ai.ocr.page import Word

_TAUGHT = 1.0


@dataclass(frozen=True)
class Option:
    """A candidate: value as reported, features by name, the words it was read from."""

    value: str
    features: dict[str, float]
    words: tuple[Word, ...]
    page: int
    row: int
    score: float = 0.0
    """Log-odds that this is the field's value, before the other candidates are looked at."""
    taught: float = 0.0
    """What of the score a client's corrections taught."""

    @property
    def probability(self) -> float:
        return sigmoid(self.score)

    @property
    def spoken_for(self) -> bool:
        """Whether corrections taught that it is likelier than rules of thumb say: those then do not rule it out."""
        return self.taught >= _TAUGHT

    @property
    def legibility(self) -> float:
        """The least certain of its words."""
        return min((word.confidence for word in self.words), default=1.0)


def ranked(field: str, options: Sequence[Option], scorer: Scorer = SHIPPED) -> list[Option]:
    """The candidates of a field with their scores, the likeliest first; without weights, as they came."""
    scores = scorer.scores(field, [it.features for it in options]) if options else None
    if scores is None:
        return list(options)
    scored = [
        replace(it, score=float(score), taught=float(own))
        for it, score, own in zip(options, *scores, strict=True)
    ]
    return sorted(scored, key=lambda it: -it.score)


def chosen(options: Sequence[Option]) -> Option | None:
    """The likeliest value, its score lowered by what the next best other value could be; None for no candidate."""
    if not options:
        return None
    best = options[0]
    rivals = sum(it.probability for it in options[1:8] if it.value.casefold() != best.value.casefold())
    alone = best.probability / (best.probability + rivals) if best.probability else 0.0
    return replace(best, score=log_odds(best.probability * alone))


def log_odds(probability: float) -> float:
    """The other way round from a probability."""
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
