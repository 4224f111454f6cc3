"""What a client's people taught, as examples: those to learn from and those kept back, fetched a few at a time.

Thousands of papers with all their words do not fit into memory at once, and training takes minutes: each look is a
short transaction of the client's own scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.session import Database, driver
from ticketos.domain.learning import Learnable, is_kept_back, unmet_suppliers

MOST_EXAMPLES = 20_000
MOST_PAPERS = 4_000
"""Papers whose words are looked at again: the latest."""
_AT_ONCE = 50

_READ = """
select document_id, vendor_key from kept_reading
 where client_id = %s and learnt_at is not null order by learnt_at desc, document_id limit %s"""
_CODED = """
select d.id, null from document d
 where d.client_id = %s and d.coding ->> 'by' = 'person' and d.state = 'posted'
   and (not exists (select from ledger_account a where a.client_id = d.client_id)
     or exists (select from ledger_account a
                 where a.client_id = d.client_id and a.code = d.coding ->> 'account' and a.active))
 order by d.done_at desc, d.id limit %s"""
"""Choices of an account that is switched off teach nothing: it would only be learnt to be passed over."""
_READING = """
select document_id, vendor_key, shown, final, seen, '[]'::jsonb from kept_reading
 where client_id = %s and document_id = any(%s)"""
_PAPER = """
select document_id, vendor_key, shown, final, seen, words from kept_reading
 where client_id = %s and document_id = any(%s)"""
_CODING = """
select id, fields -> 'supplier_name' ->> 'value', lines, coding from document
 where client_id = %s and id = any(%s)"""


@dataclass(frozen=True)
class Stored:
    """Examples by id, read from the database each time they are met; ``domain.learning.Rows``."""

    database: Database
    client_id: UUID
    source: str
    ids: Sequence[UUID]
    unmet: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        query, make = {"readings": (_READING, self._read), "papers": (_PAPER, self._read),
                       "codings": (_CODING, _coding)}[self.source]  # fmt: skip
        for some in _some(self.ids):
            with self.database.transaction([self.client_id]) as connection:
                found = driver(connection).execute(query, (self.client_id, list(some))).fetchall()
            rows = {row[0]: row for row in found}
            yield from (make(rows[one]) for one in some if one in rows)

    def _read(self, row: Sequence[Any]) -> dict[str, Any]:
        names = ("document", "vendor", "shown", "final", "seen", "words")
        return {**dict(zip(names, row, strict=True)), "unmet": row[1] in self.unmet}


@dataclass(frozen=True, slots=True)
class Split:
    """The ids a kind is learnt from, those kept back, and the suppliers kept back whole."""

    known: Sequence[UUID]
    kept_back: Sequence[UUID]
    unmet: frozenset[str] = frozenset()


def split(connection: Connection, client_id: UUID, kind: Learnable) -> Split:
    """Which examples there are, the latest first, and on which side each stands."""
    coded, papers = kind.source == "codings", kind.source == "papers"
    found = (
        driver(connection)
        .execute(_CODED if coded else _READ, (client_id, MOST_PAPERS if papers else MOST_EXAMPLES))
        .fetchall()
    )
    unmet = unmet_suppliers([vendor for _, vendor in found if vendor]) if papers else frozenset[str]()
    back = {one for one, vendor in found if vendor in unmet or is_kept_back(one)}
    return Split(
        [one for one, _ in found if one not in back], [one for one, _ in found if one in back], unmet
    )


def _coding(row: Sequence[Any]) -> dict[str, Any]:
    _, supplier, lines, coding = row
    text = " ".join([supplier or "", *(str(line.get("description") or "") for line in lines or ())])
    return {"text": text, **{name: coding.get(name) or "" for name in ("account", "cost_centre", "tax_code")}}


def _some(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
