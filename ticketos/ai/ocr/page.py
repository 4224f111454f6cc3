"""Words on a page, and the rows and cells they form: one geometry for text layers and scans alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Literal

from schemas.extraction import Box


@dataclass(frozen=True, slots=True)
class Word:
    """A word in the page's own units, y growing downwards.

    The coordinates are the straightened ones used for layout; `box` is where the ink is, in fractions of the
    page, for showing. `confidence` is the probability that the characters are right.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    box: Box
    confidence: float = 1.0
    agreed: bool | None = None
    """Whether a second reader read the same; None where none was asked or it saw nothing there."""

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True)
class Page:
    """One page: its number from 1, its size, its words and how they were read."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    source: Literal["text", "ocr"]
    turn: int = 0
    """Degrees counter-clockwise by which a picture was turned to be read; sizes are those after the turn."""

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return rows_of(self)


@dataclass(frozen=True)
class Cell:
    """Words that stand together in a row, without a gap as wide as a column's."""

    words: tuple[Word, ...]
    page: int

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def x0(self) -> float:
        return self.words[0].x0

    @cached_property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)

    @cached_property
    def y0(self) -> float:
        return min(word.y0 for word in self.words)

    @cached_property
    def y1(self) -> float:
        return max(word.y1 for word in self.words)

    @cached_property
    def height(self) -> float:
        return median(word.height for word in self.words)

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that cover the characters start to end of `text`."""
        found, position = [], 0
        for word in self.words:
            if position < end and position + len(word.text) > start:
                found.append(word)
            position += len(word.text) + 1
        return tuple(found)

    def overlaps(self, x0: float, x1: float) -> bool:
        return self.x0 < x1 and x0 < self.x1


@dataclass(frozen=True)
class Row:
    """Cells on one base line, from left to right."""

    cells: tuple[Cell, ...]
    page: int
    index: int

    @cached_property
    def y0(self) -> float:
        return min(cell.y0 for cell in self.cells)

    @cached_property
    def y1(self) -> float:
        return max(cell.y1 for cell in self.cells)

    @cached_property
    def height(self) -> float:
        return median(word.height for cell in self.cells for word in cell.words)

    @cached_property
    def text(self) -> str:
        return "  ".join(cell.text for cell in self.cells)


def rows_of(page: Page) -> tuple[Row, ...]:
    """Group a page's words into rows by their centres, then cut each row into cells at wide gaps."""
    groups: list[list[Word]] = []
    centre = 0.0
    for word in sorted(page.words, key=lambda w: (w.y0 + w.y1) / 2):
        middle = (word.y0 + word.y1) / 2
        if groups and abs(middle - centre) <= 0.45 * min(word.height, groups[-1][-1].height):
            groups[-1].append(word)
            centre += (middle - centre) / len(groups[-1])
        else:
            groups.append([word])
            centre = middle
    return tuple(
        Row(_cells(sorted(group, key=lambda w: w.x0), page), page.number, index)
        for index, group in enumerate(groups)
    )


# A gap this many word heights wide parts two cells; optical readers draw their boxes with a margin.
_GAP = {"text": 1.1, "ocr": 0.85}


def _cells(words: Sequence[Word], page: Page) -> tuple[Cell, ...]:
    widest = _GAP[page.source]
    cells: list[list[Word]] = []
    for word in words:
        if cells and word.x0 - cells[-1][-1].x1 <= widest * min(word.height, cells[-1][-1].height):
            cells[-1].append(word)
        else:
            cells.append([word])
    return tuple(Cell(tuple(cell), page.number) for cell in cells)


def enclosing(words: Iterable[Word]) -> Box | None:
    """The smallest box, in fractions of the page, around some words; None for no words."""
    boxes = [word.box for word in words]
    if not boxes:
        return None
    return (
        round(min(box[0] for box in boxes), 4),
        round(min(box[1] for box in boxes), 4),
        round(max(box[2] for box in boxes), 4),
        round(max(box[3] for box in boxes), 4),
    )


def fraction(x0: float, y0: float, x1: float, y1: float, width: float, height: float) -> Box:
    """A box in page units as fractions, clipped to the page."""
    return (
        min(max(x0 / width, 0.0), 1.0),
        min(max(y0 / height, 0.0), 1.0),
        min(max(x1 / width, 0.0), 1.0),
        min(max(y1 / height, 0.0), 1.0),
    )


def plain_text(pages: Iterable[Page]) -> str:
    """The text row by row, as a person would read it."""
    return "\n".join(row.text for page in pages for row in page.rows)
