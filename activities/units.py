"""What of a ticket is worked on, by its line."""

from __future__ import annotations

from ticketos.domain.ports import Step
from ticketos.domain.state import DocumentState, TicketState
from ticketos.lines import KEYS, line_of


def reads_documents(ticket: TicketState) -> bool:
    """Whether files of the ticket are units of its work. A line that is not known here gets the benefit of the doubt."""
    return ticket.service_line not in KEYS or line_of(ticket.service_line).reads_documents


def documents(step: Step) -> tuple[DocumentState, ...]:
    """The ticket's documents that its line reads: all of them or, where the ticket itself is the unit, none. Files of
    such a ticket (a screenshot, a logo) are there to be looked at; nobody enters them, so nothing waits for them."""
    return step.documents() if reads_documents(step.ticket()) else ()
