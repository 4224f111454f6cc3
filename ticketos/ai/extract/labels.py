"""The words that stand before or above a value, in English, German, French, Spanish and Italian.

A phrase is a small pattern over folded text (lower case, no accents): a blank matches any run of spaces,
points,
hyphens, brackets or nothing (readers lose spaces), `{no}` any way of writing "number". The longest phrase
at a place wins,
so `delivery date` keeps its date away from `date`. A field starting with `-` exists only for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import takewhile
from typing import Literal

from ticketos.ai.extract.values import fold
from ticketos.ai.extract.wording import english, french, german, italian, spanish

Language = Literal["en", "de", "fr", "es", "it"]
_VOCABULARIES: tuple[tuple[Language, tuple[tuple[str, float, str], ...]], ...] = (
    ("en", english.PHRASES),
    ("de", german.PHRASES),
    ("fr", french.PHRASES),
    ("es", spanish.PHRASES),
    ("it", italian.PHRASES),
)


@dataclass(frozen=True, slots=True)
class Label:
    """A phrase and the field it announces; `strength` is the probability that it really does."""

    field: str
    language: Language | None
    phrase: str
    strength: float


_NO = r"(?:number|nummer|numero|num|nos?|nr|n°|nº|id|#)"
_GAP = r"[\s.\-:/_'’()]*"


def _labels(field: str, language: Language | None, strength: float, phrases: str) -> list[Label]:
    return [Label(field, language, part, strength) for part in _choices(phrases)]


def _choices(phrases: str) -> list[str]:
    """Split at bars; one inside brackets is a choice within its phrase."""
    parts, depth = [""], 0
    for character in phrases:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


LABELS: tuple[Label, ...] = tuple(
    label
    for language, phrases in _VOCABULARIES
    for field, strength, text in phrases
    for label in _labels(field, language, strength, text)
)


def pattern_of(phrase: str) -> str:
    """The phrase as a pattern over folded text."""
    spaced = re.sub(r"(?<=[\w)])\{no\}", " {no}", phrase)
    return spaced.replace(" ", _GAP).replace("{no}", _NO)


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found at characters start to end, with every label it may stand for."""

    start: int
    end: int
    labels: tuple[Label, ...]

    def of(self, *fields: str) -> Label | None:
        """The strongest of its labels for one of the fields."""
        return max(
            (label for label in self.labels if label.field in fields),
            key=lambda it: it.strength,
            default=None,
        )


_Compiled = tuple[re.Pattern[str], tuple[Label, ...]]
_GLUED_DIGIT = re.compile(r"[-/]?\d")
_WORD_START = re.compile(r"(?<![^\W\d_])[^\W\d_]|n°|nº|#|(?<![\w#])#")


_TOLD_BY = 4
"""So many letters of a word say which phrases it may begin."""
_NO_BEGINS = ("nu", "no", "nr", "n°", "nº", "id", "#")


@cache
def _by_first_letters() -> dict[str, dict[str, list[Label]]]:
    """Phrases and what they announce by their first two letters; those that begin with a choice are under the
    empty string.

    A phrase shared by several labels is one entry: `tva` announces a rate, an amount and an identifier.
    """
    found: dict[str, dict[str, list[Label]]] = {"": {}}
    for label in LABELS:
        phrase = label.phrase
        start = phrase[:2] if phrase[:2].isalpha() and phrase[2:3] not in ("?", "*") else ""
        found.setdefault(start, {}).setdefault(phrase, []).append(label)
    return found


@cache
def _begins(phrase: str) -> tuple[str, ...]:
    """What a text begins with where the phrase matches, one of these, at most `_TOLD_BY` letters each."""
    if phrase.startswith("{no}"):
        return _NO_BEGINS
    letters = "".join(takewhile(str.isalpha, phrase))
    optional = phrase[len(letters) : len(letters) + 1] in ("?", "*", "{")
    return (letters[: len(letters) - optional][:_TOLD_BY],)


@cache
def _compiled(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern_of(phrase)})(?![^\W\d])")


@lru_cache(maxsize=4096)
def _beginning(start: str) -> tuple[_Compiled, ...]:
    """The phrases that may stand where a text goes on with these letters. Each is compiled when a text first calls for
    it: a thousand patterns take longer than reading a page.
    """
    known = _by_first_letters()
    tried = (*known.get(start[:2], {}).items(), *known[""].items())
    return tuple(
        (_compiled(phrase), tuple(group)) for phrase, group in tried if start.startswith(_begins(phrase))
    )


def mentions(text: str) -> Iterator[Mention]:
    """Every label phrase in a text, not overlapping, the longest at each place."""
    folded, done = fold(text), 0
    for start in _WORD_START.finditer(folded):
        if start.start() < done:
            continue
        end = start.start()
        labels: tuple[Label, ...] = ()
        for pattern, group in _beginning(folded[end : end + _TOLD_BY]):
            match = pattern.match(folded, start.start())
            # "PO445" and "PO-7781" are numbers, not the label PO with a number behind.
            if match and match.end() - start.start() <= 3 and _GLUED_DIGIT.match(folded, match.end()):
                continue
            if match and match.end() > end:
                end, labels = match.end(), group
            elif match and match.end() == end and labels:
                labels += group
        if labels:
            done = end
            yield Mention(start.start(), end, labels)


def language_of(found: Iterable[Mention]) -> Language | None:
    """The language most of the labels belong to; None when they do not say."""
    votes: dict[Language, float] = {}
    for mention in found:
        spoken = {label.language for label in mention.labels}
        for language in spoken:
            if language is not None:
                votes[language] = votes.get(language, 0.0) + (mention.end - mention.start) / len(spoken)
    return max(votes, key=lambda language: votes[language], default=None)
