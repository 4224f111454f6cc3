"""The rows of a table's body as bands: what is printed of one line side by side, be it on one base line or,
where cells are set at different heights, on two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ticketos.ai.extract.tables.columns import Kind
from ticketos.ai.extract.tables.cutting import NUMERIC, Cut, Cutter
from ticketos.ai.extract.tables.headings import Column
from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers, cell_number
from ticketos.ai.ocr.page import Row, Word

_MOST_IN_CELL = 6
_TOUCHING = 0.4  # of the height of the writing: nearer rows may be one line set at two heights
_PRICED: frozenset[Kind] = frozenset({"quantity", "unit_price"})
_COUNTED: frozenset[Kind] = NUMERIC | {"position", "other", "code", "unit"}


@dataclass(frozen=True)
class Band:
    """Rows that are read as one, cut along the columns, with the numbers found in them by column."""

    rows: tuple[Row, ...]
    cuts: tuple[Cut, ...]
    numbers: dict[int, Number]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def last(self) -> Row:
        return self.rows[-1]

    @property
    def page(self) -> int:
        return self.rows[0].page

    @property
    def height(self) -> float:
        return self.rows[0].height

    def words(self, column: int) -> tuple[Word, ...]:
        """The words of a column, from the upper row to the lower."""
        return tuple(word for cut in self.cuts for word in cut.get(column, ()))

    def text(self, column: int) -> str:
        return " ".join(word.text for word in self.words(column))

    @property
    def all_words(self) -> tuple[Word, ...]:
        return tuple(word for row in self.rows for cell in row.cells for word in cell.words)

    def label(self) -> str:
        """What the band says, from the left."""
        return " ".join(cell.text for cell in self.first.cells)


def bands(rows: Sequence[Row], columns: Sequence[Column], cutter: Cutter, mark: Mark) -> Iterator[Band]:
    """The rows in their order, those that are one line at two heights joined."""
    held: Band | None = None
    for row in rows:
        cut = cutter(row)
        band = Band((row,), (cut,), _numbers(cut, columns, mark))
        if held is not None and _is_one(held, band, columns):
            held = Band(held.rows + band.rows, held.cuts + band.cuts, {**band.numbers, **held.numbers})
            continue
        if held is not None:
            yield held
        held = band
    if held is not None:
        yield held


def _numbers(cut: Cut, columns: Sequence[Column], mark: Mark) -> dict[int, Number]:
    found: dict[int, Number] = {}
    for index, words in cut.items():
        kind = columns[index].kind
        if kind not in _COUNTED:
            continue
        text = " ".join(word.text for word in words)
        number = cell_number(text, mark)
        if number is None and kind in ("net", "gross", "unit_price"):
            number = _last_of_pure(text, mark)
        if number is not None:
            found[index] = number
    return found


def _last_of_pure(text: str, mark: Mark) -> Number | None:
    """The last of several numbers with no word between them, as where two narrow columns ran together."""
    read = all_numbers(text, mark)
    if not 2 <= len(read) <= _MOST_IN_CELL:
        return None
    rest = text
    for start, end, _ in reversed(read):
        rest = rest[:start] + rest[end:]
    return None if any(c.isalpha() for c in rest) else read[-1][2]


def _is_one(upper: Band, lower: Band, columns: Sequence[Column]) -> bool:
    """Whether the amount of one line stands half a line below (or above) its quantity and price."""
    if upper.page != lower.page or len(upper.rows) > 2:
        return False
    if lower.first.y0 - upper.last.y1 > _TOUCHING * min(upper.height, lower.height):
        return False
    above = {columns[index].kind for index in upper.numbers}
    below = {columns[index].kind for index in lower.numbers}
    totals: frozenset[Kind] = frozenset({"net", "gross"})
    if above & _PRICED and below & totals:
        return not above & totals and not below & _PRICED
    return bool(above & totals and below & _PRICED and not above & _PRICED and not below & totals)
