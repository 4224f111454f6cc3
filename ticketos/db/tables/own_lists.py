"""Lists that a client keeps of its own: accounts, vendors, coding rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class LedgerAccount(SQLModel, table=True):
    """An account of a book's chart (``domain.chart``). Entries name it by its code, which never changes."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("client_id", "code"),)
    id: UUID = Field(primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")})
    client_id: UUID = Field(foreign_key=OWN)
    code: str = Field(max_length=40)
    name: str
    kind: str
    active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    row_version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    updated_at: datetime = instant(now=True)


class Vendor(SQLModel, table=True):
    """A vendor of the client's own list; ``vendor_key`` is its name as ``lines.data_entry.vendors`` compares names."""

    __table_args__ = (
        UniqueConstraint("client_id", "code"),
        UniqueConstraint("client_id", "id"),
        Index("ix_vendor_key", "client_id", "vendor_key"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    code: str = Field(max_length=60)
    name: str = Field(max_length=300)
    vendor_key: str = Field(max_length=120)
    aliases: list[str] = json("[]")
    tax_ids: list[str] = json("[]")
    address: str = words("")
    account: str = Field(default="", max_length=40)
    cost_centre: str = Field(default="", max_length=40)
    tax_code: str = Field(default="", max_length=40)
    active: bool = True
    row_version: int = 1
    updated_at: datetime = instant(nullable=False)


class VendorSign(SQLModel, table=True):
    """What a vendor is met by on paper: each of its names and tax numbers (``vendors.signs``). A row each, since of all
    indexes only plain ones are used under row-level security."""

    __tablename__ = "vendor_sign"
    __table_args__ = (of("vendor", "vendor_id"), Index("ix_vendor_sign_vendor", "vendor_id"))
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    sign: str = Field(primary_key=True, max_length=130)
    vendor_id: UUID = Field(primary_key=True)


class CodingRule(SQLModel, table=True):
    """A rule for coding: words in the supplier or a line choose account, cost centre and tax code."""

    __tablename__ = "coding_rule"
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN, index=True)
    position: int = 0
    pattern: str
    account: str
    cost_centre: str = ""
    tax_code: str = ""
    row_version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
