"""Reopening a finished request: who may, how long, and what the ticket looks like afterwards (MF13, CP13).

A reopened ticket is a new life of the same ticket: the same number, a new run of its workflow.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ticketos.domain.changes import Emit, SetTicket, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.stages import DESKS
from ticketos.domain.state import PROGRESS, Actor, TicketState
from ticketos.domain.terms import ClosureTerms

UNSAID = ClosureTerms()
"""What holds where no contract says otherwise."""

ROLES = frozenset({"desk", "ops", "client_user", "client_admin"})
"""Who may reopen."""

_FINISHED = ("closed",)
"""A cancelled request had its work withdrawn and its postings reversed: asking again is a new request."""

AT, WHY = "reopened_at", "reopened_why"
"""Where a ticket's detail keeps when its latest life began, and the words with which somebody asked for it."""


def promised_from(ticket: TicketState) -> datetime:
    """From when the promises of this life run: from receipt, or from when the ticket was opened again."""
    began = (
        ticket.detail.get(AT) if ticket.life > 1 else None
    )  # opened again before that was kept: from receipt
    return datetime.fromisoformat(began) if began else ticket.received_at


def decide(
    ticket: TicketState, actor: Actor, reason: str, now: datetime, terms: ClosureTerms = UNSAID
) -> Verdict:
    """Open the ticket again as its next life, within the contract's days after its closure (``closure.reopen_days``; 0:
    never); later it is a new request. Raises ``DomainError``: ``reason-missing``, ``role-not-allowed``,
    ``ticket-not-request``, ``ticket-not-finished`` or ``reopen-window-over``."""
    if not reason.strip():
        raise DomainError("reason-missing", act="reopen")
    if not actor.roles & ROLES:
        raise DomainError("role-not-allowed", act="reopen", allowed=sorted(ROLES))
    if ticket.kind != "request":
        raise DomainError("ticket-not-request", number=ticket.number)
    if ticket.state not in _FINISHED or ticket.closed_at is None:
        raise DomainError("ticket-not-finished", number=ticket.number, state=ticket.state)
    days = terms.reopen_days
    if not days or now > ticket.closed_at + timedelta(days=days):
        raise DomainError("reopen-window-over", number=ticket.number, days=days)
    life = ticket.life + 1
    kept = {
        name: value for name, value in ticket.detail.items() if name != "granted_round"
    }  # of a round that is over
    after = {
        "life": life,
        "stage": "intake",
        "state": "open",
        "progress": PROGRESS["intake"],
        "round": 0,
        "reason": None,
        "closed_at": None,
        "started_at": None,
        "next_action": "Start the work again",
        "next_at": now,
        "desk": DESKS["intake"],
        "sla_state": "on_track",
        "detail": {**kept, AT: now.isoformat(), WHY: reason.strip()},
    }
    return Verdict(
        "reopened",
        (
            SetTicket(after),
            Emit(
                "ticket.reopened",
                before={"state": ticket.state, "life": ticket.life},
                after={"state": "open", "life": life},
                why=reason.strip(),
            ),
        ),
        next_at=now,
        facts={"life": life},
    )
