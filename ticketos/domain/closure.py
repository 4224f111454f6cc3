"""MF10: ask how it was, close. Closure never waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ticketos.domain import stages
from ticketos.domain.billing import KEY as BILLING
from ticketos.domain.changes import AskSurvey, Change, Emit, SendMail, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, ContractState, TicketState

HOLDS = frozenset({"processing", "qc", "defect", "review"})
"""Kinds of children that hold a parent open while they are not done (MF13); billing follows the money."""


def recipient(ticket: TicketState, client: ClientState, contact: bool) -> str:
    """Who is asked how it was: the requester for contact work, else the client's user; each where the other is missing."""
    requester = "" if contact and ticket.detail.get("suppress_reply") else ticket.requester_email
    wanted, other = requester, client.approver_email or ""
    return (wanted or other) if contact else (other or wanted)


def close(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    children: Mapping[str, TicketState],
    last_asked: datetime | None,
    now: datetime,
    new_id: NewId,
    contact: bool = False,
) -> Verdict:
    """Close the ticket. Refused while a child holds its work. ``contact`` work ends with a mail to the requester,
    by which they can come back. Nobody is asked how it was where nothing was delivered."""
    held = sorted(t.number for t in children.values() if t.kind in HOLDS and t.closed_at is None)
    if held:
        raise DomainError("children-open", children=held)
    changes: list[Change] = []
    who = recipient(ticket, client, contact)
    machine = bool(ticket.detail.get("suppress_reply"))
    back = contact and bool(who) and who == ticket.requester_email and not machine
    values = {"ticket": str(ticket.id), **({"contact": True} if back else {})}
    terms = contract.terms.survey if contract else None
    quiet = (
        terms is not None and last_asked is not None and now - last_asked < timedelta(days=terms.quiet_days)
    )
    billed = children.get(BILLING)
    nothing = billed is not None and billed.detail.get("units") == 0
    if who and terms and terms.ask and not quiet and not nothing:
        changes += [
            AskSurvey(new_id(), who, now),
            SendMail(new_id(), f"{ticket.id}:{ticket.life}:survey", "survey", who, values),
            Emit("survey.asked", personal={"recipient": who}, subject=who),
        ]
    elif back:
        changes.append(SendMail(new_id(), f"{ticket.id}:{ticket.life}:closed", "closed", who, values))
    changes += [
        stages.enter(ticket, "closure", "", state="closed", closed_at=now),
        Emit("ticket.closed", after={"life": ticket.life, "rounds": ticket.round}),
    ]
    return Verdict("closed", tuple(changes))
