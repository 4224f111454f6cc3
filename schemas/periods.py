"""What crosses between the scheduled workflows of a period (a day, a month) and their activities."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.acts import ActorRef, Wire

SCHEDULE = ActorRef(kind="schedule")


class PeriodStart(Wire):
    """Start of a period's workflow. Without ``period`` it is a tick of the schedule: it finds out what is due
    at ``as_of`` (the scheduled instant when absent) and runs each period in a workflow of its own. ``reason`` is why a
    person has it done in spite of what is open (month-end)."""

    client_id: UUID
    period: str | None = None
    as_of: datetime | None = None
    actor: ActorRef = SCHEDULE
    reason: str = ""


class PeriodCommand(Wire):
    """Do one period of one client."""

    client_id: UUID
    period: str
    actor: ActorRef = SCHEDULE
    reason: str = ""


class DueQuestion(Wire):
    """Which periods of a client are due at an instant?"""

    client_id: UUID
    at: datetime


class DuePeriods(Wire):
    """The periods due, oldest first: days as 2026-11-21, months as 2026-11."""

    periods: tuple[str, ...] = ()


class PeriodResult(Wire):
    """What became of it: ``outcome`` is done, ran_before or (of a tick) ticked, of a month-end closed or blocked;
    ``facts`` are counts and ids."""

    outcome: str = "done"
    facts: dict[str, Any] = Field(default_factory=dict)
