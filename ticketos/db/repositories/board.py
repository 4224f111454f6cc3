"""What is going on right now, for the live wall: open requests by stage, tasks by desk, what waits to leave, and
how much came in and went out. Every statement reads what is open or the last day alone, however many tickets
there ever were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_STAGES = """
select stage, coalesce(service_line, '') as service_line, state, sla_state, count(*)::int as tickets,
       min(received_at) as oldest
  from ticket where kind = 'request' and closed_at is null and client_id = any(:clients)
 group by 1, 2, 3, 4"""

_TASKS = """
select desk, kind, count(*)::int as open, (count(*) filter (where assigned_to is null))::int as unassigned,
       (count(*) filter (where due_at < :now))::int as overdue, min(created_at) as oldest
  from task where state = 'open' and client_id = any(:clients)
 group by desk, kind order by desk, kind"""

_ATTENTION = """
select id, client_id, number, subject, stage, service_line, reason, next_at, received_at, priority
  from ticket where kind = 'request' and closed_at is null and state = 'needs_attention'
   and client_id = any(:clients) order by received_at limit :limit"""

_OUTBOX = """
select kind, state, count(*)::int as messages, min(created_at) as oldest, max(error) as error
  from outbox where state <> 'done' and client_id = any(:clients)
   and (kind <> 'dispute_due' or next_at <= clock_timestamp())
 group by kind, state order by kind, state"""
# The instant a dispute's answer is due lies in the outbox from the start: until then nothing waits to leave.

_HOURS = """
with hours as (select generate_series(date_trunc('hour', cast(:since as timestamptz)),
                                      date_trunc('hour', cast(:until as timestamptz)), interval '1 hour') as hour),
 came as (select date_trunc('hour', received_at) as hour, count(*)::int as n from ticket
   where kind = 'request' and received_at >= :since and received_at < :until and client_id = any(:clients) group by 1),
 went as (select date_trunc('hour', closed_at) as hour, count(*)::int as n from ticket
   where kind = 'request' and closed_at is not null and closed_at >= :since and closed_at < :until
   and client_id = any(:clients) group by 1)
select h.hour, coalesce(c.n, 0) as received, coalesce(w.n, 0) as closed
  from hours h left join came c using (hour) left join went w using (hour) order by h.hour"""


def stages(connection: Connection, client_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Open requests by stage, service line ('' when not decided), state and state of their clocks."""
    return _rows(connection, _STAGES, clients=client_ids)


def desks(connection: Connection, client_ids: Sequence[UUID], now: datetime) -> list[dict[str, Any]]:
    """Open tasks by desk and kind: how many, how many are nobody's, how many are late, the oldest."""
    return _rows(connection, _TASKS, clients=client_ids, now=now)


def attention(connection: Connection, client_ids: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    """Requests that a failure stopped, oldest first."""
    return _rows(connection, _ATTENTION, clients=client_ids, limit=limit)


def outbox(connection: Connection, client_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """What must still leave, by kind and state (waiting, dead)."""
    return _rows(connection, _OUTBOX, clients=client_ids)


def hours(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Requests received and closed per hour of the span (since ≤ at < until); the first and the last hour may be parts."""
    return _rows(connection, _HOURS, clients=client_ids, since=since, until=until)


def _rows(connection: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    given = {name: list(value) if name == "clients" else value for name, value in values.items()}
    return [dict(row) for row in connection.execute(text(query), given).mappings()]
