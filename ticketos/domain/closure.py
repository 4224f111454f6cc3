"""MF10: ask how it was, recommend renewal in time, close. Closure never waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ticketos.domain import stages
from ticketos.domain.changes import AskSurvey, Change, Emit, Notify, SendMail, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, ContractState, TicketState

HOLDS = frozenset({"processing", "qc", "defect", "review"})
"""Kinds of children that hold a parent open while they are not done (MF13); billing follows the money."""
RENEWAL_DAYS = 60


def close(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    children: Mapping[str, TicketState],
    last_asked: datetime | None,
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """Close the ticket. Refused while a child holds its work."""
    held = sorted(t.number for t in children.values() if t.kind in HOLDS and t.closed_at is None)
    if held:
        raise DomainError("children-open", children=held)
    changes: list[Change] = []
    who = client.approver_email or ticket.requester_email
    terms = contract.terms.survey if contract else None
    quiet = (
        terms is not None and last_asked is not None and now - last_asked < timedelta(days=terms.quiet_days)
    )
    if who and terms and terms.ask and not quiet:
        changes += [
            AskSurvey(new_id(), who, now),
            SendMail(
                new_id(), f"{ticket.id}:{ticket.life}:survey", "survey", who, {"ticket": str(ticket.id)}
            ),
            Emit("survey.asked", personal={"recipient": who}, subject=who),
        ]
    if contract and contract.ends_on and contract.ends_on - timedelta(days=RENEWAL_DAYS) <= now.date():
        changes.append(
            Notify(
                new_id(),
                f"renewal:{contract.id}:{contract.ends_on}",
                "renewal",
                "success",
                now,
                None,
                {
                    "contract": contract.number,
                    "ends_on": contract.ends_on.isoformat(),
                    "recommendation": "Offer renewal: the contract ends soon and work is still coming in.",
                },
            )
        )
    changes += [
        stages.enter(ticket, "closure", "", state="closed", closed_at=now),
        Emit("ticket.closed", after={"life": ticket.life, "rounds": ticket.round}),
    ]
    return Verdict("closed", tuple(changes))
