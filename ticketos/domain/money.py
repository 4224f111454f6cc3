"""Exact money: a Decimal amount in one currency (PB14).

Sums and products are exact or refused, whatever the thread's decimal context says; rounding happens
only where `rounded` is called, and the mode is named there. Minor units follow ISO 4217.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import Self

from ticketos.domain.errors import DomainError

# ISO 4217 currencies whose minor unit is not the usual 2 digits.
_NO_MINOR_UNIT = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
    "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_MINOR_DIGITS = {
    **dict.fromkeys(_NO_MINOR_UNIT, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_CURRENCY = re.compile(r"[A-Z]{3}")

# 100 digits hold any sum of money; Inexact trapped turns silent rounding into an error.
_EXACT = Context(prec=100, traps=[InvalidOperation, Overflow, Inexact])
_ROUNDING = Context(prec=100, traps=[InvalidOperation, Overflow])


def minor_digits(currency: str) -> int:
    """Digits after the decimal point of the currency's smallest unit (INR 2, JPY 0, KWD 3)."""
    return _MINOR_DIGITS.get(currency, 2)


def exact_decimal(value: object) -> Decimal:
    """A finite Decimal from a Decimal, int or decimal string; floats and booleans are refused."""
    if isinstance(value, float):
        raise DomainError("money-float-refused", value=repr(value))
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise DomainError("money-not-a-number", value=repr(value))
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise DomainError("money-not-a-number", value=repr(value)) from None
    if not number.is_finite():
        raise DomainError("money-not-a-number", value=repr(value))
    return number


@dataclass(frozen=True)
class Money:
    """An exact amount in one currency. Mixing currencies raises `currency-mismatch`.

    `==` across currencies is False rather than an error, so money can live in sets and dicts.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        amount: object = self.amount  # whatever the caller's type checker let through
        if isinstance(amount, float):
            raise DomainError("money-float-refused", value=repr(amount))
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise DomainError("money-not-a-number", value=repr(amount))
        if not _CURRENCY.fullmatch(self.currency):
            raise DomainError("currency-unknown", currency=self.currency)
        if self.amount.is_zero() and self.amount.is_signed():
            object.__setattr__(self, "amount", self.amount.copy_abs())  # nobody owes minus zero

    @classmethod
    def of(cls, value: str | int | Decimal, currency: str) -> Self:
        """Money from a decimal string, int or Decimal; a float raises `money-float-refused`."""
        return cls(exact_decimal(value), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency."""
        return cls(Decimal(0), currency)

    @property
    def is_zero(self) -> bool:
        """True when the amount is exactly zero."""
        return self.amount.is_zero()

    @property
    def is_negative(self) -> bool:
        """True below zero."""
        return self.amount < 0

    @property
    def in_minor_units(self) -> bool:
        """True when the amount can be paid: no digits below the currency's minor unit."""
        return self.rounded().amount == self.amount

    def __add__(self, other: Money) -> Money:
        return Money(_exact(_EXACT.add, self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_exact(_EXACT.subtract, self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def times(self, factor: Decimal | int) -> Money:
        """The exact product, not rounded; call `rounded` where the contract rounds."""
        return Money(_exact(_EXACT.multiply, self.amount, exact_decimal(factor)), self.currency)

    def rounded(self, mode: str = ROUND_HALF_UP) -> Money:
        """To the currency's minor unit, by a rounding mode of the `decimal` module."""
        try:
            amount = self.amount.quantize(_minor_unit(self.currency), rounding=mode, context=_ROUNDING)
        except InvalidOperation:
            raise DomainError("money-out-of-range", amount=str(self.amount)) from None
        return Money(amount, self.currency)

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise DomainError("money-expected", value=repr(other))
        if other.currency != self.currency:
            raise DomainError("currency-mismatch", left=self.currency, right=other.currency)
        return other.amount


def money_sum(items: Iterable[Money], currency: str) -> Money:
    """The sum in `currency`; zero for no items, `currency-mismatch` for a foreign one."""
    total = Money.zero(currency)
    for item in items:
        total = total + item
    return total


def allocate(total: Money, weights: Sequence[int | Decimal]) -> list[Money]:
    """Split `total` by weight in whole minor units; the parts always sum to `total`.

    Largest-remainder (Hamilton) method: each part gets its share rounded down, and the units left over go
    one each to the largest fractions, ties to the earlier part. A zero weight gets nothing; a negative
    total splits as its positive twin, so a credit note mirrors its invoice. `total` must be payable
    (whole minor units), weights not negative and not all zero.
    """
    if not total.in_minor_units:
        raise DomainError("money-not-in-minor-units", amount=str(total.amount), currency=total.currency)
    shares = [Fraction(exact_decimal(weight)) for weight in weights]
    whole = sum(shares, Fraction(0))
    if any(share < 0 for share in shares) or whole == 0:
        raise DomainError("allocation-weights-invalid", weights=[str(weight) for weight in weights])
    unit = _minor_unit(total.currency)
    units = int(Fraction(abs(total.amount)) / Fraction(unit))
    parts: list[int] = []
    rests: list[Fraction] = []
    for share in shares:
        exact = units * share / whole
        parts.append(exact.numerator // exact.denominator)
        rests.append(exact - parts[-1])
    by_rest = sorted(range(len(parts)), key=lambda index: (-rests[index], index))
    for index in by_rest[: units - sum(parts)]:
        parts[index] += 1
    sign = -1 if total.is_negative else 1
    return [Money(_exact(_EXACT.multiply, Decimal(sign * part), unit), total.currency) for part in parts]


def _minor_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_digits(currency))


def _exact(operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Decimal:
    try:
        return operation(left, right)
    except (Inexact, InvalidOperation, Overflow):
        raise DomainError("money-out-of-range", left=str(left), right=str(right)) from None
