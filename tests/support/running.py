"""A worker over the in-memory store, on the run's Temporal server: real workflows, real rules, no database."""

from __future__ import annotations

import asyncio
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.lines.line import LinePorts
from schemas.acts import ActorRef, ActResult, CompleteTask, DecideApproval
from schemas.ticket import TicketStart
from tests.support.memory import MemoryStore, World
from ticketos.domain.state import TicketState
from workers.runtime import sandbox
from workers.wiring import WORKFLOWS, line_work, ticket_activities
from workflows import names

LONGEST_S = 45.0
"""The wait for what must come: more than a workflow task that was lost takes to be given out again."""

AGENT = ActorRef(kind="user", id=str(UUID(int=7)), roles=("agent",))
REVIEWER = ActorRef(kind="user", id=str(UUID(int=8)), roles=("qa",))
LEAD = ActorRef(kind="user", id=str(UUID(int=9)), roles=("lead",))
DESK = ActorRef(kind="user", id=str(UUID(int=10)), roles=("desk",))
BUYER = ActorRef(kind="client", id=str(UUID(int=20)), roles=("client_admin",))


class Readings:
    """A reader that answers from a table by where the bytes lie, else by file name; a list are the documents of one
    file."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]) -> None:
        self.answers = dict(answers)

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = 60.0,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Any = None,
        vendors: Any = None,
        model: Any = None,
    ) -> Sequence[Mapping[str, Any]]:
        found = self.answers.get(data.decode()) or self.answers[filename]
        return [found] if isinstance(found, Mapping) else found


class NoFiles:
    """Files that need no bytes, since the reader answers by name: each holds its address."""

    def put(self, client_id: UUID, content: bytes) -> str:
        return "0" * 64

    def get(self, client_id: UUID, address: str) -> bytes:
        return address.encode()


def sure(text: str, **_: Any) -> Mapping[str, Any]:
    """Triage that knows."""
    return {
        "service_line": "data_entry",
        "ticket_type": "invoice_entry",
        "priority": "P3",
        "language": "en",
        "sentiment": "neutral",
        "confidence": 0.95,
        "decision": "auto",
        "top": [["data_entry", 0.95]],
        "engine": "test",
    }


def unsure(text: str, **_: Any) -> Mapping[str, Any]:
    """Triage that does not."""
    return {**sure(text), "confidence": 0.3, "decision": "review"}


@dataclass
class Running:
    """A ticket under way."""

    client: Client
    store: MemoryStore
    ticket: TicketState
    handle: WorkflowHandle[Any, Any]

    @property
    def world(self) -> World:
        return self.store.world

    def now(self) -> TicketState:
        """The ticket as it stands."""
        return self.world.tickets[self.ticket.id]

    async def until(self, told: Callable[[], Any], what: str = "") -> Any:
        """Wait until it is so; a real condition, polled, with an end."""
        ends = time.monotonic() + LONGEST_S
        while time.monotonic() < ends:
            found = told()
            if found:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"never came: {what or told}; {self.now()}")

    async def task(self, kind: str) -> Any:
        """The next open task of this kind."""
        return await self.until(
            lambda: next(
                (
                    t
                    for t in list(self.world.tasks.values())
                    if t.kind == kind and t.state == "open" and t.ticket_id == self.ticket.id
                ),
                None,
            ),
            kind,
        )

    async def complete(
        self, task: Any, actor: ActorRef, result: Mapping[str, Any], key: str | None = None
    ) -> ActResult:
        """Finish a task as a person would, through the workflow that owns it."""
        key = key or uuid.uuid4().hex
        done: ActResult = await self.client.get_workflow_handle(task.workflow_id).execute_update(
            "complete_task",
            CompleteTask(actor=actor, key=key, task_id=task.id, result=dict(result)),
            id=key,
            result_type=ActResult,
        )
        return done

    async def act(self, name: str, argument: Any) -> ActResult:
        """An act on the ticket."""
        done: ActResult = await self.handle.execute_update(
            name, argument, id=argument.key, result_type=ActResult
        )
        return done

    async def offered(self) -> str:
        """The version that lies before the client."""
        await self.until(lambda: self.now().stage == "approval", "approval")
        version: str = await self.until(
            lambda: next(
                (
                    a.version
                    for (t, _, _), a in self.world.approvals.items()
                    if t == self.ticket.id and a.state == "open"
                ),
                None,
            ),
            "open approval",
        )
        return version

    async def decide(
        self, decision: str, reason: str = "", units: Mapping[str, str] | None = None
    ) -> ActResult:
        """The client accepts or returns what is offered."""
        version = await self.offered()
        return await self.act(
            "decide_approval",
            DecideApproval(
                actor=BUYER,
                key=uuid.uuid4().hex,
                version=version,
                decision=decision,
                reason=reason,
                units=dict(units or {}),
            ),
        )

    async def done(self) -> str:
        """The end of the run."""
        return str(await asyncio.wait_for(self.handle.result(), 30))


@asynccontextmanager
async def running(
    address: str, store: MemoryStore, reader: Readings, triage: Any = sure, cached: int = 0
) -> AsyncIterator[Callable[..., Any]]:
    """Workers for tickets and documents; yields ``start(ticket)``. Without cached workflows every task is replayed,
    and one workflow at a time has a task in hand."""
    # Without a workflow cache the SDK may cancel a local activity that has just ended; it says so and goes on.
    warnings.filterwarnings("ignore", message="Cannot find activity to cancel", category=UserWarning)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    lines = line_work(LinePorts(store, NoFiles(), reader, lambda _: None))
    suffix = uuid.uuid4().hex[:8]
    tickets, documents = f"tickets-{suffix}", f"documents-{suffix}"
    saved, names.DOCUMENTS = names.DOCUMENTS, documents
    with ThreadPoolExecutor(8) as pool:
        served = Worker(
            client,
            task_queue=tickets,
            workflows=WORKFLOWS,
            activities=ticket_activities(store, triage, lines),
            activity_executor=pool,
            workflow_runner=sandbox(),
            max_cached_workflows=cached,
            graceful_shutdown_timeout=timedelta(seconds=1),
        )
        reading = Worker(
            client,
            task_queue=documents,
            activities=[one for line in lines for one in line.documents],
            activity_executor=pool,
            graceful_shutdown_timeout=timedelta(seconds=1),
        )

        async def start(ticket: TicketState) -> Running:
            handle = await client.start_workflow(
                "Ticket",
                TicketStart(ticket_id=ticket.id, client_id=ticket.client_id, life=ticket.life),
                id=names.ticket_workflow(ticket.id),
                task_queue=tickets,
                result_type=str,
            )
            return Running(client, store, ticket, handle)

        try:
            async with served, reading:
                yield start
        finally:
            names.DOCUMENTS = saved
