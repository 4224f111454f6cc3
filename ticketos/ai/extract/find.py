"""Finding the value that belongs to a label: behind it, right of it, or below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ticketos.ai.extract.labels import Label, Language, Mention, language_of, mentions
from ticketos.ai.extract.values import DayOrder, currency_codes, day_order
from ticketos.ai.ocr.page import Cell, Page, Row, Word

# How surely a value belongs to its label by where it stands. Below is where columns of other things meet.
_SAME_CELL, _RIGHT, _BELOW = 1.0, 0.98, 0.92
_ROWS_BELOW = 3
_STATES = "A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_AMERICAN = re.compile(
    rf"[A-Za-z],? (?:{_STATES}),? \d{{5}}(?:-\d{{4}})?(?:,? (?:USA|U\.S\.A\.|United States))?$"
)
"""An address that ends with a state and its five digits."""


@dataclass(frozen=True)
class Candidate:
    """A possible value of a field; `probability` is that the place means this field, not that the ink is
    read.
    """

    value: str
    probability: float
    words: tuple[Word, ...]
    page: int
    row: int
    label: Label | None = None

    @property
    def legibility(self) -> float:
        return min((word.confidence for word in self.words), default=1.0)


@dataclass(frozen=True)
class Place:
    """A label found on the paper."""

    row: int
    cell: int
    mention: Mention
    label: Label


@dataclass
class Paper:
    """All pages of a document as one run of rows, with the labels found in each cell."""

    pages: Sequence[Page]
    rows: list[Row] = field(default_factory=list)
    found: list[list[list[Mention]]] = field(default_factory=list)
    headers: set[int] = field(default_factory=set)
    """Rows that head a table of lines: their words label columns, not values."""
    language: Language | None = None
    order: DayOrder = "dmy"
    ordered: bool = True
    """Whether language, currency or an address tell how the paper writes dates."""

    def __post_init__(self) -> None:
        self.rows = [row for page in self.pages for row in page.rows]
        self.found = [[_announcing(cell.text) for cell in row.cells] for row in self.rows]
        self.language = language_of(m for row in self.found for cell in row for m in cell)
        texts = [cell.text for row in self.rows for cell in row.cells]
        codes = [code for text in texts for code in currency_codes(text)]
        english = self.language in (None, "en")
        dollars = "USD" in codes and codes.count("USD") * 2 > len(codes)
        american = english and (dollars or (not codes and any(map(_AMERICAN.search, texts))))
        self.order = day_order(texts, american)
        self.ordered = american or not english or bool(codes)

    def places(self, *fields: str) -> Iterator[Place]:
        """Every label for one of the fields, outside table headers."""
        for row, cells in enumerate(self.found):
            if row in self.headers:
                continue
            for cell, found in enumerate(cells):
                for mention in found:
                    label = mention.of(*fields)
                    if label:
                        yield Place(row, cell, mention, label)

    def after(self, place: Place) -> Iterator[tuple[Cell, int, int, float]]:
        """Where the value may stand: cell, characters from and to, and how surely it belongs to the label."""
        row = self.rows[place.row]
        cell, found = row.cells[place.cell], self.found[place.row][place.cell]
        nexts = [m.start for m in found if m.start >= place.mention.end]
        stop = min(nexts, default=len(cell.text))
        if cell.text[place.mention.end : stop].strip(" .:-#()"):
            yield cell, place.mention.end, stop, _SAME_CELL
        if nexts:
            return
        for index in range(place.cell + 1, len(row.cells)):
            other = self.found[place.row][index]
            stop = other[0].start if other else len(row.cells[index].text)
            if stop:
                yield row.cells[index], 0, stop, _RIGHT
            if other:
                return

    def below(self, place: Place) -> Iterator[tuple[Cell, int, int, float]]:
        """The first cells under the label, in its column."""
        cell = self.rows[place.row].cells[place.cell]
        words = cell.words_between(place.mention.start, place.mention.end)
        x0, x1 = words[0].x0, words[-1].x1
        last = self.rows[place.row]
        for row_index in range(place.row + 1, min(place.row + 1 + _ROWS_BELOW, len(self.rows))):
            row = self.rows[row_index]
            if row.page != last.page or row.y0 - last.y1 > 2.5 * last.height:
                return
            last = row
            for index, under in enumerate(row.cells):
                if not under.overlaps(x0 - under.height, x1 + under.height):
                    continue
                found = self.found[row_index][index]
                stop = found[0].start if found else len(under.text)
                if stop:
                    yield under, 0, stop, _BELOW
                return

    def row_of(self, cell: Cell) -> int:
        return next(index for index, row in enumerate(self.rows) if cell in row.cells)


_QUALIFIER = re.compile(
    r"(?:incl|inkl|excl|exkl|inc|ex|including|excluding|inclusive|exclusive|ohne|before|without|hors|avant|zzgl)"
    r"\W*(?:of\W*)?$",
    re.IGNORECASE,
)


def _announcing(text: str) -> list[Mention]:
    """The labels in a cell, without a tax that only qualifies the label before it: "Net (excl. VAT)"."""
    return list(_announced(text))


@lru_cache(maxsize=4096)
def _announced(text: str) -> tuple[Mention, ...]:
    found: list[Mention] = []
    if not any(map(str.isalpha, text)) and "#" not in text:
        return ()
    for mention in mentions(text):
        if not (found and _QUALIFIER.search(text[found[-1].end : mention.start])):
            found.append(mention)
    return tuple(found)
