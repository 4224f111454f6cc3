"""Mail in: an SMTP listener that answers "accepted" only after the message is committed.

One address per client. An unknown recipient is refused at RCPT, so its sender learns of it at once; a mail
that cannot be stored gets a temporary refusal, so the sending server keeps it and comes back; one that never will be
(too many files, a client that is no longer served) is refused for good, with the reason.
"""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from ticketos.channels.email import parse
from ticketos.domain.intake_types import Intake

log = logging.getLogger(__name__)
Client = TypeVar("Client")

_ACCEPTED = "250 2.0.0 accepted"
_UNKNOWN = "550 5.1.1 no such address here"
_TRY_AGAIN = "451 4.3.0 cannot store the message now, try again later"
_BUSY = "451 4.3.2 too busy, try again later"
_TOO_MANY = "452 4.5.3 too many recipients"


class RefusedMailError(Exception):
    """What ``accept`` raises for a message that will never be taken, with the reason in words for its sender."""


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """What one sender, and all of them together, may ask for."""

    message_bytes: int = 26_214_400
    recipients: int = 50
    sessions: int = 100
    """Connections at once; one more gets 421."""
    workers: int = 4
    """Messages being stored at once, each in a thread of its own."""
    waiting: int = 64
    """Messages held in memory for a free worker; one more gets 451."""
    idle_seconds: float = 300.0


class SmtpEdge(Generic[Client]):
    """The listener, in a thread with its own event loop.

    `resolve(recipient)` names the client an address belongs to, or None; it decides about signed reply
    addresses too. `accept(client, intake, raw)` returns after the commit, raises when there was none, and is
    called once per client among the recipients, in a worker thread. Both may block. A mail to several clients
    of which one cannot be stored is refused as a whole and comes again: `accept` must know a message it has
    already stored (client and `external_id`). `clock` gives aware UTC. An edge starts once.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        domain: str,
        accept: Callable[[Client, Intake, bytes], None],
        resolve: Callable[[str], Client | None],
        clock: Callable[[], datetime],
        limits: SmtpLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.limits = limits or SmtpLimits()
        self._domain = domain
        self._tls = tls
        self._handler = _Handler(domain, accept, resolve, clock, self.limits)
        self._sessions: set[_Protocol] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen; returns when the port is open (`port` then holds the real one). OSError when it cannot."""
        if self._thread is not None:
            raise RuntimeError("already started")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-edge", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except BaseException:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Stop listening. Messages being stored are finished; those sessions that idle are closed."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._end_loop()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._handler.drain()
        for session in tuple(self._sessions):
            session.hang_up()
        await asyncio.sleep(0)
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _end_loop(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None

    def _protocol(self) -> asyncio.Protocol:
        return _Protocol(
            self._handler,
            sessions=self._sessions,
            most=self.limits.sessions,
            data_size_limit=self.limits.message_bytes,
            timeout=self.limits.idle_seconds,
            hostname=self._domain,
            ident="ticketos",
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            loop=self._loop,
        )


class _Protocol(SMTP):
    """The library's protocol with a bound on connections and a way to end one."""

    def __init__(self, handler: object, *, sessions: "set[_Protocol]", most: int, **settings: object) -> None:
        super().__init__(handler, **settings)  # type: ignore[arg-type]
        self._sessions = sessions
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS makes the connection a second time; it is the same session.
        if self not in self._sessions and len(self._sessions) >= self._most:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"421 4.3.2 too many connections, try again later\r\n")
            transport.close()
            return
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._sessions:
            self._sessions.discard(self)
            super().connection_lost(error)

    def hang_up(self) -> None:
        """End the session; what it was sending is dropped and comes again."""
        if self.transport is not None:
            self.transport.close()


class _Handler(Generic[Client]):
    """The library's hooks: who may receive, and what happens to a message."""

    def __init__(
        self,
        domain: str,
        accept: Callable[[Client, Intake, bytes], None],
        resolve: Callable[[str], Client | None],
        clock: Callable[[], datetime],
        limits: SmtpLimits,
    ) -> None:
        self._domain = domain
        self._accept = accept
        self._resolve = resolve
        self._clock = clock
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="smtp-intake")
        # Looking up a recipient must not queue behind messages being stored.
        self._lookups = ThreadPoolExecutor(2, thread_name_prefix="smtp-recipient")
        self._pending: set[asyncio.Future[None]] = set()

    async def handle_RCPT(  # noqa: N802, the library finds its hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return _TOO_MANY
        if address.rpartition("@")[2].lower() != self._domain.lower():
            return "550 5.7.1 relaying denied"
        try:
            client = await self._in_thread(self._resolve, address)
        except Exception:
            # Whatever keeps us from looking (the database, mostly), the sender must keep the mail.
            log.exception("recipient could not be resolved")
            return _TRY_AGAIN
        if client is None:
            return _UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if len(self._pending) >= self._limits.workers + self._limits.waiting:
            return _BUSY
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        store = partial(self._store, raw, envelope.mail_from or "", tuple(envelope.rcpt_tos), self._clock())
        future = asyncio.get_running_loop().run_in_executor(self._pool, store)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        try:
            await asyncio.shield(future)
        except RefusedMailError as error:
            return f"554 5.6.0 {error}"  # coming again would change nothing; the sender is told why
        except Exception:
            # Not committed, whatever the reason: a temporary refusal makes the sending server keep it.
            log.exception("message could not be stored")
            return _TRY_AGAIN
        return _ACCEPTED

    async def drain(self) -> None:
        """Wait until all messages taken are stored, and let their answers leave."""
        if self._pending:
            await asyncio.wait(set(self._pending))
            await asyncio.sleep(0.05)
        self._pool.shutdown(wait=True)
        self._lookups.shutdown(wait=True)

    async def _in_thread(self, call: Callable[[str], Client | None], address: str) -> Client | None:
        return await asyncio.get_running_loop().run_in_executor(self._lookups, call, address)

    def _store(self, raw: bytes, sender: str, recipients: tuple[str, ...], received_at: datetime) -> None:
        mine: list[tuple[Client, list[str]]] = []
        for address in recipients:
            client = self._resolve(address)
            if client is None:
                raise LookupError("a recipient accepted at RCPT is unknown now")
            known = next((addresses for other, addresses in mine if other == client), None)
            if known is None:
                mine.append((client, [address]))
            else:
                known.append(address)
        for client, addresses in mine:
            self._accept(client, parse(raw, sender, tuple(addresses), received_at, self._domain), raw)
