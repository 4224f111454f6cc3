"""Live updates: one look at the trail a second for everybody who watches, and a line to each about what
concerns them. A line says that something changed; the page then asks for itself, as the person it belongs to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
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
select seq, client_id, root_id, ticket_id, event from audit_event
 where seq > %s and client_id = any(%s) order by seq desc limit %s"""


@dataclass(eq=False)
class Watcher:
    """One open page: whose events it may know of, and which ticket it is about (None: any)."""

    clients: frozenset[UUID]
    root_id: UUID | None = None
    person: UUID | None = None
    queue: asyncio.Queue[dict[str, Any]] = field(default_factory=lambda: asyncio.Queue(_WAITING))

    def concerns(self, event: dict[str, Any]) -> bool:
        """Whether the page shows anything of it."""
        return event["client_id"] in self.clients and self.root_id in (None, event["root_id"])


class Live:
    """Looks while somebody watches, and rests otherwise."""

    def __init__(self, services: Services, inboxes: Inboxes) -> None:
        self._services, self._inboxes = services, inboxes
        self._watchers: set[Watcher] = set()
        self._looking: asyncio.Task[None] | None = None
        self._told: dict[int, None] = {}

    def admit(self) -> None:
        """Refuse (``overloaded``) one more line when too many are open."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise DomainError("overloaded")

    async def watch(self, watcher: Watcher) -> AsyncIterator[str]:
        """Server-sent events until the page goes away."""
        ends = asyncio.get_running_loop().time() + LIFE_S
        self._watchers.add(watcher)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield "retry: 3000\n\n"
            while asyncio.get_running_loop().time() < ends:
                try:
                    event = await asyncio.wait_for(watcher.queue.get(), QUIET_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                yield f"event: changed\ndata: {json.dumps(_told(event))}\n\n"
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
                found = []
            if seen is None:  # what was there before anybody looked is on the pages already
                self._told.update(dict.fromkeys(event["seq"] for event in found))
            for event in reversed(found):
                if event["seq"] not in self._told:
                    self._told[event["seq"]] = None
                    self._tell(event)
            seen = max([seen or 0, *(event["seq"] for event in found)])
            for old in list(self._told)[: -4 * _MOST_AT_ONCE]:
                del self._told[old]
            await asyncio.sleep(LOOK_S)

    def _found(self, clients: list[UUID], seen: int | None) -> list[dict[str, Any]]:
        with self._services.database.transaction(clients) as connection:
            if seen is None:
                seen = connection.exec_driver_sql(_NEWEST, (clients,)).scalar_one()
            rows = connection.exec_driver_sql(_LOOK, (seen - _OVERLAP, clients, _MOST_AT_ONCE)).mappings()
            return [dict(row) for row in rows]

    def _tell(self, event: dict[str, Any]) -> None:
        for watcher in self._watchers:
            if watcher.concerns(event):
                if watcher.person is not None and event["event"].startswith(TELLING):
                    self._inboxes.doubt((watcher.person,))
                with suppress(asyncio.QueueFull):  # a page that far behind asks anew anyway
                    watcher.queue.put_nowait(event)


def _told(event: dict[str, Any]) -> dict[str, Any]:
    return {"event": event["event"], "ticket": str(event["root_id"]) if event["root_id"] else None}
