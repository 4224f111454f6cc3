"""Giving the lines of a table their names, and what is printed under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ticketos.ai.extract.tables.bands import Band
from ticketos.ai.extract.tables.details import detail_in
from ticketos.ai.extract.tables.line import Line
from ticketos.ai.extract.tables.names import TextRow, name_of
from ticketos.ai.extract.tables.table import Table, is_sum_row
from ticketos.ai.ocr.page import Row, Word

_PREFIX_GAP = 1.6  # how many times wider a gap is than its neighbours where two lines part
_SAME_LINE = 0.9  # widest gap, in heights, to a name set over its numbers
_SAME_PARAGRAPH = 1.2
_APART = 3.0  # gap, in heights, at which text under a line is no more about it
_FEWEST_LETTERS = 5  # of a name; till receipts mark their lines with tax codes


class Namer:
    """Names the lines that start at the bands `starts` of a table."""

    def __init__(self, table: Table, starts: Sequence[int]) -> None:
        self._table, self._starts = table, starts
        self._limits = [*starts[1:], len(table.bands)]
        ends = [
            words[-1].x1
            for start, limit in zip(starts, self._limits, strict=True)
            for band in [table.bands[start], *self._text_bands(start, limit)]
            for _, words in table.texts(band)
        ]
        self._right = max(ends, default=0.0)
        # On which side of its numbers a table prints the names is seen at its first and last line: between
        # lines there is a row of text either way.
        above, below = (sum(bool(self._neighbour(it, step)) for it in starts) for step in (-1, 1))
        self._names_above = above > below

    def named(self, line: Line, position: int) -> Line:
        """The line with its description, and with quantity and price where only text under it tells them."""
        index, limit = self._starts[position], self._limits[position]
        words = self._name(index, limit, self._starts[position - 1] if position else -1)
        text = " ".join(word.text for word in words) or None
        shown = set(line.words)
        named = replace(
            line,
            values=line.values.model_copy(update={"description": text}),
            words=line.words + tuple(word for word in words if word not in shown),
        )
        return self._detailed(named, index, limit, words)

    def _name(self, index: int, limit: int, previous: int) -> tuple[Word, ...]:
        told = self._told(index)
        own = [
            (row, words)
            for row, it in self._table.texts(self._table.bands[index])
            if (words := _less(it, told))
        ]
        before, after = self._before(index, previous, bool(own)), self._after(index, limit)
        letters = sum(c.isalpha() for _, words in own for word in words for c in word.text)
        if letters < _FEWEST_LETTERS and (self._names_above or not (before or after)):
            beside = self._beside(index)
            if beside:
                return tuple(word for _, words in beside for word in words)
        if not (before or own or after):
            return ()
        return name_of(before, own, after, self._right, self._table.coded)

    def _told(self, index: int) -> tuple[Word, ...]:
        """The words of a line's own row that tell quantity and price, where no columns do."""
        table, net_column = self._table, self._table.roles.net
        band = table.bands[index]
        net = band.numbers.get(net_column) if net_column is not None else None
        if net is None or net_column is None or table.is_priced(band):
            return ()
        detail = detail_in(band.first, net, band.words(net_column), table.mark)
        return detail.words if detail else ()

    def _text_bands(self, index: int, limit: int) -> list[Band]:
        """The bands under a line that hold nothing but text, up to `limit`, a sum or a new position."""
        table, found = self._table, list[Band]()
        for band in table.bands[index + 1 : limit]:
            over = found[-1] if found else table.bands[index]
            if band.page != over.page or band.first.y0 - over.last.y1 > _APART * band.height:
                break
            numbered = any(it in band.numbers for it in table.of("position"))
            if numbered or is_sum_row(band.first) or table.roles.net in band.numbers:
                break
            found.append(band)
        return found

    def _after(self, index: int, limit: int) -> list[TextRow]:
        """The rows of text under a line, without those that belong to the next."""
        bands = self._table.bands
        found = [text for band in self._text_bands(index, limit) for text in self._table.texts(band)]
        upper = [bands[index].last, *(row for row, _ in found)]
        return found[: len(found) - _prefix(upper, bands[limit].first if limit < len(bands) else None)]

    def _before(self, index: int, previous: int, named: bool) -> list[TextRow]:
        """The rows of text over a line whose numbers are set beside the middle of its name."""
        table, found = self._table, list[TextRow]()
        here = table.bands[index]
        for band in reversed(table.bands[previous + 1 : index]):
            texts = table.texts(band)
            if band.page != here.page or not texts or table.roles.net in band.numbers:
                break
            found = texts + found
        if not found:
            return []
        if previous < 0:
            close = here.first.y0 - found[-1][0].y1 < _SAME_LINE * here.height
            return found[-1:] if not named and close else []
        rows = [table.bands[previous].last, *(row for row, _ in found)]
        count = _prefix(rows, here.first)
        return found[len(found) - count :] if count else []

    def _beside(self, index: int) -> list[TextRow]:
        """The row of bare text over or under a line that has no name in its own row."""
        return self._neighbour(index, -1 if self._names_above else 1)

    def _neighbour(self, index: int, step: int) -> list[TextRow]:
        bands, other = self._table.bands, index + step
        if not 0 <= other < len(bands) or other in self._starts:
            return []
        upper, lower = sorted((index, other))
        gap = bands[lower].first.y0 - bands[upper].last.y1
        close = bands[upper].page == bands[lower].page and gap <= _SAME_PARAGRAPH * bands[index].height
        return self._bare_text(other) if close else []

    def _bare_text(self, index: int) -> list[TextRow]:
        band, roles = self._table.bands[index], self._table.roles
        texts = [(row, tuple(word for cell in row.cells for word in cell.words)) for row in band.rows]
        letters = sum(c.isalpha() for _, words in texts for word in words for c in word.text)
        told = {roles.quantity, roles.unit_price, roles.net} & set(band.numbers)
        return [] if told or is_sum_row(band.first) or letters < _FEWEST_LETTERS else texts

    def _detailed(self, line: Line, index: int, limit: int, name: Sequence[Word]) -> Line:
        """Quantity and price from the text beside and under a line, where no columns hold them."""
        table, net_column = self._table, self._table.roles.net
        here = table.bands[index]
        net = here.numbers.get(net_column) if net_column is not None else None
        counted = line.values.quantity is not None or line.values.unit_price is not None
        if counted or net is None or net_column is None:
            return line
        for band in [here, *self._text_bands(index, limit)][:3]:
            detail = detail_in(band.first, net, band.words(net_column), table.mark)
            if detail is None:
                continue
            rest = " ".join(word.text for word in name if word not in detail.words)
            rate = f"{detail.tax_rate.normalize():f}" if detail.tax_rate is not None else None
            values = line.values.model_copy(
                update={
                    "description": rest or line.values.description,
                    "quantity": f"{detail.quantity:f}",
                    "unit_price": f"{detail.unit_price:f}",
                    "unit": line.values.unit or detail.unit,
                    "tax_rate": line.values.tax_rate or rate,
                }
            )
            return replace(line, values=values)
        return line


def _less(words: Sequence[Word], taken: Sequence[Word]) -> tuple[Word, ...]:
    return tuple(word for word in words if word not in taken)


def _prefix(rows: Sequence[Row], lower: Row | None) -> int:
    """How many of the rows (the first is the line above) belong to the line below, by the widest gap."""
    if lower is None or len(rows) < 2:
        return 0
    gaps = [max(under.y0 - over.y1, 0.0) for over, under in pairwise([*rows, lower])]
    widest = max(range(len(gaps)), key=lambda i: gaps[i])
    others = [gap for i, gap in enumerate(gaps) if i != widest]
    if widest == len(gaps) - 1 or gaps[widest] < max(_PREFIX_GAP * max(others), 0.4 * lower.height):
        return 0
    return len(rows) - 1 - widest
