"""MF5: the service line's own workflow runs; here is what the master flow records around it (TA2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketos.domain import stages
from ticketos.domain.billing import WORK
from ticketos.domain.changes import Emit, SubTicket, Verdict
from ticketos.domain.state import DocumentState, TicketState

KEY = "processing"


def begin(ticket: TicketState, now: datetime) -> Verdict:
    """Open the processing ticket and hand over to the line."""
    return Verdict(
        "working",
        (
            stages.enter(ticket, "delivery", "Do the work"),
            SubTicket(
                KEY,
                "P",
                "processing",
                f"Work on {ticket.number}",
                "open",
                ticket.owner_id,
                "delivery",
                {"steps": [{"step": "started", "at": now.isoformat()}]},
            ),
            Emit(
                "ticket.delivery_started", after={"documents": ticket.documents_total, "round": ticket.round}
            ),
        ),
    )


def finished(
    ticket: TicketState,
    counts: Mapping[str, int],
    documents: Sequence[DocumentState],
    steps: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Verdict:
    """The line is done with this round: who worked, which steps ran, how many of each end."""
    by_hand = (ticket.detail.get(WORK) or {}).get("by")
    workers = sorted(
        {str(d.finished_by) for d in documents if d.finished_by} | ({by_hand} if by_hand else set())
    )
    log = [*steps, {"step": "finished", "at": now.isoformat(), "round": ticket.round}]
    return Verdict(
        "delivered",
        (
            SubTicket(
                KEY,
                "P",
                "processing",
                f"Work on {ticket.number}",
                "done",
                None,
                "delivery",
                {
                    "steps": log,
                    "agents": workers,
                    "counts": dict(counts),
                    "straight_through": sum(d.straight_through for d in documents),
                },
                closed_at=now,
            ),
            Emit("ticket.delivered", after={"counts": dict(counts), "round": ticket.round}),
        ),
        facts=dict(counts),
    )
