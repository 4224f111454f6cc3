"""What came of the work, month by month, one definition each:

    resolved     requests received in the month that are closed (cancelled ones are not)
    escalated    requests received in the month of which a clock climbed a rung of its ladder
    repeated     requests received in the month that a person or intake linked as a repeat contact
    sentiment    how the messages of the month's requests were read: positive, neutral, negative
    untouched    documents delivered in the month that went straight through and no person finished
    defects      what second people found in the month's random sample, and how many documents they looked at
    asked        surveys sent in the month; answered, and the means of CSAT (1–5) and CES (1–7); NPS is the share of
                 9 and 10 less the share of 0 to 6, in points
    handling     mean seconds a person had a paper open until it was saved, by the month of saving

Months are those of the zone that is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_REQUESTS = """
select to_char(date_trunc('month', t.received_at at time zone :zone), 'YYYY-MM') as month, count(*)::int as requests,
       (count(*) filter (where t.state = 'closed'))::int as resolved,
       (count(*) filter (where t.id in (select c.ticket_id from ticket_clock c where c.client_id = any(:clients)
         and c.fired::text like '%escalation\\_%')))::int as escalated,
       (count(*) filter (where t.id in (select l.ticket_id from ticket_link l where l.client_id = any(:clients)
         and l.kind = 'repeat_contact')))::int as repeated,
       (count(*) filter (where t.sentiment = 'positive'))::int as positive,
       (count(*) filter (where t.sentiment = 'neutral'))::int as neutral,
       (count(*) filter (where t.sentiment = 'negative'))::int as negative
  from ticket t where t.kind = 'request' and t.client_id = any(:clients) and t.received_at >= :since
 group by date_trunc('month', t.received_at at time zone :zone) order by 1"""
_DELIVERED = """
select to_char(done_at at time zone :zone, 'YYYY-MM') as month, count(*)::int as delivered,
       (count(*) filter (where straight_through and finished_by is null))::int as untouched
  from document where client_id = any(:clients) and received_at >= :since and done_at is not null
   and state = 'posted' group by 1 order by 1"""
_DEFECTS = """
select to_char(at at time zone :zone, 'YYYY-MM') as month, count(*)::int as inspected,
       sum(jsonb_array_length(defects))::int as defects
  from qa_check where level = 2 and basis = 'sample' and document_id is not null and client_id = any(:clients)
   and at >= :since group by 1 order by 1"""
_ASKED = """
select to_char(asked_at at time zone :zone, 'YYYY-MM') as month, count(*)::int as asked,
       (count(*) filter (where answered_at is not null))::int as answered,
       round(avg(csat), 2) as csat, round(avg(ces), 2) as ces,
       round(100.0 * ((count(*) filter (where nps >= 9)) - (count(*) filter (where nps <= 6))) / nullif(count(nps), 0), 1)
         as nps
  from survey where client_id = any(:clients) and asked_at >= :since group by 1 order by 1"""
_HANDLING = """
select to_char(at at time zone :zone, 'YYYY-MM') as month, count(*)::int as handled, round(avg(seconds), 1) as handling_s
  from (select max(at) as at, max(seconds) as seconds from correction
         where client_id = any(:clients) and at >= :since and task_id is not null and seconds is not null
         group by task_id) saved
 group by 1 order by 1"""


def months(
    connection: Connection, client_ids: Sequence[UUID], since: datetime, zone: str, *, handling: bool
) -> list[dict[str, Any]]:
    """Every figure per month, those of a month in one row. ``handling`` is for the house alone."""
    wanted = (_REQUESTS, _DELIVERED, _DEFECTS, _ASKED, *((_HANDLING,) if handling else ()))
    found: dict[str, dict[str, Any]] = {}
    for query in wanted:
        values = {"clients": list(client_ids), "since": since, "zone": zone}
        for row in connection.execute(text(query), values).mappings():
            found.setdefault(row["month"], {}).update(row)
    return list(found.values())
