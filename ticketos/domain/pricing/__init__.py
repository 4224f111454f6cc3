"""Pricing models: one file each, one line in the registry (PB1, PB6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketos.domain.errors import DomainError
from ticketos.domain.pricing.base import Breakdown, Line, PricingModel, Usage
from ticketos.domain.pricing.flat import Flat, Tier
from ticketos.domain.pricing.hybrid import Hybrid

__all__ = [
    "PRICING_MODELS", "Breakdown", "Flat", "Hybrid", "Line", "PricingModel", "Tier", "Usage", "from_json",
]  # fmt: skip

PRICING_MODELS: tuple[type[PricingModel], ...] = (Flat, Hybrid)
"""Every model a contract can name by its `kind`."""


def from_json(kind: str, data: Mapping[str, Any], currency: str | None = None) -> PricingModel:
    """The contract's price. The currency stands in `data` or is given by the contract; they must agree."""
    model = next((item for item in PRICING_MODELS if item.kind == kind), None)
    if model is None:
        raise DomainError("pricing-kind-unknown", kind=kind)
    stated = data.get("currency", currency)
    if not isinstance(stated, str):
        raise DomainError("pricing-currency-missing", kind=kind)
    if currency is not None and stated != currency:
        raise DomainError("currency-mismatch", left=stated, right=currency)
    try:
        return model.from_json(data, stated)
    except (KeyError, TypeError) as error:
        raise DomainError("pricing-json-invalid", kind=kind, reason=repr(error)) from error
