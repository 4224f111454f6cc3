"""What the relay feels of a busy machine or database: how late its loop is, how long a claim and a start take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Measure = Literal["lag", "claim", "start"]

LIMITS_S: dict[Measure, float] = {"lag": 0.015, "claim": 0.02, "start": 0.05}
"""Strain is when one of them takes longer than this on average."""
_TICK_S = 0.05
_WEIGHT = 0.2
"""How much the newest measurement counts in the average."""


class Strain:
    """Running averages of what is measured."""

    def __init__(self) -> None:
        self._means: dict[Measure, float] = dict.fromkeys(LIMITS_S, 0.0)

    @property
    def felt(self) -> bool:
        """Whether anything takes too long."""
        return any(mean > LIMITS_S[measure] for measure, mean in self._means.items())

    def add(self, measure: Measure, seconds: float) -> None:
        """Measured just now."""
        self._means[measure] += (seconds - self._means[measure]) * _WEIGHT

    @contextmanager
    def timed(self, measure: Measure) -> Iterator[None]:
        """Measure the block, unless it raises."""
        began = time.monotonic()
        yield
        self.add(measure, time.monotonic() - began)

    async def watch(self) -> None:
        """Measure for ever how late this loop gets to what is due."""
        while True:
            due = time.monotonic() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self.add("lag", time.monotonic() - due)
