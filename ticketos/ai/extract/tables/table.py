"""A table as it was cut: its columns, its bands, and which column holds what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ticketos.ai.extract.tables.bands import Band, bands
from ticketos.ai.extract.tables.columns import Kind, hits_in, is_carried, is_sum_label, speaks_of_sum
from ticketos.ai.extract.tables.cutting import Cutter
from ticketos.ai.extract.tables.headings import Heading
from ticketos.ai.extract.tables.names import TextRow
from ticketos.ai.extract.tables.numbers import Mark, Number, cell_number
from ticketos.ai.extract.tables.roles import Roles, settle
from ticketos.ai.extract.values import amounts, fold
from ticketos.ai.ocr.page import Row

_DELIVERED = re.compile(
    r"received|recd|accepted|deliver|shipped|billed|geliefert|recu|livre|facturee|erhalten|recibid|entregad|ricevut|consegnat|eingang|eingegangen|\bist"
)


class Table:
    """The rows under a heading, in bands, with the roles that headings and arithmetic give the columns."""

    def __init__(self, heading: Heading, rows: Sequence[Row], mark: Mark) -> None:
        self.columns, self.mark = heading.columns, mark
        rows = [row for row in rows if any(c.isalnum() for c in row.text)]  # lines drawn with characters
        end = next((i for i, row in enumerate(rows) if is_sum_row(row) and i), len(rows))
        self.bands: list[Band] = list(bands(rows, self.columns, Cutter(self.columns, rows[:end]), mark))
        first_sum = next((i for i, band in enumerate(self.bands) if i and is_sum_row(band.first)), None)
        self._core = self.bands[:first_sum]
        self._read_counts()
        core = [band.numbers for band in self.bands if not is_sum_row(band.first)]
        self.roles = settle(self._stated(core), core)
        self._names = self._descriptions()
        stacked = [{hit.kind for hit in hits_in(self.columns[i].title)} for i in self._names]
        self.coded = any({"code", "description"} <= kinds for kinds in stacked)
        """Whether the heading says that an article's number stands over its name."""

    def of(self, *kinds: Kind) -> list[int]:
        """The columns of these kinds, from left to right."""
        return [i for i, column in enumerate(self.columns) if column.kind in kinds]

    def texts(self, band: Band) -> list[TextRow]:
        """The rows of a band with their words of the description."""
        found = []
        for row, cut in zip(band.rows, band.cuts, strict=True):
            words = tuple(word for index in self._names for word in cut.get(index, ()))
            if words:
                found.append((row, words))
        return found

    def is_priced(self, band: Band) -> bool:
        return self.roles.quantity in band.numbers and self.roles.unit_price in band.numbers

    def is_sum(self, band: Band) -> bool:
        """Whether a band without quantity and price is a sum: called so at its start or before its amount,
        or in the middle of its text.
        """
        if is_sum_row(band.first):
            return True
        if self.roles.net not in band.numbers or self.is_priced(band):
            return False
        labels = [cell.text for cell in band.first.cells if not cell_number(cell.text, self.mark)]
        return speaks_of_sum(band.label()) or (len(labels) > 1 and is_sum_label(labels[-1]))

    def _read_counts(self) -> None:
        """Counts that all have three digits behind their mark, 25,000 and 1,000, have decimals: hardly ever
        is everything bought by the thousand.
        """
        for index in self.of("quantity"):
            numbers = [band.numbers[index] for band in self._core if index in band.numbers]
            if numbers and all(it.other is not None for it in numbers):
                for band in self.bands:
                    if index in band.numbers:
                        band.numbers[index] = band.numbers[index].with_decimals()

    def _stated(self, core: Sequence[dict[int, Number]]) -> Roles:
        """The roles as the headings say. Of several counts, what was delivered; of several amounts, the one
        that is quantity × price, else the last.
        """
        counts, prices = self.of("quantity"), self.of("unit_price")
        counts.sort(key=lambda i: _DELIVERED.search(fold(self.columns[i].title)) is None)
        nets = self.of("net") or self.of("gross")
        quantity, price = next(iter(counts), None), next(iter(prices), None)
        discount = next(iter(self.of("discount")), None)
        roles = Roles(quantity, price, nets[-1] if nets else None, discount)
        if len(nets) > 1:
            tried = [replace(roles, net=index) for index in reversed(nets)]
            roles = max(tried, key=lambda it: sum(it.agreed(row) is not None for row in core))
        return roles

    def _descriptions(self) -> list[int]:
        """The column that holds the name: of several the one with most letters, else any text column."""
        named = self.of("description") or self.of("other", "code")

        def letters(index: int) -> int:
            return sum(c.isalpha() for band in self._core for c in band.text(index))

        best = max(named, key=letters, default=None)
        return [] if best is None else [best]


def is_sum_row(row: Row) -> bool:
    """A row that starts with what a sum is called, or carries one over a page."""
    has_amount = any(it.money or it.value for cell in row.cells for it in amounts(cell.text))
    return has_amount and (is_sum_label(row.cells[0].text) or is_carried(row.text))


def is_sum_heading(row: Row) -> bool:
    """A row of words alone that names sums side by side, whose amounts stand in the row under it."""
    return (
        len(row.cells) > 1
        and not any(c.isdigit() for c in row.cells[-1].text)
        and all(is_sum_label(cell.text) for cell in (row.cells[0], row.cells[-1]))
    )
