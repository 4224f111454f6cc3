"""Documents, as the HTTP API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.http import View


class DocumentView(View):
    """One unit of work of a ticket."""

    id: UUID
    client_id: UUID
    ticket_id: UUID
    position: int
    filename: str
    content_type: str
    size: int
    sha256: str
    state: str
    reason: str | None = None
    doc_type: str
    pages: int | None = None
    engine: str | None = None
    language: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    lines: list[dict[str, Any]] = Field(default_factory=list)
    checks: list[dict[str, Any]] = Field(default_factory=list)
    coding: dict[str, Any] = Field(default_factory=dict)
    blocked_by: list[str] = Field(default_factory=list)
    duplicate_of: UUID | None = None
    straight_through: bool
    finished_by: UUID | None = None
    erp_reference: str | None = None
    round: int
    quality: str
    approval: str
    received_at: datetime
    read_at: datetime | None = None
    done_at: datetime | None = None
    parent_id: UUID | None = Field(default=None, description="The file it was found in, with other documents")
    first_page: int | None = Field(default=None, description="Where in that file it begins, from 1")
    last_page: int | None = None
    vendor: dict[str, str] = Field(
        default_factory=dict,
        description="Code and name of the vendor of the client's list; empty for none",
        examples=[{"code": "V-001", "name": "Bright Paper Pvt Ltd"}],
    )
    version: int


class FoundDocument(DocumentView):
    """A document in a list over requests: with the number and subject of its own."""

    number: str
    subject: str
