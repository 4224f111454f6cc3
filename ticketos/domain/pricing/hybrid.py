"""Hybrid: a base fee with an included quantity, and a price for each unit beyond it (PB6).

    total = base + max(0, quantity − included) × overage

The base belongs to the period and is due without any usage (PB8); its line opens to the included units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal
from ticketos.domain.pricing.base import Breakdown, Usage, check_price, line


@dataclass(frozen=True)
class Hybrid:
    """`base` per period, the first `included` units in it, `overage` for each further unit."""

    kind: ClassVar[str] = "hybrid"

    base: Money
    included: int
    overage: Money

    def __post_init__(self) -> None:
        check_price(self.base)
        check_price(self.overage)
        if self.base.currency != self.overage.currency:
            raise DomainError("currency-mismatch", left=self.base.currency, right=self.overage.currency)
        if self.included < 0:
            raise DomainError("pricing-included-invalid", included=self.included)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], currency: str) -> Self:
        """`{"base": "30000", "included": 2000, "overage": "2"}`."""
        included = exact_decimal(data["included"])
        if included != included.to_integral_value():
            raise DomainError("pricing-included-invalid", included=str(included))
        return cls(Money.of(data["base"], currency), int(included), Money.of(data["overage"], currency))

    def to_json(self) -> dict[str, Any]:
        """The contract's data, amounts as decimal strings."""
        return {
            "currency": self.base.currency,
            "base": f"{self.base.amount:f}",
            "included": self.included,
            "overage": f"{self.overage.amount:f}",
        }

    def charge(self, usage: Usage) -> Breakdown:
        """The base line, and an overage line once the included quantity is used up."""
        included = min(usage.quantity, Decimal(self.included))
        covered = usage.unit_ids(Decimal(0), included) if included else ()
        lines = [line("base", Decimal(1), self.base, covered)]
        beyond = usage.quantity - included
        if beyond > 0:
            lines.append(line("overage", beyond, self.overage, usage.unit_ids(included)))
        return Breakdown.of(lines, self.base.currency)
