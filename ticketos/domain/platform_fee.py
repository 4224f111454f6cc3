"""Marketplace money: the platform's fee, the agent's payout, their clawback (PB7).

    fee    = value × fee_percent / 100, rounded half-up to the minor unit
    payout = value − fee

`value` is the net line without tax, in whole minor units. A credit note takes both back; several partial
credits together take back exactly what was given, because each takes the difference between the split
after and before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, allocate, exact_decimal

HOUSE = "house"
"""Whoever finished the work is paid; where nobody did, the house account is."""

DEFAULT_FEE_PERCENT = Decimal(20)


@dataclass(frozen=True)
class FeeSplit:
    """A net value cut in two; both parts are negative in a clawback."""

    fee: Money
    payout: Money


def split(value: Money, fee_percent: Decimal = DEFAULT_FEE_PERCENT) -> FeeSplit:
    """Fee and payout of a net line; they always add up to `value`."""
    percent = exact_decimal(fee_percent)
    if not 0 <= percent <= 100:
        raise DomainError("fee-percent-invalid", fee_percent=str(percent))
    if not value.in_minor_units:
        raise DomainError("money-not-in-minor-units", amount=str(value.amount), currency=value.currency)
    fee = value.times(percent.scaleb(-2)).rounded(ROUND_HALF_UP)
    return FeeSplit(fee, value - fee)


def share(payout: Money, shares: Mapping[str, int | Decimal]) -> dict[str, Money]:
    """The payout by payee and weight (accepted steps), to the last minor unit; no payee means the house."""
    if not shares:
        return {HOUSE: payout}
    payees = sorted(shares)  # a fixed order, so that the odd paisa goes to the same payee on a repeat
    return dict(zip(payees, allocate(payout, [shares[payee] for payee in payees]), strict=True))


def clawback(
    value: Money,
    credited: Money,
    fee_percent: Decimal = DEFAULT_FEE_PERCENT,
    already_credited: Money | None = None,
) -> FeeSplit:
    """What a credit note over `credited` takes back of the split of `value`: two amounts ≤ 0.

    `already_credited` is the sum of earlier credits on the same line; more than `value` cannot come back.
    """
    before = already_credited or Money.zero(value.currency)
    after = before + credited
    if credited.is_negative or before.is_negative or value.is_negative or after > value:
        raise DomainError("clawback-exceeds-value", value=str(value), credited=str(after))
    given, left = split(value - before, fee_percent), split(value - after, fee_percent)
    return FeeSplit(left.fee - given.fee, left.payout - given.payout)
