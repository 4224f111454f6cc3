"""The longest lists that print: seconds and pages of lists of several widths, each as long as it may be.

A list is made in a process of its own, one at a time, so a page is not kept waiting by it. Figures are processor time,
which a busy machine does not spoil. Asked: the longest ≤ 15 s.

    python -m benchmarks.printing [--record]
"""

from __future__ import annotations

import resource
import sys
from decimal import Decimal

import pypdfium2

from benchmarks.figures import Asked, Figure, arguments, finish, say
from ticketos.reports.printed import Heading, listing, most_rows

WIDTHS = (6, 8, 16)
LONGEST_S = 15.0
_CELLS = (
    "ACME-26-000123", "Invoices of a supplier with a rather long name", "data_entry", Decimal("12345.50"),
    "2026-11-18T09:20:30+00:00", "closed", "Portal or API", "P3",
)  # fmt: skip


def main() -> int:
    """Print each, print the line."""
    given = arguments(__doc__).parse_args()
    figures: dict[str, Figure] = {}
    longest = 0.0
    for columns in WIDTHS:
        count = most_rows(columns)
        line = (_CELLS * columns)[:columns]
        began = _spent()
        made = listing(
            Heading("Requests", "benchmark"), tuple(f"Column {n}" for n in range(columns)), [line] * count
        )
        took = _spent() - began
        pages = len(pypdfium2.PdfDocument(made))
        say(f"  {count} rows of {columns} columns: {took:.1f} s, {pages} pages, {len(made) // 1024} KB")
        figures |= {f"rows_{columns}": count, f"seconds_{columns}": round(took, 1)}
        longest = max(longest, took)
    figures["longest_s"] = round(longest, 1)
    return finish("printing", figures, [Asked("longest, in s", longest, LONGEST_S)], keep=given.record)


def _spent() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
