"""What an e-invoice says, in the reader's own names."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from schemas.extraction import DocumentType, ExtractedLine, TaxRow

# UNTDID 1001 codes of notes in the buyer's favour.
CREDIT_CODES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})

MORE = ("buyer_address", "reference", "delivered", "payment_terms", "iban", "note")
"""Facts of an e-invoice that nobody keys: they are shown to whoever reads it."""


@dataclass
class EInvoice:
    """The fields found, by name; amounts as decimal strings, dates ISO 8601."""

    type: DocumentType
    syntax: str
    fields: dict[str, str] = field(default_factory=dict)
    lines: list[ExtractedLine] = field(default_factory=list)
    tax_rows: list[TaxRow] = field(default_factory=list)
    text: str = ""
    more: dict[str, str] = field(default_factory=dict)
    """What a page of it would show beside the fields (``MORE``)."""

    def put(self, name: str, value: str | None) -> None:
        """Notes a field; the first value that was found stays."""
        if value:
            self.fields.setdefault(name, value)

    def tell(self, **facts: str | None) -> None:
        """Notes what only a page shows, by the names of ``MORE``."""
        self.more |= {name: value for name, value in facts.items() if value and name in MORE}

    def put_due(self, due: str | None) -> None:
        """Notes what is still to be paid, where it differs from the total."""
        total = self.fields.get("total")
        if due is not None and (total is None or Decimal(due) != Decimal(total)):
            self.put("amount_due", due)
