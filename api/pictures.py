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
        self._opened: dict[tuple[object, UUID], float] = {}

    def see(self, connection: Connection, document: RowMapping, what: str, **asked: object) -> Seen:
        """``picture`` (page), ``reading``, ``region`` (page, box) or ``paper`` of a document. Raises ``page-unavailable``.

        Pages are the document's own: of one among several in its file, those of its part."""
        address = document["readable"] or document["address"]
        if (first := document["first_page"]) is not None:
            asked = _within(asked, first, document["last_page"])
        key = (
            document["client_id"],
            address,
            what,
            *(str(asked[name]) for name in sorted(asked)),
        )
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        content = self._objects.get_in(connection, document["client_id"], address)
        facts, png = self._sandbox().look(what, content, document["filename"], asked)
        if (refused := facts.get("refused")) is not None:
            raise DomainError("page-unavailable", reason=REASONS.get(str(refused), str(refused)))
        if first is not None and "pages" in facts:
            facts["pages"] = document["last_page"] - first + 1
        seen = Seen(facts, png)
        self._keep(key, seen)
        return seen

    def unlock(self, connection: Connection, document: RowMapping, password: str) -> bytes:
        """The document as bytes that open without its password. Raises ``password-wrong``, or
        ``page-unavailable`` where it cannot be opened at all. Neither the password nor the bytes are kept here."""
        content = self._objects.get_in(connection, document["client_id"], document["address"])
        refused, copy = self._sandbox().unlock(content, document["filename"], password)
        if refused == "wrong-password":
            raise DomainError("password-wrong", file=document["filename"])
        if refused is not None:
            raise DomainError("page-unavailable", reason=REASONS.get(refused, refused))
        return copy

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

    def first_look(self, who: object, document_id: UUID) -> bool:
        """Whether this person, by id or by the link they came with, has not opened the document for an hour: then it
        is worth recording."""
        now, key = time.monotonic(), (who, document_id)
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


def _within(asked: dict[str, object], first: int, last: int) -> dict[str, object]:
    """What is asked of a part, as asked of its file. Raises ``page-unavailable`` for a page of another part."""
    page = asked.get("page")
    if not isinstance(page, int):
        return {**asked, "first": first, "last": last}
    if page > last - first + 1:
        raise DomainError("page-unavailable", reason=REASONS["no-page"])
    return {**asked, "page": first + page - 1}
