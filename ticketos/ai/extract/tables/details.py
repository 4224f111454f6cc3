"""Quantity and price printed in running text: "3 pcs x 5.50 20%", beside or under the amount they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers
from ticketos.ai.extract.tables.roles import product
from ticketos.ai.ocr.page import Cell, Row, Word

_TIMES = re.compile(r"(?:^|[\s\d])[x×*@à](?:[\s\d]|$)|\bje\b", re.IGNORECASE)
_GLUED_TIMES = re.compile(r"(?<=\d)[x×*@](?=\d|\s|$)", re.IGNORECASE)
_UNIT = re.compile(r"\s*([^\W\d_][^\s:;]{0,9})\s*(?:[x×*@à]|je\b)", re.IGNORECASE)
_HIGHEST_RATE = 40
_MOST_NUMBERS = 12  # of a row: with more, two will make any amount


@dataclass(frozen=True)
class Detail:
    """A product found in a row; `words` are those it is made of, the rest of the row is text."""

    quantity: Decimal
    unit_price: Decimal
    unit: str | None
    tax_rate: Decimal | None
    words: tuple[Word, ...]


def detail_in(row: Row, net: Number, amount: Sequence[Word], mark: Mark) -> Detail | None:
    """The two numbers of the row that make the amount (whose own `amount` words do not count).

    One times the amount itself is believed only with a sign of multiplication between.
    """
    read = [
        (cell, start, end, number)
        for cell in row.cells
        for start, end, number in all_numbers(_GLUED_TIMES.sub("|", cell.text), mark)
    ]
    if len(read) > _MOST_NUMBERS:
        return None
    found: list[tuple[Cell, int, int, Number]] = [
        (cell, start, end, number)
        for cell, start, end, number in read
        if not set(cell.words_between(start, end)) & set(amount)
    ]
    plain = [it for it in found if not it[3].percent]
    for i, first in enumerate(plain):
        for second in plain[i + 1 :]:
            fits = product(first[3], second[3], net)
            if fits is None:
                continue
            between = _between(first, second)
            if 1 in (fits.quantity, fits.unit_price) and not _TIMES.search(between):
                continue
            unit = _UNIT.match(between)
            words = [
                *first[0].words_between(first[1], first[2]),
                *second[0].words_between(second[1], second[2]),
            ]
            if first[0] is second[0]:
                words = list(first[0].words_between(first[1], second[2]))
            rates = [it for it in found if it[3].percent and 0 <= it[3].value <= _HIGHEST_RATE]
            for cell, start, end, _ in rates:
                words += cell.words_between(start, end)
            return Detail(
                fits.quantity,
                fits.unit_price,
                unit[1] if unit and unit[1].lower() not in ("x", "à", "je") else None,
                rates[-1][3].value if rates else None,
                tuple(words),
            )
    return None


def _between(first: tuple[Cell, int, int, Number], second: tuple[Cell, int, int, Number]) -> str:
    if first[0] is second[0]:
        return first[0].text[first[2] : second[1]]
    return f"{first[0].text[first[2] :]} {second[0].text[: second[1]]}"
