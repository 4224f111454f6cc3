"""What the API works with, put together once per process (``api.app``) or by a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import structlog
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from api.acts import Acts
from schemas.ticket import TicketStart
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories import intake
from ticketos.db.repositories.accounts import Accounts
from ticketos.db.repositories.clients import Clients
from ticketos.db.repositories.contracts import Agreements
from ticketos.db.repositories.intake import IntakeStore
from ticketos.db.repositories.tickets import TicketEdits
from ticketos.db.session import Database
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now

log = structlog.get_logger()
Result = TypeVar("Result")

REPLY_KEY = "mail"
"""Purpose of the key that signs reply addresses."""


@dataclass(frozen=True)
class Options:
    """What an operator chose, as far as the API cares."""

    public_url: str = "http://localhost:8080"
    max_upload_bytes: int = 50 * 1024 * 1024
    max_request_bytes: int = 1024 * 1024 * 1024
    max_json_bytes: int = 4 * 1024 * 1024
    mail_domain: str = "tickets.localhost"
    temporal_ui_url: str | None = None
    temporal_namespace: str = "default"
    secure_cookies: bool = False
    requests_per_minute: int = 12_000
    anonymous_per_minute: int = 600
    sign_ins_per_minute: int = 30
    in_flight: int = 128


@dataclass
class Services:
    """The pieces and what is made of them."""

    database: Database
    keyring: Keyring
    objects: ObjectStore
    audit: AuditTrail
    acts: Acts
    now: Now
    new_id: NewId
    options: Options = field(default_factory=Options)
    hashing: CapacityLimiter | None = None

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.audit, self.new_id)
        self.clients = Clients(self.audit, self.keyring)
        self.agreements = Agreements(self.audit, self.new_id)
        self.tickets = TicketEdits(self.audit, self.new_id)
        self.intake = IntakeStore(self.audit, self.objects, self.keyring.derived(REPLY_KEY), self.new_id)
        self.starter = Starter(self)

    def workflow_url(self, workflow_id: str) -> str | None:
        """The workflow in the Temporal Web UI, where there is one."""
        if self.options.temporal_ui_url is None:
            return None
        base, namespace = self.options.temporal_ui_url.rstrip("/"), self.options.temporal_namespace
        return f"{base}/namespaces/{namespace}/workflows/{workflow_id.replace('/', '%2F')}"


async def in_thread(call: Callable[[], Result]) -> Result:
    """Run blocking work beside the event loop."""
    return await to_thread.run_sync(call)


class Starter:
    """Starts workflows right after their tickets are committed, a few at a time. What does not fit, or fails, the
    relay starts from the outbox a moment later."""

    MOST = 4

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that starts; without one nothing is started here."""
        self._loop = loop

    def offer(self, start: TicketStart) -> None:
        """Start this workflow soon; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, start)

    def _take(self, start: TicketStart) -> None:
        if len(self._running) >= self.MOST:
            return
        task = asyncio.ensure_future(self._start(start))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _start(self, start: TicketStart) -> None:
        try:
            await self._services.acts.start(start)
            await in_thread(lambda: self._settle(start.ticket_id, start.client_id, start.life))
        except (DomainError, SQLAlchemyError) as error:
            log.info("intake.start_left_to_relay", ticket=str(start.ticket_id), cause=str(error))

    def _settle(self, ticket_id: UUID, client_id: UUID, life: int) -> None:
        with self._services.database.transaction([client_id]) as connection:
            intake.started(connection, ticket_id, life, self._services.now())

    async def drain(self) -> None:
        """Wait for the starts under way."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=10)
