"""How a client's work went, month by month: volume, promises kept, accuracy and cost. One definition each:

    volume    requests and documents by the month of their receipt; documents delivered by the month they were done
    promises  clocks of first response and turnaround by the month they started: met (stopped in time), missed
              (breached), running (neither yet); clocks inside the house (``stage:…``) are not promised
    accuracy  fields right of fields inspected in the random level-2 sample, by the month of the check
    cost      net of issued invoices and credit notes by billing period and currency

Months are those of the zone that is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

# The month is worded once for each group: for each of many requests that takes longer than all the rest.
_VOLUME = """
select to_char(date_trunc('month', received_at at time zone :zone), 'YYYY-MM') as month, count(*)::int as requests,
       sum(documents_total)::int as documents,
       (count(*) filter (where state = 'closed'))::int as closed
  from ticket where kind = 'request' and client_id = any(:clients) and received_at >= :since
 group by date_trunc('month', received_at at time zone :zone) order by 1"""
_DELIVERED = """
select to_char(done_at at time zone :zone, 'YYYY-MM') as month, count(*)::int as delivered
  from document where client_id = any(:clients) and received_at >= :since and done_at is not null
   and state = 'posted' group by 1 order by 1"""
_PROMISES = """
select to_char(c.started_at at time zone :zone, 'YYYY-MM') as month, c.kind,
       (count(*) filter (where c.breached_at is null and c.stopped_at is not null))::int as met,
       (count(*) filter (where c.breached_at is not null))::int as missed,
       (count(*) filter (where c.breached_at is null and c.stopped_at is null))::int as running
  from ticket t join ticket_clock c on c.ticket_id = t.id
 where t.kind = 'request' and t.client_id = any(:clients) and t.received_at >= :since
   and c.kind in ('first_response', 'turnaround')
 group by 1, 2 order by 1, 2"""
_ACCURACY = """
select to_char(at at time zone :zone, 'YYYY-MM') as month, count(*)::int as documents,
       sum(fields_inspected)::int as inspected, sum(fields_correct)::int as correct, sum(ai_correct)::int as ai_correct
  from qa_check where level = 2 and basis = 'sample' and document_id is not null and client_id = any(:clients) and at >= :since
 group by 1 order by 1"""
_COST = """
select period as month, currency, sum(net) as net, sum(total) as total, count(*)::int as papers
  from invoice where client_id = any(:clients) and state = 'issued' and period >= :first
 group by 1, 2 order by 1, 2"""


def volume(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, zone: str
) -> list[dict[str, Any]]:
    """Requests, their documents and how many are closed, per month of receipt."""
    return _rows(connection, _VOLUME, clients=list(client_ids), since=since, zone=zone)


def delivered(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, zone: str
) -> list[dict[str, Any]]:
    """Documents delivered per month."""
    return _rows(connection, _DELIVERED, clients=list(client_ids), since=since, zone=zone)


def promises(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, zone: str
) -> list[dict[str, Any]]:
    """Clocks per month and kind: met, missed, running."""
    return _rows(connection, _PROMISES, clients=list(client_ids), since=since, zone=zone)


def sampled(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, zone: str
) -> list[dict[str, Any]]:
    """Fields of the random sample per month: inspected, right after people, right before them."""
    return _rows(connection, _ACCURACY, clients=list(client_ids), since=since, zone=zone)


def cost(connection: Connection, client_ids: Sequence[UUID], first: str) -> list[dict[str, Any]]:
    """Net and total of issued papers per billing period and currency, from the period ``first`` on."""
    return _rows(connection, _COST, clients=list(client_ids), first=first)


def _rows(connection: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
