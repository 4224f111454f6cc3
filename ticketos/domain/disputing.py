"""PB12, MO9: a client disputes a line of an issued invoice, or one unit of it; finance accepts, by a credit note, or
refuses.

What is disputed is frozen while finance owes an answer: the rest of the invoice stays payable. The answer is due in
business days of the contract, and a day on which none came is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ticketos.domain import crediting
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.crediting import Billed, BilledLine
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceHead, check_creditable
from ticketos.domain.money import Money
from ticketos.domain.terms import DisputeTerms

OPEN, ACCEPTED, REFUSED, WITHDRAWN = "open", "accepted", "refused", "withdrawn"
STATES = (OPEN, ACCEPTED, REFUSED, WITHDRAWN)
DESK = "finance"
"""Who answers."""


@dataclass(frozen=True)
class Standing:
    """A dispute as there is one: a line, or one unit of it."""

    line_id: UUID
    usage_id: UUID | None = None


@dataclass(frozen=True)
class Raised:
    """What a new dispute says: its worth without and with tax (both > 0), and until when an answer is owed."""

    net: Money
    total: Money
    due_at: datetime


def last_day(issued_on: date, terms: DisputeTerms) -> date:
    """The last day on which something of the invoice may be disputed."""
    return issued_on + timedelta(days=terms.within_days)


def open_until(head: InvoiceHead, issued_on: date | None, terms: DisputeTerms, today: date) -> date | None:
    """The last day for disputes, where one may still be raised; else None."""
    if head.kind != "invoice" or head.state != "issued" or issued_on is None or not terms.within_days:
        return None
    until = last_day(issued_on, terms)
    return until if today <= until else None


def check_invoice(
    head: InvoiceHead, issued_on: date | None, terms: DisputeTerms, reason: str, today: date
) -> None:
    """Whether anything of an invoice may be disputed on the client's day ``today``.

    Raises ``reason-missing``, ``invoice-…`` for what was never issued, ``dispute-not-agreed``, ``dispute-too-late``.
    """
    if not reason.strip():
        raise DomainError("reason-missing")
    check_creditable(head)
    if not terms.within_days or issued_on is None:
        raise DomainError("dispute-not-agreed")
    if today > last_day(issued_on, terms):
        raise DomainError(
            "dispute-too-late", days=terms.within_days, until=last_day(issued_on, terms).isoformat()
        )


def raise_(
    billed: Billed,
    about: Standing,
    standing: Collection[Standing],
    terms: DisputeTerms,
    calendar: WorkCalendar,
    now: datetime,
) -> Raised:
    """Dispute a line or a unit of an invoice that ``check_invoice`` lets. ``standing`` are its open disputes.

    Raises ``dispute-standing``, ``usage-not-on-invoice``, ``usage-already-credited``, ``dispute-nothing-charged``.
    """
    line = line_of(billed, about.line_id)
    if any(_overlap(about, one) for one in standing):
        raise DomainError("dispute-standing")
    net, total = _worth(billed, line, about.usage_id)
    if net.amount <= 0:
        raise DomainError("dispute-nothing-charged")
    return Raised(net, total, calendar.add_business_days(now, terms.answer_days))


def line_of(billed: Billed, line_id: UUID) -> BilledLine:
    """A line of this invoice. Raises ``not-found``."""
    found = next((one for one in billed.lines if one.id == line_id), None)
    if found is None:
        raise DomainError("not-found", what="invoice line")
    return found


def _overlap(one: Standing, other: Standing) -> bool:
    """Whether both are about the same: a line holds its units."""
    if one.line_id != other.line_id:
        return False
    return one.usage_id is None or other.usage_id is None or one.usage_id == other.usage_id


def _worth(billed: Billed, line: BilledLine, usage_id: UUID | None) -> tuple[Money, Money]:
    """What the line, or the unit as a credit note would take it back, still comes to."""
    if usage_id is not None:
        if usage_id not in line.line.usage:
            raise DomainError("usage-not-on-invoice", usage=[str(usage_id)])
        try:
            draft = crediting.credit(billed, (usage_id,))
        except DomainError as error:
            if error.code == "credit-nothing-charged":
                raise DomainError("dispute-nothing-charged") from error
            raise
        return -draft.net, -draft.total
    net = line.line.amount - line.taken
    return net, net + crediting.tax_of_part(billed, net)


def check_open(state: str) -> None:
    """Answered or withdrawn once. Raises ``dispute-answered``."""
    if state != OPEN:
        raise DomainError("dispute-answered", state=state)


def check_answer(state: str, answer: str) -> None:
    """An answer has words. Raises ``dispute-answered`` and ``reason-missing``."""
    check_open(state)
    if not answer.strip():
        raise DomainError("reason-missing")


def to_credit(
    billed: Billed, about: Standing, chosen: Sequence[UUID] | None
) -> tuple[bool, tuple[UUID, ...] | None]:
    """What an acceptance credits: whether there is a credit note at all, and its units (None: all that is left of the
    invoice). ``chosen`` are the units finance grants of a disputed line; None: all of them.

    What earlier notes took is not taken twice; where they took everything, the dispute is settled by them. A line that
    is all there is left is credited whole, its base fee included; beside others a base fee has no units to credit.
    Raises ``dispute-units-others``, ``dispute-line-whole``.
    """
    line = line_of(billed, about.line_id)
    own = (about.usage_id,) if about.usage_id is not None else line.line.usage
    if chosen is not None and (strange := sorted(str(one) for one in set(chosen) - set(own))):
        raise DomainError("dispute-units-others", usage=strange[:20])
    left = [one for one in billed.lines if one.line.amount - one.taken != Money.zero(billed.terms.currency)]
    if about.usage_id is None and chosen is None and [one.id for one in left] == [line.id]:
        return True, None
    units = tuple(one for one in (own if chosen is None else chosen) if one not in billed.credited)
    if not units:
        if not own and any(one.id == line.id for one in left):
            raise DomainError("dispute-line-whole")
        return False, None
    try:
        crediting.credit(billed, units)
    except DomainError as error:
        if error.code == "credit-nothing-charged":
            raise DomainError("dispute-line-whole") from error
        raise
    return True, units
