"""The monthly invoice run: once per client and month, whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories.invoices import Invoices
from ticketos.db.session import Database, driver
from ticketos.domain.ports import Now
from ticketos.domain.state import Actor

KIND = "invoicing"
"""Of ``period_run`` and of the scheduled workflow."""


class SqlInvoiceRuns:
    """``domain.invoicing.InvoiceRuns`` on PostgreSQL."""

    def __init__(self, database: Database, invoices: Invoices, now: Now) -> None:
        self._database = database
        self._invoices = invoices
        self._now = now

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The month before, in the client's zone, unless the client is no longer served."""
        with self._database.transaction([client_id]) as connection:
            client = rows.company(connection, client_id)
        if client["status"] != "active" or client["kind"] != "client":
            return ()
        first = at.astimezone(ZoneInfo(client["zone"])).date().replace(day=1)
        return (f"{first - timedelta(days=1):%Y-%m}",)

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Lock and draft, once per client and month."""
        with self._database.transaction(()) as connection:
            provider = rows.provider(connection)
        with self._database.transaction({client_id, provider}) as connection:
            sql, now = driver(connection), self._now()
            sql.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{KIND}:{client_id}:{period}",)
            )
            done = sql.execute(
                "select result from period_run where client_id = %s and kind = %s and period = %s",
                (client_id, KIND, period),
            ).fetchone()
            if done is not None:
                return dict(done[0])
            self._invoices.lock_period(connection, client_id, period, now=now, actor=actor)
            drafted = self._invoices.draft(connection, client_id, period, now=now, actor=actor)
            result = {
                "period": period,
                "invoices": [str(one) for one in drafted],
                "held": rows.held(connection, client_id, period),
            }
            sql.execute(
                "insert into period_run (client_id, kind, period, result, at) values (%s, %s, %s, %s, %s)",
                (client_id, KIND, period, Jsonb(result), now),
            )
            return result
