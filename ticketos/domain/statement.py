"""MO9: a client's statement of account over some days: what was open, what was invoiced and credited, what is open now and
how long it is due.

Amounts are what the client owes, taxes included; a credit note's are negative. Each currency is an account of its own. The
parts of the ageing add up to the closing balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from ticketos.domain.errors import DomainError

NOT_DUE, DISPUTED, OLDER = "not_due", "disputed", "over_90"
BUCKETS: tuple[tuple[str, int], ...] = (("days_30", 30), ("days_60", 60), ("days_90", 90))
"""Parts of the ageing by their last day after the due day."""
AGES = (NOT_DUE, *(name for name, _ in BUCKETS), OLDER, DISPUTED)
LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class Paper:
    """An issued invoice or credit note (``of``: the invoice it credits). ``disputed`` is what of it is in dispute on the
    statement's last day (≥ 0)."""

    id: UUID
    kind: str
    number: str
    on: date
    due_on: date | None
    amount: Decimal
    currency: str
    of: UUID | None = None
    disputed: Decimal = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """A paper of these days, and what was open after it."""

    paper: Paper
    balance: Decimal


@dataclass(frozen=True)
class Account:
    """The statement in one currency. ``payable`` is the closing balance without what is in dispute."""

    currency: str
    opening: Decimal
    invoiced: Decimal
    credited: Decimal
    closing: Decimal
    payable: Decimal
    ageing: dict[str, Decimal]
    entries: tuple[Entry, ...]


def statement(papers: Iterable[Paper], since: date, until: date) -> tuple[Account, ...]:
    """One account per currency, by its code; papers after ``until`` are left out. Raises ``days-crossed`` and
    ``span-too-long``."""
    if since > until:
        raise DomainError("days-crossed", since=since.isoformat(), until=until.isoformat())
    if until - since > LONGEST:
        raise DomainError("span-too-long", days=LONGEST.days)
    known = sorted((one for one in papers if one.on <= until), key=lambda one: (one.on, one.number))
    currencies = sorted({one.currency for one in known})
    return tuple(
        _account(code, [one for one in known if one.currency == code], since, until) for code in currencies
    )


def _account(currency: str, papers: Sequence[Paper], since: date, until: date) -> Account:
    opening = _sum(one.amount for one in papers if one.on < since)
    entries, balance = [], opening
    for one in papers:
        if one.on >= since:
            balance += one.amount
            entries.append(Entry(one, balance))
    ageing = _ageing(papers, until)
    return Account(
        currency,
        opening,
        _sum(one.paper.amount for one in entries if one.paper.kind == "invoice"),
        _sum(one.paper.amount for one in entries if one.paper.kind != "invoice"),
        balance,
        balance - ageing[DISPUTED],
        ageing,
        tuple(entries),
    )


def _ageing(papers: Sequence[Paper], at: date) -> dict[str, Decimal]:
    """What is open of each invoice after its credit notes, by the days since it was due."""
    open_ = {one.id: one.amount for one in papers if one.kind == "invoice"}
    for one in papers:
        if one.of in open_:
            open_[one.of] += one.amount
    found = dict.fromkeys(AGES, Decimal(0))
    for one in papers:
        if one.kind != "invoice":
            continue
        left = open_[one.id]
        disputed = min(one.disputed, max(left, Decimal(0)))
        found[DISPUTED] += disputed
        found[_age(one.due_on, at)] += left - disputed
    return found


def _age(due_on: date | None, at: date) -> str:
    late = (at - due_on).days if due_on else 0
    if late <= 0:
        return NOT_DUE
    return next((name for name, most in BUCKETS if late <= most), OLDER)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
