# ruff: noqa: S608 (statements are put together from words of our own, never from values)
"""SL1 daily reconciliation on PostgreSQL: one day of one client in one transaction; a later run replaces the
earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import notices
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now
from ticketos.domain.reconciliation import (
    Announced,
    Difference,
    Entry,
    Received,
    Report,
    day_bounds,
    due_days,
    entries_of,
    reconcile,
)
from ticketos.domain.state import Actor

KIND = "reconciliation"
DESK = "ops"
PAYABLE = "2100"
"""The account a document's total is owed on, unless the client's settings name another."""

STATE = "case when jsonb_exists(d.blocked_by, 'password') then 'waiting' else d.state end"
WITHDRAWN = "(t.state = 'cancelled' and d.approval <> 'accepted')"
"""What ``domain.reconciliation.bucket_of`` asks of a document ``d`` of a ticket ``t``."""

_DOCUMENTS = f"""
select d.id, d.ticket_id, t.number, d.filename, {STATE} as state, d.doc_type,
       coalesce(d.fields -> 'currency' ->> 'value', %(currency)s) as currency, d.fields -> 'total' ->> 'value'
       as total,
       d.erp_reference, {WITHDRAWN} as withdrawn
  from document d join ticket t on t.client_id = d.client_id and t.id = d.ticket_id
 where d.client_id = %(client)s and d.received_at >= %(first)s and d.received_at < %(next)s
   and d.state <> 'split'
 order by d.received_at, d.id"""

_ANNOUNCED = """
select t.id, t.number, t.documents_total, count(d.id)
  from ticket t left join document d on d.client_id = t.client_id and d.ticket_id = t.id and d.state <> 'split'
 where t.client_id = %(client)s and t.kind = 'request' and t.received_at >= %(first)s and t.received_at <
 %(next)s
 group by t.id, t.number, t.documents_total order by t.id"""

_KEEP = """
insert into reconciliation (id, client_id, day, counts, values, differences, ran_at) values (%s, %s, %s, %s,
%s, %s, %s)
on conflict (client_id, day) do update set counts = excluded.counts, values = excluded.values,
  differences = excluded.differences, ran_at = excluded.ran_at"""


class Reconciliations:
    """Runs a day and tells who must know."""

    def __init__(self, audit: AuditTrail, new_id: NewId, erp: ErpOn = LedgerErp) -> None:
        self._audit = audit
        self._new_id = new_id
        self._erp = erp

    def run(
        self, connection: Connection, client_id: UUID, day: date, *, now: datetime, actor: Actor
    ) -> RowMapping:
        """Reconcile a day and keep the report. Each difference is in the trail and with the ops desk once,
        however often the day is run. Raises ``day-not-begun``."""
        client = company(connection, client_id)
        first, following = day_bounds(day, client["zone"])
        if first > now:
            raise DomainError("day-not-begun", day=day.isoformat())
        # Two runs of one day at once would both find a difference new.
        driver(connection).execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{KIND}:{client_id}:{day}",)
        )
        known = get(connection, client_id, day)
        report = self._report(connection, client, day, first, following)
        driver(connection).execute(
            _KEEP,
            (
                self._new_id(),
                client_id,
                day,
                _json(report.counts),
                _json(
                    {
                        "totals": {
                            c: {n: f"{a:f}" for n, a in sums.items()} for c, sums in report.values.items()
                        },
                        "references": list(report.references),
                    }
                ),
                _json([one.to_json() for one in report.differences]),
                now,
            ),
        )
        before = {_key(one) for one in known["differences"]} if known else set()
        self._tell(
            connection,
            client_id,
            report,
            [one for one in report.differences if one.key not in before],
            now,
            actor,
        )
        driver(connection).execute(
            "insert into period_run (client_id, kind, period, result, at) values (%s, %s, %s, %s, %s)"
            " on conflict (client_id, kind, period) do update set result = excluded.result, at = excluded.at",
            (client_id, KIND, day.isoformat(), _json(summary(report)), now),
        )
        found = get(connection, client_id, day)
        assert found is not None
        return found

    def _report(
        self, connection: Connection, client: RowMapping, day: date, first: datetime, following: datetime
    ) -> Report:
        coding = (client["settings"] or {}).get("coding") or {}
        about = {
            "client": client["id"],
            "currency": client["currency"],
            "first": first,
            "next": following,
            "payable": str(coding.get("payable_account", PAYABLE)),
        }
        sql = driver(connection)
        documents = sql.execute(_DOCUMENTS, about).fetchall()
        entries: dict[UUID, list[Entry]] = {}
        book = self._erp(sql, self._new_id)
        for standing in book.standing(client["id"], [row[0] for row in documents]):
            entries.setdefault(standing.source_id, []).extend(entries_of(standing, about["payable"]))
        received = [
            Received(
                one,
                ticket,
                number,
                name,
                state,
                kind,
                currency,
                total,
                ref,
                tuple(entries.get(one, ())),
                gone,
            )
            for one, ticket, number, name, state, kind, currency, total, ref, gone in documents
        ]
        announced = [Announced(*row) for row in sql.execute(_ANNOUNCED, about)]
        return reconcile(day, received, announced)

    def _tell(
        self,
        connection: Connection,
        client_id: UUID,
        report: Report,
        fresh: Sequence[Difference],
        now: datetime,
        actor: Actor,
    ) -> None:
        for one in fresh:
            detail = {"day": report.day.isoformat(), **one.to_json()}
            key = f"{KIND}:{client_id}:{report.day}:{one.key}"
            told = Notify(self._new_id(), key, "reconciliation", DESK, now, None, detail)
            notices.tell(connection, client_id, one.ticket_id, told)
            self._audit.record(
                connection,
                client_id=client_id,
                ticket_id=one.ticket_id,
                root_id=one.ticket_id,
                at=now,
                actor=actor,
                emit=Emit(
                    "reconciliation.difference",
                    after=detail,
                    why=one.code,
                    entity="document",
                    entity_id=str(one.document_id) if one.document_id else None,
                ),
            )
        self._audit.record_apart(
            connection,
            client_id,
            now,
            actor,
            Emit(
                "reconciliation.run",
                after=summary(report),
                entity="reconciliation",
                entity_id=report.day.isoformat(),
            ),
        )


class SqlReconciliationRuns:
    """``domain.reconciliation.ReconciliationRuns`` on PostgreSQL."""

    def __init__(self, database: Database, reconciliations: Reconciliations, now: Now) -> None:
        self._database = database
        self._reconciliations = reconciliations
        self._now = now

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Days since the last run; none for a client no longer served."""
        with self._database.transaction([client_id]) as connection:
            client = company(connection, client_id)
            last = connection.execute(
                text("select max(day) from reconciliation where client_id = :c"), {"c": client_id}
            ).scalar()
        if client["status"] != "active" or client["kind"] != "client":
            return ()
        return tuple(day.isoformat() for day in due_days(at, client["zone"], last))

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Reconcile that day."""
        with self._database.transaction([client_id]) as connection:
            row = self._reconciliations.run(
                connection, client_id, date.fromisoformat(period), now=self._now(), actor=actor
            )
            return {"day": period, "counts": dict(row["counts"]), "differences": len(row["differences"])}


def summary(report: Report) -> dict[str, Any]:
    """The day in one line."""
    return {
        "day": report.day.isoformat(),
        "counts": dict(report.counts),
        "differences": len(report.differences),
    }


def get(connection: Connection, client_id: UUID, day: date) -> RowMapping | None:
    """One day's report."""
    return (
        connection.execute(
            text("select * from reconciliation where client_id = :c and day = :d"), {"c": client_id, "d": day}
        )
        .mappings()
        .first()
    )


def listed(
    connection: Connection,
    client_ids: Sequence[UUID],
    *,
    limit: int,
    day: date | None = None,
    before: UUID | None = None,
) -> Sequence[RowMapping]:
    """Reports of these clients, the newest first; ``before`` is the last id already known."""
    return (
        connection.execute(
            text(
                "select r.* from reconciliation r where client_id = any(:c) and (cast(:day as date) is null"
                " or day = :day)"
                " and (cast(:before as uuid) is null or (day, id) < (select day, id from reconciliation"
                " where id = :before))"
                " order by day desc, id desc limit :limit"
            ),
            {"c": list(client_ids), "day": day, "before": before, "limit": limit},
        )
        .mappings()
        .all()
    )


def _key(stored: Mapping[str, Any]) -> str:
    return f"{stored['code']}:{stored['document_id'] or stored['ticket_id']}"


def _json(value: Any) -> Jsonb:
    return Jsonb(value, dumps=encode_json)
