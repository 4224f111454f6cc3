"""The API over ASGI on a real database, with a stand-in for Temporal alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlmodel import SQLModel

from api.acts import Target
from api.app import MONEY_ROUTERS, MONEY_RULES, create_app_with
from api.portal import PORTAL_ROUTERS, PORTAL_RULES
from api.services import Options, Services
from schemas.acts import Act, ActResult
from schemas.ticket import TicketStart
from tests.support.month_ends import Direct
from ticketos.crypto import Keyring, new_key
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories.credentials import Caller, Grant, hash_password
from ticketos.db.session import Database
from ticketos.dev.database import PostgresUrls
from ticketos.domain.errors import DomainError
from ticketos.domain.state import SYSTEM

PASSWORD = "correct horse battery staple"
_HASHED: list[str] = []


@dataclass
class RecordedActs:
    """Implements the port: remembers what was sent and answers as told. An update id is answered once."""

    answer: ActResult | None = field(default_factory=lambda: ActResult(applied=True, outcome="done"))
    sent: list[tuple[Target, str, Act]] = field(default_factory=list)
    started: list[TicketStart] = field(default_factory=list)
    away: bool = False
    _known: dict[str, ActResult | None] = field(default_factory=dict)

    async def act(self, target: Target, update: str, argument: Act) -> ActResult | None:
        if self.away:
            raise DomainError("workflows-unavailable")
        if argument.key not in self._known or self._known[argument.key] is None:
            self.sent.append((target, update, argument))
            self._known[argument.key] = self.answer
        return self._known[argument.key]

    async def start(self, start: TicketStart) -> None:
        if self.away:
            raise DomainError("workflows-unavailable")
        self.started.append(start)

    async def reachable(self) -> bool:
        return not self.away

    async def close(self) -> None:
        return None


@dataclass(frozen=True)
class Person:
    """A login of the test world with a session."""

    id: UUID
    client_id: UUID
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class World:
    """Provider, two clients and whoever a test adds."""

    services: Services
    acts: RecordedActs
    app: FastAPI
    provider: UUID
    acme: UUID
    beta: UUID

    @asynccontextmanager
    async def http(self, person: Person | None = None, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A client of the API, signed in as that person."""
        async with self.app.router.lifespan_context(self.app):
            transport = httpx2.ASGITransport(app=self.app)
            given = {**(person.headers if person else {}), **headers}
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://localhost:8080", headers=given
            ) as client:
                yield client

    def person(
        self, client_id: UUID, *grants: tuple[str, UUID | None], email: str | None = None, **columns: Any
    ) -> Person:
        """A new person of a company with these roles, signed in."""
        if not _HASHED:
            _HASHED.append(hash_password(PASSWORD))
        address, now = email or f"{new_id().hex}@people.example", datetime.now(UTC)
        services = self.services
        with services.database.transaction([client_id]) as connection:
            user_id = services.accounts.create_user(
                connection,
                client_id,
                {"email": address, "name": "Test Person", "password_hash": _HASHED[0], **columns},
                [Grant(role, scope) for role, scope in grants],
                now=now,
                actor=SYSTEM,
            )
            from ticketos.db.repositories.credentials import login_of

            login = login_of(connection, address)
            assert login is not None
            token, _ = services.accounts.begin_session(connection, login, now=now, actor=SYSTEM, agent=None)
        return Person(user_id, client_id, address, token)

    def key(self, person: Person, *scopes: str) -> dict[str, str]:
        """Headers with a new API key of that person."""
        from ticketos.db.repositories.credentials import caller_of

        services, now = self.services, datetime.now(UTC)
        with services.database.transaction([person.client_id]) as connection:
            caller: Caller | None = caller_of(connection, person.token)
            assert caller is not None
            secret, _ = services.accounts.create_key(
                connection, caller, name="test", scopes=scopes, expires_at=None, now=now, actor=SYSTEM
            )
        return {"Authorization": f"Bearer {secret}"}

    def sql(
        self, client_id: UUID, statement: str, parameters: tuple[Any, ...] | dict[str, Any] = ()
    ) -> list[Any]:
        """Run one statement as the application, within a client."""
        with self.services.database.transaction([client_id]) as connection:
            result = connection.exec_driver_sql(statement, parameters)
            return list(result.all()) if result.returns_rows else []

    def ticket(self, client_id: UUID, **columns: Any) -> UUID:
        """A request in the database, as its activities would have left it."""
        ticket_id = new_id()
        values: dict[str, Any] = {
            "id": ticket_id,
            "client_id": client_id,
            "root_id": ticket_id,
            "number": f"T-{ticket_id.hex[-20:]}",
            "subject": "Invoices",
            "received_at": datetime.now(UTC),
            **columns,
        }
        self._insert("ticket", client_id, values)
        return ticket_id

    def task(self, client_id: UUID, ticket_id: UUID, **columns: Any) -> UUID:
        """An open task of a request."""
        task_id = new_id()
        values: dict[str, Any] = {
            "id": task_id,
            "client_id": client_id,
            "ticket_id": ticket_id,
            "key": str(task_id),
            "kind": "keying",
            "workflow_id": f"ticket/{ticket_id}/data_entry",
            "desk": "delivery",
            "created_at": datetime.now(UTC),
            **columns,
        }
        self._insert("task", client_id, values)
        return task_id

    def document(self, client_id: UUID, ticket_id: UUID, content: bytes = b"bytes", **columns: Any) -> UUID:
        """A document with its bytes in the store."""
        document_id = new_id()
        values: dict[str, Any] = {
            "id": document_id,
            "client_id": client_id,
            "ticket_id": ticket_id,
            "filename": "invoice.pdf",
            "content_type": "application/pdf",
            "size": len(content),
            "sha256": "0" * 64,
            "address": self.services.objects.put(client_id, content),
            "received_at": datetime.now(UTC),
            **columns,
        }
        self._insert("document", client_id, values)
        return document_id

    def approval(self, client_id: UUID, ticket_id: UUID, version: str = "v" * 64, **columns: Any) -> UUID:
        """A version before the client."""
        approval_id = new_id()
        values: dict[str, Any] = {
            "id": approval_id,
            "client_id": client_id,
            "ticket_id": ticket_id,
            "version": version,
            "offered_at": datetime.now(UTC),
            **columns,
        }
        self._insert("approval", client_id, values)
        return approval_id

    def _insert(self, table: str, client_id: UUID, values: dict[str, Any]) -> None:
        with self.services.database.transaction([client_id]) as connection:
            connection.execute(SQLModel.metadata.tables[table].insert(), values)


@contextmanager
def world_on(
    urls: PostgresUrls, folder: Path, *, clients: Sequence[str] = ("acme", "beta"), **options: Any
) -> Iterator[World]:
    """A provider and two clients on a fresh database; without ``clients`` an installation that just began."""
    keyring = Keyring(new_key())
    database = Database(urls.app, urls.system)
    acts = RecordedActs()
    services = Services(
        database=database,
        keyring=keyring,
        objects=ObjectStore(keyring, database, folder / "objects"),
        audit=AuditTrail(keyring, new_id),
        acts=acts,
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        options=Options(
            **{
                "sign_ins_per_minute": 1_000,
                "anonymous_per_minute": 100_000,
                "requests_per_minute": 100_000,
                **options,
            }
        ),
    )
    services.runs = Direct(services)
    ids = {}
    for slug in ("provider", *clients):
        prefix, kind = ("PROV", "provider") if slug == "provider" else (slug.upper(), "client")
        client_id = ids[slug] = new_id()
        with database.transaction([client_id]) as connection:
            services.clients.create(
                connection,
                client_id,
                {"slug": slug, "prefix": prefix, "name": slug.title(), "kind": kind},
                now=datetime.now(UTC),
                actor=SYSTEM,
            )
    try:
        yield World(
            services,
            acts,
            create_app_with(
                services,
                routers=(*MONEY_ROUTERS, *PORTAL_ROUTERS),
                rules={**MONEY_RULES, **PORTAL_RULES},
            ),
            ids["provider"],
            ids.get("acme", ids["provider"]),
            ids.get("beta", ids["provider"]),
        )
    finally:
        database.dispose()
