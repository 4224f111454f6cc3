"""Invoices over HTTP: periods, drafts, approval, issue, credit notes, the proof of a line, and the books."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainSerializer

from schemas.http import Body, Line, View

Period = Annotated[str, Field(pattern=r"^(19|2\d)\d{2}-(0[1-9]|1[0-2])$", examples=["2026-11"])]
ClientName = Annotated[
    str, Field(min_length=1, max_length=60, description="Id or slug of the client", examples=["acme"])
]
Exact = Annotated[Decimal, PlainSerializer(lambda value: f"{value:f}", return_type=str)]
"""A decimal as text, never a float."""


class PeriodView(View):
    """A month of a client. Locked, it takes no more usage."""

    client_id: UUID
    period: str
    state: str
    locked_at: datetime | None = None
    locked_by: str | None = None


class MonthView(View):
    """A month of a client: its lock, its units by state, its invoices by state."""

    client_id: UUID
    period: str
    state: str
    locked_at: datetime | None = None
    locked_by: str | None = None
    billable: int
    held: int
    invoiced: int
    other: int = Field(description="Credited or reversed")
    drafts: int
    approved: int
    issued: int


class DraftInvoices(Body):
    """Draft a locked month's invoices, one per contract. ``dry_run`` shows what would come out, locked or
    not."""

    client: ClientName
    period: Period
    contract_id: UUID | None = None
    dry_run: bool = False


class CancelInvoice(Body):
    """Withdraw what was not issued yet."""

    reason: Line = Field(min_length=1)


class NewCreditNote(Body):
    """Take back an issued invoice: these usage events, or all that is left of it."""

    reason: Line = Field(min_length=1)
    usage_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=10_000)


class TaxView(View):
    """One tax of the invoice; ``payable_by`` is recipient under reverse charge."""

    name: str
    rate: str
    amount: str
    sac: str
    payable_by: str


class InvoiceLineView(View):
    """One priced line. Its proof is at ``/v1/invoice-lines/{id}/evidence``."""

    id: UUID
    position: int
    code: str
    description: str
    quantity: Exact
    unit: str
    unit_price: Exact
    amount: Exact
    sac: str | None = None
    tax_rate: Exact | None = None
    credits_line_id: UUID | None = None


class PayoutView(View):
    """What a person, or the house, gets of the invoice; negative when a credit note takes it back."""

    user_id: UUID | None = None
    name: str | None = None
    value: Exact
    fee: Exact
    payout: Exact
    currency: str
    units: int


class InvoiceSummary(View):
    """An invoice or credit note in a list. Amounts of a credit note are negative."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None = None
    kind: str
    of_invoice_id: UUID | None = None
    number: str | None = None
    period: str
    state: str
    currency: str
    net: Exact
    tax: Exact
    total: Exact
    issued_on: date | None = None
    due_on: date | None = None
    payment_state: str
    created_at: datetime
    version: int


class InvoiceView(InvoiceSummary):
    """One invoice with all it says. Who drafted and approved it, and the payouts, are for the provider's
    people alone."""

    reason: str | None = None
    taxes: list[TaxView] = Field(default_factory=list)
    lines: list[InvoiceLineView] = Field(default_factory=list)
    credit_notes: list[UUID] = Field(default_factory=list)
    disputed: Exact = Field(default=Decimal(0), description="In dispute now, taxes included: not payable")
    dispute_until: date | None = Field(
        default=None, description="The last day to dispute something of it, where that may still be done"
    )
    drafted_by: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    issued_by: str | None = None
    issued_at: datetime | None = None
    payouts: list[PayoutView] = Field(default_factory=list)


class Drafted(View):
    """What drafting came to. A dry run has ``previews`` and no invoices. ``held`` units have no contract and
    wait for a person."""

    period: str
    dry_run: bool = False
    invoices: list[InvoiceView] = Field(default_factory=list)
    previews: list[dict[str, Any]] = Field(default_factory=list)
    held: int = 0


class CheckView(View):
    """A quality verdict on the unit's document."""

    level: int
    round: int
    life: int
    basis: str
    verdict: str
    score: Exact | None = None
    fields_inspected: int
    fields_correct: int
    reviewer_id: UUID | None = None
    at: datetime


class DecisionView(View):
    """What the client decided on the version that held the unit; ``unit`` is the decision on it alone, if
    there was one."""

    version: str
    state: str
    round: int
    life: int
    offered_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    unit: str | None = None


class UnitProof(View):
    """A billed unit with its ticket, document, checks and approvals."""

    id: UUID
    unit_type: str
    quantity: Exact
    accepted_at: datetime
    period: str
    bill_period: str
    state: str
    finished_by: UUID | None = None
    reverses: UUID | None = None
    ticket_id: UUID | None = None
    ticket_number: str | None = None
    ticket_subject: str | None = None
    document_id: UUID | None = None
    filename: str | None = None
    doc_type: str | None = None
    document_state: str | None = None
    erp_reference: str | None = None
    sha256: str | None = None
    checks: list[CheckView] = Field(default_factory=list)
    approvals: list[DecisionView] = Field(default_factory=list)


class LineProof(View):
    """A line and its proof."""

    line: InvoiceLineView
    invoice_id: UUID
    invoice_number: str | None = None
    period: str
    units: list[UnitProof]
    has_more: bool = False
    next_cursor: str | None = None


class BalanceView(View):
    """One account: debits and credits as positive sums, ``balance`` = debit − credit."""

    account: str
    name: str
    kind: str
    currency: str
    debit: Exact
    credit: Exact
    balance: Exact


class TrialBalance(View):
    """Every account of a book; ``balanced`` is true when debits equal credits in every currency."""

    client_id: UUID
    as_of: date | None = None
    balanced: bool
    accounts: list[BalanceView]


class PostingView(View):
    """One side of an entry: debit positive, credit negative."""

    account: str
    amount: str
    currency: str
    dimensions: dict[str, Any] = Field(default_factory=dict)


class JournalView(View):
    """An entry of a book."""

    id: UUID
    number: str
    booked_on: date
    document_on: date | None = Field(
        default=None, description="The date of the document it is made of, whatever day it is booked on"
    )
    memo: str
    source: str | None = None
    source_id: UUID | None = None
    reverses: UUID | None = None
    created_at: datetime
    postings: list[PostingView]
