"""The trail: events, keys of people, seals, the chain of money acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, words

LABELS = "actor_kind = 'user' and event in ('ticket.triaged', 'ai.approved', 'ai.corrected')"
"""Events in which a person says what a request is: the next triage of the client asks for them."""
HANDED_ON = (
    "event in ('ticket.paused', 'ticket.rework_escalated', 'document.password_asked', 'task.assigned', 'task.expert',"
    " 'task.expert_missing', 'task.offers_ended')"
    " and (event <> 'task.assigned' or before ->> 'assigned_to' is not null)"
)
"""Events by which a request was more than one person's one piece of work: it waited for an answer, or its work went to
another. First contact asks for them, and nearly no request has one."""


class AuditEvent(SQLModel, table=True):
    """One action, for ever. ``hash`` covers the canonical JSON of every other column but the database's own."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_root", "root_id", "seq"),
        Index("ix_audit_event_client", "client_id", "seq"),
        Index("ix_audit_event_xid", "client_id", "xid"),
        Index("ix_audit_event_label", "client_id", "seq", postgresql_where=text(LABELS)),
        Index("ix_audit_event_handed_on", "root_id", postgresql_where=text(HANDED_ON)),
        Index("ix_audit_event_replied", "root_id", postgresql_where=text("event = 'ticket.replied'")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), unique=True, nullable=False))
    xid: int = Field(
        sa_column=Column(
            BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")
        )
    )
    schema_version: int = 1
    at: datetime = instant(nullable=False)
    recorded_at: datetime = instant(now=True)
    event: str
    actor_kind: str
    actor_id: str | None = None
    origin: str | None = words()
    ticket_id: UUID | None = None
    root_id: UUID | None = None
    entity: str | None = None
    entity_id: str | None = None
    subject_id: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    personal: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    why: str | None = words()
    money: bool = False
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SubjectKey(SQLModel, table=True):
    """The key of one person's values in the trail; dropping it erases them while every hash stays valid."""

    __tablename__ = "subject_key"
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    subject: str = Field(max_length=64, description="HMAC of the person's address under the client's key")
    wrapped_key: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    __table_args__ = (UniqueConstraint("client_id", "subject"),)


class AuditSeal(SQLModel, table=True):
    """A Merkle root over a batch of audit events of one client, chained to the batch before."""

    __tablename__ = "audit_seal"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    number: int = Field(primary_key=True)
    events: list[UUID] = Field(sa_column=Column(ARRAY(postgresql.UUID(as_uuid=True)), nullable=False))
    upto_xid: int = Field(sa_type=BigInteger)
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = instant(nullable=False)


class MoneyLink(SQLModel, table=True):
    """A money act, chained to the one before in the transaction that made it."""

    __tablename__ = "money_link"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    number: int = Field(primary_key=True)
    event_id: UUID = Field(foreign_key="audit_event.id")
    event_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
