"""What becomes money: usage, journals, and the memory of how suppliers were coded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketos.domain import changes as c
from ticketos.domain.erp import Refused
from ticketos.domain.errors import DomainError

if TYPE_CHECKING:
    from ticketos.db.repositories.apply import Writer

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
    """Post entries in the client's book, and give each document its entry's reference.

    The counter's row is held until the transaction ends: numbers have no gaps, so a client's entries queue here.
    Raises what the book refuses (``amount-too-fine``, ``journal-unbalanced``, …); nothing of the step then stays.
    """
    for journal, answer in zip(changes, writer.erp.post(writer.ticket.client_id, changes), strict=True):
        if isinstance(answer, Refused):
            raise DomainError(answer.code, **answer.params)
        if answer.new and journal.source == "document" and journal.reverses is None:
            writer.sql.execute(_REFERENCE, (answer.reference, *writer.here, journal.source_id))
