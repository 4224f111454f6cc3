"""The outbox on a real database: what is claimed, started, put off and given up, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from tests.support.api import World, world_on
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.pace import Pace
from ticketos.settings import Settings
from workers.relay import BATCH, QUIET, RUSH, RUSHED, Relay
from workers.strain import LIMITS_S
from workers.wiring import Parts


@dataclass
class Temporal:
    """What the relay asks of a client: remembers starts; ``away`` fails as a server that is gone does."""

    started: list[str] = field(default_factory=list)
    away: bool = False

    async def start_workflow(self, name: str, start: Any, *, id: str, **_: Any) -> None:  # noqa: A002
        if self.away:
            raise RPCError("nobody there", RPCStatusCode.UNAVAILABLE, b"")
        if id in self.started:
            raise WorkflowAlreadyStartedError(id, name)
        self.started.append(id)


@dataclass
class Bench:
    """A relay over the world's database."""

    world: World
    temporal: Temporal
    relay: Relay

    def outbox(self, kind: str, due_in: timedelta = timedelta(0)) -> UUID:
        ticket_id, row_id = self.world.ticket(self.world.acme), new_id()
        payload = {"ticket_id": str(ticket_id), "client_id": str(self.world.acme), "life": 1}
        self.world.sql(
            self.world.acme,
            "insert into outbox (id, client_id, ticket_id, key, kind, payload, state, attempts, next_at)"
            " values (%s, %s, %s, %s, %s, %s, 'waiting', 0, %s)",
            (
                row_id,
                self.world.acme,
                ticket_id,
                f"{kind}:{ticket_id}:1",
                kind,
                Jsonb(payload),
                datetime.now(UTC) - timedelta(seconds=1) + due_in,
            ),
        )
        return row_id

    def states(self) -> dict[UUID, str]:
        return {row.id: row.state for row in self.world.sql(self.world.acme, "select id, state from outbox")}

    def strain(self) -> None:
        """As when a claim takes far too long, for a while."""
        for _ in range(50):
            self.relay._strain.add("claim", LIMITS_S["claim"] * 10)


@pytest.fixture
def bench(postgres_cluster: Any, tmp_path: Path) -> Iterator[Bench]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as world:
        services, temporal = world.services, Temporal()
        settings = Settings(
            home=tmp_path, app_database_url=SecretStr(urls.app), system_database_url=SecretStr(urls.system)
        )
        parts = Parts(settings, services.keyring, services.database, services.objects, services.audit)
        yield Bench(world, temporal, Relay(parts, cast(Client, temporal)))
    postgres_cluster.drop(urls)


async def test_due_starts_are_started_once_and_settled_together(bench: Bench) -> None:
    rows = {bench.outbox("start") for _ in range(5)}
    later = bench.outbox("start", due_in=timedelta(minutes=5))
    assert await bench.relay.once() == 5
    assert len(bench.temporal.started) == 5
    assert await bench.relay.once() == 0
    states = bench.states()
    assert ({states[row] for row in rows}, states[later]) == ({"done"}, "waiting")


async def test_a_start_that_failed_waits_and_a_started_one_counts_as_done(bench: Bench) -> None:
    row = bench.outbox("start")
    bench.temporal.away = True
    await bench.relay.once()
    (told,) = bench.world.sql(
        bench.world.acme, "select state, error, attempts, next_at > clock_timestamp() as put_off from outbox"
    )
    assert (told.state, told.attempts, told.put_off) == ("waiting", 1, True)
    assert "nobody there" in told.error
    bench.temporal.away = False
    bench.world.sql(bench.world.acme, "update outbox set next_at = clock_timestamp()")
    (ticket,) = bench.world.sql(bench.world.acme, "select ticket_id from outbox")
    bench.temporal.started.append(f"ticket/{ticket.ticket_id}")  # the edge was quicker after all
    await bench.relay.once()
    assert bench.states() == {row: "done"}


async def test_the_rest_of_the_outbox_does_not_wait_behind_starts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.relay, "_pace", Pace(QUIET, lambda: 1_000.0))
    for _ in range(BATCH * 3):
        bench.outbox("start")
    note = bench.outbox("notify")
    bench.relay._pace.take(BATCH)  # not one start is allowed just now
    assert await bench.relay.once() == 1
    assert bench.states()[note] == "done"
    assert bench.temporal.started == []


async def test_under_strain_a_rush_at_the_edge_slows_starts_down_to_the_least(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(bench.relay, "_pace", Pace(QUIET, lambda: now))
    for _ in range(RUSH):  # left alone by the edge for a second already
        bench.outbox("start", due_in=timedelta(seconds=2))

    async def settled_rate() -> float:
        nonlocal now
        for _ in range(30):
            bench.strain()
            now += Pace.STEP_S
            await bench.relay.once()
            bench.world.sql(
                bench.world.acme,
                "update outbox set next_at = clock_timestamp() + interval '1 second' where state = 'waiting'",
            )
        return bench.relay._pace.rate

    assert await settled_rate() == RUSHED.least
    # The rush is over: still strained, but a worker must not run out of work.
    bench.world.sql(bench.world.acme, "update outbox set state = 'done'")
    assert await settled_rate() == QUIET.least


async def test_a_rush_without_strain_slows_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(bench.relay, "_pace", Pace(QUIET, lambda: now))
    monkeypatch.setattr("workers.strain.LIMITS_S", dict.fromkeys(LIMITS_S, 1e9))  # whatever else runs here
    for _ in range(RUSH):
        bench.outbox("start", due_in=timedelta(seconds=2))
    for _ in range(80):
        now += Pace.STEP_S
        await bench.relay.once()
    assert bench.relay._pace.rate == RUSHED.most
