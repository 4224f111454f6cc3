"""Versions before the client, as a list: what waits for a decision, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import cursors

# What waits longest comes first; what was decided, the newest first.
_OPEN = """
select a.*, t.number, t.subject, t.service_line, t.priority, t.received_at, t.documents_total, t.root_id
  from approval a join ticket t on t.client_id = a.client_id and t.id = a.ticket_id
 where a.client_id = any(:clients) and a.state = 'open'
   and (cast(:at as timestamptz) is null or (a.offered_at, a.id) > (:at, :id))
 order by a.offered_at, a.id limit :limit"""
_DECIDED = """
select a.*, t.number, t.subject, t.service_line, t.priority, t.received_at, t.documents_total, t.root_id
  from approval a join ticket t on t.client_id = a.client_id and t.id = a.ticket_id
 where a.client_id = any(:clients) and a.state not in ('open', 'withdrawn')
   and (cast(:at as timestamptz) is null or (a.offered_at, a.id) < (:at, :id))
 order by a.offered_at desc, a.id desc limit :limit"""


def listed(
    connection: Connection, client_ids: Sequence[UUID], *, waiting: bool, limit: int, cursor: str | None
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of versions with their requests, and the cursor of the next. Raises ``cursor-invalid``."""
    at, last = cursors.decode(cursor) if cursor else (None, None)
    values = {"clients": list(client_ids), "at": at, "id": last, "limit": limit + 1}
    rows = connection.execute(text(_OPEN if waiting else _DECIDED), values).mappings().all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode(rows[limit - 1]["offered_at"], rows[limit - 1]["id"])


def waiting(connection: Connection, client_ids: Sequence[UUID], most: int = 1_000) -> int:
    """How many versions wait for a decision, counted up to ``most`` + 1."""
    found = connection.execute(
        text(
            "select count(*) from (select from approval where client_id = any(:clients) and state = 'open'"
            " limit :most) waiting"
        ),
        {"clients": list(client_ids), "most": most + 1},
    )
    return int(found.scalar_one())
