"""PB8–PB10: from accepted units to an invoice draft, its payouts and its entries in the provider's book.

    charged units → pricing model → lines → GST → total
                                     └→ fee and payout per line, shared by who finished its units (PB7)

draft → approved → issued; one who drafted does not approve, and what was issued is only ever credited
(`domain.crediting`). A month without usage bills what the period itself owes (PB6 base) or nothing at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from ticketos.domain import platform_fee, pricing, tax
from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money, money_sum
from ticketos.domain.pricing import Hybrid, PricingModel, Usage
from ticketos.domain.state import Actor, ContractState
from ticketos.domain.tax import TaxLine
from ticketos.domain.terms import PricingTerms
from ticketos.domain.usage import next_period

INVOICE_SERIES = "INV"
CREDIT_SERIES = "CN"
HOME_COUNTRY = "IN"
"""GST is charged by a provider of this country alone."""

RECEIVABLE, AGENTS_PAYABLE, HOUSE_ACCOUNT = "1200", "2300", "2310"
REVENUE, AGENT_COST = "4000", "5100"
TAX_ACCOUNTS: Mapping[str, str] = {"CGST": "2201", "SGST": "2202", "UTGST": "2203", "IGST": "2204"}
CHART: tuple[tuple[str, str, str], ...] = (
    (RECEIVABLE, "Trade receivables", "asset"),
    (TAX_ACCOUNTS["CGST"], "CGST payable", "liability"),
    (TAX_ACCOUNTS["SGST"], "SGST payable", "liability"),
    (TAX_ACCOUNTS["UTGST"], "UTGST payable", "liability"),
    (TAX_ACCOUNTS["IGST"], "IGST payable", "liability"),
    (AGENTS_PAYABLE, "Agents payable", "liability"),
    (HOUSE_ACCOUNT, "House account: work nobody is paid for", "liability"),
    (REVENUE, "Service revenue", "income"),
    (AGENT_COST, "Agent payouts", "expense"),
)
"""Accounts of the provider's book that invoices move: code, name, kind."""

_GSTIN = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]")
_NOUNS = {"document": "documents", "ticket": "requests"}
_WORDS = {"units": "{} accepted", "overage": "{} beyond those included"}


@dataclass(frozen=True)
class Party:
    """Who sells or buys, as the invoice names them. ``sez``, ``reverse_charge`` and ``under_lut`` come from
    the company's ``settings["gst"]``."""

    id: UUID
    name: str
    country: str = HOME_COUNTRY
    tax_id: str | None = None
    state_code: str | None = None
    address: str = ""
    sez: bool = False
    reverse_charge: bool = False
    under_lut: bool = True

    @property
    def gst_state(self) -> str:
        """The state code of the GSTIN, else of the address; raises ``gst-state-missing``."""
        if self.tax_id and _GSTIN.fullmatch(self.tax_id):
            return tax.state_of(self.tax_id)
        if not self.state_code:
            raise DomainError("gst-state-missing", party=self.name)
        return self.state_code

    @property
    def place_of_supply(self) -> str:
        """Where a service to this buyer is supplied: their state, or abroad."""
        return self.gst_state if self.country == HOME_COUNTRY else tax.ABROAD


@dataclass(frozen=True)
class Unit:
    """An accepted unit as recorded: a usage event. ``period`` is the month it was accepted in, which differs
    from the invoice's month when it came late; a negative quantity takes back the event named by
    ``reverses``."""

    id: UUID
    key: str
    quantity: Decimal
    accepted_at: datetime
    period: str
    ticket_id: UUID | None = None
    finished_by: UUID | None = None
    reverses: UUID | None = None
    unit_type: str = "document"

    @property
    def payee(self) -> str:
        """Who is paid for it: a person's id, or the house where nobody finished it."""
        return str(self.finished_by) if self.finished_by else platform_fee.HOUSE


@dataclass(frozen=True)
class Line:
    """One priced line. ``late`` says how many of its units belong to which earlier month (PB9)."""

    position: int
    code: str
    description: str
    quantity: Decimal
    unit_price: Money
    amount: Money
    sac: str
    tax_rate: Decimal
    usage: tuple[UUID, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)
    unit: str = "document"


@dataclass(frozen=True)
class Payee:
    """A share of an invoice: ``value`` = ``fee`` + ``payout``; all ≤ 0 in a clawback. No user is the
    house."""

    user_id: UUID | None
    fee: Money
    payout: Money
    units: int

    @property
    def value(self) -> Money:
        """The net work this share stands for."""
        return self.fee + self.payout


@dataclass(frozen=True)
class InvoiceDraft:
    """Everything an invoice says before it has a number. ``settled`` are reversals and what they take back,
    which cancel out unpriced; ``credit_due`` are reversals of units billed before, which need a credit
    note."""

    period: str
    currency: str
    lines: tuple[Line, ...]
    net: Money
    taxes: tuple[TaxLine, ...]
    tax: Money
    payees: tuple[Payee, ...]
    settled: tuple[UUID, ...] = ()
    credit_due: tuple[UUID, ...] = ()

    @property
    def total(self) -> Money:
        """What the client owes: net and the tax the supplier charges."""
        return self.net + self.tax


class InvoiceRuns(Protocol):
    """What the scheduled run asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The months to invoice when asked at that instant: the one that has ended, if the client is
        active."""
        ...

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Lock the month and draft its invoices, once; a repeat returns what the first run did."""
        ...


def charged(units: Iterable[Unit]) -> tuple[tuple[Unit, ...], tuple[UUID, ...], tuple[UUID, ...]]:
    """Units to price in order of acceptance, events that cancel each other out, and reversals of earlier
    invoices."""
    listed = sorted(units, key=lambda unit: (unit.accepted_at, unit.id))
    here = {unit.id for unit in listed if unit.reverses is None}
    pairs = {unit.reverses: unit.id for unit in listed if unit.reverses in here}
    gone = frozenset(pairs) | frozenset(pairs.values())
    due = tuple(unit.id for unit in listed if unit.reverses is not None and unit.id not in gone)
    kept = tuple(unit for unit in listed if unit.id not in gone and unit.reverses is None)
    return kept, tuple(unit.id for unit in listed if unit.id in gone), due


def draft(
    contract: ContractState, seller: Party, buyer: Party, period: str, units: Sequence[Unit]
) -> InvoiceDraft | None:
    """The invoice of one contract and month, or None when there is nothing to bill.

    Raises ``gst-…`` codes when a party's state is unknown, ``pricing-…`` when the contract's price cannot be
    read.
    """
    terms = contract.terms.pricing
    model = pricing.from_json(terms.kind, terms.data, terms.currency)
    kept, settled, due = charged(units)
    if not kept and not runs_in(contract, period):
        return None
    by_id = {str(unit.id): unit for unit in kept}
    breakdown = model.charge(Usage.of_units((key, unit.quantity) for key, unit in by_id.items()))
    lines = tuple(
        _line(position, item, [by_id[key] for key in item.unit_ids], period, model, terms)
        for position, item in enumerate(breakdown.lines, start=1)
    )
    if not lines:
        return None
    taxes = taxes_on(breakdown.total, seller, buyer, terms)
    return InvoiceDraft(
        period,
        terms.currency,
        lines,
        breakdown.total,
        taxes,
        tax.tax_charged(taxes, terms.currency),
        payees(lines, kept, terms),
        settled,
        due,
    )


def _line(
    position: int,
    item: pricing.Line,
    units: Sequence[Unit],
    period: str,
    model: PricingModel,
    terms: PricingTerms,
) -> Line:
    late = dict(sorted(Counter(unit.period for unit in units if unit.period != period).items()))
    kind = _kind(units)
    return Line(
        position,
        item.description_code,
        _described(item.description_code, model, late, _NOUNS.get(kind, "units")),
        item.quantity,
        item.unit_price,
        item.amount,
        terms.sac,
        terms.tax_rate,
        tuple(unit.id for unit in units),
        late,
        "month" if item.description_code == "base" else kind,
    )


def _kind(units: Sequence[Unit]) -> str:
    """What a line counts: the kind of its units, ``unit`` where they are of several kinds."""
    kinds = {unit.unit_type for unit in units}
    return "unit" if len(kinds) > 1 else next(iter(kinds), "document")


def _described(code: str, model: PricingModel, late: Mapping[str, int], noun: str) -> str:
    if code == "base" and isinstance(model, Hybrid):
        text = f"Monthly base fee, {model.included:,} {noun} included"
    elif code.startswith("units-tier-"):
        text = f"{_WORDS['units'].format(noun.capitalize())}, tier {code.removeprefix('units-tier-')}"
    else:
        text = _WORDS.get(code, code.replace("-", " ").capitalize()).format(noun.capitalize())
    earlier = ", ".join(f"{count} of {month}" for month, count in late.items())
    return f"{text} (with {earlier})" if earlier else text


def runs_in(contract: ContractState, period: str) -> bool:
    """Whether the contract is in force on some day of the month, so that the month itself may be billed."""
    first, after = date.fromisoformat(f"{period}-01"), date.fromisoformat(f"{next_period(period)}-01")
    return (
        contract.status == "active"
        and contract.starts_on < after
        and (contract.ends_on is None or contract.ends_on >= first)
    )


def taxes_on(net: Money, seller: Party, buyer: Party, terms: PricingTerms) -> tuple[TaxLine, ...]:
    """The GST of a net amount; none from a seller of another country."""
    if seller.country != HOME_COUNTRY:
        return ()
    place = buyer.place_of_supply
    return tax.gst(
        net,
        seller.gst_state,
        place,
        terms.tax_rate,
        export=place == tax.ABROAD,
        reverse_charge=buyer.reverse_charge,
        under_lut=seller.under_lut,
        sez=buyer.sez,
        sac=terms.sac,
    )


def payees(lines: Iterable[Line], units: Iterable[Unit], terms: PricingTerms) -> tuple[Payee, ...]:
    """Fee and payout of every net line, shared by the units each person finished; a line without units is the
    house's."""
    known = {unit.id: unit for unit in units}
    zero = Money.zero(terms.currency)
    fees: dict[str, Money] = {}
    payouts: dict[str, Money] = {}
    done: dict[str, set[UUID]] = {}
    for line in lines:
        cut = platform_fee.split(line.amount, terms.fee_percent)
        shares: dict[str, Decimal] = {}
        for unit in (known[i] for i in line.usage):
            shares[unit.payee] = shares.get(unit.payee, Decimal(0)) + unit.quantity
            done.setdefault(unit.payee, set()).add(unit.id)
        for totals, whole in ((fees, cut.fee), (payouts, cut.payout)):
            for payee, part in platform_fee.share(whole, shares).items():
                totals[payee] = totals.get(payee, zero) + part
    return tuple(_payee(key, fees[key], payouts[key], len(done.get(key, ()))) for key in sorted(fees))


def _payee(key: str, fee: Money, payout: Money, units: int) -> Payee:
    return Payee(None if key == platform_fee.HOUSE else UUID(key), fee, payout, units)


def sales_postings(net: Money, taxes: Sequence[TaxLine], buyer_id: UUID, number: str) -> tuple[Posting, ...]:
    """Receivable against revenue and taxes; a credit note passes negative amounts. Zero sides are left
    out."""
    about = {"client": str(buyer_id), "invoice": number}
    charged_taxes = [line for line in taxes if line.payable_by == "supplier"]
    total = net + money_sum((line.amount for line in charged_taxes), net.currency)
    sides = [
        Posting(RECEIVABLE, total, about),
        Posting(REVENUE, -net, about),
        *(Posting(TAX_ACCOUNTS[line.name], -line.amount, about) for line in charged_taxes),
    ]
    return tuple(side for side in sides if not side.money.is_zero)


def payout_postings(shares: Sequence[Payee], buyer_id: UUID, number: str) -> tuple[Posting, ...]:
    """Agent cost against what is owed to each agent and the house."""
    about = {"client": str(buyer_id), "invoice": number}
    if not shares:
        return ()
    sides = [
        Posting(AGENT_COST, money_sum((share.payout for share in shares), shares[0].payout.currency), about)
    ]
    for share in shares:
        owed = {**about, "user": str(share.user_id)} if share.user_id else about
        sides.append(Posting(AGENTS_PAYABLE if share.user_id else HOUSE_ACCOUNT, -share.payout, owed))
    kept = tuple(side for side in sides if not side.money.is_zero)
    return kept if len(kept) > 1 else ()


# --- who may do what to it ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class InvoiceHead:
    """Where an invoice stands: draft, approved, issued or cancelled."""

    id: UUID
    kind: str
    state: str
    drafted_by: str | None
    number: str | None = None


def acting(actor: Actor) -> str:
    """The actor as invoices remember them: the login, or what kind of machine it was."""
    return actor.id or actor.kind


def check_lock(period: str, present: str) -> None:
    """Refuse to lock a month that has not begun."""
    if next_period(period) and period > present:
        raise DomainError("period-not-begun", period=period, present=present)


def check_editable(head: InvoiceHead) -> None:
    """Lines change in a draft alone."""
    _require(head, "draft")


def check_approve(head: InvoiceHead, actor: Actor) -> None:
    """A second person approves a draft (maker is not checker)."""
    _require(head, "draft")
    if head.drafted_by == acting(actor):
        raise DomainError("invoice-own-draft")


def check_issue(head: InvoiceHead) -> None:
    """Only what was approved is issued, and once."""
    _require(head, "approved")


def check_cancel(head: InvoiceHead, reason: str) -> None:
    """What was not issued may be withdrawn, with a reason; what was issued is credited."""
    if head.state == "issued":
        raise DomainError("invoice-issued", number=head.number)
    if head.state == "cancelled":
        raise DomainError("invoice-cancelled")
    if not reason.strip():
        raise DomainError("reason-missing")


def check_creditable(head: InvoiceHead) -> None:
    """A credit note belongs to an issued invoice."""
    if head.kind != "invoice":
        raise DomainError("invoice-is-credit-note", number=head.number)
    _require(head, "issued")


def _require(head: InvoiceHead, state: str) -> None:
    if head.state == state:
        return
    if head.state == "cancelled":
        raise DomainError("invoice-cancelled")
    if head.state == "issued":
        raise DomainError("invoice-issued", number=head.number)
    if state == "draft":
        raise DomainError("invoice-approved")
    raise DomainError(
        "invoice-not-approved" if state == "approved" else "invoice-not-issued", state=head.state
    )
