"""MF3: is there a contract, in force, in scope and within volume? What fails is parked with a reason the client can see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ticketos.domain import clock as clocks
from ticketos.domain import deadline, document_class, reopen, stages
from ticketos.domain.changes import Change, Emit, OpenTask, SendMail, SetTicket, Verdict
from ticketos.domain.deadline import FIRST_RESPONSE, TURNAROUND, timing_of
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, ClockState, ContractState, TicketState


def decide(
    ticket: TicketState,
    client: ClientState,
    contracts: Sequence[ContractState],
    volume: int,
    clock_states: Sequence[ClockState],
    documents: int,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Outcome ``covered`` with clocks re-timed to the contract, ``parked`` with the reason and a task for the desk,
    or ``held`` while the ticket is paused. ``volume`` is what other requests brought in the month under the contract
    in force."""
    if (
        ticket.state == "paused"
    ):  # paused while this step was on its way: it is looked at when the ticket goes on
        return Verdict("held")
    contract = in_force(ticket, client, contracts)
    if contract is None:
        known = any(c.service_line == ticket.service_line for c in contracts)
        return _parked(ticket, client, "contract-not-in-force" if known else "contract-missing", now, new_id)
    cap = contract.terms.scope.monthly_volume
    if cap is not None and volume + max(documents, 1) > cap:
        return _parked(ticket, client, "contract-volume-exceeded", now, new_id)
    timing, terms = timing_of(contract), contract.terms
    classed, why = document_class.of(ticket, terms.sla)
    changes: list[Change] = []
    after: list[ClockState] = []
    for kind, target in (
        (FIRST_RESPONSE, terms.sla.first_response_s[ticket.priority]),
        (TURNAROUND, terms.sla.turnaround_s[classed]),
    ):
        state = deadline.find(clock_states, kind)
        change = (
            deadline.changed(state, clocks.retarget(state.clock, target), timing)
            if state
            else deadline.started(kind, target, reopen.promised_from(ticket), timing)
        )
        changes.append(change)
        after.append(ClockState(change.clock, change.fired, change.breached_at))
    due = deadline.turnaround_due(after, timing)
    next_at = deadline.next_deadline(after, timing, None, None, now)
    return Verdict(
        "covered",
        (
            *changes,
            stages.enter(
                ticket,
                "contract",
                "Assign a team",
                next_at,
                contract_id=contract.id,
                due_at=due,
                document_class=classed,
            ),
            Emit(
                "ticket.contract_checked",
                after={
                    "contract": contract.number,
                    "kind": contract.kind,
                    "due": due.isoformat() if due else None,
                    "document_class": classed,
                    "class_by": why,
                },
            ),
        ),
        next_at,
        {"contract": str(contract.id)},
    )


def in_force(
    ticket: TicketState, client: ClientState, contracts: Sequence[ContractState]
) -> ContractState | None:
    """The contract that covers the ticket's line on the client's day of its receipt."""
    day = ticket.received_at.astimezone(ZoneInfo(client.zone)).date()
    return next((c for c in contracts if c.service_line == ticket.service_line and c.in_force(day)), None)


def provisional(ticket: TicketState, contracts: Sequence[ContractState], now: datetime) -> Verdict:
    """MF1: clocks run from receipt (of a ticket opened again: from then), on the only contract in force or on the
    defaults until the contract is known."""
    only = contracts[0] if len(contracts) == 1 else None
    timing = timing_of(only)
    since = reopen.promised_from(ticket)
    first = deadline.started(FIRST_RESPONSE, timing.sla.first_response_s[ticket.priority], since, timing)
    classed, _ = document_class.of(ticket, timing.sla)
    turn = deadline.started(TURNAROUND, timing.sla.turnaround_s[classed], since, timing)
    states = [ClockState(first.clock), ClockState(turn.clock)]
    next_at = deadline.next_deadline(states, timing, None, None, now)
    return Verdict(
        "received",
        (
            first,
            turn,
            stages.enter(
                ticket,
                "intake",
                "Classify the request",
                next_at,
                due_at=turn.due_at,
                started_at=now,
                document_class=classed,
            ),
        ),
        next_at,
    )


def _parked(ticket: TicketState, client: ClientState, reason: str, now: datetime, new_id: NewId) -> Verdict:
    task = OpenTask(
        id=new_id(),
        key=f"{ticket.id}:{ticket.life}:contract:{ticket.seq}",
        kind="contract",
        workflow="ticket",
        desk="service_desk",
        skill="contract",
        priority=ticket.priority,
        payload={"reason": reason, "service_line": ticket.service_line},
    )
    changes: list[Change] = [
        stages.enter(ticket, "contract", "Settle the contract, then release", state="parked", reason=reason),
        task,
        Emit("ticket.parked", after={"reason": reason, "service_line": ticket.service_line}),
    ]
    if client.approver_email:
        changes.append(
            SendMail(
                new_id(),
                f"{ticket.id}:{ticket.life}:parked:{ticket.seq}",
                "parked",
                client.approver_email,
                {"reason": reason, "ticket": str(ticket.id)},
            )
        )
    return Verdict("parked", tuple(changes), facts={"task": str(task.id), "reason": reason})


def released(ticket: TicketState) -> SetTicket:
    """The desk says: look again."""
    return SetTicket({"state": "open", "reason": None, "next_action": "Check the contract"})
