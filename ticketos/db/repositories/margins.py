"""What was billed, paid to people and spent on rework by month and currency (``ticketos.domain.margin``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from ticketos.domain.margin import Earned
from ticketos.domain.money import Money

_GROUPS: Mapping[str, str] = {"": "null::text", "client": "m.client_id::text", "line": "m.service_line"}
_MONEY = """
select m.month, m.currency, {group} as grouped, sum(m.net) as net, sum(m.people) as people, sum(m.rework) as rework
  from (
    select i.client_id, c.service_line, i.period as month, i.currency, i.net, 0 as people, 0 as rework
      from invoice i left join contract c on c.client_id = i.client_id and c.id = i.contract_id
     where i.client_id = any(:clients) and i.state = 'issued'
    union all
    select i.client_id, c.service_line, i.period, p.currency, 0, p.payout, 0
      from payout p join invoice i on i.client_id = p.client_id and i.id = p.invoice_id
      left join contract c on c.client_id = i.client_id and c.id = i.contract_id
     where p.client_id = any(:clients) and i.state = 'issued' and p.user_id is not null
    union all
    select d.client_id, coalesce(c.service_line, t.service_line),
           to_char(cast(d.detail ->> 'worked_to' as timestamptz) at time zone o.zone, 'YYYY-MM'),
           d.detail ->> 'currency', 0, 0, cast(d.detail ->> 'cost' as numeric)
      from ticket d join ticket t on t.client_id = d.client_id and t.id = d.root_id
      join client o on o.id = d.client_id
      left join contract c on c.client_id = t.client_id and c.id = t.contract_id
     where d.client_id = any(:clients) and d.kind = 'defect' and d.detail ->> 'cost' is not null
       and d.detail ->> 'worked_to' is not null
  ) m
 where m.month between :first and :last
 group by 1, 2, 3 order by 1, 2, 3 nulls last"""


def earned(
    connection: Connection, client_ids: Sequence[UUID], first: str, last: str, by: str = ""
) -> list[Earned]:
    """Every month, currency and group (``domain.margin.GROUPS``) of which there is anything, in that order. ``first`` and
    ``last`` are months as 2026-11."""
    query = _MONEY.format(group=_GROUPS[by])
    values = {"clients": list(client_ids), "first": first, "last": last}
    return [
        Earned(
            row.month,
            Money(row.net, row.currency),
            Money(row.people, row.currency),
            Money(row.rework, row.currency),
            row.grouped,
        )
        for row in connection.execute(text(query), values)
    ]
