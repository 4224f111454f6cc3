"""The built-in ledger as an ERP: tables of the same database, so that entry, document and audit event commit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg

from ticketos.db.repositories.rows import jsonb
from ticketos.domain import erp
from ticketos.domain.changes import PostJournal
from ticketos.domain.erp import Answer, Posted, Refused, Standing
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.ports import NewId

# The counter's row is held until the transaction ends, so that entry numbers have no gaps.
_JOURNAL = """with taken as (
    insert into journal_counter (client_id, next) select %(book)s, 2
    where not exists (select from journal where key = %(key)s)
    on conflict (client_id) do update set next = journal_counter.next + 1 returning next - 1 as number)
  insert into journal (id, client_id, key, number, booked_on, memo, source, source_id, reverses, document_on,
    decided_in)
  select %(id)s, %(book)s, %(key)s, 'J-' || lpad(number::text, greatest(6, length(number::text)), '0'),
    %(booked_on)s, %(memo)s, %(source)s, %(source_id)s, %(reverses)s, %(document_on)s, %(decided_in)s from taken
  returning number"""
_KNOWN = "select number from journal where client_id = %s and key = %s"
_REVERSED = """
select (select id from journal where client_id = %(book)s and id = %(id)s) is not null,
       (select key from journal where client_id = %(book)s and reverses = %(id)s limit 1)"""
_POSTING = (
    "insert into posting (id, client_id, journal_id, account, amount, currency, dimensions)"
    " values (%s, %s, %s, %s, %s, %s, %s)"
)
_STANDING = """
select j.id, j.source_id, j.number, j.booked_on, p.account, p.amount, p.currency, p.dimensions from journal j
  join posting p on p.client_id = j.client_id and p.journal_id = j.id
 where j.client_id = %s and j.source_id = any(%s) and j.reverses is null
   and not exists (select from journal r where r.client_id = j.client_id and r.reverses = j.id)
 order by j.id, p.id"""


ErpOn = Callable[["psycopg.Connection[Any]", NewId], erp.Erp]
"""Makes the ERP that posts in a transaction; the wiring says which."""


class LedgerErp:
    """Implements ``domain.erp.Erp`` in the caller's transaction: what it rolls back was never posted."""

    def __init__(self, sql: psycopg.Connection[Any], new_id: NewId) -> None:
        self._sql = sql
        self._new_id = new_id

    def post(self, book: UUID, entries: Sequence[PostJournal]) -> Sequence[Answer]:
        """Number and write entries; a key that was posted is left alone, without a gap."""
        answers: list[Answer] = []
        sides: list[tuple[object, ...]] = []
        for entry in entries:
            answer = erp.fault(entry) or self._unreversible(book, entry) or self._numbered(book, entry)
            answers.append(answer)
            if isinstance(answer, Posted) and answer.new:
                sides += [
                    (
                        self._new_id(),
                        book,
                        entry.id,
                        side.account,
                        side.money.amount,
                        side.money.currency,
                        jsonb(dict(side.dimensions)),
                    )
                    for side in entry.postings
                ]
        if sides:
            with self._sql.cursor() as cursor:
                cursor.executemany(_POSTING, sides)
        return answers

    def standing(self, book: UUID, source_ids: Sequence[UUID]) -> Sequence[Standing]:
        """What stands for these sources, the oldest first."""
        found: dict[UUID, Standing] = {}
        for entry_id, source, number, booked, account, amount, currency, dimensions in self._sql.execute(
            _STANDING, (book, list(source_ids))
        ):
            one = found.get(entry_id) or Standing(entry_id, source, number, booked, ())
            side = Posting(account, Money(amount, currency), dimensions)
            found[entry_id] = replace(one, postings=(*one.postings, side))
        return list(found.values())

    def _numbered(self, book: UUID, entry: PostJournal) -> Posted:
        row = self._sql.execute(
            _JOURNAL,
            {
                "book": book,
                "key": entry.key,
                "id": entry.id,
                "booked_on": entry.booked_on,
                "memo": entry.memo,
                "source": entry.source,
                "source_id": entry.source_id,
                "reverses": entry.reverses,
                "document_on": entry.document_on,
                "decided_in": entry.decided_in,
            },
        ).fetchone()
        if row is not None:
            return Posted(entry.key, row[0], True)
        known = self._sql.execute(_KNOWN, (book, entry.key)).fetchone()
        assert known is not None, "keys name their book: the same key cannot stand in another"
        return Posted(entry.key, known[0], False)

    def _unreversible(self, book: UUID, entry: PostJournal) -> Refused | None:
        if entry.reverses is None:
            return None
        row = self._sql.execute(_REVERSED, {"book": book, "id": entry.reverses}).fetchone()
        assert row is not None
        known, by = row
        if not known:
            return Refused(entry.key, "entry-unknown", {"entry": str(entry.reverses)})
        if by not in (None, entry.key):
            return Refused(entry.key, "entry-reversed", {"entry": str(entry.reverses)})
        return None
