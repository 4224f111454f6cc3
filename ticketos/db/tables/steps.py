"""What steps and requests leave so that nothing is done twice or lost: results, the outbox, notices, first answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


class StepResult(SQLModel, table=True):
    """The effect of one step, kept for ever: a repeated activity returns this instead of acting twice."""

    __tablename__ = "step_result"
    key: str = Field(primary_key=True, max_length=200)
    client_id: UUID = Field(foreign_key=OWN)
    result: dict[str, Any] = json()
    recorded_at: datetime = instant(now=True)


class Outbox(SQLModel, table=True):
    """What must leave the database: workflow starts, mails, notices. Written with the change that causes it."""

    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_outbox_due", "next_at", postgresql_where=text("state = 'waiting'")),
        Index(
            "ix_outbox_due_other",
            "next_at",
            postgresql_where=text("state = 'waiting' and kind <> 'start'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID | None = None
    key: str = words(nullable=False)
    kind: str
    payload: dict[str, Any] = json()
    state: str = "waiting"
    attempts: int = 0
    error: str | None = words()
    next_at: datetime = instant(now=True)
    created_at: datetime = instant(now=True)
    done_at: datetime | None = instant()


class Notice(SQLModel, table=True):
    """A warning, breach or escalation shown to a desk, exactly once each; of a book it has no ticket."""

    __table_args__ = (
        of("ticket", "ticket_id"),
        UniqueConstraint("key"),
        UniqueConstraint("client_id", "id"),
        Index("ix_notice_client", "client_id", "at"),
        Index("ix_notice_desk", "desk", "at"),
        Index("ix_notice_recipient", "recipient_id", "at", postgresql_where=text("recipient_id is not null")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID | None = None
    key: str = words(nullable=False)
    kind: str
    desk: str
    recipient_id: UUID | None = None
    detail: dict[str, Any] = json()
    at: datetime = instant(nullable=False)


class NoticeRead(SQLModel, table=True):
    """Somebody of the provider has read a notice; it stays unread for their colleagues."""

    __tablename__ = "notice_read"
    __table_args__ = (of("notice", "notice_id"),)
    notice_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    read_at: datetime = instant(nullable=False)


class IdempotencyRecord(SQLModel, table=True):
    """The first answer to a request with an ``Idempotency-Key``; a repeat gets it again."""

    __tablename__ = "idempotency_record"
    client_id: UUID = Field(foreign_key=OWN)
    principal: str = Field(primary_key=True, max_length=80)
    key: str = Field(primary_key=True, max_length=255)
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    status: int | None = None
    body: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    headers: dict[str, Any] = json()
    created_at: datetime = instant(now=True)
