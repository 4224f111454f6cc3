"""Lines of papers that name no columns: till receipts, bills of one service, statements of premiums.

Nothing on such a paper says what a number is, so only arithmetic is believed: rows of a text and an amount are
lines when their amounts add up to the sum printed under them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.extraction import ExtractedLine
from ticketos.ai.extract.tables.columns import is_allowance, is_carried, is_sum_label, speaks_of_sum
from ticketos.ai.extract.tables.details import Detail, detail_in
from ticketos.ai.extract.tables.line import Line
from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers
from ticketos.ai.ocr.page import Row, Word

_MOST_LINES = 150
_FEWEST_LETTERS = 3
_NEAR = 2.5  # heights between a row and the name over it
_ALIGNED = 2.5  # heights between the right edges of amounts of one column


@dataclass(frozen=True)
class _Item:
    """A row that may be a line, or part of one."""

    row: Row
    amount: Decimal
    right: float
    detail: Detail | None
    text: tuple[Word, ...]
    words: tuple[Word, ...]


def bare_lines(rows: Sequence[Row], mark: Mark) -> list[Line]:
    """The rows whose amounts make up the first sum under them; none where nothing adds up."""
    items: list[_Item] = []
    used: set[int] = set()
    for index, row in enumerate(rows):
        summed = _sum_of(row, mark)
        if summed is not None:
            found = _adding_up(items, *summed)
            if found:
                return [_line(item) for item in found]
            continue
        item = _item(rows, index, mark, used)
        if item is not None:
            items.append(item)
    return []


def _sum_of(row: Row, mark: Mark) -> tuple[Decimal, float] | None:
    """The amount of a row that is called a sum, and its right edge."""
    if not (is_sum_label(row.cells[0].text) or is_carried(row.text)):
        return None
    last = _last_amount(row, mark)
    return (last[0].value, last[1]) if last else None


def _last_amount(row: Row, mark: Mark) -> tuple[Number, float, tuple[Word, ...]] | None:
    """The row's rightmost amount of money, with no text but a short mark behind it."""
    cell = row.cells[-1]
    if len(row.cells) > 1 and len(cell.text) <= 3 and not any(c.isdigit() for c in cell.text):
        cell = row.cells[-2]
    read = [it for it in all_numbers(cell.text, mark) if it[2].money and not it[2].percent]
    if not read:
        return None
    start, end, number = read[-1]
    if sum(c.isalpha() for c in cell.text[end:]) > 3:
        return None
    words = cell.words_between(start, end)
    return number, words[-1].x1, words


def _item(rows: Sequence[Row], index: int, mark: Mark, used: set[int]) -> _Item | None:
    row = rows[index]
    last = _last_amount(row, mark)
    if last is None or speaks_of_sum(row.text):
        return None
    if is_allowance(row.text):
        return _Item(row, -abs(last[0].value), last[1], None, (), ())
    net, right, amount_words = last
    detail = detail_in(row, net, amount_words, mark)
    taken = {*amount_words, *(detail.words if detail else ())}
    text = tuple(
        word for cell in row.cells for word in cell.words if word not in taken and _letters(word.text)
    )
    words = tuple(word for cell in row.cells for word in cell.words)
    if _letters(" ".join(word.text for word in text)) < _FEWEST_LETTERS:
        over = _name_over(rows, index, mark, used)
        if over is None:
            return None
        used.add(index - 1)
        text = tuple(word for cell in over.cells for word in cell.words)
        words = text + words
    elif detail is None and index + 1 < len(rows) and rows[index + 1].page == row.page:
        detail = detail_in(rows[index + 1], net, (), mark)
        if detail is not None and not _last_amount(rows[index + 1], mark):
            words += detail.words
    return _Item(row, net.value, right, detail, text, words)


def _name_over(rows: Sequence[Row], index: int, mark: Mark, used: set[int]) -> Row | None:
    """The row of text right over a row of bare numbers, as receipts print it."""
    if index == 0 or index - 1 in used:
        return None
    over, row = rows[index - 1], rows[index]
    near = over.page == row.page and row.y0 - over.y1 < _NEAR * row.height
    if not near or _last_amount(over, mark) or _letters(over.text) < _FEWEST_LETTERS:
        return None
    return over


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def _adding_up(items: Sequence[_Item], total: Decimal, right: float) -> list[_Item]:
    """The last items, as many as make the total; items outside the column of the total are left out."""
    if not total:
        return []
    column = [it for it in items if abs(it.right - right) <= _ALIGNED * it.row.height]
    added = Decimal(0)
    for count, item in enumerate(reversed(column[-_MOST_LINES:]), start=1):
        added += item.amount
        if added == total:
            found = column[len(column) - count :]
            return found if all(it.text for it in found) else []
    return []


def _line(item: _Item) -> Line:
    detail = item.detail
    rate = detail.tax_rate if detail else None
    values = ExtractedLine(
        description=" ".join(word.text for word in item.text),
        quantity=None if detail is None else f"{detail.quantity:f}",
        unit=detail.unit if detail else None,
        unit_price=None if detail is None else f"{detail.unit_price:f}",
        tax_rate=None if rate is None else f"{rate:f}",
        net=f"{item.amount:f}",
    )
    return Line(values, item.words, item.row.page)
