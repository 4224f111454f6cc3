"""Tax by rate, as papers print it: in a small table, in the sums, or in one line of text.

Rate × base = tax holds for hardly any three numbers by chance, so it finds the row in every language.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from decimal import Decimal

from schemas.extraction import TaxRow
from ticketos.ai.extract.tables.headings import Heading
from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Row

_TAX = re.compile(
    r"(?<![a-z])(?:vat|gst|sst|cgst|sgst|utgst|igst|hst|pst|sales tax|service tax|tax|mwst|ust|umsatzsteuer|"
    r"mehrwertsteuer|versicherung\w*steuer|steuer\w*|tva|t\.v\.a|taxe?s?|iva|i\.v\.a|imposta|igic|moms|btw)(?![a-z])"
)
_HIGHEST_RATE = 40
_CENT = Decimal("0.01")
_PLACES = 2
_MOST_AMOUNTS = 10  # of a row that are tried with each other
_MOST_ROWS = 12
# A tax of 9.50 at 19 % was reckoned on 49.98 to 50.02: which of them is printed?
_BASES_BY_DISTANCE = sorted(range(-20, 21), key=abs)
_INCLUDING = re.compile(r"(?<![a-z])(?:incl\w*|inkl\w*|enthalt\w*|davon|dont|incluid\w*|inclus\w*)(?![a-z])")
# How a code of UNCL5305 is printed behind the tax: "Umsatzsteuer (S)".
_CATEGORY = re.compile(r"\((S|Z|E|AE|K|G|O|L|M)\)")


def tax_rows(
    rows: Sequence[Row], headings: Sequence[Heading], lines: Container[int], mark: Mark
) -> list[TaxRow]:
    """Tax by rate outside the rows (by index) of the lines; the same tax printed twice counts once."""
    printed = {
        abs(it.value)
        for row in rows
        for cell in row.cells
        for _, _, it in all_numbers(cell.text, mark)
        if it.money
    }
    tables = {
        index
        for position, heading in enumerate(headings)
        if heading.table == "taxes"
        for index in range(heading.last + 1, _end(headings, position, rows))
    }
    found: dict[tuple[Decimal, Decimal], TaxRow] = {}
    for index, row in enumerate(rows):
        if index in lines or (index not in tables and not _TAX.search(fold(row.text))):
            continue
        read = _row(row, mark, index in tables, printed)
        if read is None:
            continue
        rate, base, tax = read
        key = (rate, abs(tax))
        if key in found and found[key].base is not None:
            continue
        if len(found) >= _MOST_ROWS and key not in found:
            break
        category = _CATEGORY.search(row.text)
        found[key] = TaxRow(
            rate=f"{rate:f}",
            base=None if base is None else f"{base:f}",
            amount=f"{tax:f}",
            category=category[1] if category else None,
        )
    return _without_parts(list(found.values()))


def _end(headings: Sequence[Heading], position: int, rows: Sequence[Row]) -> int:
    following = headings[position + 1].first if position + 1 < len(headings) else len(rows)
    return min(following, headings[position].last + 1 + _MOST_ROWS)


def _row(
    row: Row, mark: Mark, in_table: bool, printed: Container[Decimal]
) -> tuple[Decimal, Decimal | None, Decimal] | None:
    """Rate, base and tax of a row; the base is None where it is printed nowhere."""
    numbers = [number for cell in row.cells for _, _, number in all_numbers(cell.text, mark)]
    amounts = [it for it in numbers if it.money and not it.percent and it.places <= _PLACES][:_MOST_AMOUNTS]
    rates = [it for it in numbers if it.percent]
    stated = bool(rates)
    if not rates and in_table:
        rates = [it for it in numbers if 0 <= it.value <= _HIGHEST_RATE]
    for number in rates:
        rate = _plain(number)
        if not 0 <= rate <= _HIGHEST_RATE:
            continue
        fit = _fit(rate, [it.value for it in amounts if it is not number])
        if fit is not None:
            return rate, *fit
    if stated and len(rates) == 1 and len(amounts) == 1 and 0 < rates[0].value <= _HIGHEST_RATE:
        return _beside(
            _plain(rates[0]), amounts[0].value, printed, _INCLUDING.search(fold(row.text)) is not None
        )
    return None


def _beside(
    rate: Decimal, amount: Decimal, printed: Container[Decimal], including: bool
) -> tuple[Decimal, Decimal | None, Decimal] | None:
    """A rate with one amount: the tax, whose base stands elsewhere, or what includes the tax."""
    base = (amount * 100 / rate).quantize(_CENT)
    near = [base + step * _CENT for step in _BASES_BY_DISTANCE]
    held = [it for it in near if abs(it) in printed and abs(it * rate / 100 - amount) <= _CENT / 2]
    if held:
        return rate, held[0], amount
    tax = (amount * rate / (100 + rate)).quantize(_CENT)
    if abs(tax) in printed and tax:
        return rate, amount - tax, tax
    return None if including else (rate, None, amount)


def _plain(number: Number) -> Decimal:
    value = number.value.normalize()
    return value if value else Decimal(0)


def _fit(rate: Decimal, amounts: Sequence[Decimal]) -> tuple[Decimal, Decimal] | None:
    """Base and tax among the amounts of a row, the base before the tax where both ways fit."""
    for i, base in enumerate(amounts):
        for j, tax in enumerate(amounts):
            if i == j or not base or (base < 0) != (tax < 0 or (tax == 0 and base < 0)):
                continue
            if abs(abs(base) * rate / 100 - abs(tax)) <= _CENT + abs(base) / 20000:
                return base, tax
    return None


def _without_parts(rows: list[TaxRow]) -> list[TaxRow]:
    """Rows with a base say it all: a bare repetition of their rate in the sums says nothing more."""
    with_base = {row.rate for row in rows if row.base is not None}
    return [row for row in rows if row.base is not None or row.rate not in with_base]
