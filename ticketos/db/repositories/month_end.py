# ruff: noqa: S608 (statements are put together from words of our own, never from values)
"""OP3 the month-end on PostgreSQL: every day reconciled anew, the month checked, its report kept, the book soft-closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import book_months, ledger, notices
from ticketos.db.repositories.book_months import BookMonths
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.repositories.reconciliation import PAYABLE, Reconciliations
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain import book_months as months_rules
from ticketos.domain import month_end as rules
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.errors import DomainError
from ticketos.domain.month_end import KIND, LISTED, Apart, Check, Facts, OpenDocument
from ticketos.domain.ports import NewId, Now
from ticketos.domain.reconciliation import day_bounds
from ticketos.domain.state import Actor

DESK = "finance"

_BUCKET = """case when t.state = 'cancelled' and d.approval <> 'accepted' then 'rejected'
  when jsonb_exists(d.blocked_by, 'password') then 'open'
  when d.state in ('posted', 'rejected', 'quarantined') then d.state else 'open' end"""
_OF_MONTH = """from document d join ticket t on t.client_id = d.client_id and t.id = d.ticket_id
 where d.client_id = %(client)s and d.received_at >= %(first)s and d.received_at < %(next)s and d.state <> 'split'"""
_COUNTS = f"select {_BUCKET}, count(*)::int {_OF_MONTH} group by 1"
_OPEN = (
    "select d.id, d.ticket_id, t.number, d.filename, d.state, t.desk"
    f" {_OF_MONTH} and {_BUCKET} = 'open' order by d.received_at, d.id limit {LISTED}"
)
_DAYS = """select day, (counts ->> 'received')::int, differences, ran_at from reconciliation
 where client_id = %(client)s and day >= %(since)s and day <= %(until)s order by day"""

_CONTROL = """select p.currency, -sum(p.amount) from posting p
  join journal j on j.client_id = p.client_id and j.id = p.journal_id
 where p.client_id = %(client)s and p.account = any(%(payable)s) and j.booked_on <= %(until)s group by 1"""

# What each document with an entry that stood at the month's end says is owed. The entry's own amount counts where it
# was reversed since and where the document is not posted as it stands (either says something else by now), and where the
# document has no total.
_SAID = """
with standing as (
  select j.id, j.source_id, exists (select from journal r where r.client_id = j.client_id and r.reverses = j.id) as gone
    from journal j
   where j.client_id = %(client)s and j.source = 'document' and j.booked_on <= %(until)s
     and not exists (select from journal r where r.client_id = j.client_id and r.reverses = j.id
       and r.booked_on <= %(until)s)),
 entries as (
  select s.id, s.source_id, s.gone, p.currency, -sum(p.amount) as owed
    from standing s join posting p on p.client_id = %(client)s and p.journal_id = s.id
   where p.account = any(%(payable)s) group by 1, 2, 3, 4),
 read as (
  select e.source_id, e.currency, e.owed, d.doc_type, d.ticket_id, d.filename,
         coalesce(d.fields -> 'currency' ->> 'value', %(currency)s) as own,
         case when d.state = 'posted' and not e.gone and d.fields -> 'total' ->> 'value' ~ '^-?[0-9]+([.][0-9]+)?$'
              then (d.fields -> 'total' ->> 'value')::numeric end as total
    from entries e left join document d on d.client_id = %(client)s and d.id = e.source_id),
 said as (
  select source_id, ticket_id, filename, currency, owed, case when total is null then currency else own end as own,
         case when total is null then owed when doc_type = 'credit_note' then -abs(total) else total end as total
    from read)"""
_SUBLEDGER = f"{_SAID} select own, sum(total) from said group by 1"
_APART = f"""{_SAID}
select s.source_id, s.ticket_id, t.number, s.filename, s.currency, s.owed, s.own, s.total
  from said s join ticket t on t.client_id = %(client)s and t.id = s.ticket_id
 where (s.own, s.total) is distinct from (s.currency, s.owed) order by s.source_id limit {LISTED}"""

_BEGAN = """
select (select min(received_at) from document where client_id = %(client)s),
       (select min(booked_on) from journal where client_id = %(client)s)"""

_KEEP = """
insert into month_end (id, client_id, period, clean, report, runs, ran_at, ran_by) values (%s, %s, %s, %s, %s, 1, %s, %s)
on conflict (client_id, period) do update set clean = excluded.clean, report = excluded.report,
  runs = month_end.runs + 1, ran_at = excluded.ran_at, ran_by = excluded.ran_by returning runs"""


class SqlMonthEnds:
    """``domain.month_end.MonthEnds`` on PostgreSQL."""

    def __init__(
        self, database: Database, audit: AuditTrail, new_id: NewId, now: Now, erp: ErpOn = LedgerErp
    ) -> None:
        self._database = database
        self._audit = audit
        self._new_id = new_id
        self._now = now
        self._days = Reconciliations(audit, new_id, erp)
        self._months = BookMonths(audit)

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Every month since the service began that is over and not shut; none for a client no longer served."""
        with self._database.transaction([client_id]) as connection:
            client = company(connection, client_id)
            if client["status"] != "active" or client["kind"] != "client":
                return ()
            months = book_months.states(connection, client_id)
            return rules.due_months(at, client["zone"], months, _began(connection, client_id, client["zone"]))

    def run(self, client_id: UUID, period: str, actor: Actor, with_open: str = "") -> Mapping[str, Any]:
        """Check and, where nothing stands in the way, soft-close. Raises ``period-not-over``,
        ``not-a-clients-book``; ``not-allowed`` when anybody but a person closes with open documents."""
        now, with_open = self._now(), with_open.strip()
        if with_open and actor.user_id is None:
            raise DomainError("not-allowed", kind=KIND)
        with self._database.transaction([client_id]) as connection:
            before = self._before(connection, client_id, period, now)
        if before is not None:
            return before
        day = months_rules.first_day(period)
        while months_rules.month_of(day) == period:
            with self._database.transaction([client_id]) as connection:
                self._days.run(connection, client_id, day, now=now, actor=actor)
            day = day.fromordinal(day.toordinal() + 1)
        with self._database.transaction([client_id]) as connection:
            # Postings of the client wait until the month is shut or left open: what was checked is what is shut.
            months = book_months.hold(connection, client_id)
            before = self._before(connection, client_id, period, now)
            return before or self._check(connection, client_id, period, months, now, actor, with_open)

    def _before(
        self, connection: Connection, client_id: UUID, period: str, now: datetime
    ) -> Mapping[str, Any] | None:
        """The answer for a month that is shut already; None where there is something to do."""
        client = company(connection, client_id)
        if client["kind"] != "client":
            raise DomainError("not-a-clients-book")
        if day_bounds(months_rules.last_day(period), client["zone"])[1] > now:
            raise DomainError("period-not-over", period=period)
        state = months_rules.state_of(period, book_months.states(connection, client_id))
        if state == months_rules.OPEN:
            return None
        return {"outcome": "ran_before", "period": period, "state": state}

    def _check(
        self,
        connection: Connection,
        client_id: UUID,
        period: str,
        months: Mapping[str, str],
        now: datetime,
        actor: Actor,
        with_open: str,
    ) -> Mapping[str, Any]:
        facts, balance = self._facts(connection, client_id, period, months)
        checks = rules.judge(facts, with_open)
        clean = rules.clean(checks)
        in_the_way = [check for check in checks if not check.ok]
        report = {
            "period": period,
            "counts": dict(facts.counts),
            "checks": [check.to_json() for check in checks],
            "open": [one.to_json() for one in facts.open],
            "differences": [dict(one) for one in facts.differences[:LISTED]],
            "apart": [one.to_json() for one in facts.apart],
            "trial_balance": balance,
            "control": {c: f"{a:f}" for c, a in sorted(facts.control.items())},
            "subledger": {c: f"{a:f}" for c, a in sorted(facts.subledger.items())},
            "with_open": with_open,
        }
        values = (self._new_id(), client_id, period, clean, _json(report), now, actor.user_id)
        driver(connection).execute(_KEEP, values)
        summary = {
            "period": period,
            "clean": clean,
            "state": months_rules.SOFT if clean else months_rules.OPEN,
            "counts": dict(facts.counts),
            "in_the_way": [check.name for check in in_the_way],
        }
        driver(connection).execute(
            "insert into period_run (client_id, kind, period, result, at) values (%s, %s, %s, %s, %s)"
            " on conflict (client_id, kind, period) do update set result = excluded.result, at = excluded.at",
            (client_id, KIND, period, _json(summary), now),
        )
        self._record(connection, client_id, now, actor, summary, with_open)
        if clean:
            why = with_open or "Month-end: nothing stands in the way"
            self._months.soft_close(connection, client_id, period, now=now, actor=actor, reason=why)
        else:
            self._tell(connection, client_id, period, in_the_way, now)
        return {"outcome": "closed" if clean else "blocked", **summary}

    def _facts(
        self, connection: Connection, client_id: UUID, period: str, months: Mapping[str, str]
    ) -> tuple[Facts, list[dict[str, str]]]:
        client = company(connection, client_id)
        since, until = months_rules.first_day(period), months_rules.last_day(period)
        coding = (client["settings"] or {}).get("coding") or {}
        about = {
            "client": client_id,
            "first": day_bounds(since, client["zone"])[0],
            "next": day_bounds(until, client["zone"])[1],
            "since": since,
            "until": until,
            "currency": client["currency"],
            "payable": sorted({PAYABLE, str(coding.get("payable_account", PAYABLE))}),
        }
        sql = driver(connection)
        buckets = dict(sql.execute(_COUNTS, about).fetchall())
        days = sql.execute(_DAYS, about).fetchall()
        accounts = ledger.trial_balance(connection, client_id, until)
        balances: dict[str, Decimal] = {}
        for one in accounts:
            balances[one.currency] = balances.get(one.currency, Decimal(0)) + one.balance
        shown = [
            {
                "account": one.account,
                "name": one.name,
                "currency": one.currency,
                "debit": f"{one.debit:f}",
                "credit": f"{one.credit:f}",
                "balance": f"{one.balance:f}",
            }
            for one in accounts
        ]
        return (
            Facts(
                period,
                {"received": sum(row[1] for row in days), **buckets},
                [OpenDocument(*row) for row in sql.execute(_OPEN, about)],
                [row[0] for row in days if row[3] >= day_bounds(row[0], client["zone"])[1]],
                [{"day": day.isoformat(), **one} for day, _, differences, _ in days for one in differences],
                balances,
                dict(sql.execute(_CONTROL, about).fetchall()),
                dict(sql.execute(_SUBLEDGER, about).fetchall()),
                months,
                _began(connection, client_id, client["zone"]),
                [Apart(*row) for row in sql.execute(_APART, about)],
            ),
            shown,
        )

    def _record(
        self,
        connection: Connection,
        client_id: UUID,
        now: datetime,
        actor: Actor,
        summary: Mapping[str, Any],
        with_open: str,
    ) -> None:
        period = str(summary["period"])
        emit = Emit(
            "month_end.run", after=summary, why=with_open or None, entity="month_end", entity_id=period
        )
        self._audit.record(
            connection, client_id=client_id, ticket_id=None, root_id=None, at=now, actor=actor, emit=emit
        )

    def _tell(
        self, connection: Connection, client_id: UUID, period: str, checks: Sequence[Check], now: datetime
    ) -> None:
        """One notice for the finance desk, again only when something else stands in the way."""
        key = f"{KIND}:{client_id}:{period}:{','.join(check.name for check in checks)}"
        detail = {"period": period, "checks": [check.to_json() for check in checks]}
        notices.tell(
            connection, client_id, None, Notify(self._new_id(), key, "month_end", DESK, now, None, detail)
        )


def _began(connection: Connection, client_id: UUID, zone: str) -> str | None:
    """The month of the first document, or of the first entry of a book without any. Entries of papers that are older
    than the service are in the balances of its first month."""
    received, booked = driver(connection).execute(_BEGAN, {"client": client_id}).fetchone() or (None, None)
    if received is not None:
        return months_rules.month_of(received.astimezone(ZoneInfo(zone)).date())
    return None if booked is None else months_rules.month_of(booked)


def get(connection: Connection, client_id: UUID, period: str) -> RowMapping | None:
    """The report of one month's last run."""
    query = text("select * from month_end where client_id = :c and period = :p")
    return connection.execute(query, {"c": client_id, "p": period}).mappings().first()


def _json(value: Any) -> Jsonb:
    return Jsonb(value, dumps=encode_json)
