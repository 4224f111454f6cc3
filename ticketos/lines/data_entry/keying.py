"""SL1: a person has keyed, confirmed or rejected a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ticketos.domain import stages
from ticketos.domain.ai_policy import ACT, CODING
from ticketos.domain.changes import AddCorrection, Change, CloseTask, Emit, SetDocument, Verdict
from ticketos.domain.chart import ANY, Chart
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, DocumentState, TaskState, TicketState, VendorState
from ticketos.domain.terms import AiTerms, ExpertTerms
from ticketos.lines.data_entry import asking, experts, rules, typed
from ticketos.lines.data_entry.checking import KNOWN_TYPES, TaxIdValid, business_key, run_checks, to_key
from ticketos.lines.data_entry.flow import NOBODY_ELSE, keying_task

REJECTIONS = ("duplicate", "not_a_document", "unreadable", "out_of_scope", "client_request")


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
