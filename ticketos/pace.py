"""How fast background work may be begun while people and programs wait at the edge: a little more with each step as long
as nothing suffers, half as much as soon as something does. Work is felt only a while after it was begun, so a pace that
grows quickly is always beyond what the machine can do by the time it hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Beginnings a second: never fewer than ``least`` on average, never more than ``most``, ``first`` whenever these
    bounds begin to hold. ``burst`` may come at once after a pause."""

    least: float
    first: float
    most: float
    burst: int


class Pace:
    """A bucket of beginnings that fills at a rate of its own finding. Not thread-safe: one loop has it."""

    STEP_S = 0.25
    """How often the rate changes at most: long enough for a change to be felt before the next one."""
    GROWTH = 1.05
    """What a step without strain multiplies the rate by: twice as fast after three and a half seconds. Steps in which
    nobody said how it goes were quiet ones."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._rate = bounds.first
        self._filled = float(bounds.burst)
        self._filled_at = self._changed_at = clock()
        self._strained = False

    @property
    def rate(self) -> float:
        """Beginnings a second just now."""
        return self._rate

    def felt(self, strained: bool, bounds: Bounds | None = None) -> None:
        """Say how it goes, and which bounds hold now if not the same as before. Strain within a step counts for the
        whole of it."""
        now = self._clock()
        if bounds is not None and bounds != self._bounds:
            self._fill(now)
            self._bounds, self._rate = bounds, bounds.first
            self._filled = min(self._filled, float(bounds.burst))
        self._strained = self._strained or strained
        if now - self._changed_at < self.STEP_S:
            return
        self._fill(now)
        quiet_steps = min(int((now - self._changed_at) / self.STEP_S), 1_000)
        wanted = self._rate / 2 if self._strained else self._rate * self.GROWTH**quiet_steps
        self._rate = min(max(wanted, self._bounds.least), self._bounds.most)
        self._changed_at, self._strained = now, False

    def take(self, wanted: int) -> int:
        """How many of the wanted ones may begin now."""
        self._fill(self._clock())
        given = min(wanted, int(self._filled))
        self._filled -= given
        return given

    def give_back(self, unused: int) -> None:
        """Of those taken, this many were not begun."""
        self._filled = min(self._filled + unused, float(self._bounds.burst))

    def _fill(self, now: float) -> None:
        added = (now - self._filled_at) * self._rate
        self._filled = min(self._filled + added, float(self._bounds.burst))
        self._filled_at = now
