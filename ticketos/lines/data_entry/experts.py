"""Which documents of data entry are an expert's, and the task that asks for one (MF4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import expert, rework, tasks
from ticketos.domain.changes import Change, OpenTask
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, TaskState, TicketState
from ticketos.domain.terms import ExpertTerms
from ticketos.lines.data_entry import rules

BLOCK = "expert"
"""Among the reasons why a document does not go through by itself."""


def why(kind: str, fields: Mapping[str, Any], terms: ExpertTerms, times_back: int = 0) -> str | None:
    """Why a document of this type, with these fields as they stand, is an expert's; None when it is anybody's. Its amount
    is its total, or what is due where no total was found."""
    total = _value(fields, "total") or _value(fields, "amount_due")
    amount: Decimal | None = rules.amount(total)
    return expert.why(terms, kind, amount, _value(fields, "currency"), times_back)


def above(
    task: TaskState,
    actor: Actor,
    agents: Iterable[Agent],
    kind: str,
    fields: Mapping[str, Any],
    terms: ExpertTerms,
) -> str | None:
    """Why this person may not have the last word on the document as they keyed it: only now does it show that it is an
    expert's. None for an expert, and for a task that was given as expert work."""
    if task.payload.get("expert") or actor.roles & tasks.EXPERTS:
        return None
    if any(one.id == actor.id and one.level == "sme" for one in agents):
        return None
    return why(kind, fields, terms)


def times_back(document_id: UUID, life: int, round_: int, keys: Collection[str]) -> int:
    """How often a document has come back by this round of this life: its defect tickets, found by their keys."""
    return sum(when <= (life, round_) for when in rework.came_back(document_id, keys))


def asked(
    task: OpenTask,
    reason: str | None,
    ticket: TicketState,
    agents: Iterable[Agent],
    now: datetime,
    new_id: NewId,
    *,
    today: date,
    before: UUID | None = None,
) -> tuple[Change, ...]:
    """The task as it is, or given to an expert where there is a reason."""
    if reason is None:
        return (task,)
    return expert.given(task, ticket, agents, reason, now, new_id, today=today, before=before)


def _value(fields: Mapping[str, Any], name: str) -> str | None:
    return (fields.get(name) or {}).get("value")
