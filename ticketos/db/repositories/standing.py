"""The standing check: no open request without owner, next action and running timer (MF17). It should find nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

# A timer ten minutes past means that nobody runs: workers are down or the workflow is gone.
_CHECK = """
select id, client_id, number, stage, state, problem from (
  select t.*, case
    when t.owner_id is null and t.desk = '' then 'nobody owns it'
    when t.next_action = '' then 'no next action'
    when t.next_at is null then 'no running timer'
    when t.next_at < clock_timestamp() - interval '10 minutes'
         and t.state <> 'needs_attention' then 'its timer has passed unnoticed'
  end as problem
  from ticket t where t.kind = 'request' and t.closed_at is null) found
where problem is not null order by received_at limit %s"""


def violations(connection: Connection, limit: int = 500) -> list[dict[str, Any]]:
    """Open requests that break the rule, oldest first, with what is wrong in words."""
    return [dict(row) for row in connection.exec_driver_sql(_CHECK, (limit,)).mappings()]


_SAMPLED = """
select client_id, count(*) as documents, sum(fields_inspected)::int as inspected, sum(fields_correct)::int as correct,
       sum(ai_correct)::int as ai_correct
  from qa_check where level = 2 and basis = 'sample' and document_id is not null
   and to_char(at at time zone 'UTC', 'YYYY-MM') = %s
 group by client_id order by client_id"""


def sampled(connection: Connection, month: str) -> list[dict[str, Any]]:
    """Fields inspected and found right per client, from the random level-2 sample of a month."""
    return [dict(row) for row in connection.exec_driver_sql(_SAMPLED, (month,)).mappings()]


_FIRST = """
select provider_client() as provider,
       (select id from client where kind = 'client' order by created_at, id limit 1) as client,
       (select id from contract where status = 'active' order by created_at, id limit 1) as contract,
       (select count(*)::int from user_grant where role = 'agent') as agents,
       (select id from ticket where kind = 'request' order by received_at desc, id desc limit 1) as ticket"""


def first_steps(connection: Connection) -> dict[str, Any]:
    """What an installation has of what it needs to begin: provider, first client and contract, agents, a request."""
    return dict(connection.exec_driver_sql(_FIRST).mappings().one())


_BY_AGENT = _SAMPLED.replace("select client_id,", "select client_id, work_by,").replace(
    "group by client_id order by client_id", "group by client_id, work_by order by client_id, work_by"
)


def sampled_by_agent(connection: Connection, month: str) -> list[dict[str, Any]]:
    """The same per client and person whose work it was (``work_by`` None: nobody touched it)."""
    return [dict(row) for row in connection.exec_driver_sql(_BY_AGENT, (month,)).mappings()]


_DEFECTS = """
select d ->> 'category' as category, d ->> 'severity' as severity, count(*) as defects,
       count(distinct q.document_id) as documents
  from qa_check q cross join lateral jsonb_array_elements(q.defects) d
 where q.level = 2 and to_char(q.at at time zone 'UTC', 'YYYY-MM') = %s
 group by 1, 2 order by 3 desc, 1"""


def defects(connection: Connection, month: str) -> list[dict[str, Any]]:
    """What second people found wrong in a month, the most frequent first."""
    return [dict(row) for row in connection.exec_driver_sql(_DEFECTS, (month,)).mappings()]


_REWORKED = """
select t.client_id, r.number as request, t.number, t.detail, t.recorded_at, t.closed_at,
       coalesce(d.filename, r.subject) as filename
  from ticket t join ticket r on r.id = t.root_id and r.client_id = t.client_id
  left join document d on d.client_id = t.client_id and d.id = (t.detail ->> 'document')::uuid
 where t.kind = 'defect' and to_char(t.recorded_at at time zone 'UTC', 'YYYY-MM') = %s
   and (%s::uuid is null or t.client_id = %s)
 order by t.recorded_at, t.id"""


def reworked(connection: Connection, month: str, client_id: UUID | None = None) -> list[dict[str, Any]]:
    """Every round of rework that began in a month: its defect ticket, document (of work by hand: the
    request's subject), minutes and cost."""
    values = (month, client_id, client_id)
    return [dict(row) for row in connection.exec_driver_sql(_REWORKED, values).mappings()]


_REVIEWED = """
select q.id, q.document_id, q.ticket_id, q.client_id, q.verdict, q.basis, q.fields_inspected, q.fields_correct, q.at,
       q.work_by, jsonb_array_length(q.defects) as defects, coalesce(d.filename, t.subject) as filename, t.number
  from qa_check q left join document d on d.id = q.document_id and d.client_id = q.client_id
  join ticket t on t.id = q.ticket_id and t.client_id = q.client_id
 where q.level = 2 and to_char(q.at at time zone 'UTC', 'YYYY-MM') = %s
   and (%s::uuid is null or q.client_id = %s) and (%s::uuid is null or q.work_by = %s) and (%s = '' or q.verdict = %s)
   and (%s = '' or q.defects @> jsonb_build_array(jsonb_build_object('category', %s::text)))
 order by q.at desc, q.id limit %s"""


def reviewed(
    connection: Connection,
    month: str,
    *,
    client_id: UUID | None = None,
    work_by: UUID | None = None,
    verdict: str = "",
    defect: str = "",
    limit: int = 100,
) -> list[dict[str, Any]]:
    """The second people's verdicts of a month, the latest first: the rows behind every figure of it."""
    values = (month, client_id, client_id, work_by, work_by, verdict, verdict, defect, defect, limit)
    return [dict(row) for row in connection.exec_driver_sql(_REVIEWED, values).mappings()]
