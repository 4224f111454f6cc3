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

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from ticketos.db.session import driver
from ticketos.domain.changes import PostJournal
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId

# The counter's row is held until the transaction ends, so that entry numbers have no gaps.
_JOURNAL = """with taken as (
    insert into journal_counter (client_id, next) select %(book)s, 2
    where not exists (select from journal where key = %(key)s)
    on conflict (client_id) do update set next = journal_counter.next + 1 returning next - 1 as number)
  insert into journal (id, client_id, key, number, booked_on, memo, source, source_id, reverses, document_on,
    decided_in)
  select %(id)s, %(book)s, %(key)s, 'J-' || lpad(number::text, greatest(6, length(number::text)), '0'),
  %(booked_on)s,
    %(memo)s, %(source)s, %(source_id)s, %(reverses)s, %(document_on)s, %(decided_in)s from taken
  returning number"""
_POSTING = (
    "insert into posting (id, client_id, journal_id, account, amount, currency, dimensions)"
    " values (%s, %s, %s, %s, %s, %s, %s)"
)
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
_FINEST = Decimal("0.0001")


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

    Raises ``amount-too-fine`` for an amount the ledger could not keep exactly; the database refuses at commit
    what does not sum to zero.
    """
    sql = driver(connection)
    made: list[tuple[UUID, str]] = []
    sides: list[tuple[object, ...]] = []
    for journal in journals:
        row = sql.execute(
            _JOURNAL,
            {
                "book": book,
                "key": journal.key,
                "id": journal.id,
                "booked_on": journal.booked_on,
                "memo": journal.memo,
                "source": journal.source,
                "source_id": journal.source_id,
                "reverses": journal.reverses,
                "document_on": journal.document_on,
                "decided_in": journal.decided_in,
            },
        ).fetchone()
        if row is None:
            continue
        made.append((journal.id, row[0]))
        for side in journal.postings:
            amount = side.money.amount
            if amount != amount.quantize(_FINEST):
                raise DomainError("amount-too-fine", journal=journal.key, amount=str(amount))
            about = Jsonb(dict(side.dimensions))
            sides.append((new_id(), book, journal.id, side.account, amount, side.money.currency, about))
    if sides:
        with sql.cursor() as cursor:
            cursor.executemany(_POSTING, sides)
    return tuple(made)


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
