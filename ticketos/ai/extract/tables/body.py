"""From the rows under a heading to lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.extraction import ExtractedLine
from ticketos.ai.extract.tables.bands import Band, bands
from ticketos.ai.extract.tables.columns import (
    Kind,
    hits_in,
    is_allowance,
    is_carried,
    is_sum_label,
    speaks_of_sum,
)
from ticketos.ai.extract.tables.cutting import Cutter
from ticketos.ai.extract.tables.details import detail_in
from ticketos.ai.extract.tables.headings import Column, Heading
from ticketos.ai.extract.tables.names import TextRow, name_of
from ticketos.ai.extract.tables.numbers import Mark, Number, all_numbers, cell_number
from ticketos.ai.extract.tables.roles import Product, Roles, product, settle
from ticketos.ai.extract.values import amounts, fold
from ticketos.ai.ocr.page import Row, Word

_ENDS = 8.0  # heights of empty paper that end a table
_PREFIX_GAP = 1.6  # how many times wider a gap is than its neighbours where two lines part
_DELIVERED = re.compile(
    r"received|deliver|shipped|billed|geliefert|recu|livree?|facturee|erhalten|eingang|eingegangen|\bist"
)
_UNIT_LETTERS = re.compile(r"[^\W\d_]")
_HIGHEST_RATE = 40
_FEWEST_LETTERS = 5  # of a name; till receipts mark their lines with tax codes


@dataclass(frozen=True)
class Line:
    """A line with the words of its rows, for showing where it stands."""

    values: ExtractedLine
    words: tuple[Word, ...]
    page: int


def lines_under(heading: Heading, rows: Sequence[Row], mark: Mark) -> list[Line]:
    """The lines of the rows that follow a heading, up to the next one."""
    if not rows:
        return []
    return _Body(heading, rows, mark).lines()


class _Body:
    def __init__(self, heading: Heading, rows: Sequence[Row], mark: Mark) -> None:
        self._columns, self._mark = heading.columns, mark
        end = next((i for i, row in enumerate(rows) if _is_sum_row(row) and i), len(rows))
        cutter = Cutter(self._columns, rows[:end])
        self._bands = list(bands(rows, self._columns, cutter, mark))
        self._text_columns = self._descriptions()
        core = [band.numbers for band in self._bands if not _is_sum_row(band.first)]
        self._roles = settle(self._stated(core), core)
        self._coded = any(
            {"code", "description"} <= {hit.kind for hit in hits_in(self._columns[i].title)}
            for i in self._text_columns
        )
        self._right = 0.0

    # --- columns ----------------------------------------------------------------------------------------------

    def _of(self, *kinds: Kind) -> list[int]:
        return [i for i, column in enumerate(self._columns) if column.kind in kinds]

    def _stated(self, core: Sequence[dict[int, Number]]) -> Roles:
        """The roles as the headings say. Of several counts, what was delivered; of several amounts, the one
        that is quantity × price, else the last.
        """
        counts, prices = self._of("quantity"), self._of("unit_price")
        counts.sort(key=lambda i: _DELIVERED.search(fold(self._columns[i].title)) is None)
        nets = self._of("net") or self._of("gross")
        quantity, price = next(iter(counts), None), next(iter(prices), None)
        discount = next(iter(self._of("discount")), None)
        roles = Roles(quantity, price, nets[-1] if nets else None, discount)
        if len(nets) > 1:
            tried = [replace(roles, net=index) for index in reversed(nets)]
            roles = max(tried, key=lambda it: sum(_agrees(it, row) is not None for row in core))
        return roles

    def _descriptions(self) -> list[int]:
        """The columns that hold the name: of several the one with most letters, else any text column."""
        named = self._of("description")
        if not named:
            named = self._of("other", "code")

        def letters(index: int) -> int:
            return sum(c.isalpha() for band in self._bands for c in band.text(index))

        best = max(named, key=letters, default=None)
        return [] if best is None else [best]

    def _texts(self, band: Band) -> list[TextRow]:
        found = []
        for row, cut in zip(band.rows, band.cuts, strict=True):
            words = tuple(word for index in self._text_columns for word in cut.get(index, ()))
            if words:
                found.append((row, words))
        return found

    # --- lines ------------------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        found: list[Line] = []
        starts: list[int] = []
        strict = False
        last: Row | None = None
        for index, band in enumerate(self._bands):
            product_ = _agrees(self._roles, band.numbers)
            turned = last is not None and band.page != last.page
            apart = last is not None and not turned and band.first.y0 - last.y1 > _ENDS * band.height
            if product_ is None and (_is_sum_row(band.first) or self._is_sum(band)):
                strict, last = True, band.last
                continue
            if product_ is None and found and not strict and self._takes_off(band):
                found = self._with_allowance(found, band, index)
                last = band.last
                continue
            if self._is_line(band, product_, strict or turned or apart):
                starts.append(index)
                found.append(self._line(band, product_))
                last = band.last
            elif apart:
                strict = True
            elif not turned:
                last = band.last if last is None or self._texts(band) else last
        self._right = self._right_of_names(starts)
        return [self._named(line, position, starts) for position, line in enumerate(found)]

    def _right_of_names(self, starts: Sequence[int]) -> float:
        """Where the column of descriptions ends, by the longest text in it."""
        ends = [
            words[-1].x1
            for index, start in enumerate(starts)
            for band in [self._bands[start], *self._text_bands(start, (*starts, len(self._bands))[index + 1])]
            for _, words in self._texts(band)
        ]
        return max(ends, default=0.0)

    def _is_sum(self, band: Band) -> bool:
        """An amount alone that is called a sum somewhere in its row, or right before it."""
        counted = self._roles.quantity in band.numbers and self._roles.unit_price in band.numbers
        if self._roles.net not in band.numbers or counted:
            return False
        labels = [cell.text for cell in band.first.cells if not cell_number(cell.text, self._mark)]
        return speaks_of_sum(band.label()) or (len(labels) > 1 and is_sum_label(labels[-1]))

    def _is_line(self, band: Band, agreed: Product | None, strict: bool) -> bool:
        """A line needs its amount, or a count where the table has no amounts, and something that is sold."""
        roles, numbers = self._roles, band.numbers
        told = any(_UNIT_LETTERS.search(band.text(i)) for i in (*self._text_columns, *self._of("code")))
        if strict:
            return agreed is not None and (told or agreed.quantity != 1)
        counted = roles.quantity in numbers
        if roles.net is None:
            return counted and told
        if roles.net in numbers:
            net = numbers[roles.net]
            return not net.percent and (told or (counted and roles.unit_price in numbers))
        return False

    def _line(self, band: Band, agreed: Product | None) -> Line:
        roles, numbers = self._roles, band.numbers
        quantity, price, net = (
            numbers.get(it) if it is not None else None for it in (roles.quantity, roles.unit_price, roles.net)
        )
        if agreed is not None:
            count, each, amount = agreed.quantity, agreed.unit_price, agreed.net
            if (count * each < 0) != (amount < 0) and count * each and amount:
                # The sign is printed once; the product has to have it.
                count = -count if amount < 0 else count
                amount = amount if amount < 0 else -amount
            values = (f"{count:f}", f"{each:f}", f"{amount:f}")
        else:
            values = tuple(None if it is None or it.percent else f"{it.value:f}" for it in (quantity, price, net))
        line = ExtractedLine(
            quantity=values[0],
            unit=self._unit(band, quantity),
            unit_price=values[1],
            tax_rate=self._tax_rate(band),
            net=values[2],
        )
        return Line(line, band.all_words, band.page)

    def _unit(self, band: Band, quantity: Number | None) -> str | None:
        for index in self._of("unit"):
            text = band.text(index)
            if _UNIT_LETTERS.search(text) and len(text) <= 16:
                return text
        return quantity.unit if quantity else None

    def _tax_rate(self, band: Band) -> str | None:
        """A percentage, or a bare number where no amount of tax can be meant."""
        columns = sorted(self._of("tax_rate"), key=lambda i: not self._columns[i].percent)
        for index in columns:
            for _, _, number in all_numbers(band.text(index), self._mark):
                plain = number.value == number.value.quantize(Decimal("0.1"))
                if number.percent or (0 <= number.value <= _HIGHEST_RATE and plain):
                    return f"{number.value.normalize():f}" if number.value else "0"
        return None

    # --- allowances -------------------------------------------------------------------------------------------

    def _takes_off(self, band: Band) -> bool:
        roles = self._roles
        priced = roles.quantity in band.numbers and roles.unit_price in band.numbers
        return roles.net is not None and roles.net in band.numbers and not priced and is_allowance(band.label())

    def _with_allowance(self, found: list[Line], band: Band, index: int) -> list[Line]:
        """Takes a discount row off the line above it, unless it is one on all lines: then its percentage is
        of their sum, or it is the last row and says nothing.
        """
        if self._roles.net is None or found[-1].values.net is None:
            return found
        less = -abs(band.numbers[self._roles.net].value)
        net = Decimal(found[-1].values.net)
        percents = [it.value for it in amounts(band.label()) if it.percent]
        if percents:
            mine = any(abs(net * it / 100 + less) <= Decimal("0.02") + abs(less) / 100 for it in percents)
        else:
            mine = any(
                _agrees(self._roles, it.numbers) for it in self._bands[index + 1 :] if it.page == band.page
            )
        if not mine:
            return found
        changed = found[-1].values.model_copy(update={"net": f"{net + less:f}"})
        return [*found[:-1], replace(found[-1], values=changed, words=found[-1].words + band.all_words)]

    # --- names ------------------------------------------------------------------------------------------------

    def _named(self, line: Line, position: int, starts: Sequence[int]) -> Line:
        index = starts[position]
        band = self._bands[index]
        own = self._texts(band)
        before = self._before(index, starts[position - 1] if position else -1, bool(own))
        after = self._after(index, starts[position + 1] if position + 1 < len(starts) else len(self._bands))
        if not before and not after and _letters(own) < _FEWEST_LETTERS:
            own = self._beside(index, starts) or own
        words = name_of(before, own, after, self._right, self._coded) if before or own or after else ()
        text = " ".join(word.text for word in words) or None
        values = line.values.model_copy(update={"description": text})
        shown = set(line.words)
        line = replace(line, values=values, words=line.words + tuple(it for it in words if it not in shown))
        return self._detailed(line, index, starts[position + 1] if position + 1 < len(starts) else None)

    def _detailed(self, line: Line, index: int, following: int | None) -> Line:
        """Quantity and price from the rows under a line, where the table has no columns for them."""
        net = self._bands[index].numbers.get(self._roles.net) if self._roles.net is not None else None
        if line.values.quantity is not None or line.values.unit_price is not None or net is None:
            return line
        for band in [self._bands[index], *self._text_bands(index, following or len(self._bands))][:3]:
            amount = band.words(self._roles.net) if self._roles.net is not None else ()
            detail = detail_in(band.first, net, amount, self._mark)
            if detail is None:
                continue
            rate = line.values.tax_rate
            values = line.values.model_copy(
                update={
                    "quantity": f"{detail.quantity:f}",
                    "unit_price": f"{detail.unit_price:f}",
                    "unit": line.values.unit or detail.unit,
                    "tax_rate": rate if rate or detail.tax_rate is None else f"{detail.tax_rate.normalize():f}",
                }
            )
            name = [word.text for word in line.words if word not in detail.words]
            if band is self._bands[index] and values.description:
                kept = {word.text for word in detail.words}
                text = " ".join(word for word in values.description.split() if word not in kept)
                values = values.model_copy(update={"description": text or None})
            return replace(line, values=values) if name else line
        return line

    def _after(self, index: int, limit: int) -> list[TextRow]:
        """The rows of text under a line, up to what starts something else."""
        found = [text for band in self._text_bands(index, limit) for text in self._texts(band)]
        upper = [self._bands[index].last, *(row for row, _ in found)]
        lower = self._bands[limit].first if limit < len(self._bands) else None
        return found[: len(found) - _prefix(upper, lower)]

    def _beside(self, index: int, starts: Sequence[int]) -> list[TextRow]:
        """The row of bare text over or under a line that has no name in its own row: on which side this
        table prints names is seen at its first line.
        """
        side = -1 if starts[0] > 0 and self._bare_text(starts[0] - 1) else 1
        other = index + side
        if not 0 <= other < len(self._bands) or other in starts:
            return []
        upper, lower = sorted((index, other))
        gap = self._bands[lower].first.y0 - self._bands[upper].last.y1
        return self._bare_text(other) if gap <= self._bands[index].height else []

    def _bare_text(self, index: int) -> list[TextRow]:
        band = self._bands[index]
        told = {self._roles.quantity, self._roles.unit_price, self._roles.net} & set(band.numbers)
        texts = [(row, tuple(word for cell in row.cells for word in cell.words)) for row in band.rows]
        if told or _is_sum_row(band.first) or _letters(texts) < _FEWEST_LETTERS:
            return []
        return texts

    def _text_bands(self, index: int, limit: int) -> list[Band]:
        """The bands under a line that hold nothing but text, up to `limit`, a sum or a new position."""
        found: list[Band] = []
        positions = self._of("position")
        for band in self._bands[index + 1 : limit]:
            over = found[-1] if found else self._bands[index]
            if band.page != over.page or band.first.y0 - over.last.y1 > 3 * band.height:
                break
            if _is_sum_row(band.first) or self._roles.net in band.numbers:
                break
            if any(it in band.numbers for it in positions):
                break
            found.append(band)
        return found

    def _before(self, index: int, previous: int, named: bool) -> list[TextRow]:
        """The rows of text over a line whose numbers are set beside the middle of its name."""
        found: list[TextRow] = []
        for band in reversed(self._bands[previous + 1 : index]):
            texts = self._texts(band)
            if band.page != self._bands[index].page or not texts or self._roles.net in band.numbers:
                break
            found = texts + found
        if not found:
            return []
        if previous < 0:
            close = self._bands[index].first.y0 - found[-1][0].y1 < 0.9 * self._bands[index].height
            return found[-1:] if not named and close else []
        rows = [self._bands[previous].last, *(row for row, _ in found)]
        count = _prefix(rows, self._bands[index].first)
        return found[len(found) - count :] if count else []


def _prefix(rows: Sequence[Row], lower: Row | None) -> int:
    """How many of the rows (the first is the line above) belong to the line below, by the widest gap."""
    if lower is None or len(rows) < 2:
        return 0
    chain = [*rows, lower]
    gaps = [max(under.y0 - over.y1, 0.0) for over, under in zip(chain, chain[1:], strict=False)]
    widest = max(range(len(gaps)), key=lambda i: gaps[i])
    others = [gap for i, gap in enumerate(gaps) if i != widest]
    if widest == len(gaps) - 1 or gaps[widest] < max(_PREFIX_GAP * max(others), 0.4 * lower.height):
        return 0
    return len(rows) - 1 - widest


def _agrees(roles: Roles, numbers: dict[int, Number]) -> Product | None:
    found = [numbers.get(it) if it is not None else None for it in (roles.quantity, roles.unit_price, roles.net)]
    return product(*found, numbers.get(roles.discount) if roles.discount is not None else None)


def _letters(texts: Sequence[TextRow]) -> int:
    return sum(c.isalpha() for _, words in texts for word in words for c in word.text)


def _is_sum_row(row: Row) -> bool:
    """A row that starts with what a sum is called, or carries one over a page."""
    text = row.cells[0].text
    has_amount = any(it.money or it.value for cell in row.cells for it in amounts(cell.text))
    return has_amount and (is_sum_label(text) or is_carried(row.text))
