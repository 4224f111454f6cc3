"""What people see of documents, made in the sandbox and remembered for a while.

A page is drawn once for everybody who may see it; who opened a document is in the trail once a while, not with
every page turned.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from ticketos.ai.extract.limits import REASONS
from ticketos.ai.extract.sandbox import SandboxedReader
from ticketos.db.objects import ObjectStore
from ticketos.domain.errors import DomainError

MOST_BYTES = 96 * 1024 * 1024
OPENED_AGAIN_S = 3_600.0


@dataclass(frozen=True)
class Seen:
    """Facts, and for a page its picture as PNG."""

    facts: dict[str, Any]
    png: bytes = b""


class Pictures:
    """Asks the sandbox; safe to call from many threads."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._reader: SandboxedReader | None = None
        self._kept: OrderedDict[tuple[object, ...], Seen] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._opened: dict[tuple[UUID, UUID], float] = {}

    def see(self, connection: Connection, document: RowMapping, what: str, **asked: object) -> Seen:
        """``picture`` (page), ``reading`` or ``region`` (page, box) of a document. Raises ``page-unavailable``."""
        key = (
            document["client_id"],
            document["address"],
            what,
            *(str(asked[name]) for name in sorted(asked)),
        )
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        content = self._objects.get_in(connection, document["client_id"], document["address"])
        facts, png = self._sandbox().look(what, content, document["filename"], asked)
        if (refused := facts.get("refused")) is not None:
            raise DomainError("page-unavailable", reason=REASONS.get(str(refused), str(refused)))
        seen = Seen(facts, png)
        self._keep(key, seen)
        return seen

    def _sandbox(self) -> SandboxedReader:
        with self._lock:
            if self._reader is None:
                self._reader = SandboxedReader(processes=1)
            return self._reader

    def _keep(self, key: tuple[object, ...], seen: Seen) -> None:
        with self._lock:
            self._kept[key] = seen
            self._size += len(seen.png) + 200
            while self._size > MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.png) + 200

    def first_look(self, user_id: UUID, document_id: UUID) -> bool:
        """Whether this person has not opened the document for an hour: then it is worth recording."""
        now, key = time.monotonic(), (user_id, document_id)
        with self._lock:
            if now - self._opened.get(key, -OPENED_AGAIN_S) < OPENED_AGAIN_S:
                return False
            if len(self._opened) > 50_000:
                self._opened.clear()
            self._opened[key] = now
            return True

    def close(self) -> None:
        """End the sandbox; a later look starts another."""
        with self._lock:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
