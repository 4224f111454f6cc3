"""CP2: whether a request's documents are promised in the standard or in the priority time. A class of the documents, apart
from the ticket's priority.

First comes what a person chose (the requester with the request, or whoever changes it later), then what the contract's
rules say: a ticket priority it counts as the class, a sender, a type of document. A ticket has one turnaround clock, so
one document of the class makes it the ticket's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ticketos.domain import clock as clocks
from ticketos.domain import deadline
from ticketos.domain.changes import Change, Emit, SetTicket, Verdict
from ticketos.domain.deadline import TURNAROUND, Timing
from ticketos.domain.state import ApprovalState, ClockState, TicketState
from ticketos.domain.terms import SlaTerms

STANDARD, PRIORITY = "standard", "priority"
CLASSES = (STANDARD, PRIORITY)
BY_CONTRACT = "by_contract"
"""Said in place of a class: what was asked for is dropped, and the contract's rules decide."""
HEADER = "x-document-class"
"""The header by which a mail asks for a class."""
WISH, TYPE = "document_class", "class_type"
"""Where a ticket's detail keeps what a person chose, and the type of document that made it the priority class."""


def wished(headers: Iterable[tuple[str, str]]) -> str | None:
    """The class a mail asks for; one that is none of ours asks for nothing."""
    found = (value.strip().lower() for name, value in headers if name.lower() == HEADER)
    return next((value for value in found if value in CLASSES), None)


def of(ticket: TicketState, sla: SlaTerms, priority: str | None = None) -> tuple[str, str]:
    """The class, and why: ``asked``, ``ticket_priority``, ``sender``, ``document_type`` or ``default``. ``priority`` is the
    ticket's new one, where it is about to change."""
    chosen = ticket.detail.get(WISH)
    if chosen in CLASSES:
        return str(chosen), "asked"
    if (priority or ticket.priority) in sla.priority_class_for:
        return PRIORITY, "ticket_priority"
    if _named(ticket.requester_email, sla.priority_senders):
        return PRIORITY, "sender"
    if ticket.detail.get(TYPE) in sla.priority_types:
        return PRIORITY, "document_type"
    return STANDARD, "default"


def read(
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    types: Iterable[str],
    now: datetime,
) -> Verdict:
    """What the types of documents just read change: the class and the turnaround clock, with elapsed and paused time kept
    (CP7). Where the class is what it is for another reason the type is remembered alone; nothing where they are none of
    the contract's, or one is known already."""
    kind = next((one for one in types if one in timing.sla.priority_types), None)
    if kind is None or ticket.detail.get(TYPE) is not None:
        return Verdict("same")
    told = replace(ticket, detail={**ticket.detail, TYPE: kind})
    document_class, why = of(told, timing.sla)
    if document_class == ticket.document_class:  # kept: it counts once another reason, or a wish, falls away
        return Verdict("same", (SetTicket({"detail": told.detail}),))
    changes, after = retargeted(states, timing, document_class)
    next_at = deadline.next_deadline(after, timing, ticket, approval, now)
    values: dict[str, Any] = {
        "document_class": document_class,
        "due_at": deadline.turnaround_due(after, timing),
        "next_at": next_at,
        "detail": told.detail,
    }
    said = Emit(
        "ticket.class_changed",
        before={"document_class": ticket.document_class},
        after={"document_class": document_class, "by": why, "type": kind},
    )
    return Verdict(
        "changed", (*changes, SetTicket(values), said), None if deadline.is_paused(ticket) else next_at
    )


def classed(
    verdict: Verdict,
    ticket: TicketState,
    states: Sequence[ClockState],
    timing: Timing,
    approval: ApprovalState | None,
    types: Iterable[str],
    now: datetime,
) -> Verdict:
    """The verdict with what these types of documents change of the ticket's promise; whichever deadline is sooner."""
    changed = read(ticket, states, timing, approval, types, now)
    sooner = min(filter(None, (verdict.next_at, changed.next_at)), default=None)
    return replace(verdict, changes=(*verdict.changes, *changed.changes), next_at=sooner)


def retargeted(
    states: Sequence[ClockState], timing: Timing, document_class: str
) -> tuple[tuple[Change, ...], list[ClockState]]:
    """The turnaround clock on the target of that class, unless it is stopped; and all clocks as they then are."""
    target = timing.sla.turnaround_s[document_class]
    changes: list[Change] = []
    after: list[ClockState] = []
    for state in states:
        if state.clock.kind != TURNAROUND or state.clock.stopped_at is not None:
            after.append(state)
            continue
        clock = clocks.retarget(state.clock, target)
        changes.append(deadline.changed(state, clock, timing))
        after.append(replace(state, clock=clock))
    return tuple(changes), after


def _named(sender: str, rules: Iterable[str]) -> bool:
    """Whether an address is named: itself, or its domain (``@acme.example`` or ``acme.example``)."""
    address = sender.strip().lower()
    domain = address.rpartition("@")[2]
    return bool(address) and any(rule in (address, domain, f"@{domain}") for rule in rules)
