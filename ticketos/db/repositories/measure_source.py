"""What a measure is counted from: rows with an instant, and conditions of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Rows of ``table`` where ``where``, dated by ``at``. ``counters``: a condition counts rows, with ``sums`` it is a
    number that is added. ``groups`` are the expressions of the ways to part them; those in ``of_ticket`` need the
    ticket, whose columns are ``t``. ``key`` tells the rows apart, ``ticket`` and ``document`` say what they are of."""

    table: str
    where: str
    client: str
    at: str
    key: str
    counters: Mapping[str, str]
    sums: frozenset[str] = frozenset()
    ticket: str = "id"
    document: str = "null::uuid"
    agent: str = ""
    clock: str = ""
    is_ticket: bool = False

    def group(self, name: str) -> str:
        """The expression of a group, empty where the rows do not know it."""
        known = {"client": self.client, "line": "t.service_line", "team": "t.team", "channel": "t.channel"}
        known |= {"agent": self.agent, "clock": self.clock}
        return known.get(name, "")
