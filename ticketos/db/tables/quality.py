"""Verdicts on work, and the sessions in which reviewers are calibrated."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from ticketos.db.tables.columns import OWN, instant, json, of, words


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
