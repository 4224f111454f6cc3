"""How much waits in each person's inbox, remembered for a moment: every page shows it, and counting asks for a month
of notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from uuid import UUID

LIFE_S = 15.0
"""A count is believed this long, unless something happens meanwhile that may have changed it."""
MOST = 10_000
"""People remembered by one process."""
TELLING = (
    "clock.",
    "task.",
    "contract.",
    "period.",
    "reconciliation.",
    "outbox.",
    "ticket.approval_unreached",
)
"""How events begin that a notice may come with."""


class Inboxes:
    """Counts of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[UUID, tuple[float, int]] = {}

    def fresh(self, person: UUID) -> bool:
        """Whether what is known of a person's inbox can still be believed."""
        found = self._known.get(person)
        return found is not None and self._clock() - found[0] < LIFE_S

    def last(self, person: UUID) -> int:
        """What was counted last, however long ago; nothing when nobody counted."""
        return self._known.get(person, (0.0, 0))[1]

    def keep(self, person: UUID, count: int) -> None:
        """Remember what was counted."""
        if len(self._known) >= MOST and person not in self._known:
            self._known.clear()
        self._known[person] = (self._clock(), count)

    def doubt(self, people: Iterable[UUID]) -> None:
        """Have it counted again with the next page: they read something, or something happened."""
        for person in people:
            if person in self._known:
                self._known[person] = (float("-inf"), self._known[person][1])
