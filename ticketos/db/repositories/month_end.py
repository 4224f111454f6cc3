"""OP3 the month-end on PostgreSQL: every day reconciled anew, the month checked, its report kept, the book soft-closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import book_months, notices
from ticketos.db.repositories import month_facts as facts
from ticketos.db.repositories.book_months import BookMonths
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.repositories.month_facts import Found
from ticketos.db.repositories.reconciliation import Reconciliations
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain import book_months as months_rules
from ticketos.domain import month_end as rules
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.errors import DomainError
from ticketos.domain.month_end import KIND, LISTED, Check
from ticketos.domain.ports import NewId, Now
from ticketos.domain.reconciliation import day_bounds
from ticketos.domain.state import Actor

DESK = "finance"

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
            return rules.due_months(
                at, client["zone"], months, facts.began(connection, client_id, client["zone"])
            )

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
        with self._database.transaction([client_id]) as connection:
            reconciled = facts.marks(connection, client_id, period)
        for day in months_rules.days_of(period):
            self._reconcile(client_id, day, now, actor)
        with self._database.transaction([client_id]) as connection:
            seen = facts.marks(connection, client_id, period)
            found = facts.read(connection, client_id, period)
        with self._database.transaction([client_id]) as connection:
            # Postings of the client wait until the month is shut or left open: what was checked is what is shut. So no
            # more is done here than what came in between asks for.
            months = book_months.hold(connection, client_id)
            if (before := self._before(connection, client_id, period, now)) is not None:
                return before
            marks = facts.marks(connection, client_id, period)
            for day in facts.changed(reconciled, marks):
                self._days.run(connection, client_id, day, now=now, actor=actor)
            if facts.changed(reconciled, marks) or marks != seen:
                found = facts.read(connection, client_id, period)
            of_now = replace(found, facts=replace(found.facts, months=months))
            return self._check(connection, client_id, of_now, now, actor, with_open)

    def _reconcile(self, client_id: UUID, day: date, now: datetime, actor: Actor) -> None:
        with self._database.transaction([client_id]) as connection:
            self._days.run(connection, client_id, day, now=now, actor=actor)

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
        found: Found,
        now: datetime,
        actor: Actor,
        with_open: str,
    ) -> Mapping[str, Any]:
        month, period = found.facts, found.facts.period
        checks = rules.judge(month, with_open)
        clean = rules.clean(checks)
        in_the_way = [check for check in checks if not check.ok]
        report = {
            "period": period,
            "counts": dict(month.counts),
            "checks": [check.to_json() for check in checks],
            "open": [one.to_json() for one in month.open],
            "differences": [dict(one) for one in month.differences[:LISTED]],
            "apart": [one.to_json() for one in month.apart],
            "trial_balance": list(found.trial_balance),
            "control": {c: f"{a:f}" for c, a in sorted(month.control.items())},
            "subledger": {c: f"{a:f}" for c, a in sorted(month.subledger.items())},
            "with_open": with_open,
        }
        values = (self._new_id(), client_id, period, clean, _json(report), now, actor.user_id)
        driver(connection).execute(_KEEP, values)
        summary = {
            "period": period,
            "clean": clean,
            "state": months_rules.SOFT if clean else months_rules.OPEN,
            "counts": dict(month.counts),
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
        self._audit.record_apart(connection, client_id, now, actor, emit)

    def _tell(
        self, connection: Connection, client_id: UUID, period: str, checks: Sequence[Check], now: datetime
    ) -> None:
        """One notice for the finance desk, again only when something else stands in the way."""
        key = f"{KIND}:{client_id}:{period}:{','.join(check.name for check in checks)}"
        detail = {"period": period, "checks": [check.to_json() for check in checks]}
        notices.tell(
            connection, client_id, None, Notify(self._new_id(), key, "month_end", DESK, now, None, detail)
        )


def get(connection: Connection, client_id: UUID, period: str) -> RowMapping | None:
    """The report of one month's last run."""
    query = text("select * from month_end where client_id = :c and period = :p")
    return connection.execute(query, {"c": client_id, "p": period}).mappings().first()


def _json(value: Any) -> Jsonb:
    return Jsonb(value, dumps=encode_json)
