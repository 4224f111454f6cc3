"""Months of billing and runs of schedules, as people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

# A month is there when usage fell into it, somebody locked it, or an invoice carries its name.
_MONTHS = """
with used as (
  select client_id, bill_period as period, (count(*) filter (where state = 'billable'))::int as billable,
         (count(*) filter (where state = 'held'))::int as held,
         (count(*) filter (where state = 'invoiced'))::int as invoiced,
         (count(*) filter (where state not in ('billable', 'held', 'invoiced')))::int as other
    from usage_event where client_id = any(:clients) and bill_period >= :first group by 1, 2),
 papers as (
  select client_id, period, (count(*) filter (where state = 'draft'))::int as drafts,
         (count(*) filter (where state = 'approved'))::int as approved,
         (count(*) filter (where state = 'issued'))::int as issued
    from invoice where client_id = any(:clients) and period >= :first and kind = 'invoice' group by 1, 2),
 locks as (select client_id, period, state, locked_at, locked_by from billing_period
            where client_id = any(:clients) and period >= :first)
select client_id, period, coalesce(l.state, 'open') as state, l.locked_at, l.locked_by,
       coalesce(u.billable, 0) as billable, coalesce(u.held, 0) as held, coalesce(u.invoiced, 0) as invoiced,
       coalesce(u.other, 0) as other, coalesce(p.drafts, 0) as drafts, coalesce(p.approved, 0) as approved,
       coalesce(p.issued, 0) as issued
  from used u full join papers p using (client_id, period) full join locks l using (client_id, period)
 order by period desc, client_id"""

_RUNS = """
select distinct on (client_id, kind) client_id, kind, period, result, at
  from period_run where client_id = any(:clients) order by client_id, kind, period desc"""


def months(connection: Connection, client_ids: Sequence[UUID], first: str) -> list[dict[str, Any]]:
    """Every month from ``first`` on with its lock, its units by state and its invoices by state."""
    return _rows(connection, _MONTHS, clients=list(client_ids), first=first)


def last_runs(connection: Connection, client_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The run of the latest period of every kind of schedule, per client; one of an earlier period may be newer."""
    return _rows(connection, _RUNS, clients=list(client_ids))


def _rows(connection: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
