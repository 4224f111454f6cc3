"""The form in which a model outside answers about a document: each name is asked for, null where the paper is silent."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, create_model

from schemas.extraction import FIELD_NAMES


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeenLine(_Form):
    """One line of the document's table. Amounts are decimal strings with a point, the tax rate is in per cent."""

    description: str | None
    quantity: str | None
    unit_price: str | None
    tax_rate: str | None
    net: str | None


SeenFields = create_model(
    "SeenFields",
    __base__=_Form,
    **dict.fromkeys(FIELD_NAMES, (str | None, ...)),  # type: ignore[call-overload]
)


class Seen(_Form):
    """What a model saw on a document."""

    type: Literal[
        "invoice", "credit_note", "receipt", "purchase_order", "goods_receipt", "inventory", "unknown"
    ]
    fields: SeenFields
    lines: list[SeenLine]

    def values(self) -> dict[str, str | None]:
        """The value of every field, by name."""
        found: dict[str, str | None] = self.fields.model_dump()
        return found
