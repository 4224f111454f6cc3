"""What every pricing model shares: usage in, a breakdown of invoice lines out.

A line's amount is `unit_price × quantity` rounded half-up to the currency's minor unit; the total is the
sum of the rounded lines, so what the client adds up by hand is what the invoice says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Protocol, Self

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal, money_sum


@dataclass(frozen=True)
class Usage:
    """Accepted quantity of one contract and period, net of corrections (PB8, PB9).

    `units` lists (unit id, quantity) in order of acceptance and sums to `quantity`; it may stay empty
    for a dry run. The order decides which units fall into which tier, so it must be the recorded one.
    """

    quantity: Decimal
    units: tuple[tuple[str, Decimal], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantity", exact_decimal(self.quantity))
        if self.quantity < 0 or any(exact_decimal(quantity) < 0 for _, quantity in self.units):
            raise DomainError("usage-negative", quantity=str(self.quantity))
        if self.units and sum((quantity for _, quantity in self.units), Decimal(0)) != self.quantity:
            raise DomainError("usage-units-do-not-sum", quantity=str(self.quantity))

    @classmethod
    def of_units(cls, units: Iterable[tuple[str, Decimal]]) -> Self:
        """Usage from (unit id, quantity) pairs."""
        listed = tuple(units)
        return cls(sum((quantity for _, quantity in listed), Decimal(0)), listed)

    def unit_ids(self, start: Decimal = Decimal(0), end: Decimal | None = None) -> tuple[str, ...]:
        """Ids of the units that lie, wholly or in part, in the quantity range [start, end)."""
        found: list[str] = []
        reached = Decimal(0)
        for unit_id, quantity in self.units:
            begins, reached = reached, reached + quantity
            if quantity > 0 and reached > start and (end is None or begins < end):
                found.append(unit_id)
        return tuple(found)


@dataclass(frozen=True)
class Line:
    """One invoice line before tax. `description_code` is translated at the edge."""

    description_code: str
    quantity: Decimal
    unit_price: Money
    amount: Money
    unit_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Breakdown:
    """All lines and their sum."""

    lines: tuple[Line, ...]
    total: Money

    @classmethod
    def of(cls, lines: Iterable[Line], currency: str) -> Self:
        """A breakdown whose total is the sum of the lines' rounded amounts."""
        listed = tuple(lines)
        return cls(listed, money_sum((line.amount for line in listed), currency))


class PricingModel(Protocol):
    """A contract's price: a frozen dataclass with a stable `kind`."""

    kind: ClassVar[str]

    @classmethod
    def from_json(cls, data: Mapping[str, Any], currency: str) -> Self:
        """Read the contract's data: amounts are decimal strings in `currency`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The data `from_json` reads."""
        ...

    def charge(self, usage: Usage) -> Breakdown:
        """Price the usage of one period. Pure: same usage, same breakdown; never negative."""
        ...


def line(description_code: str, quantity: Decimal, unit_price: Money, unit_ids: tuple[str, ...] = ()) -> Line:
    """A line with its amount, `unit_price × quantity` rounded half-up to the minor unit."""
    amount = unit_price.times(quantity).rounded(ROUND_HALF_UP)
    return Line(description_code, quantity, unit_price, amount, unit_ids)


def check_price(money: Money) -> None:
    """Prices are never negative; a credit is a credit note, not a price."""
    if money.is_negative:
        raise DomainError("price-negative", price=str(money))
