"""SL1: what a document needs once it is read: straight through, or a person keys what is weak.

Pure: the reader's answer, duplicates found and people available come in as values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import ai_policy, matching, stages
from ticketos.domain.ai_policy import ACT, READING
from ticketos.domain.changes import Change, Emit, OpenTask, SetDocument, Verdict
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import DocumentState, TicketState
from ticketos.domain.terms import AiTerms, ExpertTerms, ScopeTerms
from ticketos.lines.data_entry import asking, experts, rules
from ticketos.lines.data_entry.checking import business_key, to_key

SKILL = "data_entry"
LINE = "data_entry"
NOBODY_ELSE = ExpertTerms()
"""No document needs an expert when it is read."""


def on_read(
    ticket: TicketState,
    document: DocumentState,
    reading: Mapping[str, Any],
    ai: AiTerms,
    scope: ScopeTerms,
    same_file: UUID | None,
    same_key: UUID | None,
    agents: Iterable[Agent],
    now: datetime,
    new_id: NewId,
    around: asking.Around = asking.ALONE,
    expert: ExpertTerms = NOBODY_ELSE,
    *,
    today: date,
) -> Verdict:
    """Outcome ``quarantined``, ``straight`` (nobody needed) or ``keying`` (with the task's id). What the contract wants an
    expert for never goes through unseen."""
    if reading.get("status") != "read":
        reason = str(reading.get("reason") or "unreadable")
        return Verdict(
            "quarantined",
            (
                SetDocument(
                    document.id,
                    {
                        "state": "quarantined",
                        "reason": reason,
                        "engine": reading.get("engine"),
                        "read_at": now,
                        "done_at": now,
                        "read_result": {"reason_text": reading.get("reason_text")},
                    },
                ),
                Emit(
                    "document.quarantined",
                    after={"document": str(document.id), "reason": reason},
                    why=str(reading.get("reason_text") or reason),
                    entity="document",
                    entity_id=str(document.id),
                ),
            ),
        )
    kind = str(reading.get("type") or "unknown")
    fields = _read_fields(reading, ai)
    checks = [dict(c) for c in reading.get("checks", ())]
    duplicate = same_file or same_key
    weakest = _weakest(kind, fields)
    opinion = reading.get("opinion")
    asked = asking.reasons(kind, fields, weakest, ai, around, opinion)
    blocked = [*_blocked(kind, fields, checks, scope, duplicate), *ai_policy.codes(asked)]
    experts_own = experts.why(kind, fields, expert)
    if experts_own:
        blocked.append(experts.BLOCK)
    straight = ai.mode(READING) == ACT and not blocked
    read: dict[str, Any] = {
        "doc_type": kind,
        "fields": fields,
        "lines": [dict(line) for line in reading.get("lines", ())],
        "checks": checks,
        "pages": reading.get("pages"),
        "engine": reading.get("engine"),
        "language": reading.get("language"),
        "read_at": now,
        "business_key": business_key(kind, fields),
        "duplicate_of": duplicate,
        "blocked_by": blocked,
        "straight_through": straight,
        "state": "ready" if straight else "keying",
        "read_result": {
            k: reading.get(k)
            for k in ("text_sha256", "simhash", "versions", "memory", "candidates", "opinion")
        },
    }
    values = asking.as_suggestions(ai, read)
    record = {
        "document": str(document.id),
        "type": kind,
        "engine": reading.get("engine"),
        "blocked_by": blocked,
        "straight_through": straight,
        "fields": len(fields),
        "versions": dict(reading.get("versions") or {}),
        "confidence": str(weakest),
        **asking.told(ai, asked, opinion),
    }
    changes: list[Change] = [
        SetDocument(document.id, values),
        Emit("document.read", after=record, entity="document", entity_id=str(document.id)),
    ]
    if duplicate:
        changes.append(
            Emit(
                "document.duplicate",
                after={
                    "document": str(document.id),
                    "of": str(duplicate),
                    "by": "file" if same_file else "supplier, number and amount",
                },
                entity="document",
                entity_id=str(document.id),
            )
        )
    if straight:
        return Verdict("straight", tuple(changes))
    wanted, more = to_key(kind, values["fields"]), asking.for_the_task(ai, asked, duplicate is not None)
    task = keying_task(
        ticket, document, "keying", wanted, blocked, agents, today, new_id, duplicate, more=more
    )
    opened = experts.asked(task, experts_own, ticket, agents, now, new_id, today=today)
    return Verdict("keying", (*changes, *opened), facts={"task": str(task.id)})


def keying_task(
    ticket: TicketState,
    document: DocumentState,
    kind: str,
    wanted: Sequence[str],
    blocked: Sequence[str],
    agents: Iterable[Agent],
    today: date,
    new_id: NewId,
    duplicate: UUID | None = None,
    defects: Sequence[Mapping[str, Any]] = (),
    *,
    more: Mapping[str, Any] | None = None,
) -> OpenTask:
    """Ask a person to key or correct. Rework goes back to whoever did the work, when there. ``more`` is what else the
    task begins with."""
    before = str(document.finished_by) if kind == "rework" else None
    agent = stages.same_or_best(agents, before, SKILL, ticket, today)
    payload = {
        "fields": list(wanted),
        "blocked_by": list(blocked),
        "duplicate_of": str(duplicate) if duplicate else None,
        "defects": [dict(d) for d in defects],
        "document": str(document.id),
        **(more or {}),
    }
    return OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:{kind}:{document.id}:{document.round}",
        kind=kind,
        workflow=LINE,
        desk="delivery",
        skill=SKILL,
        subject_id=document.id,
        assigned_to=UUID(agent) if agent else None,
        priority=ticket.priority,
        round=document.round,
        payload=payload,
    )


def busier(agents: Sequence[Agent], changes: Iterable[Change]) -> Sequence[Agent]:
    """The same people, with the tasks they were given just now: a stack is shared out, as single papers are."""
    return matching.busier(agents, [str(c.assigned_to) for c in changes if isinstance(c, OpenTask)])


def _read_fields(reading: Mapping[str, Any], ai: AiTerms) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, found in reading.get("fields", {}).items():
        confidence = Decimal(str(found["confidence"]))
        unfit = rules.unfit(name, str(found["value"])) if found["value"] else None
        blocked = [*found.get("blocked_by", ()), *([unfit] if unfit else ())]
        if confidence < ai.passes_from(name) and "low-confidence" not in blocked:
            blocked.append("low-confidence")
        auto = bool(found.get("auto")) and not blocked
        fields[name] = {
            "value": found["value"],
            "shown": found["value"],
            "confidence": str(confidence),
            "source": found["source"],
            "page": found.get("page"),
            "box": found.get("box"),
            "blocked_by": blocked,
            "state": "auto" if auto else "weak",
        }
    return fields


def _blocked(
    kind: str,
    fields: Mapping[str, Any],
    checks: Sequence[Mapping[str, Any]],
    scope: ScopeTerms,
    duplicate: UUID | None,
) -> list[str]:
    required = rules.required_fields(kind)
    blocked = [f"field:{name}" for name in required if fields.get(name, {}).get("state") != "auto"]
    blocked += [
        f"field:{name}"
        for name, field in fields.items()
        if name not in required and field["value"] and rules.unfit(name, str(field["value"]))
    ]
    blocked += [f"check:{c['name']}" for c in checks if not c["ok"]]
    if kind == "unknown":
        blocked.append("type-unknown")
    elif scope.document_types and kind not in scope.document_types:
        blocked.append("out-of-scope")
    if duplicate:
        blocked.append("duplicate")
    return blocked


def _weakest(kind: str, fields: Mapping[str, Any]) -> Decimal:
    return min(
        (
            Decimal(fields[n]["confidence"]) if n in fields else Decimal(0)
            for n in rules.required_fields(kind)
        ),
        default=Decimal(0),
    )
