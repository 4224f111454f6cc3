"""How many requests a caller may make: counts of the last minute, kept in this process."""

from __future__ import annotations

import time

from limits.storage import MemoryStorage

_SWEEP_S = 60.0


class Counts(MemoryStorage):
    """The library's counts in memory, for one event loop. Old ones are forgotten once a minute in passing; the
    library itself starts a thread for that with nearly every request."""

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = time.time()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count."""
        now = time.time()
        if now - self._swept_at > _SWEEP_S:
            self._swept_at = now
            for old in [name for name, until in self.expirations.items() if until <= now]:
                self.clear(old)
        count = self.get(key) + amount
        self.storage[key] = count
        if count == amount:
            self.expirations[key] = now + expiry
        return count
