"""What the API works with, put together once per process (``api.app``) or by a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import structlog
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from api.acts import Acts
from api.door import THREADS, Door
from api.machinery import Machinery
from api.period_runs import PeriodRuns
from api.pictures import Pictures
from schemas.ticket import TicketStart
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories import intake
from ticketos.db.repositories.accounts import Accounts
from ticketos.db.repositories.chart import Charts
from ticketos.db.repositories.clients import Clients
from ticketos.db.repositories.contracts import Agreements
from ticketos.db.repositories.credentials import Caller
from ticketos.db.repositories.intake import IntakeStore
from ticketos.db.repositories.ledger_erp import ErpOn, LedgerErp
from ticketos.db.repositories.second_factor import SecondFactor
from ticketos.db.repositories.tickets import TicketEdits
from ticketos.db.repositories.vendors import Vendors
from ticketos.db.session import Database
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now
from ticketos.pace import Bounds, Pace

if TYPE_CHECKING:
    from api.oidc import Provider

log = structlog.get_logger()
Result = TypeVar("Result")
_GATHER_S = 0.2

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
    machinery: Machinery | None = None
    """None where nothing can be asked: pages then say so."""
    runs: PeriodRuns | None = None
    """Periods on demand; None where no workflow can be started."""
    erp: ErpOn = LedgerErp
    """Where clients' books are kept, as the workers are wired."""
    oidc: Provider | None = None
    """The company's own identity provider, where people may sign in through one."""

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.audit, self.new_id)
        self.second_factor = SecondFactor(self.audit, self.keyring)
        self.clients = Clients(self.audit, self.keyring)
        self.agreements = Agreements(self.audit, self.new_id)
        self.vendors = Vendors(self.audit, self.new_id)
        self.charts = Charts(self.audit, self.new_id)
        self.tickets = TicketEdits(self.audit, self.new_id)
        self.intake = IntakeStore(self.audit, self.objects, self.keyring.derived(REPLY_KEY), self.new_id)
        self.door = Door()
        self.taking_in = CapacityLimiter(THREADS)
        self.starter = Starter(self)
        self.callers = CallerCache()
        self.slugs: dict[str, UUID] = {}  # a short name is given once and never changes
        self.pictures = Pictures(self.objects)

    def workflow_url(self, workflow_id: str) -> str | None:
        """The workflow in the Temporal Web UI, where there is one."""
        if self.options.temporal_ui_url is None:
            return None
        base, namespace = self.options.temporal_ui_url.rstrip("/"), self.options.temporal_namespace
        return f"{base}/namespaces/{namespace}/workflows/{workflow_id.replace('/', '%2F')}"


async def in_thread(call: Callable[[], Result], limiter: CapacityLimiter | None = None) -> Result:
    """Run blocking work beside the event loop, with ``limiter`` as one of so many at once."""
    return await to_thread.run_sync(call, limiter=limiter)


class CallerCache:
    """Who a token belongs to, for a second: a busy program is not asked for anew with every request. What
    this process changes of logins, keys and grants it forgets at once; another process knows it a second
    later."""

    LIFE_S = 1.0
    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Caller]] = {}
        self._asking: dict[str, asyncio.Future[Caller | None]] = {}
        self._forgotten = 0

    def get(self, token: str) -> Caller | None:
        """The caller, if asked for just now."""
        found = self._known.get(token)
        return found[1] if found is not None and time.monotonic() - found[0] < self.LIFE_S else None

    def put(self, token: str, caller: Caller) -> None:
        """Remember."""
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[token] = (time.monotonic(), caller)

    async def found(self, token: str, ask: Callable[[], Awaitable[Caller | None]]) -> Caller | None:
        """The caller, asked for when not known just now; of many who want to know the same, one asks."""
        if (caller := self.get(token)) is not None:
            return caller
        if (under_way := self._asking.get(token)) is not None:
            # Shielded: that one of those who wait goes away must not take the answer from the others.
            return await asyncio.shield(under_way)
        asked = self._asking[token] = asyncio.ensure_future(self._ask(token, ask))
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, if nobody waits
        return await asyncio.shield(asked)

    async def _ask(self, token: str, ask: Callable[[], Awaitable[Caller | None]]) -> Caller | None:
        before = self._forgotten
        try:
            caller = await ask()
        finally:
            self._asking.pop(token, None)
        if caller is not None and before == self._forgotten:
            self.put(token, caller)
        return caller

    def clear(self) -> None:
        """Forget everybody, and what is being asked just now: it may be older than the change."""
        self._forgotten += 1
        self._known.clear()
        self._asking.clear()


class Starter:
    """Starts workflows right after their tickets are committed, a few at a time and only while the door is
    calm: whoever stands at the door comes first. What does not fit, or fails, the relay starts from the outbox
    a moment later."""

    MOST = 4
    BOUNDS = Bounds(least=1, first=5, most=10, burst=4)

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pace = Pace(self.BOUNDS)
        self._running: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._started: list[TicketStart] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that starts; without one nothing is started here."""
        self._loop = loop

    def offer(self, start: TicketStart) -> None:
        """Start this workflow soon; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, start)

    def _take(self, start: TicketStart) -> None:
        calm = self._services.door.calm
        self._pace.felt(not calm)
        if not calm or self._busy >= self.MOST or not self._pace.take(1):
            return
        task = asyncio.ensure_future(self._start(start))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _start(self, start: TicketStart) -> None:
        self._busy += 1
        try:
            await self._services.acts.start(start)
        except DomainError as error:
            log.info("intake.start_left_to_relay", ticket=str(start.ticket_id), cause=error.code)
            return
        finally:
            self._busy -= 1
        self._started.append(start)
        if len(self._started) == 1:
            await asyncio.sleep(_GATHER_S)  # many starts are written down in one transaction
            await self._settle()

    async def _settle(self) -> None:
        starts, self._started = self._started, []
        now = self._services.now()

        def write() -> None:
            with self._services.database.transaction({start.client_id for start in starts}) as connection:
                intake.started(connection, [(start.ticket_id, start.life) for start in starts], now)

        try:
            await in_thread(write)
        except SQLAlchemyError as error:  # the relay will find that they run
            log.info("intake.started_not_written", tickets=len(starts), cause=str(error))

    async def drain(self) -> None:
        """Wait for the starts under way and for their being written down."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=10)
