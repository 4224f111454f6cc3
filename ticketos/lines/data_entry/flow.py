"""SL1: what a document needs next. Read → straight through, or a person keys what is weak → ready → posted.

Pure: the reader's answer, duplicates found and people available come in as values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import ai_policy, matching, quality, stages
from ticketos.domain.ai_policy import ACT, CODING, READING
from ticketos.domain.changes import AddCorrection, Change, CloseTask, Emit, OpenTask, SetDocument, Verdict
from ticketos.domain.chart import ANY, Chart
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, DocumentState, TaskState, TicketState, VendorState
from ticketos.domain.terms import AiTerms, ExpertTerms, ScopeTerms
from ticketos.lines.data_entry import asking, experts, rules, typed, vendors

SKILL = "data_entry"
LINE = "data_entry"
KNOWN_TYPES = tuple(t for t in rules.REQUIRED if t != "unknown")
NOBODY_ELSE = ExpertTerms()
"""No document needs an expert when it is read."""
REJECTIONS = ("duplicate", "not_a_document", "unreadable", "out_of_scope", "client_request")
TaxIdValid = Callable[[str], bool | None]


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


def on_keyed(
    ticket: TicketState,
    task: TaskState,
    document: DocumentState,
    result: Mapping[str, Any],
    actor: Actor,
    today: date,
    tax_id_valid: TaxIdValid,
    now: datetime,
    new_id: NewId,
    ai: AiTerms = AiTerms(),  # noqa: B008 (frozen)
    like: Sequence[VendorState] = (),
    expert: ExpertTerms = NOBODY_ELSE,
    agents: Iterable[Agent] = (),
    chart: Chart = ANY,
) -> Verdict:
    """A person keyed, confirmed or rejected. Refused: unknown fields, empty required ones, figures that disagree
    without a stated reason, a coding left to AI where the contract has a person decide it, a person's account that is
    not in use in the client's ``chart``. Every difference between shown and typed is kept whole. ``like`` are
    vendors of the client's list that the document could be from.

    Outcome ``ready``, ``rejected``, or ``expert``: as it was keyed it is more than this person may decide (``expert``,
    the contract's rule), and waits with all that was typed for one of the ``agents`` who may."""
    stages.require_open(ticket)
    if document.state not in ("keying", "rework"):
        raise DomainError("document-not-keying", document=document.filename, state=document.state)
    if result.get("reject"):
        return _rejected(task, document, result["reject"], actor, now)
    kind = str(result.get("doc_type") or document.doc_type)
    if kind not in KNOWN_TYPES:
        raise DomainError("document-type-unknown", given=kind, allowed=list(KNOWN_TYPES))
    given, spent = typed.values(typed.part(result, "fields")), typed.seconds(result.get("seconds"))
    evidence = typed.evidence(typed.part(result, "evidence"))
    fields, corrections = _merge(document, given, task, spent, evidence, actor, now, new_id)
    typed.require_bookable(fields)
    missing = [name for name in rules.required_fields(kind) if not (fields.get(name) or {}).get("value")]
    if missing:
        raise DomainError("fields-missing", fields=missing)
    given_coding = typed.coding(typed.part(result, "coding")) if result.get("coding") else None
    decided = given_coding or (document.coding if document.coding.get("by") == "person" else None)
    if decided:
        chart.require(str(decided["account"]))
    elif asking.coding_mode(kind, ai) != ACT:
        raise DomainError("coding-missing", mode=ai.mode(CODING))
    lines = (
        typed.lines(result["lines"]) if result.get("lines") is not None else [dict(x) for x in document.lines]
    )
    checks = run_checks(kind, fields, lines, today, tax_id_valid, like)
    failed = [c for c in checks if not c["ok"]]
    reason = str(result.get("override_reason") or "").strip()
    if failed and not reason:
        raise DomainError(
            "checks-failed", checks=[{"name": c["name"], "detail": c["detail"]} for c in failed]
        )
    for check in failed:
        check["override"] = reason
    people = tuple(agents)
    experts_own = experts.above(task, actor, people, kind, fields, expert)
    values: dict[str, Any] = {
        "doc_type": kind,
        "fields": fields,
        "lines": lines,
        "checks": checks,
        "business_key": business_key(kind, fields),
        "state": document.state if experts_own else "ready",
        "finished_by": actor.user_id,
        "blocked_by": [experts.BLOCK] if experts_own else [],
        "straight_through": False,
    }
    if given_coding:
        values["coding"] = {**given_coding, "by": "person", "reason": "chosen by a person"}
    summary = {
        "document": str(document.id),
        "corrected": sorted(c.field for c in corrections),
        "confirmed": sorted(set(task.payload.get("fields", ())) - {c.field for c in corrections}),
        "override": [c["name"] for c in failed],
        **({"expert": experts_own} if experts_own else {}),
    }
    opened: tuple[Change, ...] = ()
    if experts_own:
        begun = keying_task(
            ticket,
            document,
            task.kind,
            to_key(kind, fields),
            [experts.BLOCK],
            people,
            today,
            new_id,
            document.duplicate_of,
            task.payload.get("defects") or (),
            more={"keyed_by": str(actor.user_id), "override_reason": reason},
        )
        begun = replace(begun, key=f"{begun.key}:expert")
        opened = experts.asked(begun, experts_own, ticket, people, now, new_id, today=today)
    return Verdict(
        "expert" if experts_own else "ready",
        (
            SetDocument(document.id, values),
            *corrections,
            CloseTask(task.id, "done", now, actor.user_id, summary),
            Emit(
                "document.keyed",
                after=summary,
                why=reason or None,
                entity="document",
                entity_id=str(document.id),
            ),
            *opened,
        ),
        facts={"corrected": len(corrections)},
    )


def run_checks(
    kind: str,
    fields: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    today: date,
    tax_id_valid: TaxIdValid,
    like: Sequence[VendorState] = (),
) -> list[dict[str, Any]]:
    """The line's arithmetic and checksum rules over values as they stand, and the number against the vendor list."""
    values = {name: rules.FieldValue(f.get("value"), 1.0) for name, f in fields.items()}
    rows = [
        rules.LineValue(x.get("quantity"), x.get("unit_price"), x.get("tax_rate"), x.get("net"))
        for x in lines
    ]
    found = list(rules.checks(kind, values, rows, today, tax_id_valid))
    name, number = (values[n].value if n in values else None for n in ("supplier_name", "supplier_tax_id"))
    listed = vendors.check(vendors.matched(like, name, number), number)
    return [vendors.as_json(c) for c in (*found, *((listed,) if listed else ()))]


def level_one(document: DocumentState) -> tuple[int, int, tuple[Mapping[str, Any], ...]]:
    """Automatic quality: every required field present, every check right or overridden with a reason."""
    required = rules.required_fields(document.doc_type)
    defects: list[Mapping[str, Any]] = [
        {
            "field": n,
            "category": "missing_value",
            "severity": "critical",
            "found": None,
            "expected": None,
            "comment": "required",
        }
        for n in required
        if not (document.fields.get(n) or {}).get("value")
    ]
    defects += [
        {
            "field": c["name"],
            "category": "wrong_value",
            "severity": "critical",
            "found": c["detail"],
            "expected": None,
            "comment": "check failed",
        }
        for c in document.checks
        if not c["ok"] and not c.get("override")
    ]
    return *quality.counted(required, {str(d["field"]) for d in defects}), tuple(defects)


def business_key(kind: str, fields: Mapping[str, Any]) -> str | None:
    """Supplier + number + amount: the same document sent again in another file has the same key."""
    parts = [(fields.get(name) or {}).get("value") for name in ("supplier_name", "number", "total")]
    if kind in ("unknown", "inventory") or not all(parts):
        return None
    return "|".join(
        (vendors.vendor_key(parts[0]), re.sub(r"[^0-9a-z]", "", str(parts[1]).lower()), str(parts[2]))
    )


def to_key(kind: str, fields: Mapping[str, Any]) -> list[str]:
    """Fields a person must look at: required ones that are missing, weak or failed, then weak others."""
    required = rules.required_fields(kind)
    first = [n for n in required if n not in fields or fields[n]["state"] != "auto"]
    return first + [n for n, f in fields.items() if f["state"] != "auto" and n not in required]


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


def _rejected(
    task: TaskState, document: DocumentState, reject: object, actor: Actor, now: datetime
) -> Verdict:
    told = reject if isinstance(reject, Mapping) else {"reason": reject}
    reason, note = str(told.get("reason")), str(told.get("note") or "")
    if reason not in REJECTIONS:
        raise DomainError("rejection-reason-unknown", given=reason[:50], allowed=list(REJECTIONS))
    return Verdict(
        "rejected",
        (
            SetDocument(
                document.id,
                {"state": "rejected", "reason": reason, "finished_by": actor.user_id, "done_at": now},
            ),
            CloseTask(
                task.id, "done", now, actor.user_id, {"document": str(document.id), "rejected": reason}
            ),
            Emit(
                "document.rejected",
                after={"document": str(document.id), "reason": reason},
                why=note or reason,
                entity="document",
                entity_id=str(document.id),
            ),
        ),
    )


def _merge(
    document: DocumentState,
    given: Mapping[str, str | None],
    task: TaskState,
    spent: Decimal | None,
    evidence: Mapping[str, Mapping[str, Any]],
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> tuple[dict[str, Any], list[AddCorrection]]:
    fields = {name: dict(f) for name, f in document.fields.items()}
    corrections: list[AddCorrection] = []
    for name, value in given.items():
        old = fields.get(
            name,
            {"value": None, "shown": None, "confidence": "0", "source": "typed", "page": None, "box": None},
        )
        said = asking.read_value(old)
        if said == value:
            fields[name] = {**old, "value": value, "state": "confirmed"}
            continue
        seen = evidence.get(name, {})
        place = {key: seen[key] for key in ("page", "box") if key in seen}
        fields[name] = {**old, **place, "value": value, "state": "keyed", "source": "typed"}
        corrections.append(
            AddCorrection(
                new_id(),
                document.id,
                task.id,
                name,
                said,
                value,
                now,
                candidates=tuple(seen.get("candidates", ())),
                page=fields[name].get("page"),
                box=tuple(fields[name]["box"]) if fields[name].get("box") else None,
                confidence=Decimal(str(old.get("confidence") or 0)),
                engine=document.engine,
                person_id=actor.user_id,
                seconds=spent,
            )
        )
    for name in task.payload.get("fields", ()):
        if name in fields and name not in given:
            fields[name]["state"] = "confirmed"
    return fields, corrections
