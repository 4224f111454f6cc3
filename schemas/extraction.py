"""What reading one document yields: the shape that crosses HTTP, Temporal and the sandbox's pipe.

Amounts are decimal strings with a point, dates ISO 8601, boxes fractions of the page (left, top, right,
bottom) measured from its top left corner. Unknown keys are ignored, so an older reader's payload loads in a
newer one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DocumentType = Literal[
    "invoice", "credit_note", "receipt", "purchase_order", "goods_receipt", "inventory", "unknown"
]
Source = Literal["xml", "text", "ocr", "rule", "model"]
Box = tuple[float, float, float, float]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]

FIELD_NAMES: tuple[str, ...] = (
    "supplier_name",
    "supplier_address",
    "supplier_tax_id",
    "buyer_name",
    "buyer_tax_id",
    "number",
    "issue_date",
    "due_date",
    "currency",
    "net_total",
    "tax_total",
    "total",
    "amount_due",
    "po_number",
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ExtractedField(_Wire):
    """One value read off a document; `confidence` is the probability that the value is right."""

    value: str | None
    confidence: Probability
    auto: bool = False
    page: int | None = None
    box: Box | None = None
    source: Source
    blocked_by: tuple[str, ...] = ()
    """Codes that keep `auto` false: `missing`, `low-confidence`, `check:<name>`."""


class ExtractedLine(_Wire):
    """One line of the document's table; what was not printed is None."""

    description: str | None = None
    quantity: str | None = None
    unit: str | None = None
    unit_price: str | None = None
    tax_rate: str | None = None
    net: str | None = None


class Check(_Wire):
    """The verdict of one rule over the fields; `detail` shows the figures that were compared."""

    name: str
    ok: bool
    detail: str


class Extraction(_Wire):
    """A whole document. `quarantined` means it was not read, `reason` is the stable code of why."""

    file: str
    type: DocumentType = "unknown"
    status: Literal["read", "quarantined"]
    reason: str | None = None
    reason_text: str | None = None
    fields: dict[str, ExtractedField] = Field(default_factory=dict)
    lines: tuple[ExtractedLine, ...] = ()
    checks: tuple[Check, ...] = ()
    engine: str
    pages: int = 0
    text_sha256: str | None = None
    """Hash of the letters and digits alone: equal for the same text in another layout or file."""
    simhash: str | None = None
    """64 bits in hex; near-duplicates differ in few of them."""
    language: str | None = None
    candidates: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    """Per field what else it could be (value, page, box), the likeliest first: for a person to choose from."""

    def public(self) -> dict[str, Any]:
        """The stable object that `ticketos extract --json` prints, and nothing beside it."""
        return self.model_dump(
            mode="json",
            include={
                "file": True,
                "type": True,
                "status": True,
                "reason": True,
                "fields": {"__all__": {"value", "confidence", "auto", "page", "box", "source"}},
                "lines": True,
                "checks": True,
                "engine": True,
            },
        )
