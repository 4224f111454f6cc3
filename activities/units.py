"""What of a ticket is worked on, by its line."""

from __future__ import annotations

from dataclasses import replace

from ticketos.domain import handwork
from ticketos.domain.changes import Verdict
from ticketos.domain.ports import Step
from ticketos.domain.state import DocumentState, TicketState
from ticketos.lines import KEYS, line_of


def reads_documents(ticket: TicketState) -> bool:
    """Whether files of the ticket are units of its work. A line that is not known here gets the benefit of the doubt."""
    return ticket.service_line not in KEYS or line_of(ticket.service_line).reads_documents


def of(step: Step) -> tuple[DocumentState, ...]:
    """The ticket's units: the documents that its line reads or, where there are none, the ticket itself as soon as
    a person has delivered its work. Files of such a ticket (a screenshot, a logo) are there to be looked at; nobody
    enters them, so nothing waits for them."""
    ticket = step.ticket()
    files: tuple[DocumentState, ...] = ()
    if reads_documents(ticket):
        if documents := step.documents():
            return documents
    elif ticket.documents_total and ticket.detail.get(handwork.WORK, {}).get("files"):
        files = step.documents()
    work = handwork.unit(ticket, files)
    return () if work is None else (work,)


def by_hand(step: Step, units: tuple[DocumentState, ...]) -> bool:
    """Whether the unit is the ticket itself."""
    return any(handwork.is_work(step.ticket().id, one.id) for one in units)


def recorded(step: Step, verdict: Verdict) -> Verdict:
    """The verdict with what it says of the ticket as a unit written to the ticket's row."""
    return replace(verdict, changes=handwork.kept(step.ticket(), verdict.changes))
