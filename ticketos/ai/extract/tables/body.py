"""From the rows under a heading to lines: which bands are lines, and what their numbers are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from schemas.extraction import ExtractedLine
from ticketos.ai.extract.tables.bands import Band
from ticketos.ai.extract.tables.columns import is_allowance
from ticketos.ai.extract.tables.headings import Heading
from ticketos.ai.extract.tables.line import Line
from ticketos.ai.extract.tables.naming import Namer
from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers
from ticketos.ai.extract.tables.roles import Product
from ticketos.ai.extract.tables.table import Table, is_sum_heading
from ticketos.ai.extract.values import amounts
from ticketos.ai.ocr.page import Row

_SAME_PLACE = 0.7  # heights by which edges of one column differ
_ENDS = 8.0  # heights of empty paper that end a table
_LETTER = re.compile(r"[^\W\d_]")
_HIGHEST_RATE = 40
_NEAR = 12  # rows among which a next line shows that the table goes on
_LONGEST_UNIT = 16
_CENT = Decimal("0.01")


def lines_under(heading: Heading, rows: Sequence[Row], mark: Mark) -> list[Line]:
    """The lines of the rows that follow a heading, up to the next one."""
    if not rows:
        return []
    table = Table(heading, rows, mark)
    found: list[Line] = []
    starts: list[int] = []
    strict = False
    last: Row | None = None
    labels: Row | None = None
    for index, band in enumerate(table.bands):
        agreed = table.roles.agreed(band.numbers)
        turned = last is not None and band.page != last.page
        apart = last is not None and not turned and band.first.y0 - last.y1 > _ENDS * band.height
        beneath = labels is not None and _is_under(labels, band)
        labels = band.last if is_sum_heading(band.last) else None
        if agreed is None and (beneath or table.is_sum(band)):
            # Behind a sum, only a row whose arithmetic is right is one more line.
            strict, last = True, band.last
        elif agreed is None and found and not strict and _takes_off(table, band):
            found[-1] = _less(table, found[-1], band, index)
            last = band.last
        elif _is_line(table, band, agreed, strict or apart or (turned and not _goes_on(table, band, starts))):
            starts.append(index)
            found.append(_line(table, band, agreed))
            last = band.last
        elif not turned and not apart and (last is None or table.texts(band)):
            last = band.last
    if not found:
        return []
    namer = Namer(table, starts)
    return [namer.named(line, position) for position, line in enumerate(found)]


def _is_under(labels: Row, band: Band) -> bool:
    """Whether a band of bare numbers stands right under a row that names sums side by side."""
    close = band.page == labels.page and band.first.y0 - labels.y1 <= 2 * band.height
    return close and not any(len(word) > 3 and word.isalpha() for word in band.label().split())


def _goes_on(table: Table, band: Band, starts: Sequence[int]) -> bool:
    """Whether a row on a new page is set like the last line of the page before: name and amount at the same
    places, so that the table goes on without a new heading.
    """
    before, net = table.bands[starts[-1]] if starts else None, table.roles.net
    if before is None or net is None or not before.words(net) or not band.words(net):
        return False
    names = [table.texts(it) for it in (before, band)]
    numbers = [it.numbers.get(net) for it in (before, band)]
    if not all(names) or None in numbers or len({it.money for it in numbers if it}) > 1:
        return False
    slack = _SAME_PLACE * band.height
    left = abs(names[0][0][1][0].x0 - names[1][0][1][0].x0) <= slack
    return left and abs(before.words(net)[-1].x1 - band.words(net)[-1].x1) <= slack


def _is_line(table: Table, band: Band, agreed: Product | None, strict: bool) -> bool:
    """A line needs its amount, or a count where the table has no amounts, and something that is sold."""
    roles, numbers = table.roles, band.numbers
    told = any(_LETTER.search(band.text(i)) for i in table.of("code")) or bool(table.texts(band))
    if strict:
        return agreed is not None and (told or agreed.quantity != 1)
    if roles.net is None:
        return roles.quantity in numbers and told
    if roles.net not in numbers or numbers[roles.net].percent:
        return False
    return told or table.is_priced(band)


def _line(table: Table, band: Band, agreed: Product | None) -> Line:
    quantity, price, net = table.roles.three(band.numbers)
    agreed = agreed or _without_tax(table, band)
    count, each, amount = (None if it is None or it.percent else it.value for it in (quantity, price, net))
    if agreed is not None:
        count, each, amount = agreed.quantity, agreed.unit_price, agreed.net
        if count * each * amount and (count * each < 0) != (amount < 0):
            # The sign is printed once; the product has to have it.
            count, amount = (-count, amount) if amount < 0 else (count, -amount)
    values = ExtractedLine(
        quantity=_text(count),
        unit=_unit(table, band, quantity),
        unit_price=_text(each),
        tax_rate=_tax_rate(table, band),
        net=_text(amount),
    )
    return Line(values, band.all_words, band.page)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _without_tax(table: Table, band: Band) -> Product | None:
    """Where the amount holds the tax: quantity × price plus the tax of the row, or plus its rate, makes it."""
    quantity, price, gross = table.roles.three(band.numbers)
    if quantity is None or price is None or gross is None or not gross.value:
        return None
    net = (quantity.value * price.value).quantize(_CENT, ROUND_HALF_UP)
    taxes = [it.value for i in table.of("tax_amount", "tax_rate") if (it := band.numbers.get(i))]
    rate = _tax_rate(table, band)
    if rate is not None:
        taxes.append((net * Decimal(rate) / 100).quantize(_CENT, ROUND_HALF_UP))
    held = any(tax and abs(net + tax - gross.value) <= _CENT for tax in taxes)
    return Product(quantity.value, price.value, net) if held else None


def _unit(table: Table, band: Band, quantity: Number | None) -> str | None:
    for index in table.of("unit"):
        text = band.text(index)
        if _LETTER.search(text) and len(text) <= _LONGEST_UNIT:
            return text
    return quantity.unit if quantity else None


def _tax_rate(table: Table, band: Band) -> str | None:
    """A percentage, or a bare number where no amount of tax can be meant."""
    columns = sorted(table.of("tax_rate"), key=lambda i: not table.columns[i].percent)
    for index in columns:
        for _, _, number in all_numbers(band.text(index), table.mark):
            plain = number.value == number.value.quantize(Decimal("0.1"))
            if number.percent or (0 <= number.value <= _HIGHEST_RATE and plain):
                return f"{number.value.normalize():f}" if number.value else "0"
    return None


def _takes_off(table: Table, band: Band) -> bool:
    return table.roles.net in band.numbers and not table.is_priced(band) and is_allowance(band.label())


def _less(table: Table, line: Line, band: Band, index: int) -> Line:
    """The line less the discount under it, unless that is one on all lines: then its percentage is of their
    sum, or it is the last row and names none.
    """
    number = band.numbers.get(table.roles.net) if table.roles.net is not None else None
    if number is None or line.values.net is None:
        return line
    less, net = abs(number.value), Decimal(line.values.net)
    percents = [it.value for it in amounts(band.label()) if it.percent]
    following = (it for it in table.bands[index + 1 : index + 1 + _NEAR] if it.page == band.page)
    if percents:
        mine = any(abs(net * it / 100 - less) <= 2 * _CENT + less / 100 for it in percents)
    else:
        mine = any(table.roles.agreed(it.numbers) for it in following)
    if not mine:
        return line
    values = line.values.model_copy(update={"net": f"{net - less:f}"})
    return replace(line, values=values, words=line.words + band.all_words)
