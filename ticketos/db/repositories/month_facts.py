# ruff: noqa: S608 (statements are put together from words of our own, never from values)
"""A month of a client's book as its month-end judges it, and by what one sees that it has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping

from ticketos.db.repositories import book_months, ledger
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.repositories.reconciliation import PAYABLE, STATE, WITHDRAWN
from ticketos.db.session import driver
from ticketos.domain import book_months as rules
from ticketos.domain.month_end import LISTED, Apart, Facts, OpenDocument
from ticketos.domain.reconciliation import bucket_of, day_bounds

_OF_MONTH = """from document d join ticket t on t.client_id = d.client_id and t.id = d.ticket_id
 where d.client_id = %(client)s and d.received_at >= %(first)s and d.received_at < %(next)s and d.state <> 'split'"""
_COUNTS = f"select {STATE}, {WITHDRAWN}, count(*)::int {_OF_MONTH} group by 1, 2"
_OPEN = (
    "select d.id, d.ticket_id, t.number, d.filename, d.state, t.desk"
    f" {_OF_MONTH} and not {WITHDRAWN} and {STATE} = any(%(open)s) order by d.received_at, d.id limit {LISTED}"
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

# A document's row version grows with each change of it; entries are numbered in the order in which they are committed.
_MARKS = f"""
select (d.received_at at time zone %(zone)s)::date, count(*), sum(d.row_version), count(*) filter (where {WITHDRAWN}),
       (select count(*) from journal j where j.client_id = %(client)s and j.source_id = any(array_agg(d.id)))
  {_OF_MONTH} group by 1"""
_NEXT = "select next from journal_counter where client_id = %s"

Marks = Mapping[date | None, tuple[int, ...]]
"""What changes with a day's documents and their entries; under None, with any entry of the book."""


@dataclass(frozen=True)
class Found:
    """A month, and the trial balance at its last day for the report."""

    facts: Facts
    trial_balance: Sequence[Mapping[str, str]]


def marks(connection: Connection, client_id: UUID, period: str) -> Marks:
    """How the month stands now; compared by ``changed``. Take them before what they are to vouch for is read."""
    sql, about = driver(connection), _about(company(connection, client_id), period)
    found: dict[date | None, tuple[int, ...]] = {
        day: tuple(int(one) for one in row) for day, *row in sql.execute(_MARKS, about)
    }
    return {**found, None: sql.execute(_NEXT, (client_id,)).fetchone() or (0,)}


def changed(before: Marks, now: Marks) -> list[date]:
    """The days that another document or entry came to, or whose documents are not as they were."""
    return sorted(day for day in {*before, *now} if day is not None and before.get(day) != now.get(day))


def read(connection: Connection, client_id: UUID, period: str) -> Found:
    """The figures of a month as they are now."""
    client = company(connection, client_id)
    sql, about = driver(connection), _about(client, period)
    counts: dict[str, int] = {}
    still: set[str] = set()
    for state, withdrawn, count in sql.execute(_COUNTS, about):
        bucket = bucket_of(state, withdrawn)
        counts[bucket] = counts.get(bucket, 0) + count
        if bucket == "open":
            still.add(state)
    days = sql.execute(_DAYS, about).fetchall()
    accounts = ledger.trial_balance(connection, client_id, about["until"])
    balances: dict[str, Decimal] = {}
    for one in accounts:
        balances[one.currency] = balances.get(one.currency, Decimal(0)) + one.balance
    facts = Facts(
        period,
        {"received": sum(row[1] for row in days), **counts},
        [OpenDocument(*row) for row in sql.execute(_OPEN, {**about, "open": sorted(still)})],
        [row[0] for row in days if row[3] >= day_bounds(row[0], client["zone"])[1]],
        [{"day": day.isoformat(), **one} for day, _, differences, _ in days for one in differences],
        balances,
        dict(sql.execute(_CONTROL, about).fetchall()),
        dict(sql.execute(_SUBLEDGER, about).fetchall()),
        book_months.states(connection, client_id),
        began(connection, client_id, client["zone"]),
        [Apart(*row) for row in sql.execute(_APART, about)],
    )
    return Found(facts, [_account(one) for one in accounts])


def _account(one: ledger.Balance) -> dict[str, str]:
    return {
        "account": one.account,
        "name": one.name,
        "currency": one.currency,
        "debit": f"{one.debit:f}",
        "credit": f"{one.credit:f}",
        "balance": f"{one.balance:f}",
    }


def _about(client: RowMapping, period: str) -> dict[str, Any]:
    since, until = rules.first_day(period), rules.last_day(period)
    coding = (client["settings"] or {}).get("coding") or {}
    return {
        "client": client["id"],
        "zone": client["zone"],
        "first": day_bounds(since, client["zone"])[0],
        "next": day_bounds(until, client["zone"])[1],
        "since": since,
        "until": until,
        "currency": client["currency"],
        "payable": sorted({PAYABLE, str(coding.get("payable_account", PAYABLE))}),
    }


def began(connection: Connection, client_id: UUID, zone: str) -> str | None:
    """The month of the first document, or of the first entry of a book without any. Entries of papers that are older
    than the service are in the balances of its first month."""
    received, booked = driver(connection).execute(_BEGAN, {"client": client_id}).fetchone() or (None, None)
    if received is not None:
        return rules.month_of(received.astimezone(ZoneInfo(zone)).date())
    return None if booked is None else rules.month_of(max(booked, rules.EARLIEST))
