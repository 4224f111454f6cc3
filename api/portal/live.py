"""Live updates: one look at the trail a second for everybody who watches, and a line to each about what
concerns them. A line says that something changed; the page then asks for itself, as the person it belongs to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.portal.inbox import TELLING, Inboxes
from api.services import Services, in_thread
from ticketos.domain.errors import DomainError

log = structlog.get_logger()

LOOK_S = 1.0
QUIET_S = 15.0
"""A comment is sent this often when nothing happens, so that a dead line is noticed."""
LIFE_S = 600.0
"""A line ends after this long and the browser asks for another: whoever has signed out meanwhile gets none."""
MOST_WATCHERS = 5_000
_MOST_AT_ONCE = 500
_OVERLAP = _MOST_AT_ONCE  # a number is taken before its row is committed; a slow one is still seen
_WAITING = 200
_NEWEST = "select coalesce(max(seq), 0) from audit_event where client_id = any(%s)"
_LOOK = """
select seq, client_id, root_id, ticket_id, event, at from audit_event
 where seq > %s and client_id = any(%s) order by seq desc limit %s"""
_WRITING = timedelta(milliseconds=100)
"""So long after its instant an event may still be on its way into the table."""


@dataclass(eq=False)
class Watcher:
    """One open page: whose events it may know of, which ticket it is about (None: any), and when it was drawn."""

    clients: frozenset[UUID]
    root_id: UUID | None = None
    person: UUID | None = None
    drawn_at: datetime | None = None
    queue: asyncio.Queue[Mapping[str, Any]] = field(default_factory=lambda: asyncio.Queue(_WAITING))

    def concerns(self, event: Mapping[str, Any]) -> bool:
        """Whether the page shows anything of it."""
        return event["client_id"] in self.clients and self.root_id in (None, event["root_id"])


class Live:
    """Looks while somebody watches, and rests otherwise."""

    def __init__(self, services: Services, inboxes: Inboxes) -> None:
        self._services, self._inboxes = services, inboxes
        self._watchers: set[Watcher] = set()
        self._looking: asyncio.Task[None] | None = None
        self._told: dict[int, None] = {}
        self._stands = asyncio.Event()
        """Set once it is known where the trail stands: what comes from then on is told."""

    def admit(self) -> None:
        """Refuse (``overloaded``) one more line when too many are open."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise DomainError("overloaded")

    async def watch(self, watcher: Watcher) -> AsyncIterator[str]:
        """Server-sent events until the page goes away."""
        ends = asyncio.get_running_loop().time() + LIFE_S
        self._watchers.add(watcher)
        if self._looking is None or self._looking.done():
            self._stands = asyncio.Event()
            self._looking = asyncio.create_task(self._look())
        try:
            await self._stands.wait()
            yield "retry: 3000\n\n"
            if (missed := await self.missed(watcher)) is not None:
                self._doubt(watcher)
                yield _line(missed)
            while asyncio.get_running_loop().time() < ends:
                try:
                    event = await asyncio.wait_for(watcher.queue.get(), QUIET_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                yield _line(event)
        finally:
            self._watchers.discard(watcher)

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        seen: int | None = None
        while self._watchers:
            clients = sorted({client for watcher in self._watchers for client in watcher.clients})
            try:
                found = await in_thread(partial(self._found, clients, seen))
            except SQLAlchemyError as error:
                log.warning("portal.live_not_read", cause=str(error))
            else:
                self._take(found, quietly=seen is None)
                seen = max([seen or 0, *(event["seq"] for event in found)])
                self._stands.set()
            await asyncio.sleep(LOOK_S)

    def _take(self, found: Sequence[Mapping[str, Any]], *, quietly: bool) -> None:
        """Tell what is new. ``quietly``: who watches asks for itself what it missed before anybody looked."""
        for event in reversed(found):
            if event["seq"] not in self._told:
                self._told[event["seq"]] = None
                if not quietly:
                    self._tell(event)
        for old in list(self._told)[: -4 * _MOST_AT_ONCE]:
            del self._told[old]

    async def missed(self, watcher: Watcher) -> Mapping[str, Any] | None:
        """The newest event that concerns the page and came between its drawing and this line, if one did."""
        if watcher.drawn_at is None:
            return None
        since = watcher.drawn_at - _WRITING
        try:
            found = await in_thread(partial(self._found, sorted(watcher.clients), None))
        except SQLAlchemyError as error:
            log.warning("portal.live_not_read", cause=str(error))
            return None
        return next((event for event in found if event["at"] > since and watcher.concerns(event)), None)

    def _found(self, clients: list[UUID], seen: int | None) -> list[dict[str, Any]]:
        with self._services.database.transaction(clients) as connection:
            if seen is None:
                seen = connection.exec_driver_sql(_NEWEST, (clients,)).scalar_one()
            rows = connection.exec_driver_sql(_LOOK, (seen - _OVERLAP, clients, _MOST_AT_ONCE)).mappings()
            return [dict(row) for row in rows]

    def _tell(self, event: Mapping[str, Any]) -> None:
        for watcher in self._watchers:
            if watcher.concerns(event):
                if event["event"].startswith(TELLING):
                    self._doubt(watcher)
                with suppress(asyncio.QueueFull):  # a page that far behind asks anew anyway
                    watcher.queue.put_nowait(event)

    def _doubt(self, watcher: Watcher) -> None:
        if watcher.person is not None:
            self._inboxes.doubt((watcher.person,))


def _line(event: Mapping[str, Any]) -> str:
    told = {"event": event["event"], "ticket": str(event["root_id"]) if event["root_id"] else None}
    return f"event: changed\ndata: {json.dumps(told)}\n\n"
