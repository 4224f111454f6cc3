"""The three flags of a request, each by itself: *resolved*, *contained* and *first-contact* (KP2).

**Resolved**: closed, and not cancelled. **Contained**: resolved, and nobody of the house touched it before: no person
finished a task of its work, finished a document or replied. The check of the sample and the client's sign-off are no
touch, as in KP9. **First-contact**: resolved with the customer's first message alone. They wrote nothing more (automatic
answers aside) and were asked nothing; they sent nothing back; the work was not passed on, went to no expert and climbed
no ladder; the request was not opened again; and nobody came back on the same matter, in whatever channel, until
``WINDOW`` after it was closed. So it is known only then, and not asked before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketos.domain.intake import bare_subject
from ticketos.domain.terms import ClosureTerms

WINDOW = timedelta(days=ClosureTerms().reopen_days)
"""How long a next contact on the same matter is a repeat: as long as a request may be opened again by default (CP13). One
span for every contract, so that figures of several compare."""
UNSAID_TYPE = "general"
"""What triage calls a request whose kind it cannot tell."""
NO_TOUCH = ("qa_review", "signer", "password")
"""Kinds of tasks by which nobody of the house changes or decides content: the sample, who signs off, the client's own."""


@dataclass(frozen=True)
class Contact:
    """What the flags need to know of a request. ``wrote``: when the customer wrote again, automatic answers aside;
    ``came_again``: when the same person came next on the same matter; ``touched``: a person of the house had to do with it."""

    state: str
    received_at: datetime
    closed_at: datetime | None
    life: int = 1
    wrote: tuple[datetime, ...] = ()
    asked: bool = False
    passed_on: bool = False
    escalated: bool = False
    returned: bool = False
    came_again: datetime | None = None
    touched: bool = False


def resolved(one: Contact) -> bool:
    """Closed by being done."""
    return one.state == "closed" and one.closed_at is not None


def contained(one: Contact) -> bool:
    """Resolved without a person of the house."""
    return resolved(one) and not one.touched


def known(one: Contact, now: datetime) -> bool:
    """Whether it is settled that nobody came back in time."""
    return resolved(one) and one.closed_at is not None and one.closed_at + WINDOW <= now


def first_contact(one: Contact, now: datetime) -> bool:
    """Resolved in the first contact; False as long as that is not known."""
    if one.closed_at is None or not known(one, now):
        return False
    closed = one.closed_at
    again = any(one.received_at < at <= closed for at in one.wrote)
    back = one.came_again is not None and one.came_again <= closed + WINDOW
    handed_on = one.passed_on or one.escalated
    return one.life == 1 and not (again or one.asked or handed_on or one.returned or back)


def matter(line: str | None, ticket_type: str | None, subject: str) -> tuple[str, str, str]:
    """What a request is about, as far as it can be told: the line and the kind triage found, and where that is unsaid
    the subject without its answer marks."""
    if ticket_type and ticket_type != UNSAID_TYPE:
        return line or "", ticket_type, ""
    return line or "", "", bare_subject(subject)
