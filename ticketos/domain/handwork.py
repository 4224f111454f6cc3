"""Work that no line of ours does by itself: a person works the ticket, and the ticket is the unit.

Its result goes the way every unit goes: quality (level 1 on its completeness, level 2 by a second person), sign-off by
the client, rework, billing. So that no rule has to be told twice, the ticket stands here as a unit like a document;
what becomes of it is kept in the ticket's own row (``detail["work"]``). The result of a round is never overwritten:
each stands in the task that delivered it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketos.domain import proof, reopen
from ticketos.domain.changes import AddQaCheck, Change, Emit, OpenTask, SetDocument, SetTicket
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, ApprovalState, DocumentState, QaState, TicketState

WORK = "work"
"""Where a ticket's ``detail`` keeps the result of its work, who finished it and when, and how it was judged."""
KIND = "work"
"""Type of the unit where others have a type of document, and kind of the task that delivers it."""
CHECKLIST = ("result", "note", "files")
"""What is judged of such work: what was asked for was done; the note says what; the files belong to it and open."""
SEVERITY = {"result": "critical", "note": "non_critical", "files": "non_critical"}
"""How grave it is when a second person finds that item of the checklist wrong: only what was not done fails the client."""
CATEGORIES = ("not_done", "incomplete", "wrong_value", "wrong_document", "other")
"""Kinds of defect of such work (a part of ``quality.CATEGORIES``)."""
LEAST_WORDS = 2
"""A note of fewer words does not say what was done."""
MOST_FILES = 50
_LONGEST = 4_000
_JUDGED = ("state", "reason", "round", "quality", "approval")
_LOST = ("quarantined", "rejected")


def result_of(
    given: Mapping[str, Any],
    documents: Sequence[DocumentState],
    ticket: TicketState,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    """What the person hands in: ``note``, and ``files`` (ids of files of the ticket) that belong to the result.

    Refused: ``note-missing``, ``note-too-long``, ``file-unknown`` for what is no file of this ticket."""
    note = str(given.get("note") or "").strip()
    if not note:
        raise DomainError("note-missing")
    if len(note) > _LONGEST:
        raise DomainError("note-too-long", most=_LONGEST)
    known = {str(d.id): d for d in documents}
    named = given.get("files") or []
    chosen = list(dict.fromkeys(str(one) for one in ([named] if isinstance(named, str) else named)))
    if unknown := [one for one in chosen if one not in known]:
        raise DomainError("file-unknown", files=unknown[:10])
    if len(chosen) > MOST_FILES:
        raise DomainError("too-many-files", limit=MOST_FILES)
    files = [{"id": one, "filename": known[one].filename, "sha256": known[one].sha256} for one in chosen]
    return {
        "by": str(actor.user_id) if actor.user_id else None,
        "at": now.isoformat(),
        "life": ticket.life,
        "note": note,
        "files": files,
        "state": "posted",
        "reason": None,
        "round": ticket.round,
        "quality": "pending",
        "approval": "pending",
    }


def unit(ticket: TicketState, documents: Sequence[DocumentState] = ()) -> DocumentState | None:
    """The ticket as a unit, once a person has delivered; ``documents`` are its files as they are now.

    What was delivered before such work was judged has no note here: it counts as it did then, as done."""
    work = ticket.detail.get(WORK)
    if not work:
        return None
    now = {str(d.id): d.state for d in documents}
    files = [{**one, "state": now.get(one["id"])} for one in work.get("files", ())]
    judged = "note" in work
    content = {"note": work.get("note"), "files": [one["sha256"] for one in files]}
    return DocumentState(
        id=ticket.id,
        ticket_id=ticket.id,
        position=0,
        filename=ticket.subject or ticket.number,
        content_type="text/plain",
        sha256=proof.event_hash(content).hex(),
        address="",
        state=str(work.get("state", "posted")),
        reason=work.get("reason"),
        doc_type=KIND,
        fields={"note": {"value": work.get("note")}, "files": {"value": files}},
        lines=(),
        checks=(),
        coding={},
        blocked_by=(),
        business_key=None,
        duplicate_of=None,
        straight_through=False,
        finished_by=UUID(work["by"]) if work.get("by") else None,
        erp_reference=None,
        round=int(work.get("round", 0)),
        quality=str(work.get("quality", "pending" if judged else "passed")),
        approval=str(work.get("approval", "pending" if judged else "accepted")),
        engine=None,
        row_version=ticket.row_version,
    )


def is_work(ticket_id: UUID, unit_id: UUID | None) -> bool:
    """Whether that unit is the ticket itself."""
    return unit_id == ticket_id


def again(ticket: TicketState, checks: Sequence[QaState], approval: ApprovalState | None) -> dict[str, Any]:
    """What whoever works the ticket again is told: the note ``before``, the ``defects`` it had, and the words with which
    the client ``returned`` it, or with which it was opened again. Empty where it is worked for the first time.

    ``checks`` and ``approval`` are those of this life. What counts is the last time the work was delivered, however many
    rounds of documents lie between."""
    before = ticket.detail.get(WORK) or {}
    if not ticket.round and ticket.life == 1:
        return {}
    mine = [q for q in checks if is_work(ticket.id, q.document_id)]
    last = max((q.round for q in mine), default=None)
    if last is None:  # nothing of this life yet: the work of the life before is taken up again
        why = ticket.detail.get(reopen.WHY) if ticket.life > 1 else None
        return {"defects": [], "before": before.get("note"), "returned": why} if before or why else {}
    found = max((q for q in mine if q.round == last), key=lambda q: q.level)
    said = approval.reason if approval is not None and approval.round >= last else None
    return {"defects": [dict(one) for one in found.defects], "before": before.get("note"), "returned": said}


def corrects(ticket: TicketState, unit: DocumentState) -> bool:
    """Whether that unit is work of a later life of the ticket. Where there are documents it mends what was billed by the
    document: it is judged and signed off like any work, and never billed."""
    return is_work(ticket.id, unit.id) and int((ticket.detail.get(WORK) or {}).get("life", 1)) > 1


def level_one(work: DocumentState) -> tuple[int, int, tuple[Mapping[str, Any], ...]]:
    """The automatic check: is what was handed in complete? Whether it is right is for a second person to say.

    Two things are looked at: the note says what was done, and every file of the result can still be opened."""
    defects: list[Mapping[str, Any]] = []
    note = str((work.fields.get("note") or {}).get("value") or "")
    if len(note.split()) < LEAST_WORDS:
        defects.append(_defect("note", "incomplete", note, "what was done, in words"))
    files = (work.fields.get("files") or {}).get("value") or ()
    lost = [str(one["filename"]) for one in files if one.get("state") in _LOST]
    if lost:
        defects.append(_defect("files", "wrong_document", ", ".join(lost), "files that can be opened"))
    return 2, 2 - len(defects), tuple(defects)


def deliverable(work: DocumentState) -> dict[str, Any]:
    """What of it the client is shown and the version keeps."""
    files = (work.fields.get("files") or {}).get("value") or ()
    return {
        "note": (work.fields.get("note") or {}).get("value"),
        "files": [{name: one[name] for name in ("id", "filename", "sha256")} for one in files],
    }


def kept(ticket: TicketState, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The same changes, with those to the ticket as a unit said of the ticket's row."""
    values: dict[str, Any] = {}
    found: list[Change] = []
    for change in changes:
        if isinstance(change, SetDocument) and change.document_id == ticket.id:
            values |= {name: value for name, value in change.values.items() if name in _JUDGED}
        elif isinstance(change, AddQaCheck) and change.document_id == ticket.id:
            found.append(replace(change, document_id=None))
        elif isinstance(change, OpenTask) and change.subject_id == ticket.id:
            found.append(replace(change, subject_id=None))
        elif isinstance(change, Emit) and change.entity_id == str(ticket.id) and change.entity == "document":
            found.append(replace(change, entity=None, entity_id=None))
        else:
            found.append(change)
    if not values:
        return tuple(found)
    told = [i for i, change in enumerate(found) if isinstance(change, SetTicket)]
    detail = dict(ticket.detail)
    for i in told:
        detail = dict(found[i].values.get("detail", detail))  # type: ignore[union-attr]
    detail[WORK] = {**detail.get(WORK, {}), **values}
    if not told:
        return (*found, SetTicket({"detail": detail}))
    last = found[told[-1]]
    assert isinstance(last, SetTicket)
    found[told[-1]] = SetTicket({**last.values, "detail": detail})
    return tuple(found)


def _defect(field: str, category: str, found: str, expected: str) -> Mapping[str, Any]:
    return {
        "field": field,
        "category": category,
        "severity": "critical",
        "found": found,
        "expected": expected,
        "comment": "",
    }
