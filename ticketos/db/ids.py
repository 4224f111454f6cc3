"""UUIDv7 made in Python (RFC 9562): PostgreSQL learns them only with version 18.

Ids sort by the time they were made, also within one millisecond and across a clock that is set back.
"""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_RANDOM_BITS = 74
_TAIL_BITS = 62
_TAIL_MASK = (1 << _TAIL_BITS) - 1
_VERSION = 7 << 76
_VARIANT = 2 << 62


class UuidV7:
    """A source of ids, each greater than the one before. Safe for threads and after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> UUID:
        """A fresh id."""
        entropy = int.from_bytes(os.urandom(10), "big")
        value = (time.time_ns() // 1_000_000) << _RANDOM_BITS | (
            entropy >> 7
        )  # the top random bit stays free
        with self._lock:
            if value >> _RANDOM_BITS <= self._last >> _RANDOM_BITS:
                # Same millisecond, or a clock set back: count on by a random step, so ids stay hard to guess.
                value = self._last + 1 + (entropy & 0xFFFF_FFFF)
            self._last = value
        head, tail = value >> _TAIL_BITS, value & _TAIL_MASK
        return UUID(int=(head >> 12) << 80 | _VERSION | (head & 0xFFF) << 64 | _VARIANT | tail)

    def reset(self) -> None:
        """Forget the last id and the lock: a forked child must not count on where its parent stands."""
        self._lock = threading.Lock()
        self._last = 0


_source = UuidV7()
os.register_at_fork(after_in_child=_source.reset)


def new_id() -> UUID:
    """A fresh UUIDv7, greater than every one this process made before."""
    return _source()
