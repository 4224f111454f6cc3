"""The books: entries posted into one, its trial balance, its journals.

Statements here take any book the transaction may see. A ticket's own entries are written by its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.repositories.ledger_erp import LedgerErp
from ticketos.db.session import driver
from ticketos.domain.changes import PostJournal
from ticketos.domain.erp import Posted, Refused
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId

_BALANCE = """select p.account, coalesce(a.name, '') as name, coalesce(a.kind, '') as kind, p.currency,
    sum(p.amount) filter (where p.amount > 0) as debit, -sum(p.amount) filter (where p.amount < 0) as credit,
    sum(p.amount) as balance
  from posting p join journal j on j.client_id = p.client_id and j.id = p.journal_id
  left join ledger_account a on a.client_id = p.client_id and a.code = p.account
  where p.client_id = %s and j.booked_on <= coalesce(%s, 'infinity'::date)
  group by p.account, a.name, a.kind, p.currency order by p.account, p.currency"""
_JOURNALS = """select j.id, j.number, j.booked_on, j.memo, j.source, j.source_id, j.reverses, j.document_on,
    j.created_at,
    (select jsonb_agg(jsonb_build_object('account', p.account, 'amount', p.amount::text, 'currency',
    p.currency,
       'dimensions', p.dimensions) order by p.id) from posting p
     where p.client_id = j.client_id and p.journal_id = j.id) as postings
  from journal j where j.client_id = %s and (%s::uuid is null or j.id < %s) and (%s::uuid is null or
  j.source_id = %s)
  order by j.id desc limit %s"""


@dataclass(frozen=True)
class Balance:
    """One account of a trial balance: debits and credits as positive sums, ``balance`` = debit − credit."""

    account: str
    name: str
    kind: str
    currency: str
    debit: Decimal
    credit: Decimal
    balance: Decimal


def ensure_chart(connection: Connection, book: UUID, chart: Sequence[tuple[str, str, str]]) -> None:
    """Make sure the book knows these accounts; names a person changed stay as they are."""
    with driver(connection).cursor() as cursor:
        cursor.executemany(
            "insert into ledger_account (client_id, code, name, kind) values (%s, %s, %s, %s) on conflict do"
            " nothing",
            [(book, *account) for account in chart],
        )


def post(
    connection: Connection, book: UUID, journals: Sequence[PostJournal], new_id: NewId
) -> tuple[tuple[UUID, str], ...]:
    """Number and write entries of a book; (id, number) of those that were new. A key posted before is left
    alone.

    Raises what the ledger refuses: ``amount-too-fine``, ``journal-unbalanced`` (the database refuses that too, at
    commit) and the others of ``domain.erp``.
    """
    answers = LedgerErp(driver(connection), new_id).post(book, journals)
    for answer in answers:
        if isinstance(answer, Refused):
            raise DomainError(answer.code, **answer.params)
    pairs = zip(journals, answers, strict=True)
    return tuple((one.id, said.reference) for one, said in pairs if isinstance(said, Posted) and said.new)


def trial_balance(connection: Connection, book: UUID, as_of: date | None = None) -> tuple[Balance, ...]:
    """Every account with entries up to that day (the end of time when None), by code and currency."""
    zero = Decimal(0)
    found = driver(connection).execute(_BALANCE, (book, as_of)).fetchall()
    return tuple(
        Balance(a, n, k, c, debit or zero, credit or zero, total)
        for a, n, k, c, debit, credit, total in found
    )


def journals(
    connection: Connection,
    book: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    source_id: UUID | None = None,
) -> list[dict[str, Any]]:
    """Entries with their postings, newest first; ``before`` is the last id already known."""
    with driver(connection).cursor() as cursor:
        cursor.execute(_JOURNALS, (book, before, before, source_id, source_id, limit))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
