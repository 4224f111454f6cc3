"""Clients, contracts and calendars, as the HTTP API takes and gives them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.accounts import Email
from schemas.ai_terms import AI_TERMS
from schemas.http import Body, Edit, Line, Text, View

Slug = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$", examples=["acme"])]
Prefix = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$", examples=["ACME"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["INR"])]
Zone = Annotated[Line, Field(min_length=1, max_length=64, examples=["Asia/Kolkata"])]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["data_entry"])]


class NewClient(Body):
    """A company that buys work."""

    slug: Slug
    prefix: Prefix
    name: Line = Field(min_length=1)
    zone: Zone = "Asia/Kolkata"
    currency: Currency = "INR"
    country: str = Field(default="IN", pattern=r"^[A-Z]{2}$")
    state_code: str | None = Field(default=None, pattern=r"^[0-9A-Z]{1,2}$")
    tax_id: Line | None = None
    address: Text = Field(default="", max_length=2_000)
    approver_email: Email | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class EditClient(Edit):
    """New values; what is absent stays as it is."""

    may_be_empty: ClassVar[frozenset[str]] = frozenset({"state_code", "tax_id", "approver_email"})

    name: Line | None = Field(default=None, min_length=1)
    status: Literal["active", "suspended", "ended"] | None = None
    zone: Zone | None = None
    currency: Currency | None = None
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    state_code: str | None = Field(default=None, pattern=r"^[0-9A-Z]{1,2}$")
    tax_id: Line | None = None
    address: Text | None = Field(default=None, max_length=2_000)
    approver_email: Email | None = None
    settings: dict[str, Any] | None = None


class ClientView(View):
    """A company: a client, or the provider itself."""

    id: UUID
    slug: str
    prefix: str
    name: str
    kind: str
    status: str
    zone: str
    currency: str
    country: str
    state_code: str | None = None
    tax_id: str | None = None
    address: str
    approver_email: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    version: str = Field(description="The ETag: a hash of the content")


AgreedTerms = Annotated[dict[str, Any], Field(json_schema_extra=AI_TERMS)]


class NewContract(Body):
    """One service line bought by one client. ``terms`` holds SLA, QA, AI, approval, scope, pricing and
    survey."""

    client_id: UUID
    number: Line = Field(min_length=1, max_length=60, examples=["SOW-2026-01"])
    name: Line = Field(min_length=1)
    service_line: Key
    kind: Key = "transaction"
    status: Literal["draft", "active", "suspended", "ended"] = "active"
    starts_on: date
    ends_on: date | None = None
    calendar_id: UUID | None = None
    terms: AgreedTerms = Field(default_factory=dict)


class EditContract(Edit):
    """New values; what is absent stays as it is. ``terms`` replaces all terms."""

    may_be_empty: ClassVar[frozenset[str]] = frozenset({"ends_on", "calendar_id"})

    name: Line | None = Field(default=None, min_length=1)
    kind: Key | None = None
    status: Literal["draft", "active", "suspended", "ended"] | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    calendar_id: UUID | None = None
    terms: AgreedTerms | None = None


class ContractView(View):
    """A contract."""

    id: UUID
    client_id: UUID
    number: str
    name: str
    service_line: str
    kind: str
    status: str
    starts_on: date
    ends_on: date | None = None
    calendar_id: UUID | None = None
    terms: dict[str, Any]
    created_at: datetime
    version: int


class ModelSpend(View):
    """What one model outside cost under a contract in a month of the client; ``spent`` holds what is set aside for questions
    whose cost is not known."""

    month: str
    model: str
    endpoint: str
    currency: str
    calls: int
    answered: int
    spent: Decimal


class NewCalendar(Body):
    """Working hours: ``{"zone", "weekly": [7 × [["09:00", "17:30"], …]], "holidays", "special"}``."""

    client_id: UUID
    name: Line = Field(min_length=1)
    definition: dict[str, Any]


class EditCalendar(Edit):
    """New values; what is absent stays as it is."""

    name: Line | None = Field(default=None, min_length=1)
    definition: dict[str, Any] | None = None


class CalendarView(View):
    """Working hours, holidays and time zone."""

    id: UUID
    client_id: UUID
    name: str
    definition: dict[str, Any]
    version: int
