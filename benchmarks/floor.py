"""The bare floor: a workflow in the shape of a ticket with nothing in it (``floor_worker`` serves it).

A child, one ordinary activity on a queue of its own, ten database writes in local activities (three of them
ask a person, three record what the person did), three human updates with validators. No rules, no codec, no
timers.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    import psycopg
    from psycopg_pool import ConnectionPool

QUEUE, READING_QUEUE = "floor", "floor-reading"
ACTS = ("keying", "review", "approval")
SCHEMA = """
create schema floor;
create table floor.write (id uuid primary key, workflow_id text not null, step text not null,
                          at timestamptz not null default clock_timestamp(), unique (workflow_id, step));
create table floor.task (id uuid primary key, workflow_id text not null, kind text not null,
                         at timestamptz not null default clock_timestamp(), done_at timestamptz);
create index on floor.task (at) where done_at is null;
"""
OPEN_TASKS = "select id::text, workflow_id, kind from floor.task where done_at is null"


@dataclass
class Write:
    """One recorded step: a stage, a question to a person, or (``task``) what the person did."""

    workflow_id: str
    step: str
    ask: bool = False
    task: str = ""


class FloorActivities:
    """The database writes, one transaction each, and the reading of nothing."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    @activity.defn(name="floor.write")
    def write(self, write: Write) -> str:
        """Record a step."""
        with self._pool.connection() as connection:
            row = str(uuid.uuid4())
            if write.task:
                connection.execute(
                    "update floor.task set done_at = clock_timestamp() where id = %s", (write.task,)
                )
            elif write.ask:
                connection.execute(
                    "insert into floor.task (id, workflow_id, kind) values (%s, %s, %s)",
                    (row, write.workflow_id, write.step),
                )
            else:
                connection.execute(
                    "insert into floor.write (id, workflow_id, step) values (%s, %s, %s)"
                    " on conflict do nothing",
                    (row, write.workflow_id, write.step),
                )
        return row

    @activity.defn(name="floor.read")
    def read(self, subject: str) -> str:
        """The one ordinary activity."""
        return subject


class Shape:
    """What parent and child share: writing, asking, being answered."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    async def write(self, step: str, *, ask: bool = False, task: str = "") -> None:
        """One database write in a local activity."""
        await workflow.execute_local_activity_method(
            FloorActivities.write,
            Write(workflow.info().workflow_id, step, ask, task),
            start_to_close_timeout=timedelta(seconds=60),
        )

    async def ask(self, kind: str) -> None:
        """Ask a person and wait for the act."""
        await self.write(kind, ask=True)
        await workflow.wait_condition(lambda: kind in self._done)

    async def acted(self, kind: str, task: str) -> str:
        """Record a person's act."""
        await self.write(f"{kind}.done", task=task)
        self._done.add(kind)
        return kind


@workflow.defn(name="FloorWork")
class FloorWork(Shape):
    """The child: reads, asks a person to key."""

    @workflow.run
    async def run(self) -> str:
        """One round of work."""
        await workflow.execute_activity_method(
            FloorActivities.read,
            workflow.info().workflow_id,
            task_queue=READING_QUEUE,
            start_to_close_timeout=timedelta(seconds=60),
        )
        await self.ask("keying")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "delivered"

    @workflow.update
    async def complete(self, kind: str, task: str) -> str:
        """The person keyed."""
        return await self.acted(kind, task)

    @complete.validator
    def _may_complete(self, kind: str, task: str) -> None:
        if kind not in ACTS:
            raise ValueError(kind)


@workflow.defn(name="FloorTicket")
class FloorTicket(Shape):
    """The parent: stages, a review, an approval."""

    @workflow.run
    async def run(self) -> str:
        """From intake to closure."""
        for stage in ("intake", "triage", "contract"):
            await self.write(stage)
        await workflow.execute_child_workflow(FloorWork.run, id=f"{workflow.info().workflow_id}/work")
        await self.ask("review")
        await self.ask("approval")
        await self.write("closure")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "closed"

    @workflow.update
    async def complete(self, kind: str, task: str) -> str:
        """The person reviewed or approved."""
        return await self.acted(kind, task)

    @complete.validator
    def _may_complete(self, kind: str, task: str) -> None:
        if kind not in ACTS:
            raise ValueError(kind)


def prepare(dsn: str) -> None:
    """Make the floor's tables."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
