"""OP3 the month-end of a client's book: what must hold before a month is soft-closed, and what stands in the way.

Every document received in the month is posted, rejected, quarantined or listed as open; every day is reconciled; the
trial balance is zero in each currency; what the documents say is owed is what the payable account holds; no earlier
month since the service began is open, for whatever reason: it would be shut with this one,
unchecked. Open documents stand in the way too, unless finance closes with them as listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain.book_months import OPEN, Months, days_of, first_day, last_day, month_of, state_of
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

KIND = "month_end"
LISTED = 500
"""Open documents and differences named in a report; beyond that they are counted."""
MOST = 12
"""Months of one tick, the oldest first: those after them would be kept open by them anyway."""


@dataclass(frozen=True)
class OpenDocument:
    """A document of the month that is neither posted nor rejected nor put aside."""

    id: UUID
    ticket_id: UUID
    number: str
    filename: str
    state: str
    desk: str

    def to_json(self) -> dict[str, str]:
        """As it is stored."""
        return {
            "document_id": str(self.id),
            "ticket_id": str(self.ticket_id),
            "ticket": self.number,
            "filename": self.filename,
            "state": self.state,
            "desk": self.desk,
        }


@dataclass(frozen=True)
class Apart:
    """A posted document that says something else is owed than its entry."""

    id: UUID
    ticket_id: UUID
    number: str
    filename: str
    currency: str
    booked: Decimal
    own: str
    total: Decimal
    """In the currency ``own``."""

    def to_json(self) -> dict[str, str]:
        """As it is stored."""
        return {
            "document_id": str(self.id),
            "ticket_id": str(self.ticket_id),
            "ticket": self.number,
            "filename": self.filename,
            "booked": f"{self.currency} {self.booked:f}",
            "said": f"{self.own} {self.total:f}",
        }


@dataclass(frozen=True)
class Facts:
    """A month as its check needs it. ``balances``: the sum of all postings up to its last day, by currency. ``control``
    and ``subledger``: what is owed by the payable account and by the documents, by currency."""

    period: str
    counts: Mapping[str, int]
    open: Sequence[OpenDocument]
    """The first ``LISTED`` of them; ``counts`` has their number."""
    days: Sequence[date]
    """Days with a reconciliation made after they had ended."""
    differences: Sequence[Mapping[str, Any]]
    balances: Mapping[str, Decimal]
    control: Mapping[str, Decimal]
    subledger: Mapping[str, Decimal]
    months: Months = field(default_factory=dict)
    began: str | None = None
    """The month in which the service began."""
    apart: Sequence[Apart] = ()
    """The first ``LISTED`` documents whose word and entry differ."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold: its stable name, whether it does, and facts in words for the report."""

    name: str
    ok: bool
    detail: str = ""
    waived: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "waived": self.waived}


class MonthEnds(Protocol):
    """What the scheduled run asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Months that have ended at that instant in the client's zone and are not shut yet, oldest first."""
        ...

    def run(self, client_id: UUID, period: str, actor: Actor, with_open: str = "") -> Mapping[str, Any]:
        """Check the month, keep the report, soft-close when nothing stands in the way. ``with_open`` is the reason for
        which finance closes with open documents as listed. A month that is shut is left alone: ``outcome`` says so."""
        ...


def judge(facts: Facts, with_open: str = "") -> tuple[Check, ...]:
    """Every check of a month, in the order of the report."""
    every = days_of(facts.period)
    missing = sorted({*every} - set(facts.days))
    counted = sum(facts.counts.get(n, 0) for n in ("posted", "rejected", "quarantined", "open"))
    received = facts.counts.get("received", 0)
    earlier = [m for m in unshut(facts.began, facts.period, facts.months) if m != facts.period]
    unbalanced = {c: a for c, a in sorted(facts.balances.items()) if a != 0}
    return (
        Check("documents", counted == received, f"{received} received, {counted} accounted for"),
        Check("open", not facts.open or bool(with_open), _open(facts), bool(facts.open and with_open)),
        Check("days", not missing, _days(missing, len(every))),
        Check("differences", not facts.differences, f"{len(facts.differences)} differences"),
        Check("trial_balance", not unbalanced, _sums(unbalanced) or "zero in every currency"),
        _subledger(facts),
        Check("earlier_months", not earlier, ", ".join(earlier) or "none is open"),
    )


def clean(checks: Sequence[Check]) -> bool:
    """Nothing stands in the way."""
    return all(check.ok for check in checks)


def last_over(at: datetime, zone: str) -> str:
    """The month that ended last at an instant, where the client is. Raises ``instant-naive``."""
    if at.tzinfo is None:
        raise DomainError("instant-naive")
    return month_of(at.astimezone(ZoneInfo(zone)).date().replace(day=1) - timedelta(days=1))


def unshut(began: str | None, until: str, months: Months) -> tuple[str, ...]:
    """The months that are open, the oldest first, from that in which the service began to ``until``; earlier ones only
    where somebody opened them."""
    found = {one for one in months if one <= until}
    day = first_day(began) if began is not None else None
    while day is not None and (one := month_of(day)) <= until:
        found.add(one)
        day = last_day(one) + timedelta(days=1)
    return tuple(one for one in sorted(found) if state_of(one, months) == OPEN)


def due_months(at: datetime, zone: str, months: Months, began: str | None) -> tuple[str, ...]:
    """What a tick runs: every month that is over and not shut, also one whose run never came to be, ``MOST`` at a
    time."""
    return unshut(began, last_over(at, zone), months)[:MOST]


def _subledger(facts: Facts) -> Check:
    zero = Decimal(0)
    apart = [
        f"{c}: account {facts.control.get(c, zero):f}, documents {facts.subledger.get(c, zero):f}"
        for c in sorted({*facts.control, *facts.subledger})
        if facts.control.get(c, zero) != facts.subledger.get(c, zero)
    ]
    named = [f"{one.number} {one.filename}" for one in facts.apart[:5]]
    apart += [", ".join(named) + (" …" if len(facts.apart) > 5 else "")] if apart and named else []
    owed = _sums({c: a for c, a in sorted(facts.control.items()) if a != 0})
    return Check("subledger", not apart, "; ".join(apart) or owed or "nothing owed")


def _open(facts: Facts) -> str:
    if not facts.open:
        return "none"
    tickets, count = sorted({one.number for one in facts.open}), facts.counts.get("open", len(facts.open))
    return f"{count} documents of {', '.join(tickets[:5])}" + (" and others" if len(tickets) > 5 else "")


def _days(missing: Sequence[date], count: int) -> str:
    if not missing:
        return f"{count} days reconciled"
    named = ", ".join(day.isoformat() for day in missing[:5])
    return f"{len(missing)} days not reconciled: {named}" + (" …" if len(missing) > 5 else "")


def _sums(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{currency} {amount:f}" for currency, amount in sums.items())
