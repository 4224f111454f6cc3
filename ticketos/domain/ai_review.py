"""What a person makes of an act of AI: agreed with, or corrected. Kept beside what the AI said, as a label.

The request it is about goes on as it is: an open task is where its decision is taken. A verdict on a triage is heard by
the next one (``domain.triage_labels``): its event holds the whole ``label``, what the person holds for right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError

Verdict = Literal["approved", "corrected"]
APPROVED, CORRECTED = "ai.approved", "ai.corrected"
TRIAGED = frozenset({"ticket.triaged", "ticket.triage_needed"})
READ = "document.read"


@dataclass(frozen=True)
class AiAct:
    """An act of AI as the timeline has it: ``after`` is what the engine said, ``judged`` the last word of a person on
    it, if any."""

    id: UUID
    seq: int
    event: str
    after: Mapping[str, Any]
    judged: str | None = None


def by_ai(event: str, after: Mapping[str, Any]) -> bool:
    """Whether an event is an act of AI that people may judge."""
    return event == READ or (event in TRIAGED and "engine" in after)


def review(
    act: AiAct,
    verdict: Verdict,
    service_line: str | None,
    ticket_type: str | None,
    priority: str | None,
    reason: str,
    lines: Collection[str],
) -> Emit:
    """The event that keeps the verdict. Raises ``not-an-ai-act``, ``already-judged`` (the same verdict again),
    ``unknown-service-line`` and ``correction-missing``."""
    if not by_ai(act.event, act.after):
        raise DomainError("not-an-ai-act", event=act.event)
    name = APPROVED if verdict == "approved" else CORRECTED
    about: dict[str, Any] = {"of": act.event, "act_seq": act.seq}
    if act.judged == name == APPROVED:
        raise DomainError("already-judged")
    given = {"service_line": service_line, "ticket_type": ticket_type, "priority": priority}
    changed: dict[str, Any] = {}
    if verdict == "corrected":
        if service_line is not None and service_line not in lines:
            raise DomainError("unknown-service-line", given=service_line, allowed=sorted(lines))
        if act.event in TRIAGED:
            changed = {key: value for key, value in given.items() if value and value != act.after.get(key)}
        if not changed and not reason:
            raise DomainError("correction-missing")
    if changed:
        about |= {**changed, "suggested": {key: act.after.get(key) for key in changed}}
    if act.event in TRIAGED and (changed or verdict == "approved"):
        about["label"] = {key: act.after.get(key) for key in given} | changed
    return Emit(name, after=about, why=reason or None, entity="ai_act", entity_id=str(act.id))
