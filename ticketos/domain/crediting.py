"""PB10 credit notes, PB7 clawback, PB9 reversing events: an issued invoice is taken back whole or by units.

A part is what the invoice would have been without these units, line by line at the prices it was issued with:
of graduated tiers the top one shrinks, of a hybrid the overage before the base. Taxes and fees are
differences of the state after and before, so that several parts together take back exactly what was invoiced,
to the last paisa.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import platform_fee, pricing, tax
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import Line, Party, Payee, Unit, taxes_on
from ticketos.domain.money import Money, money_sum
from ticketos.domain.pricing import Usage
from ticketos.domain.tax import TaxLine
from ticketos.domain.terms import PricingTerms


@dataclass(frozen=True)
class BilledLine:
    """A line as issued, and what earlier credit notes took of it (both ≥ 0)."""

    id: UUID
    line: Line
    credited_quantity: Decimal = Decimal(0)
    credited: Money | None = None

    @property
    def taken(self) -> Money:
        """Credited so far."""
        return self.credited or Money.zero(self.line.amount.currency)


@dataclass(frozen=True)
class Billed:
    """An issued invoice: terms as of its issue, its lines and units, the units credited before, and what each
    payee still has of it."""

    terms: PricingTerms
    seller: Party
    buyer: Party
    lines: tuple[BilledLine, ...]
    units: tuple[Unit, ...]
    credited: frozenset[UUID]
    payees: tuple[Payee, ...]


@dataclass(frozen=True)
class CreditDraft:
    """A credit note: every quantity and amount is ≤ 0. ``lines`` pair with the ids of the lines they
    credit."""

    currency: str
    lines: tuple[tuple[UUID, Line], ...]
    net: Money
    taxes: tuple[TaxLine, ...]
    tax: Money
    payees: tuple[Payee, ...]
    units: tuple[Unit, ...]
    whole: bool

    @property
    def total(self) -> Money:
        """What the client owes less."""
        return self.net + self.tax


def credit(billed: Billed, usage: Collection[UUID] | None) -> CreditDraft:
    """Take back these units, or with None all that is left, the base fee included.

    Raises ``usage-not-on-invoice``, ``usage-already-credited``, ``invoice-fully-credited`` and, for units
    that were within an included volume, ``credit-nothing-charged``.
    """
    chosen = _chosen(billed, usage)
    left = [unit for unit in billed.units if unit.id not in billed.credited and unit not in chosen]
    lines = _lines(billed, None if usage is None else _quantities(billed.terms, left), chosen)
    if not lines:
        raise DomainError("invoice-fully-credited" if usage is None else "credit-nothing-charged")
    currency = billed.terms.currency
    before = money_sum((one.line.amount - one.taken for one in billed.lines), currency)
    net = money_sum((line.amount for _, line in lines), currency)
    taxes = _tax_difference(billed, before, before + net)
    return CreditDraft(
        currency,
        lines,
        net,
        taxes,
        tax.tax_charged(taxes, currency),
        _clawback(billed, lines, chosen, usage is None),
        chosen,
        before + net == Money.zero(currency),
    )


def _chosen(billed: Billed, usage: Collection[UUID] | None) -> tuple[Unit, ...]:
    if usage is None:
        return tuple(unit for unit in billed.units if unit.id not in billed.credited)
    if not usage:
        raise DomainError("credit-nothing-chosen")
    strange = sorted(str(i) for i in set(usage) - {unit.id for unit in billed.units})
    if strange:
        raise DomainError("usage-not-on-invoice", usage=strange[:20])
    again = sorted(str(i) for i in billed.credited & set(usage))
    if again:
        raise DomainError("usage-already-credited", usage=again[:20])
    return tuple(unit for unit in billed.units if unit.id in usage)


def _quantities(terms: PricingTerms, left: Sequence[Unit]) -> Mapping[str, Decimal]:
    """Quantity per line code of the invoice over the units that stay."""
    model = pricing.from_json(terms.kind, terms.data, terms.currency)
    breakdown = model.charge(Usage.of_units((str(unit.id), unit.quantity) for unit in left))
    return {line.description_code: line.quantity for line in breakdown.lines}


def _lines(
    billed: Billed, stay: Mapping[str, Decimal] | None, chosen: Sequence[Unit]
) -> tuple[tuple[UUID, Line], ...]:
    found: list[tuple[UUID, Line]] = []
    for one in billed.lines:
        line = one.line
        had = line.quantity - one.credited_quantity
        stays = Decimal(0) if stay is None else stay.get(line.code, Decimal(0))
        if had == stays:
            continue
        rest = _priced(line.unit_price, stays)
        amount = line.amount - one.taken if stays == 0 else _priced(line.unit_price, had) - rest
        position = len(found) + 1
        found.append(
            (
                one.id,
                replace(line, position=position, quantity=stays - had, amount=-amount, usage=(), late={}),
            )
        )
    if found:  # the reversing events stand on one line, as each may be on a note once
        line_id, first = found[0]
        found[0] = (line_id, replace(first, usage=tuple(unit.id for unit in chosen)))
    return tuple(found)


def _priced(price: Money, quantity: Decimal) -> Money:
    return price.times(quantity).rounded(ROUND_HALF_UP)


def tax_of_part(billed: Billed, part: Money) -> Money:
    """The tax the client is charged on ``part`` of what is left of the net, as a credit note over it would take back."""
    currency = billed.terms.currency
    left = money_sum((one.line.amount - one.taken for one in billed.lines), currency)
    return -tax.tax_charged(_tax_difference(billed, left, left - part), currency)


def _tax_difference(billed: Billed, before: Money, after: Money) -> tuple[TaxLine, ...]:
    """Tax of what stays less tax of what was there: parts add up to the invoice's own tax."""
    was = taxes_on(before, billed.seller, billed.buyer, billed.terms)
    now = taxes_on(after, billed.seller, billed.buyer, billed.terms)
    return tuple(replace(old, amount=new.amount - old.amount) for old, new in zip(was, now, strict=True))


def _clawback(
    billed: Billed, lines: Sequence[tuple[UUID, Line]], chosen: Sequence[Unit], whole: bool
) -> tuple[Payee, ...]:
    """Fee and payout come back from whoever finished the credited units; the whole takes what each still
    has."""
    if whole:
        return tuple(
            Payee(p.user_id, -p.fee, -p.payout, -p.units)
            for p in billed.payees
            if not (p.fee.is_zero and p.payout.is_zero and p.units == 0)
        )
    known = {one.id: one for one in billed.lines}
    shares: dict[str, Decimal] = {}
    done: dict[str, int] = {}
    for unit in chosen:
        shares[unit.payee] = shares.get(unit.payee, Decimal(0)) + unit.quantity
        done[unit.payee] = done.get(unit.payee, 0) + 1
    zero = Money.zero(billed.terms.currency)
    fees: dict[str, Money] = dict.fromkeys(shares, zero)
    payouts: dict[str, Money] = dict.fromkeys(shares, zero)
    for line_id, line in lines:
        one = known[line_id]
        cut = platform_fee.clawback(one.line.amount, -line.amount, billed.terms.fee_percent, one.taken)
        for totals, part in ((fees, cut.fee), (payouts, cut.payout)):
            for payee, taken in platform_fee.share(part, shares).items():
                totals[payee] = totals[payee] + taken
    return tuple(
        Payee(None if key == platform_fee.HOUSE else UUID(key), fees[key], payouts[key], -done[key])
        for key in sorted(shares)
    )


def remaining(paid: Sequence[Payee], currency: str) -> tuple[Payee, ...]:
    """Payouts of an invoice and its credit notes, summed per payee."""
    zero = Money.zero(currency)
    totals: dict[UUID | None, Payee] = {}
    for one in paid:
        known = totals.get(one.user_id, Payee(one.user_id, zero, zero, 0))
        totals[one.user_id] = Payee(
            one.user_id, known.fee + one.fee, known.payout + one.payout, known.units + one.units
        )
    return tuple(sorted(totals.values(), key=lambda p: str(p.user_id or "")))


def terms_of(data: Mapping[str, Any]) -> PricingTerms:
    """Pricing terms from an invoice's snapshot."""
    return PricingTerms(
        str(data["kind"]),
        dict(data["data"]),
        str(data["currency"]),
        str(data["sac"]),
        Decimal(data["tax_rate"]),
        Decimal(data["fee_percent"]),
        int(data["due_days"]),
    )
