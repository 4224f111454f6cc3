"""What reading one document yields: the shape that crosses HTTP, Temporal and the sandbox's pipe.

Amounts are decimal strings with a point, dates ISO 8601, boxes fractions of the page (left, top, right,
bottom) measured from its top left corner. Unknown keys are ignored, so an older reader's payload loads in a
newer one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ticketos.domain import ai_policy

DocumentType = Literal[
    "invoice", "credit_note", "receipt", "purchase_order", "goods_receipt", "inventory", "unknown"
]
Source = Literal["xml", "text", "ocr", "rule", "model"]
Box = tuple[float, float, float, float]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]

FIELD_NAMES: tuple[str, ...] = ai_policy.FIELD_NAMES


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
    blocked_because: tuple[str, ...] = ()
    """The same in words, with the figures: "total differs from the sum of 4 lines by 3.00"."""


class ExtractedLine(_Wire):
    """One line of the document's table; what was not printed is None."""

    description: str | None = None
    quantity: str | None = None
    unit: str | None = None
    unit_price: str | None = None
    tax_rate: str | None = None
    net: str | None = None


class TaxRow(_Wire):
    """Tax at one rate. `base` is what it was reckoned on; `category` is the code of UNCL5305 (S, Z, E, AE,
    K, G, O …) where the document states one, else None.
    """

    rate: str | None = None
    base: str | None = None
    amount: str | None = None
    category: str | None = None


class Check(_Wire):
    """The verdict of one rule over the fields; `detail` shows the figures that were compared."""

    name: str
    ok: bool
    detail: str


class Code(_Wire):
    """A barcode on a page: `kind` is its symbology, `meaning` what its payload is (`einvoice-in`, `upi`, `swiss-qr`,
    `epc`, `other`), `fields` what that payload states about the document."""

    kind: str
    text: str
    page: int
    box: Box | None = None
    meaning: str = "other"
    fields: dict[str, str] = Field(default_factory=dict)


class Extraction(_Wire):
    """A whole document. `quarantined` means it was not read, `reason` is the stable code of why."""

    file: str
    type: DocumentType = "unknown"
    status: Literal["read", "quarantined"]
    reason: str | None = None
    reason_text: str | None = None
    fields: dict[str, ExtractedField] = Field(default_factory=dict)
    lines: tuple[ExtractedLine, ...] = ()
    tax_rows: tuple[TaxRow, ...] = ()
    checks: tuple[Check, ...] = ()
    engine: str
    pages: int = 0
    text_sha256: str | None = None
    """Hash of the letters and digits alone: equal for the same text in another layout or file."""
    simhash: str | None = None
    """64 bits in hex; near-duplicates differ in few of them."""
    language: str | None = None
    codes: tuple[Code, ...] = ()
    """Barcodes, QR codes and payment codes on the pages."""
    part: int = 1
    """Which document of its file this is, from 1; `parts` is how many the file holds."""
    parts: int = 1
    first_page: int = 1
    """Where the document begins in its file; `pages` counts the document's own."""
    text: str = ""
    """All that was read, row by row; empty for data without pages. Not among what `public` tells."""
    words: tuple[dict[str, Any], ...] = ()
    """The words of the pages, packed: a correction teaches where on such papers values stand."""
    unaided: dict[str, str | None] = Field(default_factory=dict)
    """The values before supplier memory spoke."""
    memory: dict[str, Any] | None = None
    """The supplier recognised and what its memory did: see ``ticketos.ai.extract.memory.Remembered``."""
    versions: dict[str, str] = Field(default_factory=dict)
    """What read the document: reader, the papers the supplier's memory was made of, and the version of the client's own
    scorer where one chose."""
    opinion: dict[str, Any] | None = None
    """What a model outside had to do with it, where the contract asks for one: outcome, model, cost, and the fields it agreed
    on, differed on, added, or named without their being printed. No content."""
    candidates: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    """Per field what else it could be (value, page, box), the likeliest first: for a person to choose from."""

    def public(self) -> dict[str, Any]:
        """The stable object that `ticketos extract --json` prints; `page_range` and `codes` are there where a file
        holds several documents, or codes."""
        told = self.model_dump(
            mode="json",
            include={
                "file": True,
                "type": True,
                "status": True,
                "reason": True,
                "fields": {"__all__": {"value", "confidence", "auto", "page", "box", "source"}},
                "lines": True,
                "tax_rows": True,
                "checks": True,
                "engine": True,
            },
        )
        if self.parts > 1:
            told["page_range"] = [self.first_page, self.first_page + max(self.pages, 1) - 1]
        if self.codes:
            told["codes"] = [code.model_dump(mode="json") for code in self.codes]
        return told
