"""The audit trail over HTTP: what happened, and whether the trail is whole."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from schemas.http import Body, View
from schemas.invoices import ClientName
from schemas.requests import EventView


class TrailEvent(EventView):
    """An event with the client whose trail it is part of."""

    client_id: UUID


class VerifyTrail(Body):
    """Check the trail of one client, or of all the caller may check."""

    client: ClientName | None = None


class BrokenView(View):
    """The first broken link of a trail, in words."""

    chain: str
    number: int | None = None
    event_id: UUID | None = None
    reason: str
    words: str


class TrailView(View):
    """What was found for one client."""

    client: str
    events: int
    batches: int
    money_links: int
    waiting: int = Field(description="Events that wait for their seal")
    oldest_waiting: datetime | None = None
    head: str | None = Field(default=None, description="Hash of the last seal")
    broken: BrokenView | None = None


class VerificationView(View):
    """Every hash, seal and money link computed anew. ``ok`` is true when nothing is broken."""

    ok: bool
    events: int
    seconds: float
    clients: list[TrailView]
