"""What people ask of a ticket: the arguments and answers of workflow updates. Wire types only grow."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Priority = Literal["P1", "P2", "P3", "P4"]
DocumentClass = Literal["standard", "priority"]
ClassChoice = Literal["standard", "priority", "by_contract"]
"""A class, or what the contract's rules come to."""


class Wire(BaseModel):
    """Base of all that crosses Temporal: unknown fields of a newer version are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ActorRef(Wire):
    """Who acts, as far as the trail needs it: kind (user, client, customer, system, schedule), login id, roles, address."""

    kind: str
    id: str | None = None
    roles: tuple[str, ...] = ()
    origin: str | None = None


class Act(Wire):
    """Base of every act: who, and the idempotency key it came with (also the Temporal update id)."""

    actor: ActorRef
    key: str


class CompleteTask(Act):
    """Finish a task. ``result`` depends on its kind; ``version`` refuses a stale edit when given."""

    task_id: UUID
    result: dict[str, Any] = Field(default_factory=dict)
    version: int | None = None


class DecideApproval(Act):
    """The client's decision on the version named by its hash. ``units`` maps every open document's id to accept or
    return when the decision is ``partial``. A return needs a reason. ``person`` is the address a signed link was
    mailed to."""

    version: str
    decision: Literal["accept", "return", "partial"]
    units: dict[str, Literal["accept", "return"]] = Field(default_factory=dict)
    reason: str = ""
    person: str | None = None


class PauseTicket(Act):
    """Stop the clocks and the stages, with a reason; without ``until`` for as long as the contract allows."""

    reason: str
    until: datetime | None = None


class ResumeTicket(Act):
    """Go on."""

    reason: str = ""


class CancelTicket(Act):
    """End the ticket without delivering; work already posted is reversed."""

    reason: str


class ChangePriority(Act):
    """Re-time the clocks; elapsed and paused time is kept."""

    priority: Priority
    reason: str = ""
    document_class: ClassChoice | None = None


class CorrectTriage(Act):
    """Undo a classification by AI: what it should have been. ``event`` is the AI's act (its id and ``seq`` in the trail)
    and ``said`` what it said then; what is left out stays as the ticket has it."""

    event: UUID
    seq: int
    said: dict[str, Any] = Field(default_factory=dict)
    service_line: str | None = None
    ticket_type: str | None = None
    priority: Priority | None = None
    reason: str = ""


class RetryStep(Act):
    """Try the failed step again."""

    reason: str = ""


class AcceptTask(Act):
    """Take a task that was offered."""

    task_id: UUID


class RefuseTask(Act):
    """Leave an offered task to the next best match."""

    task_id: UUID
    reason: str


class ActResult(Wire):
    """What became of an act. ``applied`` false carries the domain's ``code`` and ``params``."""

    applied: bool
    outcome: str = ""
    code: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
