"""MF4: the accountable team is named; a task that needs a person finds the best match by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ticketos.domain import deadline, stages
from ticketos.domain.changes import Change, Emit, SendMail, Verdict
from ticketos.domain.deadline import FIRST_RESPONSE, timing_of
from ticketos.domain.matching import Need, match
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import ClientState, ClockState, ContractState, TicketState


def decide(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    agents: Sequence[Agent],
    skill: str,
    clock_states: Sequence[ClockState],
    documents: int,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Name team and owner; an upload is hereby acknowledged into a queue with owner and due time, which is its
    first response (CP1). Nobody free is no stop: the work waits in the team's queue and the lead is the owner."""
    found = match(tuple(agents), Need(skill=skill, client_id=str(ticket.client_id)), client.day_of(now))
    owner = UUID(found.agent_id) if found.agent_id else None
    timing = timing_of(contract)
    changes: list[Change] = []
    states = list(clock_states)
    first = deadline.find(states, FIRST_RESPONSE)
    if documents and first is not None and first.clock.stopped_at is None:
        stopped = deadline.stopped(first, now, timing)
        changes.append(stopped)
        states = [s for s in states if s is not first] + [
            ClockState(stopped.clock, stopped.fired, stopped.breached_at)
        ]
    due = deadline.turnaround_due(states, timing)
    if ticket.requester_email and not ticket.detail.get("suppress_reply"):
        changes.append(
            SendMail(
                new_id(),
                f"{ticket.id}:{ticket.life}:acknowledged",
                "acknowledged",
                ticket.requester_email,
                {"due": due.isoformat() if due else None, "ticket": str(ticket.id)},
            )
        )
    next_at = deadline.next_deadline(states, timing, None, None, now)
    return Verdict(
        "assigned",
        (
            *changes,
            stages.enter(ticket, "assignment", "Do the work", next_at, team=skill, owner_id=owner),
            Emit(
                "ticket.assigned",
                after={"team": skill, "owner": str(owner) if owner else None, "reasons": list(found.reasons)},
            ),
        ),
        next_at,
        {"team": skill, "assigned": str(owner) if owner else ""},
    )
