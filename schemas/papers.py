"""An e-invoice as a page shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.extraction import DocumentType
from schemas.http import View

Shown = Annotated[str, StringConstraints(max_length=1_000)]
"""A text of the file, to be shown as text."""


class PaperView(View):
    """What an e-invoice without pages says, by our own names: amounts as decimal strings, dates ISO 8601, units as codes of
    UN/ECE Recommendation 20. ``lines_total`` is how many lines the file has, also where not all are given."""

    syntax: Literal["ubl", "cii", "fatturapa"]
    doc_type: DocumentType
    fields: dict[Shown, Shown]
    more: dict[Shown, Shown] = Field(default_factory=dict)
    """What nobody keys: ``buyer_address``, ``reference``, ``delivered``, ``payment_terms``, ``iban``, ``note``."""
    lines: list[dict[Shown, Shown]]
    lines_total: int
    tax_rows: list[dict[Shown, Shown]]
