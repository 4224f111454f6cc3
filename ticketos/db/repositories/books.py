"""What becomes money: usage, journals, and the memory of how suppliers were coded."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ticketos.db.repositories import rows
from ticketos.domain import changes as c
from ticketos.domain.errors import DomainError

if TYPE_CHECKING:
    from ticketos.db.repositories.apply import Writer

_CENTS_OF_CENTS = Decimal("0.0001")

_JOURNAL = """with taken as (
    insert into journal_counter (client_id, next) select %(client)s, 2
    where not exists (select from journal where key = %(key)s)
    on conflict (client_id) do update set next = journal_counter.next + 1 returning next - 1 as number)
  insert into journal (id, client_id, key, number, booked_on, memo, source, source_id, reverses, document_on,
    decided_in)
  select %(id)s, %(client)s, %(key)s, 'J-' || lpad(number::text, greatest(6, length(number::text)), '0'),
    %(booked_on)s, %(memo)s, %(source)s, %(source_id)s, %(reverses)s, %(document_on)s, %(decided_in)s from taken
  returning number"""

_REFERENCE = """update document set erp_reference = %s, row_version = row_version + 1
 where client_id = %s and ticket_id = %s and id = %s"""


def add_usage(writer: Writer, changes: Sequence[c.AddUsage]) -> None:
    """Accepted units, once per key. What has no contract is ``held`` for a person, else ``billable``."""
    writer.insert(
        "usage_event",
        [
            {
                "id": u.id,
                "key": u.key,
                "contract_id": u.contract_id,
                "document_id": u.document_id,
                "unit_type": u.unit_type,
                "quantity": u.quantity,
                "accepted_at": u.accepted_at,
                "period": u.period,
                "bill_period": u.bill_period,
                "state": "held" if u.fate == "no_contract" or u.contract_id is None else "billable",
                "fate": u.fate,
                "finished_by": u.finished_by,
                "reverses": u.reverses,
                "evidence": dict(u.evidence),
            }
            for u in changes
        ],
        once="key",
    )


def remember_vendors(writer: Writer, changes: Sequence[c.RememberVendor]) -> None:
    """Count how often people chose this coding; in a fixed order, as other tickets count the same rows."""
    ordered = sorted(changes, key=lambda v: (v.vendor_key, v.account, v.cost_centre, v.tax_code))
    writer.many(
        "insert into vendor_memory (client_id, vendor_key, account, cost_centre, tax_code, times, last_at)"
        " values (%s, %s, %s, %s, %s, 1, %s) on conflict (client_id, vendor_key, account,"
        " cost_centre, tax_code)"
        " do update set times = vendor_memory.times + 1, last_at = excluded.last_at",
        (
            (writer.ticket.client_id, v.vendor_key, v.account, v.cost_centre, v.tax_code, writer.now)
            for v in ordered
        ),
    )


def post_journals(writer: Writer, changes: Sequence[c.PostJournal]) -> None:
    """Number and write entries in the client's book; a key that was posted is left alone, without a gap.

    The counter's row is held until the transaction ends: numbers have no gaps, so its entries queue here.
    Raises ``amount-too-fine`` for an amount the ledger could not keep exactly.
    """
    sides: list[list[object]] = []
    for journal in changes:
        row = writer.sql.execute(
            _JOURNAL,
            {
                "client": writer.ticket.client_id,
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
        if journal.source == "document" and journal.reverses is None:  # the entry's number is the reference
            writer.sql.execute(_REFERENCE, (row[0], *writer.here, journal.source_id))
        for side in journal.postings:
            if side.money.amount != side.money.amount.quantize(_CENTS_OF_CENTS):
                raise DomainError("amount-too-fine", journal=journal.key, amount=str(side.money.amount))
            sides.append(
                [
                    writer.new_id(),
                    writer.ticket.client_id,
                    journal.id,
                    side.account,
                    side.money.amount,
                    side.money.currency,
                    rows.jsonb(dict(side.dimensions)),
                ]
            )
    if sides:
        writer.many(
            "insert into posting (id, client_id, journal_id, account, amount, currency, dimensions)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            sides,
        )
