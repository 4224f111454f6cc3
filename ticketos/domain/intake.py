"""Intake (MF1): what a message from outside becomes, and the number a new request gets.

A message is one of four things: the very message we already have, an answer to a ticket we know, a new
request, or noise that only the trail should remember. Nothing here reads a database: the caller says what
is known of the message, this file says what follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Intake
from ticketos.domain.state import OPEN_STATES

NUMBER_DIGITS = 6
_FISCAL_MONTH = 4
_REPLY_MARK = re.compile(
    r"^\s*(?:(?:re|aw|wg|fw|fwd|antw|sv|vs|odp|r|rif|res|tr|i)(?:\[\d+\])?\s*:|\[[^\]]*\])\s*", re.IGNORECASE
)

# Echoes of our own mail say nothing about the request: they wake nobody, and a ticket made of one would
# answer itself.
_ECHOES = frozenset({"out-of-office", "bounce-permanent", "bounce-temporary", "loop"})


@dataclass(frozen=True)
class ThreadTicket:
    """A ticket a message may belong to."""

    id: UUID
    state: str
    subject: str

    @property
    def open(self) -> bool:
        """Whether somebody still works on it."""
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class Known:
    """What the database knows of a message: the ticket that holds the same message, the ticket a signed reply
    address names, and the ticket of a mail it refers to."""

    same_message: UUID | None = None
    signed: ThreadTicket | None = None
    referenced: ThreadTicket | None = None


@dataclass(frozen=True)
class Route:
    """What becomes of a message. ``wakes`` tells a paused ticket to go on; ``lost`` says that a mail of ours did not
    arrive; ``follow_up_of`` is a finished ticket that a new request continues; ``code`` says why a message was
    refused."""

    kind: Literal["new", "duplicate", "reply", "refused"]
    ticket_id: UUID | None = None
    wakes: bool = False
    lost: bool = False
    follow_up_of: UUID | None = None
    code: str | None = None


def route(intake: Intake, known: Known) -> Route:
    """Decide. The same message twice is one ticket; an answer to a finished ticket is a new request that is
    linked to it, so that it has an owner and a clock; an echo of our own mail never becomes a request."""
    if known.same_message is not None:
        return Route("duplicate", known.same_message)
    thread = _thread(intake, known)
    echo = intake.suppress_reply in _ECHOES
    if thread is not None and (thread.open or echo):
        lost = thread.open and intake.suppress_reply == "bounce-permanent"
        return Route("reply", thread.id, wakes=not echo, lost=lost)
    if echo:
        return Route("refused", code=f"intake-{intake.suppress_reply}")
    return Route("new", follow_up_of=None if thread is None else thread.id)


def _thread(intake: Intake, known: Known) -> ThreadTicket | None:
    """The ticket an answer belongs to. A signed address proves it; a reference alone does not, because people
    answer an old mail to start a new matter, so its subject must agree."""
    if known.signed is not None:
        return known.signed
    if known.referenced is not None and same_subject(intake.subject, known.referenced.subject):
        return known.referenced
    return None


def same_subject(one: str, other: str) -> bool:
    """Whether two subjects agree once answer marks (``Re:``, ``Fwd:``, ``[ACME-26-000123]``) are taken
    off."""
    return bare_subject(one) == bare_subject(other)


def bare_subject(subject: str) -> str:
    """The subject without answer marks, in one case and with single spaces."""
    text = subject
    while (shorter := _REPLY_MARK.sub("", text, count=1)) != text:
        text = shorter
    return " ".join(text.split()).casefold()


def fiscal_year(day: date) -> str:
    """Two digits of the year in which the fiscal year (1 April to 31 March) began: 2027-03-31 gives
    ``26``."""
    start = day.year if day.month >= _FISCAL_MONTH else day.year - 1
    return f"{start % 100:02d}"


def ticket_number(prefix: str, year: str, count: int) -> str:
    """``ACME-26-000123``; gaps are allowed, a number is never used twice."""
    if count < 1:
        raise DomainError("ticket-number-invalid", count=count)
    return f"{number_stem(prefix, year)}{count:0{NUMBER_DIGITS}d}"


def number_stem(prefix: str, year: str) -> str:
    """What all of a client's numbers of a year begin with: ``ACME-26-``; at least ``NUMBER_DIGITS`` digits
    of the count follow."""
    return f"{prefix}-{year}-"
