"""The portal's pages over 50,000 tickets: server time of lists and ticket pages, what a first visit loads, and how long
an act takes to answer.

The app runs in this process on a database of its own, asked over ASGI as a browser asks: gzip, cookies, forms with their
tokens. Workflows are stood in for by one that agrees at once, so an act's figure is ours and not Temporal's. Beside the
wall clock each figure has the processor time of this process, which a busy machine does not spoil. Asked: p95 of lists
and ticket pages ≤ 200 ms, first load ≤ 150 KB compressed without document images, an act ≤ 100 ms.

    python -m benchmarks.pages [--tickets 50000] [--runs 40] [--record]
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from lxml import html
from sqlmodel import SQLModel

from api.acts import Target
from api.app import MONEY_ROUTERS, MONEY_RULES, create_app_with
from api.portal import PORTAL_ROUTERS, PORTAL_RULES
from api.services import Options, Services
from benchmarks import lists
from benchmarks.figures import Asked, arguments, finish, percentile, say
from schemas.acts import Act, ActResult
from schemas.ticket import TicketStart
from ticketos.crypto import Keyring, new_key
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.migrate import upgrade
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories.credentials import Grant, login_of
from ticketos.db.session import Database
from ticketos.dev.database import PostgresUrls
from ticketos.dev.postgres import EmbeddedPostgres
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM, Actor

PAGE_MS, ACT_MS, FIRST_LOAD_KB = 200.0, 100.0, 150.0
BASE = "http://localhost:8080"
FULL = 40
"""Tickets with a story: messages, events and documents as a worked ticket has them."""
EVENTS, MESSAGES, DOCUMENTS = 120, 12, 25
_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']\./([\w-]+\.js)["']""")


class AtOnce:
    """Implements the port of acts: every workflow agrees at once."""

    async def act(self, target: Target, update: str, argument: Act) -> ActResult | None:
        """Done."""
        return ActResult(applied=True, outcome="done")

    async def start(self, start: TicketStart) -> None:
        """Nothing runs here."""

    async def reachable(self) -> bool:
        """Always."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Times:
    """Milliseconds by the wall and by the processor."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def p95(self) -> tuple[float, float]:
        """Of both."""
        return round(percentile(self.wall, 95), 1), round(percentile(self.cpu, 95), 1)


def services_on(urls: PostgresUrls, home: Path) -> Services:
    """What the app works with, on this database."""
    keyring, database = Keyring(new_key()), Database(urls.app, urls.system)
    return Services(
        database=database,
        keyring=keyring,
        objects=ObjectStore(keyring, database, (home / "objects").as_uri()),
        audit=AuditTrail(keyring, new_id),
        acts=AtOnce(),
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        options=Options(requests_per_minute=1_000_000),
    )


def people(services: Services, client: UUID) -> dict[str, str]:
    """Session tokens of operations (over all clients) and of one client's administrator."""
    now, provider = datetime.now(UTC), new_id()
    with services.database.transaction([client]) as connection:  # the filling gave it none
        key = services.keyring.new_client_key()
        connection.exec_driver_sql("update client set data_key = %s where id = %s", (key, client))
    with services.database.transaction([provider]) as connection:
        values = {"slug": "provider", "prefix": "PROV", "name": "Provider", "kind": "provider"}
        services.clients.create(connection, provider, values, now=now, actor=SYSTEM)
    tokens = {}
    for name, home, roles in (
        ("ops", provider, ("ops", "lead", "agent")),
        ("client", client, ("client_admin",)),
    ):
        scope = None if name == "ops" else client
        with services.database.transaction([home]) as connection:
            address = f"{name}@people.example"
            services.accounts.create_user(
                connection,
                home,
                {"email": address, "name": name.title()},
                [Grant(role, scope) for role in roles],
                now=now,
                actor=SYSTEM,
            )
            login = login_of(connection, address)
            assert login is not None
            tokens[name], _ = services.accounts.begin_session(
                connection, login, now=now, actor=SYSTEM, agent="benchmark"
            )
    return tokens


def stories(services: Services, client: UUID) -> list[UUID]:
    """Give some open tickets of a client what a worked ticket has; returns their ids."""
    now = datetime.now(UTC)
    with services.database.transaction([client]) as connection:
        ids = [
            row.id
            for row in connection.exec_driver_sql(
                "select id from ticket where client_id = %s and closed_at is null order by id limit %s",
                (client, FULL),
            )
        ]
        for ticket in ids:
            services.audit.record_many(
                connection,
                client_id=client,
                ticket_id=ticket,
                root_id=ticket,
                at=now,
                actor=Actor("ai"),
                emits=tuple(
                    Emit(
                        ("document.read", "task.opened", "document.posted", "ticket.edited")[n % 4],
                        after={
                            "engine": "rules",
                            "confidence": "0.9312",
                            "blocked_by": ["field:total"],
                            "n": n,
                        },
                        why="Total is weak",
                    )
                    for n in range(EVENTS)
                ),
            )
        tables = SQLModel.metadata.tables
        connection.execute(
            tables["message"].insert(),
            [
                {
                    "id": new_id(), "client_id": client, "ticket_id": one, "direction": "in", "channel": "email",
                    "external_id": f"{one}-{n}", "sender": "p@people.example", "subject": "Invoices",
                    "body": "Please find the invoices attached. " * 12, "received_at": now - timedelta(hours=n),
                }
                for one in ids
                for n in range(MESSAGES)
            ],
        )  # fmt: skip
        connection.execute(
            tables["document"].insert(),
            [
                {
                    "id": new_id(), "client_id": client, "ticket_id": one, "position": n, "sha256": "0" * 64,
                    "filename": f"invoice-{n}.pdf", "content_type": "application/pdf", "size": 9_000,
                    "address": "0" * 64, "state": "posted", "doc_type": "invoice", "received_at": now,
                }
                for one in ids
                for n in range(DOCUMENTS)
            ],
        )  # fmt: skip
    return ids


class Visitor:
    """One person's browser, which measures."""

    def __init__(self, app: Any, token: str) -> None:
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url=BASE, headers={"Accept-Encoding": "gzip"}
        )
        self.http.cookies.set("tos_session", token)

    async def timed(self, path: str, times: Times) -> httpx2.Response:
        """Open a page; its time counts."""
        return await self._timed("GET", path, None, times)

    async def acted(self, page: str, action: str, fields: Mapping[str, str], times: Times) -> None:
        """Send a form of a page; the time of the answer counts, not of the page."""
        tree = html.fromstring((await self.http.get(page)).text)
        form = next(one for one in tree.xpath("//form[@method='post']") if one.get("action") == action)
        given = {name: value for name, value in form.form_values() if isinstance(value, str)}
        answer = await self._timed("POST", action, {**given, **fields}, times)
        assert answer.status_code == 303, (action, answer.status_code, answer.text[:300])

    async def _timed(
        self, method: str, path: str, data: Mapping[str, str] | None, times: Times
    ) -> httpx2.Response:
        sent = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}
        wall, cpu = time.perf_counter(), time.process_time()
        answer = await self.http.request(method, path, data=data, headers=sent)
        times.wall.append((time.perf_counter() - wall) * 1_000)
        times.cpu.append((time.process_time() - cpu) * 1_000)
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text[:300])
        return answer

    async def first_load(self, path: str) -> float:
        """Kilobytes of a page with its styles and scripts (and what those import) as they are sent."""
        page = await self.http.get(path)
        tree = html.fromstring(page.text)
        wanted = {
            str(one) for one in tree.xpath("//link[@rel='stylesheet']/@href | //script/@src | //img/@src")
        }
        total, seen = _sent(page), set[str]()
        while wanted - seen:
            address = (wanted - seen).pop()
            seen.add(address)
            if not address.startswith("/static/"):
                continue
            answer = await self.http.get(address)
            total += _sent(answer)
            if address.endswith(".js"):
                folder = address.rsplit("/", 1)[0]
                wanted |= {f"{folder}/{name}" for name in _IMPORT.findall(answer.text)}
        return total / 1024


def _sent(answer: httpx2.Response) -> int:
    """Bytes on the line: the body as it was packed."""
    return int(answer.headers.get("content-length") or len(answer.content))


LISTS: Mapping[str, Sequence[str]] = {
    "ops": (
        *("/tickets", "/tickets?state=all", "/tickets?stage=quality", "/tickets?line=it_helpdesk", "/tickets?line=-"),
        *("/tickets?state=attention", "/tickets?sla=breached%2Cmissed", "/tickets?state=closed", "/tickets?q=supplier+77"),
        *("/tickets?client=c03&state=all", "/work?scope=all", "/wall", "/documents", "/approvals", "/audit", "/insights"),
    ),
    "client": (
        *("/requests", "/requests?view=all", "/requests?q=supplier+77", "/overview", "/documents", "/approvals"),
        "/insights",
    ),
}  # fmt: skip


async def measure(services: Services, clients: Sequence[UUID], runs: int) -> dict[str, Any]:
    """All figures."""
    tokens, full = people(services, clients[0]), stories(services, clients[0])
    app = create_app_with(
        services,
        routers=(*MONEY_ROUTERS, *PORTAL_ROUTERS),
        rules={**MONEY_RULES, **PORTAL_RULES},
    )
    chance, rows, tickets, acts = random.Random(7), Times(), Times(), Times()
    heaviest, told = 0.0, list[tuple[float, float, str]]()
    async with app.router.lifespan_context(app):
        for who, paths in LISTS.items():
            visitor = Visitor(app, tokens[who])
            one = "/tickets" if who == "ops" else "/requests"
            for path in paths:
                each = Times()
                await visitor.http.get(path)
                for _ in range(runs):
                    await visitor.timed(path, each)
                told.append((*each.p95(), f"{who} {path}"))
                rows.wall += each.wall
                rows.cpu += each.cpu
                heaviest = max(heaviest, await visitor.first_load(path))
            each = Times()
            for _ in range(runs * 4):
                await visitor.timed(f"{one}/{chance.choice(full)}", each)
            told.append((*each.p95(), f"{who} {one}/…"))
            tickets.wall += each.wall
            tickets.cpu += each.cpu
            heaviest = max(heaviest, await visitor.first_load(f"{one}/{full[0]}"))
            await visitor.http.aclose()
        ops = Visitor(app, tokens["ops"])
        for n in range(runs):
            ticket = f"/tickets/{full[n % len(full)]}"
            await ops.acted(ticket, f"{ticket}/subject", {"subject": f"Another subject {n}"}, acts)
            await ops.acted(ticket, f"{ticket}/pause", {"reason": "Waiting for the order"}, acts)
            await ops.acted("/work", "/views", {"name": f"View {n % 40}"}, acts)
        await ops.http.aclose()
    for wall, cpu, name in sorted(told, reverse=True)[:8]:
        say(f"  {wall:8.1f} ms p95 ({cpu:.1f} ms of processor)  {name}")
    return {"rows": rows, "tickets": tickets, "acts": acts, "kb": round(heaviest, 1)}


def main() -> int:
    """Fill, ask, print the line."""
    parser = arguments(__doc__)
    parser.add_argument("--tickets", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=40)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ticketos-pages-"))
    server = EmbeddedPostgres(home, durable=False, ephemeral=True)
    try:
        urls = server.start()
        upgrade(urls.owner)
        clients = lists.fill(urls, given.tickets)
        services = services_on(urls, home)
        found = asyncio.run(measure(services, clients, given.runs))
        services.database.dispose()
    finally:
        server.stop()
    (rows, rows_cpu), (page, page_cpu), (act, act_cpu) = (
        found[one].p95() for one in ("rows", "tickets", "acts")
    )
    figures = {
        "tickets": given.tickets,
        "list_p95_ms": rows,
        "ticket_p95_ms": page,
        "act_p95_ms": act,
        "first_load_kb": found["kb"],
        "list_cpu_p95_ms": rows_cpu,
        "ticket_cpu_p95_ms": page_cpu,
        "act_cpu_p95_ms": act_cpu,
    }
    promises = [
        Asked("list pages, p95 in ms", rows, PAGE_MS),
        Asked("ticket pages, p95 in ms", page, PAGE_MS),
        Asked("an act's answer, p95 in ms", act, ACT_MS),
        Asked("first load in KB", found["kb"], FIRST_LOAD_KB),
    ]
    return finish("pages", figures, promises, keep=given.record)


if __name__ == "__main__":
    sys.exit(main())
