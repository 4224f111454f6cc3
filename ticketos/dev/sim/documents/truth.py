"""What a sample document is and what it truly says.

A :class:`Truth` holds the values as a machine must report them: dates in ISO 8601, amounts as plain
decimal strings, identifiers as printed. A value the document does not show is ``None``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from ticketos.domain import ai_policy

Kind = Literal["invoice", "receipt", "purchase_order", "goods_receipt", "inventory", "credit_note"]
Unbooked = Literal["order_confirmation", "proforma", "quotation", "reminder", "delivery_note", "statement"]
"""Papers of trade that look like one of the kinds and are booked as none of them: their type is `unknown`."""
Form = Literal[
    "text_pdf", "scan_pdf", "image_png", "image_jpeg", "einvoice_pdf", "einvoice_xml_cii", "einvoice_xml_ubl"
]
Language = Literal["en", "de", "fr"]
Country = Literal["IN", "DE", "FR", "GB"]
BrokenKind = Literal[
    "encrypted", "empty", "truncated", "wrong_type", "zero_page", "xml_bomb", "pixel_bomb", "not_a_document"
]

KINDS: tuple[Kind, ...] = get_args(Kind)
UNBOOKED: tuple[Unbooked, ...] = get_args(Unbooked)
FORMS: tuple[Form, ...] = get_args(Form)
LANGUAGES: tuple[Language, ...] = get_args(Language)
COUNTRIES: tuple[Country, ...] = get_args(Country)
BROKEN_KINDS: tuple[BrokenKind, ...] = get_args(BrokenKind)

FIELD_NAMES = tuple(name for name in ai_policy.FIELD_NAMES if name != "amount_due")


@dataclass(frozen=True, slots=True)
class TruthLine:
    """One table line: amounts, rate (in percent) and quantity as decimal strings, unit as printed."""

    description: str
    quantity: str
    unit: str
    unit_price: str | None
    tax_rate: str | None
    net: str | None


@dataclass(frozen=True, slots=True)
class Truth:
    """What the document says. ``type`` is the kind, or ``"broken"`` with the reason expected.

    ``fields`` has every name of :data:`FIELD_NAMES`, and ``amount_due`` where it differs from the total.
    """

    type: str
    fields: dict[str, str | None]
    lines: list[TruthLine]
    reason: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The truth as plain values, ready for JSON."""
        return asdict(self)

    def as_json(self) -> str:
        """The truth as one line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of the generator; the same request gives the same document."""

    kind: Kind
    seed: int
    layout: int | None
    language: Language
    country: Country
    form: Form
    pages: int
    damage: float
    vendor_seed: int
    buyer_seed: int
    copy: int = 0


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """A file as it would arrive, with its truth; ``request`` is absent for broken files."""

    filename: str
    content_type: str
    content: bytes
    truth: Truth
    request: Request | None = None
