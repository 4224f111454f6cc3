"""A small HTTP/1.1 client for load: kept connections, at most so many at once, little work per request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_S = 60.0
KEPT_S = 2.0
"""How long an idle connection is used again: well below the five seconds after which the server closes it."""


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Loopback:
    """POSTs JSON to one server over at most ``most`` connections; further requests wait for one."""

    def __init__(self, base: str, most: int, headers: Mapping[str, str]) -> None:
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._seats = asyncio.Semaphore(most)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def post(self, path: str, body: bytes) -> Answer:
        """One request and its answer; raises ``OSError``, ``EOFError`` or ``TimeoutError`` without one."""
        async with self._seats, asyncio.timeout(LONGEST_S):
            reader, writer = self._kept() or await asyncio.open_connection(self._host, self._port)
            try:
                head = (
                    f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{self._fixed}"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                answer = await _answer(reader)
            except BaseException:
                writer.close()
                raise
            if answer.headers.get("connection", "").lower() == "close":
                writer.close()
            else:
                self._idle.append((reader, writer, time.monotonic()))
            return answer

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The connection used last, unless even that one may be closed already."""
        if not self._idle:
            return None
        reader, writer, since = self._idle.pop()
        if time.monotonic() - since < KEPT_S and not reader.at_eof():
            return reader, writer
        for _, old, _ in (*self._idle, (reader, writer, since)):
            old.close()
        self._idle.clear()
        return None

    async def close(self) -> None:
        """Close the idle connections."""
        for _, writer, _ in self._idle:
            writer.close()
            await writer.wait_closed()
        self._idle.clear()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:-2]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        raise OSError("a chunked answer, which no JSON endpoint sends")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(lines[0].split(" ", 2)[1]), headers, body)
