"""Tables of lines and of taxes: from words on pages to what was sold, at what price, and taxed how."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.extraction import TaxRow
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.tables.bare import bare_lines
from ticketos.ai.extract.tables.body import lines_under
from ticketos.ai.extract.tables.headings import headings
from ticketos.ai.extract.tables.line import Line
from ticketos.ai.extract.tables.numbers import decimal_mark
from ticketos.ai.extract.tables.taxes import tax_rows

__all__ = ["Line", "read_lines", "read_tax_rows"]

_LONGEST_TABLE = 2000


def read_lines(paper: Paper) -> list[Line]:
    """The lines of every table on the paper; the heading rows are noted on the paper."""
    mark = decimal_mark(cell.text for row in paper.rows for cell in row.cells)
    heads = headings(paper.rows)
    found: list[Line] = []
    for position, heading in enumerate(heads):
        if heading.table != "lines" or len(found) >= _LONGEST_TABLE:
            continue
        paper.headers.update(range(heading.first, heading.last + 1))
        end = heads[position + 1].first if position + 1 < len(heads) else len(paper.rows)
        found += lines_under(heading, paper.rows[heading.last + 1 : end], mark)
    return found[:_LONGEST_TABLE] or bare_lines(paper.rows, mark)


def read_tax_rows(paper: Paper, lines: Iterable[Line] = ()) -> list[TaxRow]:
    """Rate, base and amount of every tax printed on the paper, outside its lines."""
    mark = decimal_mark(cell.text for row in paper.rows for cell in row.cells)
    return tax_rows(paper.rows, headings(paper.rows), _between(paper, lines), mark)


def _between(paper: Paper, lines: Iterable[Line]) -> set[int]:
    """The rows from the first line of each page to its last, by index."""
    words = {id(word) for line in lines for word in line.words}
    spans: dict[int, tuple[int, int]] = {}
    for index, row in enumerate(paper.rows):
        if any(id(word) in words for cell in row.cells for word in cell.words):
            spans[row.page] = (spans.get(row.page, (index, index))[0], index)
    return {index for first, last in spans.values() for index in range(first, last + 1)}
