"""Two readings of one page: the words on which they agree, and those they dispute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ticketos.ai.ocr.page import Page, Word

_WORD = re.compile(r"\W+")


def compared(first: Page, second: Page) -> Page:
    """The first reading, its words told whether the second reads the same where they stand.

    A word the second reader saw nothing of stays untold. Words may be cut differently: what is compared is all
    that the second reader has within the word's box, and the other way round.
    """
    if first.source != "ocr" or first is second:
        return first
    words = [replace(word, agreed=_agreed(word, first.words, second.words)) for word in first.words]
    return replace(first, words=tuple(words))


def _agreed(word: Word, mine: Sequence[Word], others: Sequence[Word]) -> bool | None:
    there = sorted((it for it in others if _shared(word, it) > 0.5), key=lambda it: it.box[0])
    if not there:
        wider = [it for it in others if _shared(it, word) > 0.5]
        # The second reader glued words together: its word speaks for all of mine within it.
        return None if not wider else _letters(word.text) in _letters(wider[0].text)
    same = _letters(word.text) == _letters("".join(it.text for it in there))
    return same if _letters(word.text) else word.text == "".join(it.text for it in there)


def _letters(text: str) -> str:
    return _WORD.sub("", text).casefold()


def _shared(outer: Word, inner: Word) -> float:
    """How much of the inner word's box the outer one covers."""
    across = min(outer.box[2], inner.box[2]) - max(outer.box[0], inner.box[0])
    down = min(outer.box[3], inner.box[3]) - max(outer.box[1], inner.box[1])
    area = (inner.box[2] - inner.box[0]) * (inner.box[3] - inner.box[1])
    return across * down / area if across > 0 and down > 0 and area > 0 else 0.0
