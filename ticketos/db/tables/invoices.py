"""Usage, invoices, credit notes, disputes and payouts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, money, of, words


class UsageEvent(SQLModel, table=True):
    """One accepted unit that may be billed. ``key`` makes a second one impossible."""

    __tablename__ = "usage_event"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("key"),
        of("ticket", "ticket_id"),
        of("contract", "contract_id"),
        Index("ix_usage_event_period", "client_id", "period", "state"),
        Index("ix_usage_event_ticket", "ticket_id"),
        Index("ix_usage_event_held", "client_id", "id", postgresql_where=text("state = 'held'")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    key: str = words(nullable=False)
    contract_id: UUID | None = None
    ticket_id: UUID | None = None
    document_id: UUID | None = None
    unit_type: str = "document"
    quantity: Decimal = Field(sa_type=Numeric(20, 4))
    accepted_at: datetime = instant(nullable=False)
    period: str = Field(max_length=7, description="Month of acceptance in the client's zone, as 2026-11")
    bill_period: str = Field(
        max_length=7, description="Month whose invoice carries it; later than period when late"
    )
    state: str = "billable"
    fate: str = "billable"
    finished_by: UUID | None = None
    reverses: UUID | None = None
    evidence: dict[str, Any] = json()
    recorded_at: datetime = instant(now=True)


class BillingPeriod(SQLModel, table=True):
    """A month of a client; once locked no usage enters it."""

    __tablename__ = "billing_period"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    period: str = Field(primary_key=True, max_length=7)
    state: str = "open"
    locked_at: datetime | None = instant()
    locked_by: str | None = words()


class InvoiceCounter(SQLModel, table=True):
    """Next number of a series; taken in the transaction that issues, so there is no gap."""

    __tablename__ = "invoice_counter"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True, description="The provider: it is its series")
    series: str = Field(primary_key=True, max_length=6)
    fiscal_year: str = Field(primary_key=True, max_length=8)
    next: int = 1


class Invoice(SQLModel, table=True):
    """An invoice or credit note to a client."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("contract", "contract_id"),
        UniqueConstraint("number"),
        Index(
            "uq_invoice_period",
            "client_id",
            "contract_id",
            "period",
            unique=True,
            postgresql_where=text("kind = 'invoice' and state <> 'cancelled'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    contract_id: UUID | None = None
    kind: str = "invoice"
    of_invoice_id: UUID | None = None
    number: str | None = Field(default=None, max_length=16)
    series: str = "INV"
    fiscal_year: str | None = None
    period: str = Field(max_length=7)
    state: str = "draft"
    currency: str = Field(max_length=3)
    net: Decimal = money(nullable=False)
    tax: Decimal = money(nullable=False)
    total: Decimal = money(nullable=False)
    taxes: list[dict[str, Any]] = json("[]")
    snapshot: dict[str, Any] = json()
    issued_on: date | None = None
    due_on: date | None = None
    reason: str | None = words()
    drafted_by: str | None = words()
    approved_by: str | None = words()
    approved_at: datetime | None = instant()
    issued_by: str | None = words()
    issued_at: datetime | None = instant()
    payment_state: str = "open"
    created_at: datetime = instant(now=True)
    row_version: int = 1


class InvoiceLine(SQLModel, table=True):
    """One priced line; its usage events are the proof."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("invoice", "invoice_id"),
        UniqueConstraint("invoice_id", "position"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    position: int
    code: str
    description: str = words("")
    quantity: Decimal = Field(sa_type=Numeric(20, 4))
    unit: str = "document"
    unit_price: Decimal = money(nullable=False)
    amount: Decimal = money(nullable=False)
    sac: str | None = None
    tax_rate: Decimal | None = Field(default=None, sa_type=Numeric(6, 3))
    credits_line_id: UUID | None = None


class InvoiceLineUsage(SQLModel, table=True):
    """Which usage events an invoice line bills."""

    __tablename__ = "invoice_line_usage"
    __table_args__ = (
        of("invoice_line", "line_id"),
        of("usage_event", "usage_id"),
        Index("uq_invoice_line_usage_once", "usage_id", unique=True),
    )
    client_id: UUID = Field(foreign_key=OWN)
    line_id: UUID = Field(primary_key=True)
    usage_id: UUID = Field(primary_key=True)


class InvoiceDispute(SQLModel, table=True):
    """A line of an issued invoice, or one unit of it, that the client disputes, and what finance answered."""

    __tablename__ = "invoice_dispute"
    __table_args__ = (
        of("invoice", "invoice_id"),
        of("invoice_line", "line_id"),
        of("usage_event", "usage_id"),
        of("invoice", "credit_note_id"),
        Index("ix_invoice_dispute_invoice_id", "invoice_id"),
        Index(
            "uq_invoice_dispute_open",
            "line_id",
            text("coalesce(usage_id, line_id)"),
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    line_id: UUID
    usage_id: UUID | None = Field(default=None, description="None: the whole line")
    state: str = "open"
    reason: str = words("")
    net: Decimal = money(nullable=False)
    total: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    raised_by: UUID
    raised_at: datetime = instant(nullable=False)
    due_at: datetime = instant(nullable=False)
    answer: str | None = words()
    answered_by: UUID | None = None
    answered_at: datetime | None = instant()
    credit_note_id: UUID | None = None
    row_version: int = 1


class Payout(SQLModel, table=True):
    """The agent's share of an invoice, and the platform's fee on it (negative: clawed back by a credit note)."""

    __table_args__ = (of("invoice", "invoice_id"), Index("ix_payout_user", "user_id"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    user_id: UUID | None = None
    value: Decimal = money(nullable=False)
    fee: Decimal = money(nullable=False)
    payout: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    units: int = 0
    created_at: datetime = instant(now=True)
