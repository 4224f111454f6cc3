"""What desks and their people are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.http import Body, View


class NoticeView(View):
    """A warning, breach, escalation or other news of a request; of a month of a book or a contract without one."""

    id: UUID
    client_id: UUID
    ticket_id: UUID | None = Field(default=None, description="The request; null where it is about none")
    number: str | None = Field(default=None, description="Of the request", examples=["ACME-26-000123"])
    subject: str | None = None
    kind: str = Field(examples=["breached"])
    desk: str = Field(examples=["delivery"])
    mine: bool = Field(description="About a request the caller owns")
    detail: dict[str, Any] = Field(default_factory=dict)
    at: datetime
    read_at: datetime | None = Field(default=None, description="When the caller read it")


class ReadNotices(Body):
    """Which unread ones; empty means any."""

    desk: str = Field(default="", max_length=40)
    kind: str = Field(default="", max_length=40)
    client: str = Field(default="", max_length=64, description="Id or short name of a client")
    mine: bool = False
    until: AwareDatetime | None = Field(
        default=None,
        description="The newest that was seen: what came after it stays unread; null: everything",
    )


class NoticesRead(View):
    """How many were unread until now."""

    read: int
