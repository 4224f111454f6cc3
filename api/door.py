"""The door through which new requests come in: how many are worked on at once, and how it goes with them.

Who comes while too many are inside is refused at once and cheaply, so that those inside are answered soon. How many
are too many follows from how long it takes: a short crowd is let in, a standing one is not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ticketos.domain.errors import DomainError

TARGET_S = 0.08
"""What the quickest request of a step may take; when even that one took longer, a queue is standing."""
CALM_S = 0.025
"""What the requests of a step take on average when nothing holds them up."""
FEW = 5
"""So few requests in a step say nothing about load: the first one of a process is always slow."""
STEP_S = 0.25
LEAST, MOST = 12, 64
"""Bounds of how many may be inside."""
THREADS = 6
"""How many are in the database at once. More would only wait for each other: for the interpreter, for the client's
counter row and for the two or three cores the database has to spare."""
_TICK_S = 0.02


class Door:
    """Counts those inside. Belongs to the event loop of the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._inside = 0
        self._most = float(MOST)
        self._took: list[float] = []
        self._step_at = clock()
        self._held_up = False
        self._lag = 0.0
        self._ticking = False

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return self._inside >= self._most

    @property
    def calm(self) -> bool:
        """Whether who came lately was served at once, so that there is time for something else."""
        return self._deserted or (self._inside < FEW and not self._held_up)

    @property
    def _deserted(self) -> bool:
        """Whether nobody has left for so long that what was measured before says nothing any more."""
        return self._inside == 0 and self._clock() - self._step_at > STEP_S * 4

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside. Raises ``overloaded`` when too many are."""
        if self.full:
            raise DomainError("overloaded")
        began = self._clock()
        if self._deserted:
            self._took, self._step_at, self._held_up = [], began, False
        self._inside += 1
        self._watch()
        try:
            yield
        finally:
            self._inside -= 1
            self._left(self._clock() - began + self._lag)

    def _left(self, took: float) -> None:
        self._took.append(took)
        now = self._clock()
        if now - self._step_at < STEP_S:
            return
        many, standing = len(self._took) >= FEW, min(self._took) > TARGET_S
        self._held_up = many and sum(self._took) / len(self._took) > CALM_S
        self._most = max(self._most * 0.8, LEAST) if many and standing else min(self._most + 4, MOST)
        self._took, self._step_at = [], now

    def _watch(self) -> None:
        """Measure how late the loop is with what is due, as long as somebody is inside: whoever waits in the
        loop's own queue has not been seen here yet."""
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(_TICK_S, self._tick, self._clock() + _TICK_S)

    def _tick(self, due: float) -> None:
        self._ticking = False
        if self._inside:
            self._lag = max(self._clock() - due, 0.0)
            self._watch()
        else:
            self._lag = 0.0
