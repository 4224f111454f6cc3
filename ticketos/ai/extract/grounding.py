"""Where a value that something else than the page states is printed on the page: that is what its box is, and what tells
whether it was made up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ticketos.ai.extract.values import amounts, currency_codes, days, fold
from ticketos.ai.ocr.page import Cell, Page, Word
from ticketos.lines.data_entry.rules import AMOUNTS

Place = tuple[int | None, tuple[Word, ...]]
NOWHERE: Place = (None, ())
_PIECES = re.compile(r"[,;\n]+")


def printed(pages: Sequence[Page], name: str, value: str) -> Place:
    """The page and words where a field's value stands: an amount by its figure, a date by its day, the rest letter by
    letter. Sums are looked for from the end, the rest from the start."""
    cells = _cells(pages)
    for cell in reversed(cells) if name in AMOUNTS else cells:
        if spans := _spans(cell.text, name, value):
            return cell.page, cell.words_between(*spans[0])
    return NOWHERE


def grounded(pages: Sequence[Page], name: str, value: str) -> Place:
    """The same, for a value in somebody else's writing: day and month in either order, spaces and signs let go, a name
    over a row's cells, an address in pieces that all stand on one page."""
    if name == "currency":
        for cell in _cells(pages):
            if value in currency_codes(cell.text):
                return cell.page, ()
        return NOWHERE
    found = printed(pages, name, value)
    if found[0] is not None or name in AMOUNTS:
        return found
    if name.endswith("_date"):
        for cell in _cells(pages):
            for day in days(cell.text, "mdy"):
                if day.value.isoformat() == value:
                    return cell.page, cell.words_between(day.start, day.end)
        return NOWHERE
    for page in pages:
        words = _all_of(page, [piece for piece in _PIECES.split(value) if _bare(piece)])
        if words:
            return page.number, words
    return NOWHERE


def _cells(pages: Sequence[Page]) -> list[Cell]:
    return [cell for page in pages for row in page.rows for cell in row.cells]


def _spans(text: str, name: str, value: str) -> list[tuple[int, int]]:
    if name in AMOUNTS:
        return [(it.start, it.end) for it in amounts(text) if abs(it.value) == abs(Decimal(value))]
    if name.endswith("_date"):
        return [(it.start, it.end) for it in days(text) if it.value.isoformat() == value]
    start = fold(text).find(fold(value))
    return [(start, start + len(value))] if start >= 0 else []


def _all_of(page: Page, pieces: Sequence[str]) -> tuple[Word, ...]:
    """The words of every piece, or none of them where one is missing."""
    found: list[Word] = []
    for piece in pieces:
        words = next(
            (words for row in page.rows if (words := _run([w for c in row.cells for w in c.words], piece))),
            (),
        )
        if not words:
            return ()
        found += words
    return tuple(found)


def _run(words: Sequence[Word], piece: str) -> tuple[Word, ...]:
    """The words of a row that together spell the piece; a part of a word is not enough."""
    sought = _bare(piece)
    spelt = [_bare(word.text) for word in words]
    for first in range(len(words)):
        text = ""
        for last in range(first, len(words)):
            text += spelt[last]
            if text == sought:
                return tuple(words[first : last + 1])
            if not sought.startswith(text):
                break
    return ()


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))
