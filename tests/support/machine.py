"""Stands in for the machinery behind the tickets where a test has no Temporal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from api.machinery import Health, Queue, Timetable
from ticketos.domain.troubles import Trouble


class Machine:
    """Implements the port with what a test says."""

    def __init__(self) -> None:
        self.state = Health(True, (Queue("tickets", 1, 0, 0.0), Queue("documents", 0, 7, 90.0)))
        self.tables: dict[str, Timetable] = {}
        self.started: list[str] = []

    async def health(self) -> Health:
        return self.state

    async def timetables(self, ids: Sequence[str]) -> dict[str, Timetable]:
        return {one: self.tables[one] for one in ids if one in self.tables}

    async def run_now(self, schedule_id: str) -> None:
        self.started.append(schedule_id)

    async def struggles(self, ids: Sequence[str], long_since: datetime) -> list[Trouble] | None:
        return None
