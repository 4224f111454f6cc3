"""An e-invoice without pages as what a page of it would show: texts and figures alone, never a piece of the file's own
markup. Like reading, this runs on hostile input and belongs inside the sandbox (``SandboxedReader.look``).
"""

from __future__ import annotations

from typing import Any

from ticketos.ai.extract.einvoice import parse_xml, read_einvoice
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.sniff import kind_of

MOST_LINES, MOST_TAX_ROWS = 500, 50
LONGEST = 1_000
"""Characters of one text; what is longer is cut."""


def paper(data: bytes, filename: str, limits: Limits) -> dict[str, Any]:
    """Header, parties, lines, tax and totals by our own names; ``lines_total`` is how many lines there are, also where
    not all are given. Raises Quarantined, ``no-page`` for a file that is no e-invoice by itself."""
    if kind_of(data, filename, limits) != "xml":
        raise Quarantined("no-page", "a file with pages of its own")
    invoice = read_einvoice(parse_xml(data))
    if invoice is None:
        raise Quarantined("no-page", "no e-invoice")
    return {
        "syntax": invoice.syntax,
        "doc_type": invoice.type,
        "fields": _short(invoice.fields),
        "more": _short(invoice.more),
        "lines": [_short(line.model_dump()) for line in invoice.lines[:MOST_LINES]],
        "lines_total": len(invoice.lines),
        "tax_rows": [_short(row.model_dump()) for row in invoice.tax_rows[:MOST_TAX_ROWS]],
    }


def _short(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value)[:LONGEST] for name, value in values.items() if value is not None}
