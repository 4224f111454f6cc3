"""GL coding of suppliers never met: what people chose for papers with such words.

Naive Bayes over the words of supplier and lines, learnt per client. It answers with the words that spoke for it, and
only where one coding is far likelier than the others.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketos.domain.learning import Learnable, Rows, by_scores

KIND = "coder"
SURE = 0.8
FEWEST = 12
_SMOOTH, _MOST_WORDS, _LEAST_LETTERS = 0.5, 1500, 3
_STILL = frozenset(
    (
        *(
            "the",
            "and",
            "for",
            "with",
            "ltd",
            "limited",
            "pvt",
            "private",
            "gmbh",
            "inc",
            "llc",
            "sdn",
            "bhd",
        ),
        *("und", "der", "die", "das", "pour", "les", "des", "con", "per"),
    )
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A paper and how a person coded it."""

    text: str
    account: str
    cost_centre: str = ""
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest coding, how likely, and the words that speak for it."""

    account: str
    cost_centre: str
    tax_code: str
    probability: float
    words: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """The distinct words a choice can hang on."""
    found = re.findall(r"[^\W\d_]+", text.casefold())
    return list(dict.fromkeys(word for word in found if len(word) >= _LEAST_LETTERS and word not in _STILL))


def fit(papers: Iterable[Coded]) -> dict[str, Any]:
    """The model: papers of each coding, and how many of them had each word."""
    papers_of: Counter[str] = Counter()
    words: dict[str, Counter[str]] = {}
    for paper in papers:
        key = f"{paper.account}|{paper.cost_centre}|{paper.tax_code}"
        papers_of[key] += 1
        for word in words_of(paper.text):
            words.setdefault(word, Counter())[key] += 1
    kept = sorted(words.items(), key=lambda pair: (-pair[1].total(), pair[0]))[:_MOST_WORDS]
    return {"papers": dict(papers_of), "words": {word: dict(found) for word, found in kept}}


def predict(model: Mapping[str, Any], text: str) -> Guess | None:
    """The likeliest coding of a paper with these words; None without a word that was met before."""
    papers: Mapping[str, int] = model["papers"]
    known = [word for word in words_of(text) if word in model["words"]]
    if not known or sum(papers.values()) < FEWEST:
        return None
    total, codings = sum(papers.values()), len(papers)
    odds: dict[str, float] = {}
    for key, count in papers.items():
        odds[key] = math.log((count + _SMOOTH) / (total + _SMOOTH * codings))
        for word in known:
            seen = model["words"][word].get(key, 0)
            odds[key] += math.log((seen + _SMOOTH) / (count + 2 * _SMOOTH))
    best = max(odds, key=lambda key: (odds[key], key))
    # Something new is always possible: it weighs as one paper without these words.
    new = math.log(_SMOOTH / (total + 1)) + len(known) * math.log(0.25)
    share = 1 / (
        sum(math.exp(min(value - odds[best], 0)) for value in odds.values())
        + math.exp(min(new - odds[best], 0))
    )
    speaking = sorted(
        known, key=lambda word: -model["words"][word].get(best, 0) / sum(model["words"][word].values())
    )
    account, cost_centre, tax_code = best.split("|")
    return Guess(account, cost_centre, tax_code, share, tuple(speaking[:3]))


def score(model: Mapping[str, Any] | None, papers: Sequence[Coded]) -> dict[str, float]:
    """On papers not learnt from: how many were coded, how many of them otherwise than the person did."""
    coded = wrong = 0
    for paper in papers:
        guess = predict(model, paper.text) if model else None
        if guess and guess.probability >= SURE:
            coded += 1
            wrong += guess.account != paper.account
    return {"coded": coded, "wrong": wrong, "judges": len(papers), "gain": coded - 3 * wrong}


def better(challenger: Mapping[str, float], champion: Mapping[str, float]) -> bool:
    """Whether the challenger takes over: more papers coded, a wrong coding weighing as much as two right ones."""
    return challenger["gain"] > champion["gain"]


def _coded(rows: Rows) -> list[Coded]:
    return [Coded(row["text"], row["account"], row["cost_centre"], row["tax_code"]) for row in rows]


LEARNABLE = Learnable(
    KIND,
    "codings",
    lambda rows, alive: fit(_coded(rows)),
    by_scores(lambda model, rows: score(model, _coded(rows)), better),
)
