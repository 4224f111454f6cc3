"""Double-entry journals: every journal sums to zero per currency, and is reversed instead of edited.

Debits are positive, credits negative, so "balanced" is "sums to zero" and a trial balance is one addition.
Checks return errors as values that name the journal and the offender.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money


@dataclass(frozen=True)
class Posting:
    """One side of an entry: debit positive, credit negative. Dimensions are tags (client, line, ticket)."""

    account: str
    money: Money
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Journal:
    """An entry in one `book` (one per client, one for the provider); `reverses` names the entry it undoes."""

    id: str
    book: str
    date: date
    memo: str
    postings: tuple[Posting, ...]
    reverses: str | None = None


@dataclass(frozen=True)
class LedgerError:
    """Why a journal cannot be posted: a kebab-case code, the journal, and facts for the message."""

    code: str
    journal_id: str
    params: Mapping[str, object] = field(default_factory=dict)


def validate(journal: Journal) -> tuple[LedgerError, ...]:
    """Every fault of a journal; empty means it may be posted."""
    errors: list[LedgerError] = []

    def report(code: str, **params: object) -> None:
        errors.append(LedgerError(code, journal.id, params))

    if not journal.book.strip():
        report("book-missing")
    if not journal.postings:
        report("journal-empty")
    if journal.reverses == journal.id:
        report("reverses-itself")
    for index, posting in enumerate(journal.postings):
        if not posting.account.strip():
            report("account-missing", posting=index)
        if posting.money.is_zero:
            report("posting-zero", posting=index, account=posting.account)
        elif not posting.money.in_minor_units:
            report("posting-below-minor-unit", posting=index, amount=str(posting.money))
    for total in _sum_by_currency(posting.money for posting in journal.postings).values():
        if not total.is_zero:
            report("journal-unbalanced", currency=total.currency, difference=str(total.amount))
    return tuple(errors)


def reverse(journal: Journal, id: str, date: date) -> Journal:  # noqa: A002 - as the field is called
    """The journal that undoes `journal` on another date: same book and accounts, signs turned."""
    if id == journal.id:
        raise DomainError("journal-id-taken", journal=id)
    postings = tuple(Posting(item.account, -item.money, item.dimensions) for item in journal.postings)
    return Journal(id, journal.book, date, journal.memo, postings, reverses=journal.id)


def trial_balance(journals: Iterable[Journal]) -> dict[tuple[str, str], Money]:
    """Balance per (account, currency), in order. Pass the journals of one book; others would blend in."""
    totals: dict[tuple[str, str], Money] = {}
    for journal in journals:
        for posting in journal.postings:
            key = (posting.account, posting.money.currency)
            totals[key] = totals.get(key, Money.zero(posting.money.currency)) + posting.money
    return dict(sorted(totals.items()))


def is_zero(trial: Mapping[tuple[str, str], Money]) -> bool:
    """True when debits equal credits in every currency of a trial balance."""
    return all(total.is_zero for total in _sum_by_currency(trial.values()).values())


def _sum_by_currency(items: Iterable[Money]) -> dict[str, Money]:
    totals: dict[str, Money] = {}
    for money in items:
        totals[money.currency] = totals.get(money.currency, Money.zero(money.currency)) + money
    return totals
