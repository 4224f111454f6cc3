"""Disputes of invoices over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from schemas.http import Body, Line, View
from schemas.invoices import Exact

State = Literal["open", "accepted", "refused", "withdrawn"]


class NewDispute(Body):
    """Dispute a line of an issued invoice, or with ``usage_id`` one unit of it."""

    line_id: UUID
    usage_id: UUID | None = None
    reason: Line = Field(min_length=1, description="What is wrong with it")


class AcceptDispute(Body):
    """Agree: a credit note over what is disputed, or over these units of it."""

    answer: Line = Field(min_length=1)
    usage_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=10_000)


class RefuseDispute(Body):
    """Disagree, with the reason the client reads."""

    answer: Line = Field(min_length=1)


class DisputeView(View):
    """A dispute. ``net`` and ``total`` (with tax) are what is frozen while it is open. Who answered is for the provider's
    people alone."""

    id: UUID
    client_id: UUID
    invoice_id: UUID
    invoice_number: str | None = None
    period: str
    line_id: UUID
    line_position: int
    line_description: str
    usage_id: UUID | None = None
    ticket_id: UUID | None = None
    ticket_number: str | None = None
    filename: str | None = None
    state: str
    reason: str
    net: Exact
    total: Exact
    currency: str
    raised_by: UUID
    raised_by_name: str | None = None
    raised_at: datetime
    due_at: datetime
    overdue: bool = Field(default=False, description="Open, and the answer was due")
    answer: str | None = None
    answered_by: UUID | None = None
    answered_by_name: str | None = None
    answered_at: datetime | None = None
    credit_note_id: UUID | None = None
    credit_note_number: str | None = None
    version: int
