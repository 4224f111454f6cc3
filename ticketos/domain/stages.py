"""What every stage says in the same words: entering, progress that never falls, who owns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from ticketos.domain.changes import SetTicket
from ticketos.domain.errors import DomainError
from ticketos.domain.matching import Need, match
from ticketos.domain.skills import Agent
from ticketos.domain.state import OPEN_STATES, PROGRESS, TicketState

DESKS = {
    "intake": "client",
    "triage": "ai_triage",
    "contract": "service_desk",
    "assignment": "resource_management",
    "delivery": "delivery",
    "quality": "qa",
    "rework": "delivery",
    "approval": "client_reviewer",
    "billing": "finance",
    "closure": "client_success",
}
"""The owning desk of each stage (MF16)."""

Going = Callable[[str, Mapping[str, Any]], bool]

GOES_ON: Mapping[str, Going] = {
    "intake.enter": lambda outcome, facts: True,
    "triage.enter": lambda outcome, facts: outcome != "ask",
    "contract.enter": lambda outcome, facts: outcome == "covered",
    "assignment.enter": lambda outcome, facts: True,
    "data_entry.post": lambda outcome, facts: not facts["remaining"] and not facts.get("people"),
    "delivery.finish": lambda outcome, facts: True,
    "quality.inspect": lambda outcome, facts: outcome != "inspect",
    "quality.conclude": lambda outcome, facts: outcome == "passed",
    "billing.record": lambda outcome, facts: True,
}
"""After which outcome of a step, with the facts of its verdict, the ticket goes on without a person's or the client's
word. Workflows branch on it: whoever changes one changes what stored histories replay to."""


def enter(
    ticket: TicketState, stage: str, next_action: str, next_at: datetime | None = None, **values: Any
) -> SetTicket:
    """Move to a stage. Progress never falls, so rework and returns keep what was reached (MF18)."""
    timed = {} if next_at is None else {"next_at": next_at}
    return SetTicket(
        {
            "stage": stage,
            "progress": max(ticket.progress, PROGRESS[stage]),
            "desk": DESKS[stage],
            "next_action": next_action,
            **timed,
            **values,
        }
    )


def require_open(ticket: TicketState) -> None:
    """Refuse work on a ticket that has ended or is held."""
    if ticket.state == "cancelled":
        raise DomainError("ticket-cancelled", number=ticket.number)
    if ticket.state not in OPEN_STATES:
        raise DomainError("ticket-closed", number=ticket.number)
    if ticket.state == "paused":
        raise DomainError("ticket-paused", number=ticket.number)


def best_agent(
    agents: Iterable[Agent],
    skill: str,
    ticket: TicketState,
    today: date,
    *,
    exclude: Iterable[str] = (),
    expert: bool = False,
) -> str | None:
    """The person who gets a task by itself, or None: it then waits in the queue of its skill. ``today`` is the client's
    day: a certificate counts to the end of its last one."""
    need = Need(skill=skill, client_id=str(ticket.client_id), expert=expert, exclude=frozenset(exclude))
    return match(tuple(agents), need, today).agent_id


def same_or_best(
    agents: Iterable[Agent], before: str | None, skill: str, ticket: TicketState, today: date
) -> str | None:
    """Whoever did the work ``before`` gets it again, while they may have such a task at all; else the best match."""
    people = tuple(agents)
    same = [one for one in people if one.id == before]
    return best_agent(same, skill, ticket, today) or best_agent(people, skill, ticket, today)
