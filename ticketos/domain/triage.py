"""MF2: which service line, type and priority. Under the contract's threshold a person decides, and that is kept as a label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import stages
from ticketos.domain.changes import CloseTask, Emit, OpenTask, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, ContractState, TaskState, TicketState
from ticketos.domain.terms import PRIORITIES, AiTerms


@dataclass(frozen=True)
class Learnt:
    """That a suggestion is what people decided before: the last ``times`` requests like this one."""

    times: int
    likeness: str
    """What they share with it: ``both`` sender and subject, ``subject`` or ``sender``."""
    engine_line: str
    """What the engine said by itself."""


@dataclass(frozen=True)
class Suggestion:
    """What an engine says of a message."""

    service_line: str
    ticket_type: str
    priority: str
    language: str
    sentiment: str
    confidence: Decimal
    decision: str
    top: tuple[tuple[str, Decimal], ...]
    engine: str
    message_id: str = ""
    """The message that was read; empty when there was none and the subject alone spoke."""
    cost: Decimal = Decimal(0)
    """In the currency of the engine's account; local engines cost nothing."""
    learnt: Learnt | None = None
    """Set where labels decided, not the engine alone (``domain.triage_labels``)."""

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Suggestion:
        """Read an engine's answer. One that cannot be read means *unsure*, never a guess."""
        try:
            return Suggestion(
                str(data["service_line"]),
                str(data.get("ticket_type") or "general"),
                data["priority"] if data.get("priority") in PRIORITIES else "P3",
                str(data.get("language") or "unknown"),
                str(data.get("sentiment") or "neutral"),
                Decimal(str(data["confidence"])),
                str(data.get("decision", "review")),
                tuple((str(line), Decimal(str(p))) for line, p in data.get("top", ())),
                str(data.get("engine", "unknown")),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError):
            return Suggestion(
                "", "general", "P3", "unknown", "neutral", Decimal(0), "review", (), "unreadable"
            )


def decide(
    ticket: TicketState,
    suggestion: Suggestion,
    contracts: Sequence[ContractState],
    lines: Sequence[str],
    agents: Iterable[Agent],
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Route by itself when sure enough, else ask the desk (outcome ``decided`` or ``ask``)."""
    record: dict[str, Any] = {
        "service_line": suggestion.service_line,
        "ticket_type": suggestion.ticket_type,
        "priority": suggestion.priority,
        "confidence": str(suggestion.confidence),
        "engine": suggestion.engine,
        "input": suggestion.message_id,
        "cost": str(suggestion.cost),
        "top": [[line, str(p)] for line, p in suggestion.top],
    }
    if suggestion.learnt is not None:
        record["learnt"] = asdict(suggestion.learnt)
    common: dict[str, Any] = {
        "language": suggestion.language,
        "sentiment": suggestion.sentiment,
        "confidence": suggestion.confidence,
    }
    hinted = ticket.service_line in lines
    line = ticket.service_line if hinted else suggestion.service_line
    sure = hinted or (
        suggestion.decision == "auto"
        and line in lines
        and suggestion.confidence >= _threshold(contracts, suggestion.service_line)
    )
    if sure:
        wished = ticket.detail.get("priority_given") or ticket.detail.get("priority_hint")
        priority = ticket.priority if wished else suggestion.priority
        return Verdict(
            "decided",
            (
                stages.enter(
                    ticket,
                    "triage",
                    "Check the contract",
                    service_line=line,
                    ticket_type=ticket.ticket_type or suggestion.ticket_type,
                    priority=priority,
                    **common,
                ),
                Emit("ticket.triaged", after={**record, "by": "client" if hinted else "ai"}),
            ),
            facts={"line": line, "priority": priority},
        )
    task = OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:triage",
        kind="triage",
        workflow="ticket",
        desk="ai_triage",
        skill="triage",
        priority=ticket.priority,
        payload={"suggestion": record, "lines": list(lines)},
        assigned_to=_uuid(stages.best_agent(agents, "triage", ticket, now)),
    )
    return Verdict(
        "ask",
        (
            stages.enter(ticket, "triage", "Classify the request", **common),
            task,
            Emit("ticket.triage_needed", after=record),
        ),
        facts={"task": str(task.id)},
    )


def decided_by_person(
    ticket: TicketState,
    task: TaskState,
    result: Mapping[str, Any],
    lines: Sequence[str],
    actor: Actor,
    now: datetime,
) -> Verdict:
    """A person chose. Choice and suggestion are kept side by side as a label."""
    line, priority = result.get("service_line"), result.get("priority", ticket.priority)
    if line not in lines:
        raise DomainError("unknown-service-line", given=str(line), allowed=list(lines))
    if priority not in PRIORITIES:
        raise DomainError("unknown-priority", given=str(priority), allowed=list(PRIORITIES))
    chosen = {
        "service_line": line,
        "priority": priority,
        "ticket_type": result.get("ticket_type") or "general",
    }
    return Verdict(
        "decided",
        (
            stages.enter(
                ticket,
                "triage",
                "Check the contract",
                **chosen,
                detail={**ticket.detail, "priority_given": True},
            ),
            CloseTask(
                task.id, "done", now, actor.user_id, {**chosen, "suggestion": task.payload.get("suggestion")}
            ),
            Emit(
                "ticket.triaged",
                after={**chosen, "by": "person", "suggested": task.payload.get("suggestion")},
            ),
        ),
        facts={"line": line, "priority": priority},
    )


def _threshold(contracts: Sequence[ContractState], line: str) -> Decimal:
    return next(
        (c.terms.ai.triage_threshold for c in contracts if c.service_line == line), AiTerms().triage_threshold
    )


def _uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None
