"""Per transaction: units × price, with graduated or volume tiers (PB1).

    flat        amount = quantity × unit_price
    graduated   each tier's price holds for the units inside that tier; beyond the last tier, unit_price
    volume      the price of the tier the whole quantity falls into holds for every unit

A tier includes its upper bound: with `up_to` 1,000 the thousandth unit has that tier's price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal
from ticketos.domain.pricing.base import Breakdown, Line, Usage, check_price, line

Tiering = Literal["graduated", "volume"]


@dataclass(frozen=True)
class Tier:
    """A price for the quantity up to and including `up_to`."""

    up_to: Decimal
    unit_price: Money


@dataclass(frozen=True)
class Flat:
    """`unit_price` holds for every unit, or with tiers for what lies beyond the last one."""

    kind: ClassVar[str] = "flat"

    unit_price: Money
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = "graduated"

    def __post_init__(self) -> None:
        check_price(self.unit_price)
        for tier in self.tiers:
            check_price(tier.unit_price)
            if tier.unit_price.currency != self.unit_price.currency:
                raise DomainError(
                    "currency-mismatch", left=self.unit_price.currency, right=tier.unit_price.currency
                )
        bounds = (Decimal(0), *(tier.up_to for tier in self.tiers))
        if any(upper <= lower for lower, upper in pairwise(bounds)):
            raise DomainError("pricing-tiers-invalid", up_to=[str(tier.up_to) for tier in self.tiers])
        if self.tiering not in ("graduated", "volume"):
            raise DomainError("pricing-tiering-unknown", tiering=self.tiering)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], currency: str) -> Self:
        """`{"unit_price": "3.50", "tiers": [{"up_to": "1000", "unit_price": "4"}], "tiering": "volume"}`."""
        return cls(
            Money.of(data["unit_price"], currency),
            tuple(
                Tier(exact_decimal(tier["up_to"]), Money.of(tier["unit_price"], currency))
                for tier in data.get("tiers", ())
            ),
            data.get("tiering", "graduated"),
        )

    def to_json(self) -> dict[str, Any]:
        """The contract's data, amounts as decimal strings."""
        return {
            "currency": self.unit_price.currency,
            "unit_price": f"{self.unit_price.amount:f}",
            "tiers": [
                {"up_to": f"{tier.up_to:f}", "unit_price": f"{tier.unit_price.amount:f}"}
                for tier in self.tiers
            ],
            "tiering": self.tiering,
        }

    def charge(self, usage: Usage) -> Breakdown:
        """One line, or one per tier used; no usage gives no line."""
        currency = self.unit_price.currency
        if usage.quantity == 0:
            return Breakdown.of((), currency)
        if self.tiers and self.tiering == "graduated":
            return Breakdown.of(self._graduated(usage), currency)
        price = next(
            (tier.unit_price for tier in self.tiers if usage.quantity <= tier.up_to), self.unit_price
        )
        return Breakdown.of((line("units", usage.quantity, price, usage.unit_ids()),), currency)

    def _graduated(self, usage: Usage) -> list[Line]:
        lines: list[Line] = []
        lower = Decimal(0)
        for number, (upper, price) in enumerate(self._steps(usage.quantity), start=1):
            if upper > lower:
                lines.append(line(f"units-tier-{number}", upper - lower, price, usage.unit_ids(lower, upper)))
            lower = upper
        return lines

    def _steps(self, quantity: Decimal) -> list[tuple[Decimal, Money]]:
        """Upper bound within `quantity` and price of every tier, the open one last."""
        steps = [(min(tier.up_to, quantity), tier.unit_price) for tier in self.tiers]
        return [*steps, (quantity, self.unit_price)]
