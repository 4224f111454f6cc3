"""Which number is which: quantity × unit price = amount decides, whatever the headings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from ticketos.ai.extract.tables.numbers import Number

_CENT = Decimal("0.01")
Numbers = Mapping[int, Number]
_MOST_ROWS = 40  # that are tried: a long table says no more
_LEAST_SHARE = 0.6  # of the rows that have all three numbers


@dataclass(frozen=True, slots=True)
class Roles:
    """Indices of the columns that hold quantity, price and amount; None where no column does."""

    quantity: int | None = None
    unit_price: int | None = None
    net: int | None = None
    discount: int | None = None

    def three(self, numbers: Numbers) -> tuple[Number | None, Number | None, Number | None]:
        """Quantity, price and amount of a row."""
        return _at(numbers, self.quantity), _at(numbers, self.unit_price), _at(numbers, self.net)

    def agreed(self, numbers: Numbers) -> Product | None:
        """The row's product, where its numbers agree."""
        return product(*self.three(numbers), _at(numbers, self.discount))


@dataclass(frozen=True, slots=True)
class Product:
    """Readings of three numbers that agree; `discount` is what was taken off, as an amount."""

    quantity: Decimal
    unit_price: Decimal
    net: Decimal
    discount: Decimal = Decimal(0)


def product(
    quantity: Number | None, price: Number | None, net: Number | None, discount: Number | None = None
) -> Product | None:
    """The readings for which quantity × price (less the discount) is the amount; None when none does."""
    if quantity is None or price is None or net is None or quantity.percent or price.percent or net.percent:
        return None
    for q in quantity.readings:
        for p in price.readings:
            for n in net.readings:
                whole = q * p
                slack = _slack(q, price, n)
                for per in (1, 100, 1000):
                    # Credits print the amount, or the quantity, or neither with its sign.
                    if abs(abs(whole) / per - abs(n)) <= (slack if per == 1 else _CENT / 2):
                        if per > 1 and abs(whole) / per < _CENT:
                            continue
                        return Product(q, p if per == 1 else p / per, n)
                if discount is not None:
                    for less in _taken_off(discount, whole, q):
                        if abs(abs(whole) - abs(less) - abs(n)) <= slack + _CENT:
                            return Product(q, p, n, abs(whole) - abs(n))
    return None


def _taken_off(discount: Number, whole: Decimal, quantity: Decimal) -> tuple[Decimal, ...]:
    """A discount is a percentage, an amount for the line, or an amount for each piece."""
    values = discount.readings
    return (
        *(abs(whole) * abs(value) / 100 for value in values if abs(value) <= 100),
        *(value for value in values if not discount.percent),
        *(value * quantity for value in values if not discount.percent),
    )


def _slack(quantity: Decimal, price: Number, net: Decimal) -> Decimal:
    """How far a product may be off when price and amount were rounded as they are printed."""
    by_price = abs(quantity) * Decimal(5).scaleb(-price.places - 1)
    return max(_CENT, min(by_price, abs(net) / 500)) + _CENT / 2


def _at(numbers: Numbers, column: int | None) -> Number | None:
    return None if column is None else numbers.get(column)


def settle(stated: Roles, rows: Sequence[Numbers]) -> Roles:
    """The roles the headings state, or others where those make the rows' arithmetic right and the stated do
    not.
    """
    rows = [row for row in rows if len(row) >= 2][:_MOST_ROWS]
    right, compared = _fits(stated, rows)
    if not rows or (compared and right >= _LEAST_SHARE * compared):
        return stated
    columns = sorted({column for row in rows for column in row})
    best, most = stated, right
    for q, p, n in permutations(columns, 3):
        if stated.net is not None and n != stated.net and p != stated.unit_price:
            continue
        tried = Roles(q, p, n, stated.discount if stated.discount not in (q, p, n) else None)
        fitting, seen = _fits(tried, rows)
        # A quantity of one proves nothing: 1 × 9.90 = 9.90 fits a position number as well.
        if seen and fitting >= _LEAST_SHARE * seen and fitting > most and _telling(tried, rows):
            best, most = tried, fitting
    return best


def _fits(roles: Roles, rows: Sequence[Numbers]) -> tuple[int, int]:
    """How many rows agree, of how many that have all three numbers."""
    whole = [row for row in rows if None not in roles.three(row)]
    return sum(roles.agreed(row) is not None for row in whole), len(whole)


def _telling(roles: Roles, rows: Sequence[Numbers]) -> bool:
    for row in rows:
        quantity, price, _ = roles.three(row)
        if quantity and price and abs(quantity.value) != 1 and abs(price.value) != 1:
            return True
    return False
