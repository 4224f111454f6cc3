"""Months of the clients' books on PostgreSQL: read, shut, opened again. Every change is in the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.session import driver
from ticketos.domain import book_months as rules
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

_HELD = "select pg_advisory_xact_lock(hashtextextended('book-months:' || %s::text, 0))"
"""Waits for the postings under way; those that come after see what was decided."""

_SET = """
insert into book_month (client_id, period, state, changed_at, changed_by, reason, row_version)
values (%s, %s, %s, %s, %s, %s, 1)
on conflict (client_id, period) do update set state = excluded.state, changed_at = excluded.changed_at,
  changed_by = excluded.changed_by, reason = excluded.reason, row_version = book_month.row_version + 1"""

Act = Literal["close", "reopen"]
"""What finance does with a month."""
_BECOMES: Mapping[Act, tuple[str, str]] = {
    "close": (rules.CLOSED, "book_month.closed"),
    "reopen": (rules.OPEN, "book_month.reopened"),
}
"""The state afterwards, and the event."""

# A month is there when an entry is booked in it, somebody spoke of it, or its month-end was run.
_MONTHS = """
with booked as (
  select client_id, to_char(booked_on, 'YYYY-MM') as period, count(*)::int as entries
    from journal where client_id = any(:clients) {days} group by 1, 2)
select client_id, period, coalesce(b.entries, 0) as entries, m.state as said, m.changed_at, m.changed_by,
       coalesce(m.reason, '') as reason, e.clean, e.ran_at, coalesce(e.runs, 0) as runs
  from booked b full join (select * from book_month where client_id = any(:clients) {period}) m using (client_id, period)
  full join (select client_id, period, clean, ran_at, runs from month_end where client_id = any(:clients) {period}) e
    using (client_id, period)
 order by period desc, client_id"""
_EVERY = _MONTHS.format(days="", period="")
_ONE = _MONTHS.format(days="and booked_on between :first and :last", period="and period = :period")


def states(connection: Connection, client_id: UUID) -> dict[str, str]:
    """The months the book has spoken of."""
    found = driver(connection).execute(
        "select period, state from book_month where client_id = %s", (client_id,)
    )
    return dict(found.fetchall())


def hold(connection: Connection, client_id: UUID) -> dict[str, str]:
    """The same, with postings of the client kept out until the transaction ends."""
    driver(connection).execute(_HELD, (client_id,))
    return states(connection, client_id)


def listed(connection: Connection, client_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Every month of these books with its state, who changed it last and why, its entries and its month-end."""
    found = [dict(row) for row in connection.execute(text(_EVERY), {"clients": list(client_ids)}).mappings()]
    said: dict[UUID, dict[str, str]] = {}
    for row in found:
        if row["said"] is not None:
            said.setdefault(row["client_id"], {})[row["period"]] = row["said"]
    return [_standing(row, said.get(row["client_id"], {})) for row in found]


def one(connection: Connection, client_id: UUID, period: str) -> dict[str, Any]:
    """One month; one that nothing is known of stands as its neighbours say."""
    about = {
        "clients": [client_id],
        "period": period,
        "first": rules.first_day(period),
        "last": rules.last_day(period),
    }
    row = connection.execute(text(_ONE), about).mappings().first()
    nothing = {"client_id": client_id, "period": period, "entries": 0, "said": None}
    return _standing(dict(row or nothing), states(connection, client_id))


def _standing(row: dict[str, Any], months: rules.Months) -> dict[str, Any]:
    state, said = rules.state_of(row["period"], months), row.pop("said")
    return {**row, "state": state, "implied": said is None and state != rules.OPEN}


class BookMonths:
    """Shuts and opens months."""

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit

    def soft_close(
        self,
        connection: Connection,
        client_id: UUID,
        period: str,
        *,
        now: datetime,
        actor: Actor,
        reason: str,
    ) -> None:
        """A month-end was clean, or finance accepted what is open. Raises ``period-not-over``, ``period-not-open``."""
        client = self._of_a_client(connection, client_id)
        today = now.astimezone(ZoneInfo(client["zone"])).date()
        rules.may_soft_close(period, hold(connection, client_id), today)
        self._set(connection, client_id, period, rules.SOFT, now, actor, reason, "book_month.soft_closed")

    def change(
        self,
        connection: Connection,
        client_id: UUID,
        period: str,
        act: Act,
        *,
        now: datetime,
        actor: Actor,
        reason: str,
    ) -> None:
        """``close``: for good, as far as entries go: nobody posts into it. ``reopen``: entries enter it again. Raises
        ``not-a-clients-book`` and what ``rules.may_close`` and ``rules.may_reopen`` raise."""
        self._of_a_client(connection, client_id)
        months = hold(connection, client_id)
        if act == "close":
            rules.may_close(period, months)
        else:
            rules.may_reopen(period, months, reason)
        state, event = _BECOMES[act]
        self._set(connection, client_id, period, state, now, actor, reason, event)

    def _of_a_client(self, connection: Connection, client_id: UUID) -> RowMapping:
        found = company(connection, client_id)
        if found["kind"] != "client":
            raise DomainError("not-a-clients-book")
        return found

    def _set(
        self,
        connection: Connection,
        client_id: UUID,
        period: str,
        state: str,
        now: datetime,
        actor: Actor,
        reason: str,
        event: str,
    ) -> None:
        before = rules.state_of(period, states(connection, client_id))
        driver(connection).execute(_SET, (client_id, period, state, now, actor.user_id, reason.strip()))
        self._audit.record_apart(
            connection,
            client_id,
            now,
            actor,
            Emit(
                event,
                before={"period": period, "state": before},
                after={"period": period, "state": state},
                why=reason.strip() or None,
                entity="book_month",
                entity_id=period,
            ),
        )
