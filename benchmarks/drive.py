"""One way to drive both kinds of tickets: a fixed number in flight, an act sent once its task is visible."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

from benchmarks import floor

POLL_S = 0.02
LONGEST_S = 180.0
"""No ticket of a block may take longer from its start to its end."""


@dataclass(frozen=True)
class Size:
    """What a ticket costs in Temporal, child included."""

    transitions: int
    events: int
    bytes: int

    @staticmethod
    def of(runs: Iterable[WorkflowExecutionDescription]) -> Size:
        """The sum over these runs."""
        infos = [run.raw_description.workflow_execution_info for run in runs]
        return Size(
            sum(i.state_transition_count for i in infos),
            sum(i.history_length for i in infos),
            sum(i.history_size_bytes for i in infos),
        )

    @staticmethod
    def worst(sizes: Sequence[Size]) -> Size:
        """The largest of each figure."""
        return Size(
            max(s.transitions for s in sizes), max(s.events for s in sizes), max(s.bytes for s in sizes)
        )


@dataclass(frozen=True)
class Visible:
    """A task a person sees: ``id`` is sent once."""

    id: str
    workflow_id: str
    kind: str


@dataclass(frozen=True)
class Block:
    """One measured block."""

    seconds: float
    latencies: Sequence[float]

    @property
    def count(self) -> int:
        """Tickets finished."""
        return len(self.latencies)


class Contestant(Protocol):
    """A kind of ticket that can be driven."""

    name: str

    async def prepare(self, count: int) -> Sequence[Any]:
        """What the block's tickets need before the clock starts; one item each."""

    async def start(self, prepared: Any) -> WorkflowHandle[Any, Any]:
        """Start one ticket's workflow."""

    async def visible(self, connection: psycopg.AsyncConnection[Any]) -> Sequence[Visible]:
        """Tasks that wait for a person now."""

    async def act(self, task: Visible) -> None:
        """Do what the person does; returns when the act is confirmed."""

    @property
    def dsn(self) -> str:
        """Where tasks are looked for."""


async def drive(contestant: Contestant, count: int, at_once: int) -> Block:
    """Run ``count`` tickets to their end, ``at_once`` of them in flight. Raises when any of them fails."""
    prepared = await contestant.prepare(count)
    gate, over = asyncio.Semaphore(at_once), asyncio.Event()

    async def one(item: Any) -> float:
        async with gate:
            began = time.perf_counter()
            handle = await contestant.start(item)
            async with asyncio.timeout(LONGEST_S):
                await handle.result()
            return time.perf_counter() - began

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(_people(contestant, over))
        tickets = [group.create_task(one(item)) for item in prepared]
        latencies = await asyncio.gather(*tickets)
        seconds = time.perf_counter() - began
        over.set()
    return Block(seconds, latencies)


async def _people(contestant: Contestant, over: asyncio.Event) -> None:
    """Look for tasks and act on each once, until it is over; acts under way are waited for."""
    sent: set[str] = set()
    async with (
        await psycopg.AsyncConnection.connect(contestant.dsn, autocommit=True) as connection,
        asyncio.TaskGroup() as acts,
    ):
        while not over.is_set():
            for task in await contestant.visible(connection):
                if task.id not in sent:
                    sent.add(task.id)
                    acts.create_task(contestant.act(task))
            await asyncio.sleep(POLL_S)


class Floor:
    """The bare workflow."""

    name = "floor"

    def __init__(self, dsn: str, client: Client) -> None:
        self.dsn = dsn
        self._client = client
        self._last: list[str] = []

    async def prepare(self, count: int) -> Sequence[str]:
        """Ids of workflows."""
        self._last = [f"floor/{uuid.uuid4()}" for _ in range(count)]
        return self._last

    async def start(self, prepared: str) -> WorkflowHandle[Any, Any]:
        """Start one."""
        return await self._client.start_workflow(floor.FloorTicket.run, id=prepared, task_queue=floor.QUEUE)

    async def visible(self, connection: psycopg.AsyncConnection[Any]) -> Sequence[Visible]:
        """Open questions."""
        return [Visible(*row) for row in await (await connection.execute(floor.OPEN_TASKS)).fetchall()]

    async def act(self, task: Visible) -> None:
        """Answer one."""
        handle = self._client.get_workflow_handle(task.workflow_id)
        await handle.execute_update("complete", args=[task.kind, task.id], id=task.id)

    async def sizes(self, count: int) -> list[Size]:
        """Cost of the last tickets driven."""
        found = []
        for workflow_id in self._last[:count]:
            runs = [
                await self._client.get_workflow_handle(i).describe()
                for i in (workflow_id, f"{workflow_id}/work")
            ]
            found.append(Size.of(runs))
        return found
