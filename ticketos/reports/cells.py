"""Rows for a spreadsheet (RFC 4180). A cell a spreadsheet would take for a formula starts with an apostrophe, so
that a file name or a subject from outside never runs on somebody's desk."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"
"""Tells a spreadsheet that the file is UTF-8."""


def cell(value: object) -> str:
    """A value as the text of a cell; a plain negative amount stays a number."""
    text = "" if value is None else str(value)
    if not text.startswith(FORMULA):
        return text
    try:
        Decimal(text)
    except ArithmeticError:
        return f"'{text}"
    return text


def rows(lines: Iterable[Iterable[object]]) -> str:
    """Lines as CSV text."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in line] for line in lines)
    return out.getvalue()
