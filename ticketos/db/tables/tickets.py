"""Requests and what belongs to them: clocks, messages, tasks, versions put before the client, surveys."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class TicketCounter(SQLModel, table=True):
    """Next ticket number of a client and fiscal year; gaps are allowed."""

    __tablename__ = "ticket_counter"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    fiscal_year: str = Field(primary_key=True, max_length=8)
    next: int = 1


class Ticket(SQLModel, table=True):
    """A request (the root, with a workflow) or a row of its tree (processing, qc, defect, billing, review)."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("client_id", "number"),
        ForeignKeyConstraint(
            ["client_id", "root_id"], ["ticket.client_id", "ticket.id"], deferrable=True, initially="DEFERRED"
        ),
        of("contract", "contract_id"),
        Index("ix_ticket_client_recent", "client_id", "received_at", "id"),
        Index("ix_ticket_recent", "received_at", "id"),
        Index("ix_ticket_client_state", "client_id", "state", "stage"),
        Index(
            "ix_ticket_open",
            "state",
            "stage",
            postgresql_where=text("kind = 'request' and closed_at is null"),
        ),
        Index(
            "ix_ticket_open_recent",
            "received_at",
            "id",
            postgresql_include=[
                "client_id",
                "stage",
                "state",
                "service_line",
                "sla_state",
                "priority",
                "desk",
            ],
            postgresql_where=text("kind = 'request' and closed_at is null"),
        ),
        Index(
            "ix_ticket_closed",
            "closed_at",
            postgresql_where=text("kind = 'request' and closed_at is not null"),
        ),
        Index("ix_ticket_root", "root_id"),
        CheckConstraint("progress between 0 and 100", name="progress"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    root_id: UUID
    number: str = Field(max_length=40)
    kind: str = "request"
    life: int = 1
    seq: int = Field(default=0, description="Grows with each recorded step; an older write is refused")
    stage: str = "intake"
    state: str = "open"
    progress: int = 0
    round: int = 0
    channel: str = "api"
    subject: str = words("")
    requester_name: str = words("")
    requester_email: str = words("")
    service_line: str | None = None
    ticket_type: str | None = None
    priority: str = "P3"
    document_class: str = Field(
        default="standard", nullable=False, sa_column_kwargs={"server_default": text("'standard'")}
    )
    language: str = "unknown"
    sentiment: str = "neutral"
    confidence: Decimal | None = Field(default=None, sa_type=Numeric(6, 4))
    contract_id: UUID | None = None
    team: str | None = None
    desk: str = "service_desk"
    owner_id: UUID | None = None
    next_action: str = words("")
    next_at: datetime | None = instant()
    sla_state: str = "on_track"
    due_at: datetime | None = instant()
    reason: str | None = words()
    attention_workflow: str | None = None
    documents_total: int = 0
    documents_done: int = 0
    sub_counter: dict[str, Any] = json()
    detail: dict[str, Any] = json()
    received_at: datetime = instant(nullable=False)
    recorded_at: datetime = instant(now=True)
    started_at: datetime | None = instant()
    closed_at: datetime | None = instant()
    row_version: int = 1


class TicketLink(SQLModel, table=True):
    """Two tickets that belong together (``related``, ``duplicate``, ``repeat_contact``, ``follow_up``)."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        of("ticket", "ticket_id"),
        of("ticket", "other_id"),
        UniqueConstraint("ticket_id", "other_id", "kind"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    other_id: UUID
    kind: str = "related"
    created_at: datetime = instant(now=True)


class TicketClock(SQLModel, table=True):
    """An SLA clock: ``domain.clock.Clock`` with what has fired already."""

    __tablename__ = "ticket_clock"
    __table_args__ = (of("ticket", "ticket_id"), UniqueConstraint("ticket_id", "life", "kind"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    life: int = 1
    kind: str
    target_s: int
    started_at: datetime = instant(nullable=False)
    stopped_at: datetime | None = instant()
    pauses: list[dict[str, Any]] = json("[]")
    fired: list[str] = json("[]")
    due_at: datetime | None = instant()
    breached_at: datetime | None = instant()


class Message(SQLModel, table=True):
    """One mail, reply or note of a ticket, in or out."""

    __table_args__ = (
        of("ticket", "ticket_id"),
        Index("ix_message_ticket", "ticket_id", "received_at"),
        Index("uq_message_external", "client_id", "channel", "direction", "external_id", unique=True),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    direction: str
    channel: str
    external_id: str
    sender: str = words("")
    recipient: str = words("")
    subject: str = words("")
    body: str = words("")
    headers: dict[str, Any] = json()
    sent_at: datetime | None = instant()
    received_at: datetime = instant(nullable=False)
    recorded_at: datetime = instant(now=True)


class Task(SQLModel, table=True):
    """One thing a person must do. It is completed by an update to ``workflow_id``."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("ticket", "ticket_id"),
        Index("ix_task_ticket", "ticket_id"),
        Index("ix_task_open", "assigned_to", "due_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_queue", "client_id", "skill", "due_at", postgresql_where=text("state = 'open'")),
        Index(
            "ix_task_offered",
            "offered_to",
            postgresql_where=text("state = 'open' and offered_to is not null"),
        ),
        Index(
            "ix_task_done",
            "completed_by",
            "completed_at",
            postgresql_where=text("completed_by is not null"),
        ),
        UniqueConstraint("key"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    key: str = words(nullable=False)
    kind: str
    subject_id: UUID | None = None
    workflow_id: str
    desk: str
    skill: str | None = None
    state: str = "open"
    priority: str = "P3"
    assigned_to: UUID | None = None
    round: int = 0
    life: int = 1
    payload: dict[str, Any] = json()
    result: dict[str, Any] = json()
    created_at: datetime = instant(nullable=False)
    due_at: datetime | None = instant()
    offered_to: UUID | None = None
    offer_until: datetime | None = instant()
    assigned_at: datetime | None = instant()
    completed_by: UUID | None = None
    completed_at: datetime | None = instant()
    row_version: int = 1


class Approval(SQLModel, table=True):
    """One version put before the client, named by the hash of what was delivered."""

    __table_args__ = (
        of("ticket", "ticket_id"),
        UniqueConstraint("ticket_id", "life", "round"),
        Index("ix_approval_open", "offered_at", "id", postgresql_where=text("state = 'open'")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    life: int = 1
    round: int = 0
    version: str = Field(max_length=64)
    state: str = "open"
    deliverable: dict[str, Any] = json()
    offered_at: datetime = instant(nullable=False)
    deemed_at: datetime | None = instant()
    decided_at: datetime | None = instant()
    decided_by: str | None = words()
    reason: str | None = words()
    units: dict[str, Any] = json()


class Survey(SQLModel, table=True):
    """CSAT (1–5), CES (1–7) and NPS (0–10), asked once by signed link."""

    __table_args__ = (
        of("ticket", "ticket_id"),
        UniqueConstraint("ticket_id", "life"),
        Index("ix_survey_recipient", "client_id", "recipient", "asked_at"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    life: int = 1
    recipient: str = words("")
    csat: int | None = None
    ces: int | None = None
    nps: int | None = None
    comment: str | None = words()
    asked_at: datetime = instant(nullable=False)
    answered_at: datetime | None = instant()
