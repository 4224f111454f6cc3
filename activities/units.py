"""What of a ticket is worked on, by its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ticketos.domain import handwork
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step
from ticketos.domain.quality import LevelOne
from ticketos.domain.state import DocumentState, TicketState
from ticketos.lines import KEYS, line_of

Checked = tuple[int, int, tuple[Mapping[str, Any], ...]]
"""Fields inspected, fields correct, defects found."""


def reads_documents(ticket: TicketState) -> bool:
    """Whether files of the ticket are units of its work. A line that is not known here gets the benefit of the doubt."""
    return ticket.service_line not in KEYS or line_of(ticket.service_line).reads_documents


def of(step: Step) -> tuple[DocumentState, ...]:
    """The ticket's units: the documents that its line reads and, as soon as a person has delivered work of the ticket's
    own, the ticket itself, last. It stays a unit when documents come later, with a reply. Files of a ticket whose line
    reads none (a screenshot, a logo) are there to be looked at; nobody enters them, so nothing waits for them."""
    ticket = step.ticket()
    reads = reads_documents(ticket)
    files: tuple[DocumentState, ...] = ()
    if reads or (ticket.documents_total and ticket.detail.get(handwork.WORK, {}).get("files")):
        files = step.documents()
    work = handwork.unit(ticket, files)
    return (*(files if reads else ()), *(() if work is None else (work,)))


def level_one(step: Step, by_line: LevelOne | None) -> LevelOne:
    """The automatic check of each unit: the line's of a document, that of a person's work of the ticket itself."""
    ticket_id = step.ticket().id

    def check(one: DocumentState) -> Checked:
        if handwork.is_work(ticket_id, one.id):
            return handwork.level_one(one)
        return by_line(one) if by_line is not None else (0, 0, ())

    return check


def recorded(step: Step, verdict: Verdict) -> Verdict:
    """The verdict with what it says of the ticket as a unit written to the ticket's row."""
    return replace(verdict, changes=handwork.kept(step.ticket(), verdict.changes))
