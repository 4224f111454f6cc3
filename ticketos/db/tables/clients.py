"""Companies, their contracts and calendars."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    LargeBinary,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class Client(SQLModel, table=True):
    """A company that buys work, or the provider itself (``kind = provider``). The unit of isolation."""

    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True, max_length=40)
    prefix: str = Field(
        unique=True, max_length=8, description="Start of every ticket number, as ACME in ACME-26-000123"
    )
    name: str
    kind: str = Field(default="client")
    status: str = Field(default="active")
    zone: str = Field(default="Asia/Kolkata")
    currency: str = Field(default="INR", max_length=3)
    country: str = Field(default="IN", max_length=2)
    state_code: str | None = Field(default=None, max_length=2)
    tax_id: str | None = None
    address: str = words("")
    approver_email: str | None = None
    data_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    settings: dict[str, Any] = json()
    created_at: datetime = instant(now=True)


class Calendar(SQLModel, table=True):
    """Working hours, holidays and time zone, in the form of ``domain.calendar.WorkCalendar.to_json``."""

    __table_args__ = (UniqueConstraint("client_id", "id"), UniqueConstraint("client_id", "name"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    name: str
    definition: dict[str, Any] = json()
    row_version: int = 1


class Contract(SQLModel, table=True):
    """One service line bought by one client; ``terms`` is ``domain.contract.Terms`` as JSON."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("client_id", "number"),
        of("calendar", "calendar_id"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    number: str
    name: str
    service_line: str
    kind: str = "transaction"
    status: str = "active"
    starts_on: date
    ends_on: date | None = None
    calendar_id: UUID | None = None
    terms: dict[str, Any] = json()
    row_version: int = 1
    created_at: datetime = instant(now=True)


class Renewal(SQLModel, table=True):
    """What is advised about a contract before it ends; once for each end it has."""

    __table_args__ = (of("contract", "contract_id"), UniqueConstraint("contract_id", "ends_on"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    contract_id: UUID
    ends_on: date
    advice: str
    figures: dict[str, Any] = json()
    made_at: datetime = instant(nullable=False)
