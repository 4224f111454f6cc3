"""MF5: the service line's own workflow runs; here is what the master flow records around it (TA2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketos.domain import stages
from ticketos.domain.changes import Emit, SubTicket, Verdict
from ticketos.domain.handwork import WORK
from ticketos.domain.state import DocumentState, TicketState

KEY = "processing"


READ, KEYED, POSTED = "read", "keyed", "posted"
"""What can happen to a document while the line works on it."""


def begin(ticket: TicketState, earlier: Sequence[Mapping[str, Any]], now: datetime) -> Verdict:
    """Open the processing ticket and hand over to the line. ``earlier`` is the log of the rounds and lives before."""
    started = {"step": "started", "at": now.isoformat(), "life": ticket.life, "round": ticket.round}
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
                {"steps": [*earlier, started]},
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
    events: Sequence[tuple[str, datetime]],
    now: datetime,
) -> Verdict:
    """The line is done with this round: who worked, which steps ran, how many of each end. ``events`` are what happened
    to the ticket's documents and when, in any order."""
    by_hand = (ticket.detail.get(WORK) or {}).get("by")
    workers = sorted(
        {str(d.finished_by) for d in documents if d.finished_by} | ({by_hand} if by_hand else set())
    )
    mark = {"life": ticket.life, "round": ticket.round}
    began = max((str(one["at"]) for one in steps if one["step"] == "started"), default=None)
    since = datetime.fromisoformat(began) if began else ticket.received_at
    ran = [{**one, **mark} for one in ran_since(events, since)]
    log = [*steps, *ran, {"step": "finished", "at": now.isoformat(), **mark}]
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


def ran_since(events: Sequence[tuple[str, datetime]], since: datetime) -> list[dict[str, Any]]:
    """Of each step that ran on documents from ``since`` on: how many, the first and the last instant."""
    found = []
    for step in (READ, KEYED, POSTED):
        times = [at for name, at in events if name == step and at >= since]
        if times:
            first, last = min(times).isoformat(), max(times).isoformat()
            found.append({"step": step, "documents": len(times), "first": first, "last": last})
    return found
