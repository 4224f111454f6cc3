"""Files, documents, and what was read and corrected on them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class StoredObject(SQLModel, table=True):
    """Where encrypted bytes lie, and their data key wrapped by the client's key."""

    __tablename__ = "stored_object"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    address: str = Field(primary_key=True, max_length=64)
    wrapped_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = Field(sa_type=BigInteger)
    created_at: datetime = instant(now=True)


class Document(SQLModel, table=True):
    """One unit of work of the data-entry line: what was read, keyed, checked, coded, posted, judged and billed."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("ticket", "ticket_id"),
        Index("ix_document_ticket", "ticket_id", "position"),
        Index("ix_document_client_recent", "client_id", "received_at", "id"),
        Index("ix_document_recent", "received_at", "id"),
        Index("ix_document_sha", "client_id", "sha256"),
        of("document", "parent_id"),
        Index("ix_document_parent", "parent_id", postgresql_where=text("parent_id is not null")),
        Index(
            "ix_document_business_key",
            "client_id",
            "business_key",
            postgresql_where=text("business_key is not null"),
        ),
        Index(
            "ix_document_supplier",
            "client_id",
            text("split_part(business_key, '|', 1)"),
            postgresql_where=text("business_key is not null and state = 'posted'"),
        ),
        Index(
            "ix_document_delivered",
            "client_id",
            "done_at",
            postgresql_include=["straight_through", "finished_by", "engine"],
            postgresql_where=text("state = 'posted' and done_at is not null"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    position: int = 0
    filename: str = words("")
    content_type: str = "application/octet-stream"
    size: int = 0
    sha256: str = Field(max_length=64)
    address: str = Field(max_length=64)
    state: str = "received"
    reason: str | None = words()
    doc_type: str = "unknown"
    pages: int | None = None
    engine: str | None = None
    language: str | None = None
    fields: dict[str, Any] = json()
    lines: list[dict[str, Any]] = json("[]")
    checks: list[dict[str, Any]] = json("[]")
    read_result: dict[str, Any] = json()
    coding: dict[str, Any] = json()
    blocked_by: list[str] = json("[]")
    business_key: str | None = words()
    duplicate_of: UUID | None = None
    straight_through: bool = False
    finished_by: UUID | None = None
    erp_reference: str | None = None
    round: int = 0
    quality: str = "pending"
    approval: str = "pending"
    row_version: int = 1
    received_at: datetime = instant(nullable=False)
    read_at: datetime | None = instant()
    done_at: datetime | None = instant()
    readable: str | None = Field(
        default=None,
        max_length=64,
        description="Address of a copy that opens without the password it came with",
    )
    parent_id: UUID | None = Field(
        default=None, description="The file this document was found in, if not alone"
    )
    first_page: int | None = Field(default=None, description="Where in that file it begins, from 1")
    last_page: int | None = None
    vendor: dict[str, Any] = json()
    posting: dict[str, Any] = json()


class Correction(SQLModel, table=True):
    """What a person changed, whole: the reader learns from it."""

    __table_args__ = (of("document", "document_id"), Index("ix_correction_document", "document_id"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    document_id: UUID
    task_id: UUID | None = None
    field: str
    shown: str | None = words()
    typed: str | None = words()
    candidates: list[Any] = json("[]")
    page: int | None = None
    box: list[Any] | None = Field(default=None, sa_type=JSONB)
    confidence: Decimal | None = Field(default=None, sa_type=Numeric(6, 4))
    engine: str | None = None
    person_id: UUID | None = None
    seconds: Decimal | None = Field(default=None, sa_type=Numeric(12, 3))
    at: datetime = instant(now=True)


class KeptReading(SQLModel, table=True):
    """What the reader saw on a document people were asked about, and what they made of it: learning reads it."""

    __tablename__ = "kept_reading"
    __table_args__ = (
        of("document", "document_id"),
        Index(
            "ix_kept_reading_learnt", "client_id", "learnt_at", postgresql_where=text("learnt_at is not null")
        ),
    )
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    document_id: UUID = Field(primary_key=True)
    vendor_key: str | None = Field(default=None, max_length=120)
    words: list[Any] = json("[]")
    unaided: dict[str, Any] = json()
    shown: dict[str, Any] = json()
    final: dict[str, Any] = json()
    seen: list[str] = json("[]")
    versions: dict[str, Any] = json()
    at: datetime = instant(now=True)
    learnt_at: datetime | None = instant()
