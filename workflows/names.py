"""Queues, ids, search attributes, patch ids: everything a history or another process remembers us by."""

from __future__ import annotations

from uuid import UUID

from temporalio.common import SearchAttributeKey

TICKETS = "tickets"
"""Workflows and their local activities."""
DOCUMENTS = "documents"
"""Reading: OCR and extraction, in processes with limits."""
MONEY = "money"
"""Invoice runs and payments, one at a time."""
OUTBOUND = "outbound"
"""Mail and messages that leave by the outbox."""
QUEUES = (TICKETS, DOCUMENTS, MONEY, OUTBOUND)
POLLED = (TICKETS, DOCUMENTS, MONEY)
"""Queues whose work Temporal hands out; what goes out is carried by the outbox."""

PARKED_TIMED = "2026-11-22-parked-timed"
"""The service desk's own target brings the deadline of a parked ticket forward."""
ATTENTION_TIMED = "2026-11-22-attention-timed"
"""The desk of the stage in which something fails has a target too."""
CLASS_TIMED = "2026-11-22-class-timed"
"""A document whose type a person finds may bring the deadline forward."""

RECONCILIATION, INVOICING, MONTH_END = "reconciliation", "invoicing", "month_end"
CALIBRATION, RENEWAL, LEARNING = "calibration", "renewal", "learning"
SCHEDULED = (RECONCILIATION, INVOICING, MONTH_END, CALIBRATION, RENEWAL, LEARNING)
"""What runs by schedule for every client."""

CLIENT = SearchAttributeKey.for_keyword("TicketClient")
LINE = SearchAttributeKey.for_keyword("TicketLine")
STAGE = SearchAttributeKey.for_keyword("TicketStage")
PRIORITY = SearchAttributeKey.for_int("TicketPriority")
SLA = SearchAttributeKey.for_keyword("TicketSla")
ASSIGNED = SearchAttributeKey.for_keyword("TicketAssigned")
SEARCH_ATTRIBUTES = (CLIENT, LINE, STAGE, PRIORITY, SLA, ASSIGNED)


def ticket_workflow(ticket_id: UUID | str) -> str:
    """The workflow of a request ticket."""
    return f"ticket/{ticket_id}"


def moved(times: int) -> str:
    """Subject of the steps that are done anew once people sent the ticket another way; empty before."""
    return f"moved-{times}" if times else ""


def line_workflow(ticket_id: UUID | str, line: str) -> str:
    """The service line's work on that ticket."""
    return f"ticket/{ticket_id}/{line}"


def period_workflow(kind: str, client_id: UUID | str, period: str) -> str:
    """A run of a period (reconciliation, invoicing, …), once each."""
    return f"{kind}/{client_id}/{period}"


def period_schedule(kind: str, client_id: UUID | str) -> str:
    """The schedule that runs a client's periods of that kind."""
    return f"{kind}/{client_id}"
