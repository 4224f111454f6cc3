"""What was learnt from corrections, and what models outside were asked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of


class VendorMemory(SQLModel, table=True):
    """How this client's people coded this supplier before."""

    __tablename__ = "vendor_memory"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    vendor_key: str = Field(primary_key=True, max_length=120)
    account: str = Field(primary_key=True, max_length=40)
    cost_centre: str = Field(default="", primary_key=True, max_length=40)
    tax_code: str = Field(default="", primary_key=True, max_length=40)
    times: int = 1
    last_at: datetime = instant(now=True)


class ModelCall(SQLModel, table=True):
    """A question to a model outside: what was set aside for it, what it came to, and no content."""

    __tablename__ = "model_call"
    __table_args__ = (
        of("ticket", "ticket_id"),
        of("document", "document_id"),
        of("contract", "contract_id"),
        Index("ix_model_call_contract_month", "contract_id", "month"),
        Index("ix_model_call_document", "document_id"),
        CheckConstraint("reserved >= 0 and (cost is null or cost >= 0)", name="costs"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    contract_id: UUID
    ticket_id: UUID
    document_id: UUID | None = None
    action: str = Field(max_length=40)
    engine: str = Field(max_length=40)
    model: str = Field(max_length=200)
    endpoint: str = Field(max_length=300)
    prompt: str = Field(max_length=60)
    input_sha256: str = Field(max_length=64)
    redacted: dict[str, Any] = json()
    month: str = Field(max_length=7)
    currency: str = Field(max_length=3)
    reserved: Decimal = Field(sa_type=Numeric(18, 6))
    cost: Decimal | None = Field(default=None, sa_type=Numeric(18, 6))
    tokens_in: int | None = None
    tokens_out: int | None = None
    outcome: str = Field(max_length=40)
    seconds: Decimal | None = Field(default=None, sa_type=Numeric(9, 3))
    asked_at: datetime = instant(nullable=False)
    answered_at: datetime | None = instant()


class SupplierMemoryRow(SQLModel, table=True):
    """Where a supplier's papers carry their values, and what recurs on them: grows with each correction."""

    __tablename__ = "supplier_memory"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    vendor_key: str = Field(primary_key=True, max_length=120)
    memory: dict[str, Any] = json()
    papers: int = 0
    updated_at: datetime = instant(now=True)


class LearnedModel(SQLModel, table=True):
    """A version of what was learnt from a client's corrections: one champion a kind, the others kept for rollback."""

    __tablename__ = "learned_model"
    __table_args__ = (
        UniqueConstraint("client_id", "kind", "version"),
        Index(
            "ix_learned_model_champion",
            "client_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'champion'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    kind: str = Field(max_length=20)
    version: int
    state: str = Field(max_length=20)
    payload: dict[str, Any] = json()
    scores: dict[str, Any] = json()
    examples: int = 0
    trained_at: datetime = instant(nullable=False)
    promoted_at: datetime | None = instant()
