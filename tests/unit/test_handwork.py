"""Work of a person as a unit: what may be handed in, what level 1 looks at, what the version names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import START, document, ticket
from ticketos.domain import approval, handwork
from ticketos.domain.changes import AddQaCheck, Emit, OpenTask, SetDocument, SetTicket
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, DocumentState, TicketState

WHO = Actor("user", str(UUID(int=11)), frozenset({"agent"}))
REQUEST = ticket(100, documents_total=1)
FILE = document(1, REQUEST, filename="report.pdf")


def handed_in(note: str = "reset by phone", files: Any = (), request: TicketState = REQUEST) -> TicketState:
    work = handwork.result_of({"note": note, "files": list(files)}, [FILE], request, WHO, START)
    return replace(request, detail={**request.detail, "work": work})


def unit(request: TicketState, *files: DocumentState) -> DocumentState:
    found = handwork.unit(request, files or (FILE,))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "note-missing"),
        ({"note": "  "}, "note-missing"),
        ({"note": "x" * 4_001}, "note-too-long"),
        ({"note": "done it", "files": [str(UUID(int=999))]}, "file-unknown"),
        ({"note": "done it", "files": "not a file"}, "file-unknown"),
    ],
)
def test_what_cannot_be_handed_in_is_refused(given: Any, code: str) -> None:
    with pytest.raises(DomainError) as error:
        handwork.result_of(given, [FILE], REQUEST, WHO, START)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("note", "state", "fields"),
    [
        ("reset by phone", "received", []),
        ("done", "received", ["note"]),
        ("reset by phone", "quarantined", ["files"]),
        ("ok", "rejected", ["note", "files"]),
    ],
)
def test_level_one_asks_for_a_note_that_says_something_and_files_that_open(
    note: str, state: str, fields: list[str]
) -> None:
    request = handed_in(note, [str(FILE.id)])
    inspected, correct, defects = handwork.level_one(unit(request, replace(FILE, state=state)))
    assert [d["field"] for d in defects] == fields
    assert (inspected, correct) == (2, 2 - len(fields))


def test_a_version_is_named_by_note_and_files() -> None:
    plain, with_file = handed_in(), handed_in(files=[str(FILE.id)])
    versions = {approval.version_of([unit(one)]) for one in (plain, with_file, handed_in("reset it by mail"))}
    assert len(versions) == 3
    assert approval.version_of([unit(plain)]) == approval.version_of([unit(handed_in())])


def test_the_deliverable_keeps_what_was_done_and_counts_it_as_a_unit() -> None:
    shown = approval.deliverable_of([unit(handed_in(files=[str(FILE.id)]))], [])
    assert (shown["documents"], shown["units"]) == (0, 1)
    assert shown["work"]["note"] == "reset by phone"
    assert shown["work"]["files"] == [{"id": str(FILE.id), "filename": "report.pdf", "sha256": FILE.sha256}]


def test_what_becomes_of_the_unit_is_written_to_the_ticket_and_loses_nothing_of_it() -> None:
    request = handed_in(request=replace(REQUEST, detail={"granted_round": 2}))
    check = AddQaCheck(UUID(int=1), request.id, 1, 0, "all", "pass", START)
    task = OpenTask(UUID(int=2), "k", "qa_review", "ticket", "qa", subject_id=request.id)
    kept = handwork.kept(
        request,
        (
            SetTicket({"stage": "quality"}),
            SetDocument(request.id, {"quality": "passed"}),
            SetDocument(FILE.id, {"quality": "passed"}),
            check,
            task,
            Emit("defect.opened", entity="document", entity_id=str(request.id)),
        ),
    )
    (told,) = [c for c in kept if isinstance(c, SetTicket)]
    assert told.values["stage"] == "quality"
    detail = told.values["detail"]
    assert (detail["granted_round"], detail["work"]["quality"], detail["work"]["note"]) == (
        2,
        "passed",
        "reset by phone",
    )
    assert [c.document_id for c in kept if isinstance(c, AddQaCheck)] == [None]
    assert [c.subject_id for c in kept if isinstance(c, OpenTask)] == [None]
    assert [c.document_id for c in kept if isinstance(c, SetDocument)] == [FILE.id]
    assert [c.entity_id for c in kept if isinstance(c, Emit)] == [None]


def test_a_ticket_nobody_has_worked_is_no_unit() -> None:
    assert handwork.unit(ticket()) is None
