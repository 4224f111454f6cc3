"""Text that is meant to be read without a key in the Temporal Web UI: a workflow's summary, a step's name."""

from __future__ import annotations

from schemas.ticket import TicketStart


class OpenText(str):
    """A text the payload codec leaves as it is. It holds no personal data and nothing a client told us:
    only our own words, ids and ticket numbers."""

    __slots__ = ()


def summary(start: TicketStart) -> OpenText:
    """One line for the list of workflows: number, and which life of the ticket it is."""
    number = start.number or str(start.ticket_id)
    return OpenText(number if start.life == 1 else f"{number}, reopened ({start.life})")
