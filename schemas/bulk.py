"""One act or decision on many tickets at once, as the HTTP API takes and gives it."""

from __future__ import annotations

from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.act_bodies import ApprovalBody, LinkKind
from schemas.acts import Priority
from schemas.http import Body, Line, View

MOST_AT_ONCE = 500
"""Tickets that one act may be done to at once."""


class BulkAct(Body):
    """One act on up to 500 tickets. Which of the other values is needed depends on the act: ``priority`` for
    priority, ``reason`` for pause, ``other`` for link; ``user_id`` null gives the tasks back to their queues."""

    tickets: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)
    act: Literal["priority", "assign", "pause", "resume", "link"]
    priority: Priority | None = None
    user_id: UUID | None = None
    reason: Line = ""
    other: str = Field(default="", max_length=64)
    kind: LinkKind = "related"

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        needed = {"priority": self.priority, "pause": self.reason, "link": self.other}
        if self.act in needed and not needed[self.act]:
            name = {"priority": "priority", "pause": "reason", "link": "other"}[self.act]
            raise PydanticCustomError("needed", "{act} needs {name}", {"act": self.act, "name": name})
        return self


class ActOutcome(View):
    """What became of one of many: applied, being_applied, or refused with its code."""

    ticket_id: UUID
    status: Literal["applied", "being_applied", "refused"]
    outcome: str = ""
    code: str | None = None
    detail: str | None = None


class TicketOutcome(ActOutcome):
    """What became of one ticket. ``number`` is empty where there is no such ticket for the caller."""

    number: str = ""


class BulkActOutcome(View):
    """One outcome per ticket, in the order asked."""

    results: list[TicketOutcome]


class OneApproval(ApprovalBody):
    """One decision of a list."""

    ticket_id: UUID


class BulkApproval(Body):
    """Up to 200 decisions at once; each stands for itself."""

    approvals: list[OneApproval] = Field(min_length=1, max_length=200)


class ApprovalOutcome(ActOutcome):
    """What became of one decision."""


class BulkOutcome(View):
    """One outcome per decision, in the order asked."""

    results: list[ApprovalOutcome]
