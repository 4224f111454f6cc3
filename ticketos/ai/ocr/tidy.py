"""What a reader of pictures gets wrong the same way everywhere, put right before anybody asks what a word means.

Only where nothing else could have been printed: a letter between a currency and its point is a nought, a figure inside a
word is a letter, the two decimals behind "12." belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ticketos.ai.ocr.page import Page, Word, fraction

_SIGN = r"(?:RM|Rs|EUR|USD|GBP|INR|SGD|MYR|CHF|[€$£₹])"
_NOUGHT = re.compile(rf"^(-?{_SIGN}-?)[OoDQ](?=[.,]\d)")
_DECIMALS = re.compile(rf"^(\(?-?{_SIGN}?-?\d[\d.,]*[.,])([0-9OoDCc]{{2}})([A-Z]?)$")
_ONES = re.compile(r"(?<=[a-z]{3})1(?![\d.,/\-])|(?<=[A-Z][a-z])11(?![\w.,/\-])")
_GLUED = re.compile(rf"^(\W*[A-Za-z]{{3,}}[:.]?)(-?{_SIGN}\d[\d.,]*)$")
_OPEN = re.compile(rf"^\(?-?{_SIGN}?-?\d{{1,3}}(?:,?\d{{3}})*\.$")
_BEHIND = re.compile(r"^\d{2}\)?$")
# Decimals stand close behind their point: farther off than this many heights is another column.
_CLOSE = 0.7


def tidied(page: Page) -> Page:
    """The page with such words put right; a text layer is as it was."""
    if page.source != "ocr":
        return page
    return replace(page, words=tuple(_joined(_split(page))))


def _split(page: Page) -> Iterator[Word]:
    for word in page.words:
        text = _ONES.sub(lambda it: "l" * len(it[0]), _NOUGHT.sub(r"\g<1>0", word.text))
        decimals = _DECIMALS.match(text)
        if decimals and not decimals[2].isdigit() and any(it.isdigit() for it in decimals[2]):
            text = decimals[1] + re.sub(r"\D", "0", decimals[2]) + decimals[3]
        glued = _GLUED.match(text)
        if glued is None:
            yield word if text == word.text else replace(word, text=text)
            continue
        share = len(glued[1]) / len(text)
        yield _part(word, glued[1], 0.0, share, page)
        yield _part(word, glued[2], share, 1.0, page)


def _part(word: Word, text: str, start: float, end: float, page: Page) -> Word:
    """A stretch of a word, by its share of the width; the box only where the page lies straight."""
    width = word.x1 - word.x0
    x0, x1 = word.x0 + width * start, word.x0 + width * end
    box = word.box if page.turn else fraction(x0, word.y0, x1, word.y1, page.width, page.height)
    return replace(word, text=text, x0=x0, x1=x1, box=box)


def _joined(words: Iterable[Word]) -> Iterator[Word]:
    last: Word | None = None
    for word in words:
        if last is not None and _belongs(last, word):
            box = (
                min(last.box[0], word.box[0]),
                min(last.box[1], word.box[1]),
                max(last.box[2], word.box[2]),
                max(last.box[3], word.box[3]),
            )
            sure = min(last.confidence, word.confidence)
            last = replace(last, text=last.text + word.text, x1=word.x1, box=box, confidence=sure)
            continue
        if last is not None:
            yield last
        last = word
    if last is not None:
        yield last


def _belongs(first: Word, second: Word) -> bool:
    beside = -0.3 * first.height < second.x0 - first.x1 < _CLOSE * first.height
    level = abs(first.y0 - second.y0) < 0.5 * first.height
    return beside and level and bool(_OPEN.match(first.text)) and bool(_BEHIND.match(second.text))
