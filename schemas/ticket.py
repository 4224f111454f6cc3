"""What crosses between the ticket's workflow and its activities: ids and verdicts, never documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.acts import ActorRef, Wire


class TicketStart(Wire):
    """Start of a ticket's workflow. ``life`` counts its openings: a reopened ticket is a new run with life + 1.

    ``resume`` carries the state of a run that continued as new."""

    ticket_id: UUID
    client_id: UUID
    life: int = 1
    number: str = ""
    resume: TicketProgress | None = None


class TicketProgress(Wire):
    """Where a continued run goes on."""

    stage: str = "intake"
    round: int = 0
    line: str | None = None
    next_at: datetime | None = None
    paused: bool = False
    seen: tuple[str, ...] = ()


class LineStart(Wire):
    """Start of a service line's child workflow for one round of work. ``resume`` marks a continued run; ``then``
    names the master flow's steps that may follow the line's last one at once; ``moved`` counts how often people sent the
    ticket another way before."""

    ticket_id: UUID
    client_id: UUID
    life: int = 1
    round: int = 0
    line: str = "data_entry"
    priority: str = "P3"
    resumed: int = 0
    seen: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    moved: int = 0


class LineResult(Wire):
    """What a round of work came to; ``then`` as in a verdict."""

    outcome: str = "delivered"
    facts: dict[str, Any] = Field(default_factory=dict)
    then: tuple[tuple[str, StageVerdict], ...] = ()


class StageCommand(Wire):
    """Do a stage's step once. ``step`` names it within the stage; ``subject`` and ``round`` make it unique.

    ``then`` names the steps that follow at once where nothing stands in between (``activities.following``);
    ``ahead`` marks one that is run in this way."""

    ticket_id: UUID
    client_id: UUID
    life: int = 1
    round: int = 0
    step: str = "enter"
    subject: str = ""
    reason: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    then: tuple[str, ...] = ()
    ahead: bool = False


class ActCommand(Wire):
    """Record an act of a person against a ticket."""

    ticket_id: UUID
    client_id: UUID
    life: int = 1
    round: int = 0
    kind: str
    key: str
    actor: ActorRef
    task_id: UUID | None = None
    version: int | None = None
    payload: dict[str, Any] = Field(default_factory=dict)


class StageVerdict(Wire):
    """What was decided and recorded. ``next_at`` is the ticket's next deadline, from the contract's calendar.

    ``then`` holds the verdicts of steps that followed at once, by name, in their order."""

    outcome: str
    next_at: datetime | None = None
    code: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    then: tuple[tuple[str, StageVerdict], ...] = ()


class DocumentCommand(Wire):
    """Read one document and decide what it needs."""

    ticket_id: UUID
    client_id: UUID
    document_id: UUID
    life: int = 1
    round: int = 0
    workflow: str = "data_entry"


TicketStart.model_rebuild()
LineResult.model_rebuild()
StageVerdict.model_rebuild()
