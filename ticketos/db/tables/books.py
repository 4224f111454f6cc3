"""Books of clients: entries, months, month-ends, reconciliations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, money, of, words


class Journal(SQLModel, table=True):
    """A balanced entry of a book; never edited, only reversed."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("client_id", "number"),
        UniqueConstraint("key"),
        Index("ix_journal_booked_on", "client_id", "booked_on"),
        Index("ix_journal_reverses", "reverses", postgresql_where=text("reverses is not null")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    key: str = words(nullable=False)
    number: str = Field(max_length=40)
    booked_on: date
    memo: str = words("")
    source: str | None = None
    source_id: UUID | None = Field(default=None, index=True)
    reverses: UUID | None = None
    document_on: date | None = Field(
        default=None, description="The date of the document itself, whatever day it is booked on"
    )
    decided_in: UUID | None = Field(
        default=None, description="The task in which a person let it into a soft-closed month"
    )
    created_at: datetime = instant(now=True)


class BookMonth(SQLModel, table=True):
    """A month of a client's book that was ever shut: open again, soft-closed or closed. A trigger keeps entries out."""

    __tablename__ = "book_month"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    period: str = Field(primary_key=True, max_length=7)
    state: str = Field(default="open", max_length=10)
    changed_at: datetime = instant(nullable=False)
    changed_by: UUID | None = Field(default=None, description="None: the month-end itself, found clean")
    reason: str = words("")
    row_version: int = 1


class MonthEnd(SQLModel, table=True):
    """The last month-end run of a client's month: its checks, what is open, and whether it was clean."""

    __tablename__ = "month_end"
    __table_args__ = (UniqueConstraint("client_id", "period"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    period: str = Field(max_length=7)
    clean: bool
    report: dict[str, Any] = json()
    runs: int = 1
    ran_at: datetime = instant(nullable=False)
    ran_by: UUID | None = None


class JournalCounter(SQLModel, table=True):
    """Next entry number of a book."""

    __tablename__ = "journal_counter"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    next: int = 1


class Posting(SQLModel, table=True):
    """One side of a journal: debit positive, credit negative. A deferred trigger keeps each journal at zero."""

    __table_args__ = (
        of("journal", "journal_id"),
        Index("ix_posting_journal", "journal_id"),
        Index("ix_posting_account", "client_id", "account"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    journal_id: UUID
    account: str
    amount: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    dimensions: dict[str, Any] = json()


class Reconciliation(SQLModel, table=True):
    """One day of one client: received = posted + rejected + open, with values and differences."""

    __table_args__ = (UniqueConstraint("client_id", "day"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    day: date
    counts: dict[str, Any] = json()
    values: dict[str, Any] = json()
    differences: list[dict[str, Any]] = json("[]")
    ran_at: datetime = instant(nullable=False)


class PeriodRun(SQLModel, table=True):
    """A scheduled run of a period, once each, by schedule or by hand."""

    __tablename__ = "period_run"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    kind: str = Field(primary_key=True, max_length=40)
    period: str = Field(primary_key=True, max_length=20)
    result: dict[str, Any] = json()
    at: datetime = instant(now=True)
