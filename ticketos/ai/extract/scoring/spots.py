"""Where a value stands and which labels are near: left of it, above it, or alone on the row before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.labels import Mention
from ticketos.ai.extract.values import amounts
from ticketos.ai.ocr.page import Cell, Word

# How much of a label's strength reaches a value by where the label stands.
_SAME_CELL, _LEFT, _FARTHER_LEFT, _ABOVE, _ROW_BEFORE = 1.0, 0.98, 0.55, 0.9, 0.6
_DOWN_A_COLUMN = 0.93
_ROWS_UP = 8


@dataclass(frozen=True)
class Spot:
    """Characters start to end of a cell."""

    row: int
    cell: int
    start: int
    end: int

    def words(self, paper: Paper) -> tuple[Word, ...]:
        """The words that carry the value."""
        return paper.rows[self.row].cells[self.cell].words_between(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Near:
    """A label near a spot: how much of its strength reaches it and from which side."""

    mention: Mention
    reach: float
    side: str


def labels_near(paper: Paper, spot: Spot) -> list[Near]:
    """The labels that may announce a value, the nearest first."""
    found = list(_left(paper, spot))
    found += _above(paper, spot, weak=bool(found))
    if not found:
        found += _row_before(paper, spot)
    return found


def strength(near: list[Near], *fields: str) -> float:
    """How strongly the labels announce one of the fields; 0 for not at all."""
    best = 0.0
    for it in near:
        label = it.mention.of(*fields)
        if label is not None:
            best = max(best, label.strength * it.reach)
    return best


def _left(paper: Paper, spot: Spot) -> Iterator[Near]:
    row = paper.found[spot.row]
    first = True
    own = [it for it in row[spot.cell] if it.end <= spot.start]
    for mention in reversed(own):
        yield Near(mention, _SAME_CELL if first else _FARTHER_LEFT, "left")
        first = False
    for index in range(spot.cell - 1, -1, -1):
        for mention in reversed(row[index]):
            yield Near(mention, _LEFT if first else _FARTHER_LEFT * 0.9, "left")
            first = False


def _above(paper: Paper, spot: Spot, weak: bool) -> Iterator[Near]:
    """Up the column: through figures, to the first words that stand over them."""
    cell = paper.rows[spot.row].cells[spot.cell]
    words = cell.words_between(spot.start, spot.end)
    x0, x1 = words[0].x0, words[-1].x1
    reach, last = _ABOVE * (0.5 if weak else 1.0), paper.rows[spot.row]
    for index in range(spot.row - 1, max(spot.row - 1 - _ROWS_UP, -1), -1):
        row = paper.rows[index]
        if row.page != last.page or last.y0 - row.y1 > 3 * last.height:
            return
        last = row
        over = _over(row.cells, x0 - cell.height, x1 + cell.height)
        if over is None:
            reach *= _DOWN_A_COLUMN
            continue
        mentions = [
            it
            for it in paper.found[index][over]
            if _touches(row.cells[over], it, x0 - cell.height, x1 + cell.height)
        ]
        if mentions:
            for mention in mentions:
                yield Near(mention, reach, "above")
            return
        if not amounts(row.cells[over].text):
            return
        reach *= _DOWN_A_COLUMN


def _over(cells: tuple[Cell, ...], x0: float, x1: float) -> int | None:
    best, most = None, 0.0
    for index, cell in enumerate(cells):
        right, left = cell.x1, cell.x0
        shared = (right if right < x1 else x1) - (left if left > x0 else x0)
        if shared > most:
            best, most = index, shared
    return best


def _touches(cell: Cell, mention: Mention, x0: float, x1: float) -> bool:
    words = cell.words_between(mention.start, mention.end)
    return bool(words) and words[0].x0 < x1 and x0 < words[-1].x1


def _row_before(paper: Paper, spot: Spot) -> Iterator[Near]:
    """A label alone on the row before, its value at the end of the next: tills break long rows so."""
    if spot.row == 0 or paper.rows[spot.row - 1].page != paper.rows[spot.row].page:
        return
    before = paper.rows[spot.row - 1]
    if paper.rows[spot.row].y0 - before.y1 > 2 * before.height:
        return
    if any(amounts(cell.text) for cell in before.cells):
        return
    for mentions in reversed(paper.found[spot.row - 1]):
        for mention in reversed(mentions):
            yield Near(mention, _ROW_BEFORE, "before")
