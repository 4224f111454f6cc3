"""The standing check: no open request without owner, next action and running timer (MF17). It should find nothing."""

from __future__ import annotations

from typing import Any

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
  from qa_check where level = 2 and basis = 'sample' and to_char(at at time zone 'UTC', 'YYYY-MM') = %s
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
