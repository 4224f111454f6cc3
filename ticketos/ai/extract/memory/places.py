"""Every value a field could have on a paper, and the ways to say where it stands.

A place has a name that can be met again on the supplier's next paper: behind a label in the same cell, right of
a label, under one, in the row after some words, so many rows from the top, or at a spot of the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from schemas.extraction import Box
from ticketos.ai.extract.values import DayOrder, amounts, days, fold
from ticketos.ai.ocr.page import Cell, Page, Row, enclosing

AMOUNTS = ("net_total", "tax_total", "total", "amount_due")
DATES = ("issue_date", "due_date")
NUMBERS = ("number", "po_number")
PLACED = (*AMOUNTS, *DATES, *NUMBERS)
"""Fields whose value changes from paper to paper while its place stays. The others recur as they are."""

_LONGEST_CELL = 160
_LABEL = 28
_ROWS_UP = 3
_TOP_ROWS = 16
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Spot:
    """A possible value: as the field writes it, where the ink is, how legible, and the names of its place."""

    value: str
    page: int
    box: Box | None
    legibility: float
    names: tuple[str, ...]
    shape: str


class Spots:
    """The spots of one paper, found once for all fields that look alike."""

    def __init__(self, pages: Sequence[Page], order: DayOrder) -> None:
        self._pages, self._order = pages, order
        self._found: dict[str, list[Spot]] = {}

    def of(self, field: str) -> list[Spot]:
        """Every possible value of one of the `PLACED` fields, in reading order."""
        alike = next(group[0] for group in (AMOUNTS, DATES, NUMBERS) if field in group)
        if alike not in self._found:
            self._found[alike] = list(_spots(self._pages, alike, self._order))
        return self._found[alike]


def letters(text: str) -> str:
    """What of a label stays the same when a reader loses spaces, points or an accent."""
    return re.sub(r"[^a-z]+", "", fold(text))[-_LABEL:]


def shape_of(value: str) -> str:
    """A value's build: runs of letters as A, each digit as 9."""
    return re.sub(r"[A-Za-zÀ-ÿ]+", "A", re.sub(r"\d", "9", value))[:40]


def _spots(pages: Sequence[Page], field: str, order: DayOrder) -> Iterator[Spot]:
    for page in pages:
        rows = page.rows
        for row_index, row in enumerate(rows):
            for position, cell in enumerate(row.cells):
                if len(cell.text) > _LONGEST_CELL:
                    continue
                for start, end, value in _values(cell.text, field, order):
                    words = cell.words_between(start, end)
                    if not words:
                        continue
                    yield Spot(
                        value,
                        page.number,
                        enclosing(words),
                        min(word.confidence for word in words),
                        tuple(_names(pages, page, rows, row_index, position, cell, start)),
                        shape_of(value if field in NUMBERS else cell.text[start:end].strip()),
                    )


def _values(text: str, field: str, order: DayOrder) -> list[tuple[int, int, str]]:
    if field in DATES:
        return [(day.start, day.end, day.value.isoformat()) for day in days(text, order)]
    if field in AMOUNTS:
        taken = [(day.start, day.end) for day in days(text, order)]
        return [
            (it.start, it.end, f"{it.value:f}")
            for it in amounts(text)
            if not it.percent and not any(first <= it.start < last for first, last in taken)
        ]
    tokens = [(match.start(), match.end(), match[0].strip(".,:;()[]#*")) for match in _TOKEN.finditer(text)]
    single = [(a, b, token) for a, b, token in tokens if any(char.isdigit() for char in token)]
    # A number of two words, such as a prefix and its serial.
    double = [
        (first[0], second[1], f"{first[2]} {second[2]}")
        for first, second in pairwise(tokens)
        if any(char.isdigit() for char in second[2]) and len(first[2]) <= 8 and first[2]
    ]
    # What is glued to its label: the part from the first digit or the last run of capitals on.
    glued = []
    for a, b, token in single:
        cut = re.search(r"[:.#](?=[A-Za-z0-9])", token)
        if cut:
            glued.append((a + cut.end(), b, token[cut.end() :]))
    return [*single, *double, *glued]


def _names(
    pages: Sequence[Page],
    page: Page,
    rows: Sequence[Row],
    row_index: int,
    position: int,
    cell: Cell,
    start: int,
) -> Iterator[str]:
    row = rows[row_index]
    before = letters(cell.text[:start])
    if before:
        yield f"in:{before}"
    left = letters(row.cells[position - 1].text) if position else ""
    if left and not before:
        yield f"left:{left}"
    first = letters(row.cells[0].text) if position > 1 else ""
    if first and not before:
        yield f"row:{first}"
    if not before:
        for back in range(1, _ROWS_UP + 1):
            if row_index - back < 0:
                break
            above = next((it for it in rows[row_index - back].cells if it.overlaps(cell.x0, cell.x1)), None)
            if above is not None and letters(above.text):
                yield f"up{back}:{letters(above.text)}"
                break
    if row_index and letters(rows[row_index - 1].text):
        yield f"after:{letters(rows[row_index - 1].text)}"
    if row_index < _TOP_ROWS:
        yield f"top:{page.number}:{row_index}:{position}"
    y = round((cell.y0 + cell.y1) / 2 / page.height * 40)
    # The side that stays put: figures end at the same place, words begin there.
    edge = cell.x1 if before == "" and position else cell.x0
    yield f"at:{page.number}:{round(edge / page.width * 25)}:{y}:{before[:10]}"
    if page is pages[-1]:
        yield f"end:{len(rows) - row_index}:{position}"


def same_value(field: str, one: str | None, other: str | None) -> bool:
    """Whether two values of a field mean the same: amounts by figure, words by their letters and digits."""
    if one is None or other is None:
        return one is other
    if field in AMOUNTS:
        try:
            return Decimal(one) == Decimal(other)
        except InvalidOperation:
            return one == other
    return re.sub(r"[\W_]+", "", fold(one)) == re.sub(r"[\W_]+", "", fold(other))
