"""Calibration over HTTP: sessions, their units, a blind score."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.http import Body, View


class CalibrationSummary(View):
    """A week's session. ``result`` holds the agreement over the units scored by both so far."""

    id: UUID
    client_id: UUID
    week: str
    state: str
    units: int
    scored: int
    result: dict[str, Any] = Field(default_factory=dict)
    drawn_at: datetime


class CalibrationUnitView(View):
    """A unit to score: the questions, each right or wrong. The first review and others' scores are shown when both
    scores are in, so that nobody is led."""

    id: UUID
    document_id: UUID
    ticket_id: UUID
    questions: list[str]
    scores: int
    mine: bool
    agreement: dict[str, Any] | None = None
    first_review: list[str] | None = None
    found: list[list[str]] | None = None


class CalibrationView(CalibrationSummary):
    """A session with its units."""

    items: list[CalibrationUnitView] = Field(default_factory=list)


class ScoreBody(Body):
    """What you found: the questions answered wrongly. A fail names at least one, a pass none."""

    verdict: Literal["pass", "fail"]
    wrong: list[str] = Field(default_factory=list, max_length=200)
    comment: str = Field(default="", max_length=2_000)
