"""What everybody of the day shares: the tickets as they stand, and what only the players know of them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketos.dev.sim.api import Person
from ticketos.dev.sim.clients import Company
from ticketos.dev.sim.papers import Pile
from ticketos.dev.sim.scenario import Plan

LOOK_S = 0.2
_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
ENDED = frozenset({"closed", "cancelled"})


def easy_password() -> str:
    """Three groups of four, without letters and digits that look alike: 59 bits, and typed without a slip."""
    return "-".join("".join(secrets.choice(_PLAIN) for _ in range(4)) for _ in range(3))


class NotAsPlannedError(Exception):
    """Something the day waited for did not come; the text says what."""


@dataclass
class Live:
    """A planned ticket on its way. ``row`` is the newest the list showed; the rest belongs to the players."""

    plan: Plan
    id: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    may_work: bool = True
    """Agents leave its tasks alone while False."""
    may_classify: bool = True
    """The desk leaves it alone while False."""
    returned: bool = False
    mistaken: bool = False

    @property
    def number(self) -> str:
        """The number people quote."""
        return str(self.row.get("number") or self.plan.key)

    @property
    def state(self) -> str:
        """The ticket's state, empty before it is known."""
        return str(self.row.get("state") or "")

    @property
    def stage(self) -> str:
        """The ticket's stage, empty before it is known."""
        return str(self.row.get("stage") or "")

    @property
    def ended(self) -> bool:
        """Nothing more happens to it."""
        return self.state in ENDED


class Tickets:
    """All planned tickets, kept fresh by ``watch``."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.all = tuple(Live(plan) for plan in plans)
        self._by_key = {live.plan.key: live for live in self.all}
        self._by_id: dict[str, Live] = {}

    def __iter__(self) -> Iterator[Live]:
        return iter(self.all)

    def __getitem__(self, key: str) -> Live:
        return self._by_key[key]

    def of(self, ticket_id: str) -> Live | None:
        """The planned ticket behind an id; None for one nobody planned."""
        return self._by_id.get(ticket_id)

    def numbered(self, number: str) -> Live | None:
        """The planned ticket with that number."""
        return next((live for live in self.all if live.row.get("number") == number), None)

    def known_as(self, live: Live, row: Mapping[str, Any]) -> None:
        """This row is that planned ticket."""
        live.id, live.row = str(row["id"]), row
        self._by_id[live.id] = live

    def seen(self, rows: Sequence[Mapping[str, Any]], slugs: Mapping[str, str]) -> None:
        """Take the newest rows; mails are found by client and subject. ``slugs``: client id → short name."""
        waiting = {(live.plan.client, live.plan.subject): live for live in self.all if not live.id}
        for row in rows:
            live = self._by_id.get(str(row["id"]))
            if live is None:
                live = waiting.get((slugs.get(str(row["client_id"]), ""), str(row["subject"])))
            if live is not None:
                self.known_as(live, row)


@dataclass
class Day:
    """One run: where it plays, who plays, what has happened."""

    base: str
    pile: Pile
    tickets: Tickets
    companies: Mapping[str, Company]
    """The clients by short name."""
    client_ids: dict[str, str] = field(default_factory=dict)
    """Short name → id."""
    people: dict[str, Person] = field(default_factory=dict)
    """Everybody signed in, by key: staff, ``admin``, and ``client:<slug>``."""
    done: Counter[str] = field(default_factory=Counter)
    """What people did, counted: keyed, confirmed, rejected, passed, failed, accepted, surveys …"""
    signed: set[str] = field(default_factory=set)
    """Short names of clients whose missing contract is signed by now."""
    unexpected: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    """Documents a person leaves in the queue → why (``--documents`` alone)."""
    password: str = field(default_factory=easy_password, repr=False)
    """Of everybody but the administrator, so that whoever looks around notes one."""
    told: Callable[[str], None] = lambda _: None
    """Says a line of news to whoever watches."""

    def problem(self, text: str) -> None:
        """Something went otherwise than planned; the run fails and the report names it."""
        if text not in self.unexpected:
            self.unexpected.append(text)
            self.told(f"not as planned: {text}")

    def slug(self, client_id: str) -> str:
        """The short name of a client's id."""
        return next((slug for slug, one in self.client_ids.items() if one == client_id), "")

    async def until(self, ready: Callable[[], bool], what: str, seconds: float = 240) -> None:
        """Wait for ``ready()``; raises ``NotAsPlannedError`` naming ``what`` when it does not come."""
        limit = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > limit:
                raise NotAsPlannedError(f"waited {seconds:.0f} s in vain: {what}")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read the list of tickets once."""
        rows = [row async for row in self.people["anita.rao"].pages("/v1/tickets")]
        self.tickets.seen(rows, {one: slug for slug, one in self.client_ids.items()})

    async def watch(self, pause_s: float = 0.8) -> None:
        """Keep the tickets fresh until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(pause_s)
