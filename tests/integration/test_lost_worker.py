"""A worker is lost between the transaction that records an act and Temporal's hearing of it: the act counts once, and
the ticket goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.handling import TaskActivities
from activities.lines import manual
from schemas.acts import ActorRef, ActResult, CompleteTask
from schemas.ticket import ActCommand, TicketStart
from tests.support.api import Person, World, world_on
from tests.support.books import FLAT, contract
from tests.support.dying_worker import store_on, worker
from ticketos.crypto import Keyring
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.dev.temporal import TemporalAddress
from workers import reconciler
from workers.reconciler import Reconciler
from workflows import names

ROOT = Path(__file__).parents[2]
NOTE = {"note": "password reset by phone"}


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("lost")) as made:
        plain = {"pricing": FLAT, "qa": {"sample_rate": "0"}, "approval": {"required": False}}
        contract(made, made.acme, service_line="it_helpdesk", terms=plain)
        yield made


@pytest.fixture(scope="module")
def helper(world: World) -> Person:
    return world.person(
        world.provider,
        ("agent", None),
        skills=["it_helpdesk"],
        certifications={"it_helpdesk": None},
    )


@pytest.fixture
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In earnest an act gets time to reach its workflow before it is told again."""
    monkeypatch.setattr(reconciler, "SETTLED", timedelta(0))


class Ticket:
    """A helpdesk request on a real server and a real database, and its one task."""

    def __init__(
        self, world: World, client: Client, handle: WorkflowHandle[Any, Any], ticket_id: UUID
    ) -> None:
        self.world, self.client, self.handle, self.id = world, client, handle, ticket_id

    async def until(self, told: Callable[[], Any]) -> Any:
        """A real condition, polled, with an end."""
        for _ in range(1_200):
            if found := await asyncio.to_thread(told):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError("never came")

    def tasks(self, state: str) -> list[Any]:
        query = "select * from task where ticket_id = %s and state = %s"
        return self.world.sql(self.world.acme, query, (self.id, state))

    def told(self, event: str) -> int:
        query = "select 1 from audit_event where root_id = %s and event = %s"
        return len(self.world.sql(self.world.acme, query, (self.id, event)))

    def usage(self) -> list[str]:
        query = "select key from usage_event where ticket_id = %s"
        return [row.key for row in self.world.sql(self.world.acme, query, (self.id,))]

    def done_once(self) -> bool:
        """The act and all that follows from it happened once."""
        assert self.usage() == [f"ticket:{self.id}"]
        return (self.told("task.completed"), self.told("ticket.billed"), self.told("ticket.closed")) == (
            1,
            1,
            1,
        )


async def begun(world: World, temporal: TemporalAddress, queue: str) -> Ticket:
    client = await Client.connect(temporal.grpc, data_converter=pydantic_data_converter)
    ticket_id = world.ticket(world.acme, service_line="it_helpdesk", subject="locked out")
    handle = await client.start_workflow(
        "Ticket",
        TicketStart(ticket_id=ticket_id, client_id=world.acme),
        id=names.ticket_workflow(ticket_id),
        task_queue=queue,
        result_type=str,
    )
    return Ticket(world, client, handle, ticket_id)


@asynccontextmanager
async def serving(database: PostgresUrls, client: Client, keyring: Keyring, queue: str) -> AsyncIterator[Any]:
    store = store_on(database.app, database.system, keyring)
    with ThreadPoolExecutor(4) as pool:
        async with worker(client, store, queue, pool):
            yield store
    store.database.dispose()


async def test_an_act_temporal_never_heard_of_is_told_again_once_and_the_ticket_goes_on(
    world: World,
    helper: Person,
    database: PostgresUrls,
    temporal_server: TemporalAddress,
    settled_at_once: None,
) -> None:
    queue = f"lost-{uuid.uuid4().hex[:8]}"
    ticket = await begun(world, temporal_server, queue)
    async with serving(database, ticket.client, world.services.keyring, queue) as store:
        (task,) = await ticket.until(lambda: ticket.tasks("open"))
        # Worker, server and caller are gone right after this transaction: nobody but the database knows of the act.
        command = ActCommand(
            ticket_id=ticket.id,
            client_id=world.acme,
            kind="complete_task",
            key="act-1",
            actor=ActorRef(kind="user", id=str(helper.id), roles=("agent",)),
            task_id=task.id,
            payload=NOTE,
        )
        record = TaskActivities(store, {"work": manual.done}).complete
        assert (await asyncio.to_thread(record, command)).outcome == "done"
        found: Any = SimpleNamespace(database=store.database)
        first = Reconciler(found, ticket.client)
        assert await first.tell_again() >= 1
        assert await asyncio.wait_for(ticket.handle.result(), 30) == "closed"
        assert await first.tell_again() == 0, "once is enough"
        assert await Reconciler(found, ticket.client).tell_again() == 0, (
            "a ticket that has closed is left alone"
        )
        history = await ticket.client.get_workflow_handle(task.workflow_id).fetch_history()
    assert ticket.done_once()
    accepted = [
        e for e in history.events if e.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    assert [e.workflow_execution_update_accepted_event_attributes.protocol_instance_id for e in accepted] == [
        "act-1"
    ]


async def test_an_act_whose_worker_is_killed_right_after_the_commit_counts_once(
    world: World,
    helper: Person,
    database: PostgresUrls,
    temporal_server: TemporalAddress,
    settled_at_once: None,
) -> None:
    queue, keyring = f"lost-{uuid.uuid4().hex[:8]}", world.services.keyring
    mortal = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.dying_worker",
        database.app,
        database.system,
        temporal_server.grpc,
        queue,
        "act.complete_task",
        keyring._master.hex(),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    ticket = await begun(world, temporal_server, queue)
    try:
        (task,) = await ticket.until(lambda: ticket.tasks("open"))
        act = CompleteTask(
            actor=ActorRef(kind="user", id=str(helper.id), roles=("agent",)),
            key="act-2",
            task_id=task.id,
            result=NOTE,
        )
        asked = asyncio.create_task(
            ticket.client.get_workflow_handle(task.workflow_id).execute_update(
                "complete_task", act, id="act-2", result_type=ActResult, rpc_timeout=timedelta(seconds=60)
            )
        )
        assert await asyncio.wait_for(mortal.wait(), 60) == -signal.SIGKILL
        assert len(ticket.tasks("done")) == 1, "recorded"
        assert ticket.told("ticket.closed") == 0, "and not heard"
        asked.cancel()  # the caller gives up too
        with contextlib.suppress(asyncio.CancelledError, WorkflowUpdateRPCTimeoutOrCancelledError):
            await asked
    finally:
        if mortal.returncode is None:
            mortal.kill()
            await mortal.wait()
    async with serving(database, ticket.client, keyring, queue) as store:
        found: Any = SimpleNamespace(database=store.database)
        watch = Reconciler(found, ticket.client)
        await asyncio.wait_for(watch.tell_again(), 60)
        assert await asyncio.wait_for(ticket.handle.result(), 60) == "closed"
    assert ticket.done_once()


@pytest.fixture
def suspected_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In earnest a request is left alone for a while before anybody asks after its workflow."""
    monkeypatch.setattr(reconciler, "UNTOUCHED", timedelta(0))


async def test_a_workflow_that_was_terminated_is_started_again_and_after_a_few_times_a_person_is_told(
    world: World,
    helper: Person,
    database: PostgresUrls,
    temporal_server: TemporalAddress,
    suspected_at_once: None,
) -> None:
    queue = f"lost-{uuid.uuid4().hex[:8]}"
    ticket = await begun(world, temporal_server, queue)
    async with serving(database, ticket.client, world.services.keyring, queue) as store:
        await ticket.until(lambda: ticket.tasks("open"))
        own = "ticket_id = %s and kind = 'start'"
        world.sql(
            world.acme,
            "insert into outbox (id, client_id, ticket_id, key, kind, payload, state, attempts, next_at)"
            " values (%s, %s, %s, %s, 'start', '{}', 'done', 1, now())",
            (new_id(), world.acme, ticket.id, f"start:{ticket.id}:1"),
        )
        world.sql(world.acme, "update ticket set next_at = null where id = %s", (ticket.id,))
        found: Any = SimpleNamespace(database=store.database)
        watch = Reconciler(found, ticket.client)

        def start() -> str:
            (row,) = world.sql(world.acme, f"select state from outbox where {own}", (ticket.id,))
            return str(row.state)

        await watch.once()
        assert start() == "done", "its workflow runs"
        await ticket.handle.terminate("by hand")
        await watch.once()
        assert start() == "waiting"

        world.sql(
            world.acme,
            f"update outbox set state = 'done', attempts = {reconciler.MOST_STARTS} where {own}",
            (ticket.id,),
        )
        for _ in range(2):
            await watch.once()
        assert start() == "done", "nothing is tried for ever"
        told = world.sql(
            world.acme, "select kind, desk from notice where key = %s", (f"restart:{ticket.id}",)
        )
        assert [(row.kind, row.desk) for row in told] == [("outbox_dead", "ops")]
