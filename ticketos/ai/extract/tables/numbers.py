"""Numbers in table cells: which mark parts the decimals, and what a cell of a number may hold beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from ticketos.ai.extract.values import Amount, amounts, currency_codes, days

Mark = Literal[".", ","]

_CENTS = re.compile(r"(?<![\d.,])\d[\d.,'’ ]{0,18}([.,])\d{2}(?![\d.,])")
_LONE_MARK = re.compile(r"\D*(\d{1,3})([.,])(\d{3})\D*")
_GLUED = re.compile(r"\s*([-−]?\d+(?:[.,]\d+)?)\s?([^\W\d_][\w().²³/]{0,9})\.?\s*")
# What may stand around a number in a cell of numbers: signs, currencies, a multiplication, a short unit.
_BEFORE = re.compile(r"[\s(\-−–+*x@€$£₹]*(?:[A-Z]{3}|Rs\.?|RM|US\$|à|je)?[\s(\-−–]*", re.IGNORECASE)
_UNIT = re.compile(r"[^\W\d_][^\s:;]{0,11}", re.IGNORECASE)
_LONGEST_INTEGER = 7


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a cell. `other` is its second reading, where one mark before three digits leaves two."""

    value: Decimal
    other: Decimal | None
    percent: bool
    money: bool
    unit: str | None = None

    @property
    def readings(self) -> tuple[Decimal, ...]:
        return (self.value,) if self.other is None else (self.value, self.other)

    def with_decimals(self) -> Number:
        """The reading with a decimal mark, where there are two; the other one stays second."""
        if self.other is None or self.value != self.value.to_integral_value() or self.places:
            return self
        return replace(self, value=self.other, other=self.value)

    @property
    def places(self) -> int:
        """How many decimals are printed."""
        exponent = self.value.as_tuple().exponent
        return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def decimal_mark(texts: Iterable[str]) -> Mark:
    """The mark before the cents on this paper; a point where nothing shows it."""
    points = commas = 0
    for text in texts:
        for match in _CENTS.finditer(text):
            points += match[1] == "."
            commas += match[1] == ","
    return "," if commas > points else "."


def all_numbers(text: str, mark: Mark) -> list[tuple[int, int, Number]]:
    """Every number in a text with its place, without dates."""
    taken = [(day.start, day.end) for day in days(text)]
    return [
        (it.start, it.end, _number(text, it, mark))
        for it in amounts(text)
        if not any(it.start < end and first < it.end for first, end in taken)
    ]


def cell_number(text: str, mark: Mark) -> Number | None:
    """The number of a cell that holds one and, at most, its currency or unit; None for any other text."""
    found = all_numbers(text, mark)
    if not found:
        glued = _GLUED.fullmatch(text)
        if not glued:
            return None
        inner = cell_number(glued[1], mark)
        return inner and Number(inner.value, inner.other, inner.percent, inner.money, glued[2])
    if len(found) > 1:
        return None
    start, end, number = found[0]
    if not _BEFORE.fullmatch(text[:start]):
        return None
    if (
        number.value == number.value.to_integral_value()
        and len(str(abs(int(number.value)))) > _LONGEST_INTEGER
    ):
        return None
    rest = [word for word in text[end:].split() if not currency_codes(word)]
    if len(rest) > 2 or not all(_UNIT.fullmatch(word) or word in "*/|%" for word in rest):
        return None
    unit = " ".join(word for word in rest if _UNIT.fullmatch(word)) or None
    return Number(number.value, number.other, number.percent, number.money, unit)


def _number(text: str, amount: Amount, mark: Mark) -> Number:
    lone = _LONE_MARK.fullmatch(text[amount.start : amount.end])
    if not lone:
        return Number(amount.value, None, amount.percent, amount.money)
    sign = -1 if amount.value < 0 else 1
    parted, grouped = sign * Decimal(f"{lone[1]}.{lone[3]}"), sign * Decimal(lone[1] + lone[3])
    value, other = (parted, grouped) if lone[2] == mark or lone[1] == "0" else (grouped, parted)
    return Number(value, other, amount.percent, amount.money)


_NUMERIC_WORD = re.compile(
    r"[(\-−–+]?([^\W\d]{1,4}\.?|[€$£₹¥])?[-−]?\d[\d.,'’]*[-−)]?%?([^\W\d]{3}|[€$£₹¥])?[-−)]?"
)


@lru_cache(maxsize=4096)
def is_number_word(text: str) -> bool:
    """Whether a word on its own reads as a number, a percentage or an amount of money."""
    match = _NUMERIC_WORD.fullmatch(text)
    return match is not None and all(currency_codes(mark) for mark in match.groups() if mark)


def is_glued(text: str) -> bool:
    """Whether a text is a number with its unit written to it: 5kg, 2x."""
    return _GLUED.fullmatch(text) is not None and text[0].isdigit()


@lru_cache(maxsize=4096)
def is_beside_number(text: str) -> bool:
    """Whether a word is a currency or a percent sign, which belongs to the number next to it."""
    return text in ("%", "x", "X", "*", "-", "–") or bool(currency_codes(text))
