"""What a client's statement of account is made of: its issued papers, and what of them was in dispute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.session import driver
from ticketos.domain.statement import Paper

_PAPERS = """
select i.id, i.kind, i.number, i.issued_on, i.due_on, i.total, i.currency, i.of_invoice_id,
       coalesce((select sum(d.total) from invoice_dispute d
                  where d.client_id = i.client_id and d.invoice_id = i.id and d.raised_at < %(end)s
                    and (d.answered_at is null or d.answered_at >= %(end)s)), 0)
  from invoice i
 where i.client_id = %(client)s and i.state = 'issued' and i.issued_on <= %(until)s
 order by i.issued_on, i.number"""


def papers(connection: Connection, client_id: UUID, until: date, end: datetime) -> Sequence[Paper]:
    """Everything issued to the client up to a day. ``end`` is the instant after it: what was in dispute then is said."""
    found = driver(connection).execute(_PAPERS, {"client": client_id, "until": until, "end": end})
    return [Paper(*row) for row in found.fetchall()]
