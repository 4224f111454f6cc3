"""Tables of lines and of taxes: from words on pages to what was sold, at what price, and taxed how."""

from __future__ import annotations

from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.tables.bare import bare_lines
from ticketos.ai.extract.tables.body import Line, lines_under
from ticketos.ai.extract.tables.headings import headings
from ticketos.ai.extract.tables.numbers import decimal_mark

__all__ = ["Line", "read_lines"]

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
