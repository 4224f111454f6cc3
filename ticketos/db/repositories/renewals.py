"""Recommendations on contracts that end: what is due, the figures they rest on, and the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import notices
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.session import Database, driver
from ticketos.domain import renewal
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now
from ticketos.domain.renewal import Figures
from ticketos.domain.state import Actor
from ticketos.domain.terms import Terms

DESK = "success"
"""Who is told of a recommendation."""

_OPEN = """
select c.id, c.ends_on, c.terms from contract c
 where c.client_id = %s and c.status = 'active' and c.ends_on is not null
   and not exists (select from renewal r where r.client_id = c.client_id and r.contract_id = c.id
                   and r.ends_on = c.ends_on)
 order by c.ends_on, c.number"""

_FIGURES = """
with tickets as (
  select t.id from ticket t where t.client_id = %(c)s and t.contract_id = %(k)s and t.kind = 'request')
select
  (select coalesce(sum(u.quantity), 0) from usage_event u
    where u.client_id = %(c)s and u.contract_id = %(k)s and u.accepted_at >= %(since)s and u.accepted_at < %(at)s),
  (select coalesce(sum(u.quantity), 0) from usage_event u
    where u.client_id = %(c)s and u.contract_id = %(k)s and u.accepted_at >= %(before)s and u.accepted_at < %(since)s),
  q.inspected, q.correct, p.met, p.missed, s.answers, s.csat, i.net, y.payout, d.rework
from
  (select coalesce(sum(fields_inspected), 0)::int as inspected, coalesce(sum(fields_correct), 0)::int as correct
     from qa_check where client_id = %(c)s and level = 2 and basis = 'sample' and at >= %(since)s and at < %(at)s
      and ticket_id in (select id from tickets)) q,
  (select (count(*) filter (where breached_at is null and stopped_at is not null))::int as met,
          (count(*) filter (where breached_at is not null))::int as missed
     from ticket_clock where client_id = %(c)s and kind = 'turnaround' and started_at >= %(since)s
      and started_at < %(at)s and ticket_id in (select id from tickets)) p,
  (select count(csat)::int as answers, round(avg(csat), 2) as csat
     from survey where client_id = %(c)s and answered_at >= %(since)s and answered_at < %(at)s
      and ticket_id in (select id from tickets)) s,
  (select coalesce(sum(net), 0) as net from invoice
    where client_id = %(c)s and contract_id = %(k)s and state = 'issued' and currency = %(currency)s
      and issued_at >= %(since)s and issued_at < %(at)s) i,
  (select coalesce(sum(o.payout), 0) as payout from payout o join invoice v on v.client_id = o.client_id
      and v.id = o.invoice_id
    where o.client_id = %(c)s and v.contract_id = %(k)s and v.state = 'issued' and o.currency = %(currency)s
      and o.user_id is not null
      and v.issued_at >= %(since)s and v.issued_at < %(at)s) y,
  (select coalesce(sum((x.detail ->> 'cost')::numeric), 0) as rework from ticket x
    where x.client_id = %(c)s and x.kind = 'defect' and x.root_id in (select id from tickets)
      and x.recorded_at >= %(since)s and x.recorded_at < %(at)s and x.detail ->> 'currency' = %(currency)s) d"""

_NAMES = (
    "units",
    "units_before",
    "inspected",
    "correct",
    "met",
    "missed",
    "answers",
    "csat",
    "net",
    "payout",
    "rework",
)
"""What the columns of the figures are called."""

_SHOWN = """
select r.id, r.client_id, r.contract_id, r.ends_on, r.advice, r.figures, r.made_at, c.number, c.name, c.service_line
  from renewal r join contract c on c.client_id = r.client_id and c.id = r.contract_id
 where r.client_id = any(:clients) and (cast(:before as uuid) is null or r.id < :before)
 order by r.id desc limit :limit"""


def listed(
    connection: Connection, client_ids: Sequence[UUID], *, limit: int, before: UUID | None = None
) -> Sequence[RowMapping]:
    """Recommendations, the newest first."""
    values = {"clients": list(client_ids), "before": before, "limit": limit}
    return connection.execute(text(_SHOWN), values).mappings().all()


class SqlRenewalRuns:
    """``domain.renewal.RenewalRuns`` on PostgreSQL."""

    def __init__(self, database: Database, audit: AuditTrail, new_id: NewId, now: Now) -> None:
        self._database, self._audit = database, audit
        self._new_id, self._now = new_id, now

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Contracts near their end without a recommendation for it, unless the client is no longer served."""
        with self._database.transaction([client_id]) as connection:
            client = company(connection, client_id)
            if client["status"] != "active" or client["kind"] != "client":
                return ()
            found = driver(connection).execute(_OPEN, (client_id,)).fetchall()
        return tuple(
            renewal.period_of(contract_id, ends_on)
            for contract_id, ends_on, terms in found
            if renewal.is_due(Terms.from_json(terms), ends_on, at, client["zone"])
        )

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Make it, once per contract and end; the unique key is the guard."""
        contract_id, ends_on = renewal.read_period(period)
        now = self._now()
        with self._database.transaction([client_id]) as connection:
            sql = driver(connection)
            row = sql.execute(
                "select number, terms from contract where client_id = %s and id = %s",
                (client_id, contract_id),
            ).fetchone()
            if row is None:
                raise DomainError("contract-unknown", contract=str(contract_id))
            terms = Terms.from_json(row[1])
            made = renewal.recommend(terms, figures(connection, client_id, contract_id, terms, now))
            new = sql.execute(
                "insert into renewal (id, client_id, contract_id, ends_on, advice, figures, made_at)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict (contract_id, ends_on) do nothing returning id",
                (self._new_id(), client_id, contract_id, ends_on, made["advice"], Jsonb(made), now),
            ).fetchone()
            if new is not None:
                self._tell(connection, client_id, contract_id, row[0], ends_on, made, now, actor)
        return {"advice": made["advice"], "made": new is not None}

    def _tell(
        self,
        connection: Connection,
        client_id: UUID,
        contract_id: UUID,
        number: str,
        ends_on: date,
        made: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(
            "contract.renewal_recommended",
            after={"contract": number, "ends_on": ends_on.isoformat(), **made},
            entity="contract",
            entity_id=str(contract_id),
        )
        self._audit.record_apart(connection, client_id, now, actor, emit)
        detail = {"contract": number, "ends_on": ends_on.isoformat(), "advice": made["advice"]}
        key = f"renewal:{contract_id}:{ends_on.isoformat()}"
        told = Notify(self._new_id(), key, "renewal", DESK, now, None, detail)
        notices.tell(connection, client_id, None, told)


def figures(
    connection: Connection, client_id: UUID, contract_id: UUID, terms: Terms, at: datetime
) -> Figures:
    """How a contract went in the window that ends at ``at``."""
    window = timedelta(days=renewal.WINDOW_DAYS)
    currency = terms.pricing.currency
    values = {
        "c": client_id,
        "k": contract_id,
        "at": at,
        "since": at - window,
        "before": at - 2 * window,
        "currency": currency,
    }
    row = driver(connection).execute(_FIGURES, values).fetchone()
    assert row is not None
    seen: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    return Figures(**seen, currency=currency)
