"""MF6: level 1 on every item, level 2 by a second person on a seeded sample and on everything reworked.

The sample is drawn after level 1, by hash of (seed of client and month, document), so anyone can replay it.
A batch large enough to expect one drawn item has at least one. Risk-based and rework checks carry their basis,
so that accuracy is estimated from the random sample alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import effort, handwork, matching, rework, sampling, stages
from ticketos.domain.changes import (
    AddQaCheck,
    Change,
    CloseTask,
    Emit,
    OpenTask,
    SetDocument,
    SubTicket,
    Verdict,
)
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import Actor, DocumentState, QaState, TaskState, TicketState
from ticketos.domain.terms import QaTerms

KEY = "quality"
CATEGORIES = (
    "wrong_value",
    "missing_value",
    "wrong_type",
    "wrong_line",
    "wrong_coding",
    "wrong_document",
    "other",
)
SEVERITIES = ("critical", "non_critical")
_MOST_READ, _LONGEST_NAME = 500, 60

LevelOne = Callable[[DocumentState], tuple[int, int, tuple[Mapping[str, Any], ...]]]
"""A line's automatic check: fields inspected, fields correct, defects found."""


@dataclass(frozen=True)
class Inspection:
    """Seed and rate of a client's month, and its day."""

    seed: str
    terms: QaTerms
    today: date


def inspect(
    ticket: TicketState,
    documents: Sequence[DocumentState],
    earlier: Sequence[QaState],
    inspection: Inspection,
    level_one: LevelOne,
    agents: Iterable[Agent],
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Level 1 for all, then the draw. Outcome ``passed``, ``failed`` (level 1 found a defect) or ``inspect``."""
    done = {(q.document_id, q.round) for q in earlier if q.level == 1}
    todo = [
        d for d in documents if d.quality == "pending" and d.state == "posted" and (d.id, d.round) not in done
    ]
    changes: list[Change] = []
    clean: list[DocumentState] = []
    failed: list[str] = []
    for document in todo:
        inspected, correct, defects = level_one(document)
        verdict = "fail" if defects else "pass"
        changes.append(
            AddQaCheck(
                new_id(),
                document.id,
                1,
                document.round,
                "all",
                verdict,
                now,
                _score(inspected, correct),
                inspected,
                correct,
                correct,
                defects,
                None,
                document.finished_by,
            )
        )
        if defects:
            failed.append(str(document.id))
            changes.append(SetDocument(document.id, {"quality": "failed"}))
        else:
            clean.append(document)
    drawn = _draw(clean, inspection)
    people = tuple(agents)
    tasks: list[str] = []
    for document in clean:
        basis = "rework" if document.round else "sample" if str(document.id) in drawn else None
        if basis is None:
            changes.append(SetDocument(document.id, {"quality": "passed"}))
            continue
        task = _task(ticket, document, basis, people, inspection.today, new_id)
        tasks.append(str(task.id))
        changes.append(task)
        people = matching.busier(people, (str(task.assigned_to),))
    detail = {
        "level_1": len(todo),
        "level_2": len(tasks),
        "failed_level_1": len(failed),
        "seed": inspection.seed,
        "rate": str(inspection.terms.sample_rate),
    }
    outcome = "inspect" if tasks else "failed" if failed else "passed"
    changes += [
        stages.enter(ticket, "quality", "Review the sample" if tasks else "Conclude quality"),
        SubTicket(
            KEY,
            "Q",
            "qc",
            f"Quality of {ticket.number}",
            "open",
            None,
            "qa",
            {f"round_{ticket.round}": detail},
        ),
        Emit("ticket.quality_started", after=detail),
    ]
    return Verdict(
        outcome, tuple(changes), facts={"remaining": len(tasks), "failed": len(failed), "seq": ticket.seq + 1}
    )


def review(
    ticket: TicketState,
    task: TaskState,
    document: DocumentState,
    result: Mapping[str, Any],
    required: Sequence[str],
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """A second person's verdict, with what they read again (``read``) in the trail. Refused: one's own work, a fail
    without a defect, a pass with one, unknown categories."""
    stages.require_open(ticket)
    if actor.user_id is not None and actor.user_id == document.finished_by:
        raise DomainError("own-work", document=document.filename)
    rule = handwork.SEVERITY if handwork.is_work(ticket.id, document.id) else {}
    defects = _defects(result.get("defects"), rule)
    verdict = result.get("verdict")
    if verdict not in ("pass", "fail"):
        raise DomainError("verdict-unknown", given=str(verdict), allowed=["pass", "fail"])
    if verdict == "fail" and not defects:
        raise DomainError("defect-missing")
    if verdict == "pass" and defects:
        raise DomainError("defect-on-pass")
    wrong = {part_of(str(d["field"])) for d in defects}
    inspected, correct = counted(required, wrong)
    read = _read(result.get("read"))
    ai_wrong = {
        n
        for n, f in document.fields.items()
        if n in required and f.get("shown") not in (None, f.get("value"))
    }
    basis = str(task.payload.get("basis", "sample"))
    check = AddQaCheck(
        new_id(),
        document.id,
        2,
        document.round,
        basis,
        str(verdict),
        now,
        _score(inspected, correct),
        inspected,
        correct,
        inspected - len(wrong | ai_wrong),
        defects,
        actor.user_id,
        document.finished_by,
        task.payload.get("seed"),
    )
    summary = {
        "document": str(document.id),
        "verdict": verdict,
        "basis": basis,
        "inspected": inspected,
        "correct": correct,
        "defects": [{k: d[k] for k in ("field", "category", "severity")} for d in defects],
        **({"read": read} if read else {}),
    }
    return Verdict(
        str(verdict),
        (
            check,
            CloseTask(task.id, "done", now, actor.user_id, summary),
            SetDocument(document.id, {"quality": "passed" if verdict == "pass" else "failed"}),
            Emit(
                "quality.level_2",
                after=summary,
                entity="document",
                entity_id=str(document.id),
                why=str(result.get("comment") or "") or None,
            ),
        ),
    )


def conclude(
    ticket: TicketState,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    now: datetime,
    history: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    """All verdicts are in: ``passed``, or ``failed`` with the documents that go back (TA3). ``history`` are the rounds of
    rework until now."""
    failed = rework.going_back(
        documents
    )  # what was returned and waits for a round of its own is not passed either
    score, level = _accuracy([q for q in checks if q.round == ticket.round])
    detail = {
        "score": str(score) if score is not None else None,
        "score_level": level,
        "defects": sum(len(q.defects) for q in checks),
        "rounds": ticket.round,
    }
    kept = {**detail, "rework": [dict(one) for one in history], "rework_total": effort.totals(history)}
    if failed:
        return Verdict(
            "failed",
            (SubTicket(KEY, "Q", "qc", f"Quality of {ticket.number}", "rework", None, "qa", kept),),
            facts={"failed": [str(d.id) for d in failed]},
        )
    return Verdict(
        "passed",
        (
            SubTicket(
                KEY,
                "Q",
                "qc",
                f"Quality of {ticket.number}",
                "done",
                None,
                "qa",
                {**kept, "passed_at": now.isoformat()},
                closed_at=now,
            ),
            Emit("ticket.quality_passed", after=detail),
        ),
    )


def _accuracy(checks: Sequence[QaState]) -> tuple[Decimal | None, int | None]:
    """Percent of fields found right, and at which level: by second people where anything was drawn for them, else by
    the automatic check of all. None twice when neither looked at a field."""
    for level in (2, 1):
        inspected = sum(q.fields_inspected for q in checks if q.level == level)
        if inspected:
            return _score(inspected, sum(q.fields_correct for q in checks if q.level == level)), level
    return None, None


def _draw(clean: Sequence[DocumentState], inspection: Inspection) -> frozenset[str]:
    rate = inspection.terms.sample_rate
    fresh = [str(d.id) for d in clean if d.round == 0]
    at_least = 1 if rate and len(fresh) * rate >= 1 else 0
    return frozenset(sampling.draw(inspection.seed, fresh, rate, at_least))


def _task(
    ticket: TicketState,
    document: DocumentState,
    basis: str,
    agents: tuple[Agent, ...],
    today: date,
    new_id: NewId,
) -> OpenTask:
    worker = [str(document.finished_by)] if document.finished_by else []
    reviewer = stages.best_agent(agents, "qa", ticket, today, exclude=worker)
    return OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:qa:{document.id}:{document.round}",
        kind="qa_review",
        workflow="ticket",
        desk="qa",
        skill="qa",
        subject_id=document.id,
        assigned_to=UUID(reviewer) if reviewer else None,
        priority=ticket.priority,
        round=document.round,
        payload={"basis": basis, "document": str(document.id), "exclude": worker},
    )


def counted(required: Collection[str], wrong: Collection[str]) -> tuple[int, int]:
    """Fields inspected and fields correct: what accuracy is counted from (SL1, CP3).

    Inspected are the required fields, and whatever else was found wrong: an optional field, the lines, the coding, the
    type. So what is wrong counts once, whatever it is; correct is never less than nothing, and a right optional field
    adds nothing to it, or the more of them a paper has the better it would look. Where nothing is required, that it was
    looked at is one."""
    seen = set(required) | set(wrong) or {""}
    return len(seen), len(seen) - len(set(wrong))


def part_of(field: str) -> str:
    """What a value counts as where fields are counted: all lines are one, and so is the coding (``lines.3.net``,
    ``coding.account``), however many of their values are wrong."""
    return field.partition(".")[0]


def _read(given: object) -> list[str]:
    """The values that the second person read again, by name. Refused: what is no list of names."""
    if given is None:
        return []
    if not isinstance(given, list | tuple) or len(given) > _MOST_READ:
        raise DomainError("result-malformed", name="read", wanted="a list of fields")
    if not all(isinstance(one, str) and 0 < len(one) <= _LONGEST_NAME for one in given):
        raise DomainError("result-malformed", name="read", wanted="a list of fields")
    return sorted(set(given))


def _defects(given: object, rule: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    """The defects that a reviewer names. Refused: what is no list of defects."""
    if not isinstance(given, list | tuple | None) or not all(isinstance(one, Mapping) for one in given or ()):
        raise DomainError("result-malformed", name="defects", wanted="a list of defects")
    return tuple(_defect(one, rule) for one in given or ())


def _defect(data: Mapping[str, Any], rule: Mapping[str, str]) -> Mapping[str, Any]:
    """A defect as it is kept. ``rule`` says the severity of items by name; of others the reviewer says it."""
    category, severity = data.get("category", "wrong_value"), data.get("severity", "non_critical")
    allowed = [*CATEGORIES, *(one for one in handwork.CATEGORIES if one not in CATEGORIES)]
    if category not in allowed:
        raise DomainError("defect-category-unknown", given=str(category), allowed=allowed)
    if severity not in SEVERITIES:
        raise DomainError("defect-severity-unknown", given=str(severity), allowed=list(SEVERITIES))
    if not data.get("field"):
        raise DomainError("defect-field-missing")
    return {
        "field": str(data["field"]),
        "category": category,
        "severity": rule.get(str(data["field"]), severity),
        "found": data.get("found"),
        "expected": data.get("expected"),
        "comment": str(data.get("comment", "")),
    }


def _score(inspected: int, correct: int) -> Decimal:
    return (Decimal(correct * 100) / Decimal(max(inspected, 1))).quantize(Decimal("0.01"))
