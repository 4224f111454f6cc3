"""What the lines say about the totals: their sum, and the tax that follows from their rates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from schemas.extraction import ExtractedLine, TaxRow

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Evidence:
    """Sums over lines and tax rows, in the document's currency; None where a part of the sum is missing.

    `net` adds up the lines. `net_by_rate` does so for each tax rate and `tax` is the tax on those, each rate
    rounded to cents; both only when every line shows its rate. `stated_base` and `stated_tax` add up the tax
    rows. `products` counts the lines whose quantity × unit price is their amount, of `compared` that show all
    three: where most agree, the amounts are read right and the lines are without tax or with it as the prices
    are.
    """

    lines: int = 0
    net: Decimal | None = None
    net_by_rate: dict[Decimal, Decimal] = field(default_factory=dict)
    tax: Decimal | None = None
    stated_base: Decimal | None = None
    stated_tax: Decimal | None = None
    products: int = 0
    compared: int = 0


def evidence(lines: Iterable[ExtractedLine], tax_rows: Iterable[TaxRow] = ()) -> Evidence:
    """What the lines and tax rows add up to."""
    lines, tax_rows = list(lines), list(tax_rows)
    nets = [_decimal(line.net) for line in lines]
    by_rate: dict[Decimal, Decimal] = {}
    for line, net in zip(lines, nets, strict=True):
        rate = _decimal(line.tax_rate)
        if rate is None or net is None:
            by_rate = {}
            break
        by_rate[rate] = by_rate.get(rate, Decimal(0)) + net
    taxes = [(net * rate / 100).quantize(_CENT, ROUND_HALF_UP) for rate, net in by_rate.items()]
    agreed = [it for it in map(_agrees, lines) if it is not None]
    return Evidence(
        lines=len(lines),
        net=_sum(nets),
        net_by_rate=by_rate,
        tax=_sum(taxes),
        stated_base=_sum([_decimal(row.base) for row in tax_rows]),
        stated_tax=_sum([_decimal(row.amount) for row in tax_rows]),
        products=sum(agreed),
        compared=len(agreed),
    )


def _agrees(line: ExtractedLine) -> bool | None:
    quantity, price, net = _decimal(line.quantity), _decimal(line.unit_price), _decimal(line.net)
    if quantity is None or price is None or net is None:
        return None
    return abs(quantity * price - net) <= max(_CENT, abs(net) / 500)


def _sum(values: list[Decimal] | list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else None


def _decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
