"""A table as an Excel workbook. Every text is written as text and guarded as in CSV: nothing in it is a formula or a
link, even after somebody saves it as another kind of file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter

from ticketos.reports.cells import cell

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 20_000
"""Lines one workbook takes; more of them are a CSV."""
_LONGEST = 32_767
_EXACT = Decimal(10) ** 15
"""Digits a spreadsheet keeps: a larger number stays text, so that it stays exact."""


def workbook(head: Sequence[str], lines: Iterable[Iterable[object]]) -> bytes:
    """The file: one sheet, its head in bold and always in sight, filters on every column."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet()
    bold = book.add_format({"bold": True})
    page.freeze_panes(1, 0)
    for column, name in enumerate(head):
        page.write_string(0, column, name, bold)
        page.set_column(column, column, max(12, min(40, len(name) + 4)))
    row = 0
    for row, line in enumerate(lines, start=1):
        for column, value in enumerate(line):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                page.write_boolean(row, column, value)
            elif isinstance(value, int | Decimal) and -_EXACT < value < _EXACT:
                page.write_number(row, column, float(value))
            else:
                page.write_string(row, column, cell(value)[:_LONGEST])
    page.autofilter(0, 0, max(row, 1), max(len(head) - 1, 0))
    book.close()
    return out.getvalue()
