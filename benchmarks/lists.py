"""Lists over very many tickets: rows, rows with their count, search, the wall, as operations over 20 clients and as
one client.

The tickets are generated straight into a database of its own (2 % of them open, spread over stages, lines and
states; the rest closed over two years), and the repositories the API uses are asked as the application role, so
row-level security is part of every figure. Asked: rows p95 ≤ 150 ms, with counts ≤ 300 ms, search ≤ 100 ms.

    python -m benchmarks.lists [--tickets 1000000] [--runs 15] [--record]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from benchmarks.figures import Asked, arguments, finish, percentile, say
from ticketos.db.ids import new_id
from ticketos.db.migrate import upgrade
from ticketos.db.repositories import board, cursors, tickets
from ticketos.db.session import Database
from ticketos.dev.database import PostgresUrls
from ticketos.dev.postgres import EmbeddedPostgres

CLIENTS = 20
LIMIT, COUNTED = 50, 1_000
ROWS_MS, COUNTS_MS, SEARCH_MS = 150.0, 300.0, 100.0

_CLIENT = """
insert into client (id, slug, prefix, name, data_key, kind, status, zone, currency, country)
values (%s, %s, %s, %s, %s, 'client', 'active', 'Asia/Kolkata', 'INR', 'IN')"""
_FILL = """
insert into ticket (id, client_id, root_id, number, subject, requester_name, requester_email, received_at, stage,
                    state, sla_state, service_line, priority, desk, closed_at, due_at, next_action, next_at,
                    kind, life, seq, progress, round, channel, language, sentiment, documents_total, documents_done,
                    row_version)
select id, client_id, id, 'N' || n, 'Invoices of supplier ' || (n %% 9973), 'Person ' || (n %% 4001),
       'p' || (n %% 4001) || '@people.example', at,
       case when open then (array['triage', 'delivery', 'quality', 'approval', 'billing'])[1 + n %% 5] else 'closure' end,
       case when not open then (case when n %% 97 = 0 then 'cancelled' else 'closed' end)
            when n %% 500 = 7 then 'needs_attention' when n %% 500 = 11 then 'paused' else 'open' end,
       case when n %% 43 = 0 then 'breached' when n %% 41 = 0 then 'at_risk' else 'on_track' end,
       case when open and n %% 29 = 0 then null
            else (array['data_entry', 'customer_support', 'finance_accounting', 'it_helpdesk'])[1 + n %% 4] end,
       'P' || (1 + n %% 4), case when open then 'delivery' else 'client_success' end,
       case when open then null else at + interval '9 hours' end, at + interval '1 day', 'x', at,
       'request', 1, 1, 40, 0, 'email', 'en', 'neutral', 3, 1, 1
  from (select n, (array(select id from client order by slug))[1 + n %% %(clients)s::bigint] as client_id,
               n > %(closed)s::bigint as open,
               cast(now() as timestamptz) - (%(tickets)s::bigint - n) * (interval '730 days' / %(tickets)s::bigint) as at,
               (lpad(to_hex(cast(extract(epoch from now()
                  - (%(tickets)s::bigint - n) * (interval '730 days' / %(tickets)s::bigint)) * 1000 as bigint)), 12, '0')
                || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid as id
          from generate_series(cast(%(first)s as bigint), cast(%(last)s as bigint)) n) made
"""
_WORDS = """
insert into search.ticket (id, client_id, words)
select id, client_id, array_to_tsvector(array_append(
         search.words(concat_ws(' ', number, subject, requester_name, requester_email)), search.client_word(client_id)))
  from ticket
"""


@dataclass(frozen=True)
class Case:
    """One question with the limit it is held to."""

    name: str
    kind: str
    ask: Callable[[Connection], object]


def fill(urls: PostgresUrls, count: int) -> list[UUID]:
    """The clients and their tickets; the search words are written at once, as a restored backup would."""
    dsn = make_url(urls.superuser).set(drivername="postgresql").render_as_string(hide_password=False)
    clients = sorted((new_id() for _ in range(CLIENTS)), key=str)
    with psycopg.connect(dsn, autocommit=True) as sql:
        sql.execute("set session_replication_role = replica")
        for n, client in enumerate(clients):
            sql.execute(_CLIENT, (client, f"c{n:02d}", f"C{n:02d}", f"Client {n}", b"x"))
        step = 100_000
        for first in range(1, count + 1, step):
            last = min(first + step - 1, count)
            given = {
                "clients": CLIENTS,
                "closed": count - count // 50,
                "tickets": count,
                "first": first,
                "last": last,
            }
            sql.execute(_FILL, given)
            say(f"  {last:,} tickets")
        sql.execute("drop index search.ix_ticket_words")
        sql.execute(_WORDS)
        sql.execute("create index ix_ticket_words on search.ticket using gin (words) with (fastupdate = off)")
        sql.execute("vacuum (analyze) ticket")
        sql.execute("vacuum (analyze) search.ticket")
    return clients


def cases(clients: Sequence[UUID], who: str, now: datetime, chance: random.Random) -> list[Case]:
    """What people ask of these clients' tickets."""
    everything = tickets.Filter(client_ids=tuple(clients))
    open_ones = replace(everything, open_only=True)
    filters = {
        "all": everything,
        "open": open_ones,
        "open, one stage": replace(open_ones, stages=("quality",)),
        "open, one line": replace(open_ones, service_line="it_helpdesk"),
        "open, line undecided": replace(open_ones, line_undecided=True),
        "needs attention": replace(everything, states=("needs_attention",)),
        "late": replace(open_ones, sla_states=("breached", "missed")),
        "closed": replace(everything, states=("closed", "cancelled")),
        "cancelled": replace(everything, states=("cancelled",)),
        "all, one priority": replace(everything, priority="P1"),
        "a month": replace(everything, since=now - timedelta(days=400), until=now - timedelta(days=370)),
        "closed yesterday": replace(
            everything, closed_since=now - timedelta(days=30), closed_until=now - timedelta(days=29)
        ),
        "oldest first": replace(everything, newest_first=False),
    }

    def rows(chosen: tickets.Filter, deep: bool = False) -> Callable[[Connection], object]:
        def ask(connection: Connection) -> object:
            after = cursors.encode(now - timedelta(days=chance.uniform(1, 700)), new_id()) if deep else None
            return tickets.listed(connection, chosen, LIMIT, after)

        return ask

    def counted(chosen: tickets.Filter) -> Callable[[Connection], object]:
        return lambda connection: (
            tickets.listed(connection, chosen, LIMIT, None),
            tickets.counted(connection, chosen, COUNTED),
        )

    def search(words: Callable[[], str]) -> Callable[[Connection], object]:
        return lambda connection: tickets.searched(connection, clients, words())

    made = [Case(f"{who}: {name}", "rows", rows(chosen)) for name, chosen in filters.items()]
    made += [Case(f"{who}: all, far down", "rows", rows(everything, deep=True))]
    made += [Case(f"{who}: {name}", "counts", counted(chosen)) for name, chosen in filters.items()]
    made += [
        Case(f"{who}: a number", "search", search(lambda: f"N{chance.randrange(1, 900_000)}")),
        Case(f"{who}: a person", "search", search(lambda: f"p{chance.randrange(4_000)} people")),
        Case(f"{who}: a supplier", "search", search(lambda: f"supplier {chance.randrange(9_000)}")),
        Case(f"{who}: the wall's stages", "board", lambda connection: board.stages(connection, clients)),
        Case(
            f"{who}: the wall's day",
            "board",
            lambda connection: board.hours(connection, clients, now - timedelta(hours=24), now),
        ),
    ]
    return made


def measure(
    database: Database, clients: Sequence[UUID], asked: Sequence[Case], runs: int
) -> dict[str, list[float]]:
    """Milliseconds of every run by kind; the slowest cases are told."""
    found: dict[str, list[float]] = {}
    told = []
    for case in asked:
        times = []
        for _ in range(runs):
            with database.transaction(clients) as connection:
                began = time.perf_counter()
                case.ask(connection)
                times.append((time.perf_counter() - began) * 1_000)
        found.setdefault(case.kind, []).extend(times)
        told.append((percentile(times, 95), case))
    for worst, case in sorted(told, key=lambda one: -one[0])[:8]:
        say(f"  {worst:8.1f} ms p95  {case.kind:<7}{case.name}")
    return found


def main() -> int:
    """Fill, ask, print the line."""
    parser = arguments(__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    chance = random.Random(4711)
    home = Path(tempfile.mkdtemp(prefix="ticketos-lists-"))
    server = EmbeddedPostgres(home, durable=False, ephemeral=True)
    try:
        urls = server.start()
        upgrade(urls.owner)
        began = time.monotonic()
        clients = fill(urls, given.tickets)
        say(f"  filled in {time.monotonic() - began:.0f} s")
        database = Database(urls.app, urls.system)
        now = datetime.now(UTC)
        times: dict[str, list[float]] = {}
        for who, seen in (("20 clients", clients), ("one client", clients[:1])):
            for kind, values in measure(database, seen, cases(seen, who, now, chance), given.runs).items():
                times.setdefault(kind, []).extend(values)
        database.dispose()
    finally:
        server.stop()
    p95 = {kind: round(percentile(values, 95), 1) for kind, values in times.items()}
    figures = {
        "tickets": given.tickets,
        "rows_p95_ms": p95["rows"],
        "counts_p95_ms": p95["counts"],
        "search_p95_ms": p95["search"],
        "board_p95_ms": p95["board"],
        "rows_worst_ms": round(max(times["rows"]), 1),
        "open": given.tickets // 50,
        "clients": CLIENTS,
    }
    promises = [
        Asked("rows, p95 in ms", p95["rows"], ROWS_MS),
        Asked("rows with count, p95 in ms", p95["counts"], COUNTS_MS),
        Asked("search, p95 in ms", p95["search"], SEARCH_MS),
    ]
    return finish("lists", figures, promises, keep=given.record)


if __name__ == "__main__":
    sys.exit(main())
