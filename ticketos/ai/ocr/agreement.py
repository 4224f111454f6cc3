"""Two readings of one page: the words on which they agree, and those they dispute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ticketos.ai.ocr.page import Page, Word

_MOSTLY = 0.85
_WORD = re.compile(r"\W+")


def compared(first: Page, second: Page) -> Page:
    """The first reading, its words told whether the second reads the same where they stand.

    A word the second reader saw nothing of stays untold. Words may be cut differently: what is compared is all
    that the second reader has within the word's box, and the other way round.
    """
    if first.source != "ocr" or first is second:
        return first
    words = [replace(word, agreed=_agreed(word, second.words)) for word in first.words]
    return replace(first, words=tuple(words))


def _agreed(word: Word, others: Sequence[Word]) -> bool | None:
    there = sorted((it for it in others if _shared(word, it) > 0.5 or _shared(it, word) > 0.5), key=_start)
    if not there:
        return None
    said = "".join(it.text for it in there)
    if not _letters(word.text):
        return word.text in said
    if len(there) == 1 and _shared(word, there[0]) <= _MOSTLY:
        # The second reader glued words together: its word speaks for each of mine within it.
        return _letters(word.text) in _letters(said)
    return _letters(word.text) == _letters(said)


def _start(word: Word) -> float:
    return word.box[0]


def _letters(text: str) -> str:
    return _WORD.sub("", text).casefold()


def _shared(outer: Word, inner: Word) -> float:
    """How much of the inner word's box the outer one covers."""
    across = min(outer.box[2], inner.box[2]) - max(outer.box[0], inner.box[0])
    down = min(outer.box[3], inner.box[3]) - max(outer.box[1], inner.box[1])
    area = (inner.box[2] - inner.box[0]) * (inner.box[3] - inner.box[1])
    return across * down / area if across > 0 and down > 0 and area > 0 else 0.0
