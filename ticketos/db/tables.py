"""Every table of TicketingOS. Rules live in ``ticketos.domain``; here is only shape, keys and indexes.

Every client-owned row carries ``client_id NOT NULL`` and is guarded by a forced row-level policy
(``migrations/versions``). A row that belongs to a ticket, document or invoice points at it by
``(client_id, id)``, so that the database itself refuses a reference across clients.
Timestamps are aware UTC; money is ``numeric`` with a currency beside it; ids are UUIDv7 made in Python.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


def instant(*, nullable: bool = True, now: bool = False) -> Any:
    """An aware instant; ``now`` lets the database stamp it."""
    default = text("clock_timestamp()") if now else None
    return Field(
        default=None,
        sa_type=DateTime(timezone=True),
        nullable=nullable and not now,
        sa_column_kwargs={"server_default": default} if now else {},
    )


def json(default: str = "{}") -> Any:
    """A JSON document that is never null."""
    return Field(
        default_factory=dict if default == "{}" else list,
        sa_type=JSONB,
        nullable=False,
        sa_column_kwargs={"server_default": text(f"'{default}'::jsonb")},
    )


def money(*, nullable: bool = True) -> Any:
    """An exact amount; the currency stands in its own column."""
    return Field(default=None, sa_type=Numeric(20, 4), nullable=nullable)


def words(default: str | None = None, *, nullable: bool = True) -> Any:
    """Free text of any length."""
    kwargs = {} if default is None else {"server_default": text(f"'{default}'")}
    return Field(
        default=default, sa_type=Text, nullable=nullable and default is None, sa_column_kwargs=kwargs
    )


def of(table: str, column: str) -> ForeignKeyConstraint:
    """A reference that cannot leave its client."""
    return ForeignKeyConstraint(["client_id", column], [f"{table}.client_id", f"{table}.id"])


OWN = "client.id"


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


class AppUser(SQLModel, table=True):
    """A person with a login. ``client_id`` is the company they belong to; grants say what they may see."""

    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        Index("uq_app_user_email", text("lower(email)"), unique=True),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN, index=True)
    email: str
    name: str
    password_hash: str | None = None
    active: bool = True
    available: bool = True
    level: str = "agent"
    capacity: int = 50
    skills: list[str] = json("[]")
    certifications: dict[str, Any] = json()
    ring_fence: list[str] = json("[]")
    last_assigned_at: datetime | None = instant()
    failed_logins: int = 0
    locked_until: datetime | None = instant()
    row_version: int = 1
    created_at: datetime = instant(now=True)
    totp_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    totp_since: datetime | None = instant()
    totp_step: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    recovery_hashes: list[str] = json("[]")


class UserGrant(SQLModel, table=True):
    """A role over one client (``scope_client_id``) or, for provider staff, over all (null)."""

    __tablename__ = "user_grant"
    __table_args__ = (
        of("app_user", "user_id"),
        Index(
            "uq_user_grant",
            "user_id",
            "role",
            text("coalesce(scope_client_id, '00000000-0000-0000-0000-000000000000')"),
            unique=True,
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    role: str
    scope_client_id: UUID | None = Field(default=None, foreign_key=OWN)


class UserSession(SQLModel, table=True):
    """A signed-in browser or tool; only the hash of its token is kept."""

    __tablename__ = "user_session"
    __table_args__ = (of("app_user", "user_id"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID = Field(index=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_at: datetime = instant(now=True)
    expires_at: datetime = instant(nullable=False)
    last_seen_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    address: str | None = None
    agent: str | None = None


class ApiKey(SQLModel, table=True):
    """A key for machines: prefixed, scoped, hashed, shown once."""

    __tablename__ = "api_key"
    __table_args__ = (of("app_user", "user_id"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    name: str
    prefix: str
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    scopes: list[str] = json("[]")
    created_at: datetime = instant(now=True)
    expires_at: datetime | None = instant()
    last_used_at: datetime | None = instant()
    revoked_at: datetime | None = instant()


class SavedView(SQLModel, table=True):
    """A name somebody gave to a list with its filters; ``shared`` ones are their whole company's."""

    __tablename__ = "saved_view"
    __table_args__ = (
        of("app_user", "user_id"),
        UniqueConstraint("user_id", "page", "name"),
        Index("ix_saved_view_client", "client_id", "page"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    user_id: UUID
    page: str
    name: str
    query: str = words("")
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
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


class StoredObject(SQLModel, table=True):
    """Where encrypted bytes lie, and their data key wrapped by the client's key."""

    __tablename__ = "stored_object"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    address: str = Field(primary_key=True, max_length=64)
    wrapped_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = Field(sa_type=BigInteger)
    created_at: datetime = instant(now=True)


class Document(SQLModel, table=True):
    """One unit of work of the data-entry line: what was read, keyed, checked, coded, posted, judged and billed."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("ticket", "ticket_id"),
        Index("ix_document_ticket", "ticket_id", "position"),
        Index("ix_document_client_recent", "client_id", "received_at", "id"),
        Index("ix_document_recent", "received_at", "id"),
        Index("ix_document_sha", "client_id", "sha256"),
        of("document", "parent_id"),
        Index("ix_document_parent", "parent_id", postgresql_where=text("parent_id is not null")),
        Index(
            "ix_document_business_key",
            "client_id",
            "business_key",
            postgresql_where=text("business_key is not null"),
        ),
        Index(
            "ix_document_supplier",
            "client_id",
            text("split_part(business_key, '|', 1)"),
            postgresql_where=text("business_key is not null and state = 'posted'"),
        ),
        Index(
            "ix_document_delivered",
            "client_id",
            "done_at",
            postgresql_include=["straight_through", "finished_by", "engine"],
            postgresql_where=text("state = 'posted' and done_at is not null"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    position: int = 0
    filename: str = words("")
    content_type: str = "application/octet-stream"
    size: int = 0
    sha256: str = Field(max_length=64)
    address: str = Field(max_length=64)
    state: str = "received"
    reason: str | None = words()
    doc_type: str = "unknown"
    pages: int | None = None
    engine: str | None = None
    language: str | None = None
    fields: dict[str, Any] = json()
    lines: list[dict[str, Any]] = json("[]")
    checks: list[dict[str, Any]] = json("[]")
    read_result: dict[str, Any] = json()
    coding: dict[str, Any] = json()
    blocked_by: list[str] = json("[]")
    business_key: str | None = words()
    duplicate_of: UUID | None = None
    straight_through: bool = False
    finished_by: UUID | None = None
    erp_reference: str | None = None
    round: int = 0
    quality: str = "pending"
    approval: str = "pending"
    row_version: int = 1
    received_at: datetime = instant(nullable=False)
    read_at: datetime | None = instant()
    done_at: datetime | None = instant()
    readable: str | None = Field(
        default=None,
        max_length=64,
        description="Address of a copy that opens without the password it came with",
    )
    parent_id: UUID | None = Field(
        default=None, description="The file this document was found in, if not alone"
    )
    first_page: int | None = Field(default=None, description="Where in that file it begins, from 1")
    last_page: int | None = None
    vendor: dict[str, Any] = json()
    posting: dict[str, Any] = json()


class Correction(SQLModel, table=True):
    """What a person changed, whole: the reader learns from it."""

    __table_args__ = (of("document", "document_id"), Index("ix_correction_document", "document_id"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    document_id: UUID
    task_id: UUID | None = None
    field: str
    shown: str | None = words()
    typed: str | None = words()
    candidates: list[Any] = json("[]")
    page: int | None = None
    box: list[Any] | None = Field(default=None, sa_type=JSONB)
    confidence: Decimal | None = Field(default=None, sa_type=Numeric(6, 4))
    engine: str | None = None
    person_id: UUID | None = None
    seconds: Decimal | None = Field(default=None, sa_type=Numeric(12, 3))
    at: datetime = instant(now=True)


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


class QaCheck(SQLModel, table=True):
    """A verdict of level 1 (automatic) or level 2 (a second person) on one document, or on the ticket itself (no document)
    where a person worked it."""

    __tablename__ = "qa_check"
    __table_args__ = (
        of("ticket", "ticket_id"),
        of("document", "document_id"),
        UniqueConstraint("document_id", "life", "level", "round"),
        Index(
            "ix_qa_check_work",
            *("ticket_id", "life", "level", "round"),
            unique=True,
            postgresql_where=text("document_id is null"),
        ),
        Index("ix_qa_check_ticket", "ticket_id"),
        Index("ix_qa_check_client", "client_id", "at"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    ticket_id: UUID
    document_id: UUID | None = None
    life: int = 1
    level: int
    round: int = 0
    basis: str = "all"
    verdict: str
    score: Decimal | None = Field(default=None, sa_type=Numeric(7, 4))
    fields_inspected: int = 0
    fields_correct: int = 0
    ai_correct: int = 0
    defects: list[dict[str, Any]] = json("[]")
    reviewer_id: UUID | None = None
    work_by: UUID | None = None
    seed: str | None = None
    at: datetime = instant(nullable=False)


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


class CalibrationSession(SQLModel, table=True):
    """A client's week of calibration: a few reviewed units, scored again by two people each."""

    __tablename__ = "calibration_session"
    __table_args__ = (UniqueConstraint("client_id", "id"), UniqueConstraint("client_id", "week"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    week: str = Field(max_length=8, description="ISO week in the client's zone, as 2026-W47")
    seed: str
    state: str = "open"
    result: dict[str, Any] = json()
    drawn_at: datetime = instant(nullable=False)


class CalibrationUnit(SQLModel, table=True):
    """A unit drawn, with the review it was drawn for (``wrong``, ``reviewer_id``) and how far its two scores agree."""

    __tablename__ = "calibration_unit"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("session_id", "document_id"),
        of("calibration_session", "session_id"),
        of("ticket", "ticket_id"),
        of("document", "document_id"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    session_id: UUID
    ticket_id: UUID
    document_id: UUID
    position: int = 0
    questions: list[str] = json("[]")
    wrong: list[str] = json("[]")
    reviewer_id: UUID
    work_by: UUID | None = None
    agreement: dict[str, Any] | None = Field(default=None, sa_type=JSONB)


class CalibrationScore(SQLModel, table=True):
    """One person's blind score of a unit; never changed."""

    __tablename__ = "calibration_score"
    __table_args__ = (of("calibration_unit", "unit_id"), UniqueConstraint("unit_id", "reviewer_id"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    unit_id: UUID
    reviewer_id: UUID
    verdict: str
    wrong: list[str] = json("[]")
    comment: str | None = words()
    at: datetime = instant(nullable=False)


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


LABELS = "actor_kind = 'user' and event in ('ticket.triaged', 'ai.approved', 'ai.corrected')"
"""Events in which a person says what a request is: the next triage of the client asks for them."""


class NoticeRead(SQLModel, table=True):
    """Somebody of the provider has read a notice; it stays unread for their colleagues."""

    __tablename__ = "notice_read"
    __table_args__ = (of("notice", "notice_id"),)
    notice_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    read_at: datetime = instant(nullable=False)


class AuditEvent(SQLModel, table=True):
    """One action, for ever. ``hash`` covers the canonical JSON of every other column but the database's own."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_root", "root_id", "seq"),
        Index("ix_audit_event_client", "client_id", "seq"),
        Index("ix_audit_event_xid", "client_id", "xid"),
        Index("ix_audit_event_label", "client_id", "seq", postgresql_where=text(LABELS)),
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


class UsageEvent(SQLModel, table=True):
    """One accepted unit that may be billed. ``key`` makes a second one impossible."""

    __tablename__ = "usage_event"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("key"),
        of("ticket", "ticket_id"),
        of("contract", "contract_id"),
        Index("ix_usage_event_period", "client_id", "period", "state"),
        Index("ix_usage_event_ticket", "ticket_id"),
        Index("ix_usage_event_held", "client_id", "id", postgresql_where=text("state = 'held'")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    key: str = words(nullable=False)
    contract_id: UUID | None = None
    ticket_id: UUID | None = None
    document_id: UUID | None = None
    unit_type: str = "document"
    quantity: Decimal = Field(sa_type=Numeric(20, 4))
    accepted_at: datetime = instant(nullable=False)
    period: str = Field(max_length=7, description="Month of acceptance in the client's zone, as 2026-11")
    bill_period: str = Field(
        max_length=7, description="Month whose invoice carries it; later than period when late"
    )
    state: str = "billable"
    fate: str = "billable"
    finished_by: UUID | None = None
    reverses: UUID | None = None
    evidence: dict[str, Any] = json()
    recorded_at: datetime = instant(now=True)


class BillingPeriod(SQLModel, table=True):
    """A month of a client; once locked no usage enters it."""

    __tablename__ = "billing_period"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    period: str = Field(primary_key=True, max_length=7)
    state: str = "open"
    locked_at: datetime | None = instant()
    locked_by: str | None = words()


class InvoiceCounter(SQLModel, table=True):
    """Next number of a series; taken in the transaction that issues, so there is no gap."""

    __tablename__ = "invoice_counter"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True, description="The provider: it is its series")
    series: str = Field(primary_key=True, max_length=6)
    fiscal_year: str = Field(primary_key=True, max_length=8)
    next: int = 1


class Invoice(SQLModel, table=True):
    """An invoice or credit note to a client."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("contract", "contract_id"),
        UniqueConstraint("number"),
        Index(
            "uq_invoice_period",
            "client_id",
            "contract_id",
            "period",
            unique=True,
            postgresql_where=text("kind = 'invoice' and state <> 'cancelled'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    contract_id: UUID | None = None
    kind: str = "invoice"
    of_invoice_id: UUID | None = None
    number: str | None = Field(default=None, max_length=16)
    series: str = "INV"
    fiscal_year: str | None = None
    period: str = Field(max_length=7)
    state: str = "draft"
    currency: str = Field(max_length=3)
    net: Decimal = money(nullable=False)
    tax: Decimal = money(nullable=False)
    total: Decimal = money(nullable=False)
    taxes: list[dict[str, Any]] = json("[]")
    snapshot: dict[str, Any] = json()
    issued_on: date | None = None
    due_on: date | None = None
    reason: str | None = words()
    drafted_by: str | None = words()
    approved_by: str | None = words()
    approved_at: datetime | None = instant()
    issued_by: str | None = words()
    issued_at: datetime | None = instant()
    payment_state: str = "open"
    created_at: datetime = instant(now=True)
    row_version: int = 1


class InvoiceLine(SQLModel, table=True):
    """One priced line; its usage events are the proof."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        of("invoice", "invoice_id"),
        UniqueConstraint("invoice_id", "position"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    position: int
    code: str
    description: str = words("")
    quantity: Decimal = Field(sa_type=Numeric(20, 4))
    unit: str = "document"
    unit_price: Decimal = money(nullable=False)
    amount: Decimal = money(nullable=False)
    sac: str | None = None
    tax_rate: Decimal | None = Field(default=None, sa_type=Numeric(6, 3))
    credits_line_id: UUID | None = None


class InvoiceLineUsage(SQLModel, table=True):
    """Which usage events an invoice line bills."""

    __tablename__ = "invoice_line_usage"
    __table_args__ = (
        of("invoice_line", "line_id"),
        of("usage_event", "usage_id"),
        Index("uq_invoice_line_usage_once", "usage_id", unique=True),
    )
    client_id: UUID = Field(foreign_key=OWN)
    line_id: UUID = Field(primary_key=True)
    usage_id: UUID = Field(primary_key=True)


class InvoiceDispute(SQLModel, table=True):
    """A line of an issued invoice, or one unit of it, that the client disputes, and what finance answered."""

    __tablename__ = "invoice_dispute"
    __table_args__ = (
        of("invoice", "invoice_id"),
        of("invoice_line", "line_id"),
        of("usage_event", "usage_id"),
        of("invoice", "credit_note_id"),
        Index("ix_invoice_dispute_invoice_id", "invoice_id"),
        Index(
            "uq_invoice_dispute_open",
            "line_id",
            text("coalesce(usage_id, line_id)"),
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    line_id: UUID
    usage_id: UUID | None = Field(default=None, description="None: the whole line")
    state: str = "open"
    reason: str = words("")
    net: Decimal = money(nullable=False)
    total: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    raised_by: UUID
    raised_at: datetime = instant(nullable=False)
    due_at: datetime = instant(nullable=False)
    answer: str | None = words()
    answered_by: UUID | None = None
    answered_at: datetime | None = instant()
    credit_note_id: UUID | None = None
    row_version: int = 1


class Payout(SQLModel, table=True):
    """The agent's share of an invoice, and the platform's fee on it (negative: clawed back by a credit note)."""

    __table_args__ = (of("invoice", "invoice_id"), Index("ix_payout_user", "user_id"))
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    invoice_id: UUID
    user_id: UUID | None = None
    value: Decimal = money(nullable=False)
    fee: Decimal = money(nullable=False)
    payout: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    units: int = 0
    created_at: datetime = instant(now=True)


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


class Journal(SQLModel, table=True):
    """A balanced entry of a book; never edited, only reversed."""

    __table_args__ = (
        UniqueConstraint("client_id", "id"),
        UniqueConstraint("client_id", "number"),
        UniqueConstraint("key"),
        Index("ix_journal_booked_on", "client_id", "booked_on"),
        Index("ix_journal_reverses", "reverses", postgresql_where=text("reverses is not null")),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    key: str = words(nullable=False)
    number: str = Field(max_length=40)
    booked_on: date
    memo: str = words("")
    source: str | None = None
    source_id: UUID | None = Field(default=None, index=True)
    reverses: UUID | None = None
    document_on: date | None = Field(
        default=None, description="The date of the document itself, whatever day it is booked on"
    )
    decided_in: UUID | None = Field(
        default=None, description="The task in which a person let it into a soft-closed month"
    )
    created_at: datetime = instant(now=True)


class BookMonth(SQLModel, table=True):
    """A month of a client's book that was ever shut: open again, soft-closed or closed. A trigger keeps entries out."""

    __tablename__ = "book_month"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    period: str = Field(primary_key=True, max_length=7)
    state: str = Field(default="open", max_length=10)
    changed_at: datetime = instant(nullable=False)
    changed_by: UUID | None = Field(default=None, description="None: the month-end itself, found clean")
    reason: str = words("")
    row_version: int = 1


class MonthEnd(SQLModel, table=True):
    """The last month-end run of a client's month: its checks, what is open, and whether it was clean."""

    __tablename__ = "month_end"
    __table_args__ = (UniqueConstraint("client_id", "period"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    period: str = Field(max_length=7)
    clean: bool
    report: dict[str, Any] = json()
    runs: int = 1
    ran_at: datetime = instant(nullable=False)
    ran_by: UUID | None = None


class JournalCounter(SQLModel, table=True):
    """Next entry number of a book."""

    __tablename__ = "journal_counter"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    next: int = 1


class Posting(SQLModel, table=True):
    """One side of a journal: debit positive, credit negative. A deferred trigger keeps each journal at zero."""

    __table_args__ = (
        of("journal", "journal_id"),
        Index("ix_posting_journal", "journal_id"),
        Index("ix_posting_account", "client_id", "account"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    journal_id: UUID
    account: str
    amount: Decimal = money(nullable=False)
    currency: str = Field(max_length=3)
    dimensions: dict[str, Any] = json()


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


class VendorMemory(SQLModel, table=True):
    """How this client's people coded this supplier before."""

    __tablename__ = "vendor_memory"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    vendor_key: str = Field(primary_key=True, max_length=120)
    account: str = Field(primary_key=True, max_length=40)
    cost_centre: str = Field(default="", primary_key=True, max_length=40)
    tax_code: str = Field(default="", primary_key=True, max_length=40)
    times: int = 1
    last_at: datetime = instant(now=True)


class KeptReading(SQLModel, table=True):
    """What the reader saw on a document people were asked about, and what they made of it: learning reads it."""

    __tablename__ = "kept_reading"
    __table_args__ = (
        of("document", "document_id"),
        Index(
            "ix_kept_reading_learnt", "client_id", "learnt_at", postgresql_where=text("learnt_at is not null")
        ),
    )
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    document_id: UUID = Field(primary_key=True)
    vendor_key: str | None = Field(default=None, max_length=120)
    words: list[Any] = json("[]")
    unaided: dict[str, Any] = json()
    shown: dict[str, Any] = json()
    final: dict[str, Any] = json()
    seen: list[str] = json("[]")
    versions: dict[str, Any] = json()
    at: datetime = instant(now=True)
    learnt_at: datetime | None = instant()


class ModelCall(SQLModel, table=True):
    """A question to a model outside: what was set aside for it, what it came to, and no content."""

    __tablename__ = "model_call"
    __table_args__ = (
        of("ticket", "ticket_id"),
        of("document", "document_id"),
        of("contract", "contract_id"),
        Index("ix_model_call_contract_month", "contract_id", "month"),
        Index("ix_model_call_document", "document_id"),
        CheckConstraint("reserved >= 0 and (cost is null or cost >= 0)", name="costs"),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    contract_id: UUID
    ticket_id: UUID
    document_id: UUID | None = None
    action: str = Field(max_length=40)
    engine: str = Field(max_length=40)
    model: str = Field(max_length=200)
    endpoint: str = Field(max_length=300)
    prompt: str = Field(max_length=60)
    input_sha256: str = Field(max_length=64)
    redacted: dict[str, Any] = json()
    month: str = Field(max_length=7)
    currency: str = Field(max_length=3)
    reserved: Decimal = Field(sa_type=Numeric(18, 6))
    cost: Decimal | None = Field(default=None, sa_type=Numeric(18, 6))
    tokens_in: int | None = None
    tokens_out: int | None = None
    outcome: str = Field(max_length=40)
    seconds: Decimal | None = Field(default=None, sa_type=Numeric(9, 3))
    asked_at: datetime = instant(nullable=False)
    answered_at: datetime | None = instant()


class SupplierMemoryRow(SQLModel, table=True):
    """Where a supplier's papers carry their values, and what recurs on them: grows with each correction."""

    __tablename__ = "supplier_memory"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    vendor_key: str = Field(primary_key=True, max_length=120)
    memory: dict[str, Any] = json()
    papers: int = 0
    updated_at: datetime = instant(now=True)


class LearnedModel(SQLModel, table=True):
    """A version of what was learnt from a client's corrections: one champion a kind, the others kept for rollback."""

    __tablename__ = "learned_model"
    __table_args__ = (
        UniqueConstraint("client_id", "kind", "version"),
        Index(
            "ix_learned_model_champion",
            "client_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'champion'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    kind: str = Field(max_length=20)
    version: int
    state: str = Field(max_length=20)
    payload: dict[str, Any] = json()
    scores: dict[str, Any] = json()
    examples: int = 0
    trained_at: datetime = instant(nullable=False)
    promoted_at: datetime | None = instant()


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


class Reconciliation(SQLModel, table=True):
    """One day of one client: received = posted + rejected + open, with values and differences."""

    __table_args__ = (UniqueConstraint("client_id", "day"),)
    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(foreign_key=OWN)
    day: date
    counts: dict[str, Any] = json()
    values: dict[str, Any] = json()
    differences: list[dict[str, Any]] = json("[]")
    ran_at: datetime = instant(nullable=False)


class PeriodRun(SQLModel, table=True):
    """A scheduled run of a period, once each, by schedule or by hand."""

    __tablename__ = "period_run"
    client_id: UUID = Field(foreign_key=OWN, primary_key=True)
    kind: str = Field(primary_key=True, max_length=40)
    period: str = Field(primary_key=True, max_length=20)
    result: dict[str, Any] = json()
    at: datetime = instant(now=True)


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


OWNED: tuple[str, ...] = tuple(
    sorted(
        table.name
        for table in SQLModel.metadata.tables.values()
        if "client_id" in table.columns and table.name != "client"
    )
)
"""Tables with a ``client_id``: each has row-level security forced on it (and ``client`` itself by its id)."""
