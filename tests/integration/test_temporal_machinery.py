"""What pages ask about the machinery, of a real Temporal server: workers of queues, runs of schedules, its absence."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.machinery import Health, Queue, TemporalMachinery
from ticketos.db.ids import new_id
from ticketos.dev.temporal import TemporalAddress
from ticketos.domain.errors import DomainError
from workflows import names


@workflow.defn(name="Idle")
class Idle:
    """Does nothing."""

    @workflow.run
    async def run(self) -> None:
        return None


@pytest.fixture
async def client(temporal_server: TemporalAddress) -> Client:
    return await Client.connect(temporal_server.grpc)


def machinery(client: Client) -> TemporalMachinery:
    async def ready() -> Client:
        return client

    return TemporalMachinery(ready)


async def _told(client: Client) -> tuple[Health, dict[str, Queue]]:
    health = await machinery(client).health()
    return health, {queue.name: queue for queue in health.queues}


async def test_a_queue_tells_its_workers_and_what_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, empty = f"served-{new_id()}", f"empty-{new_id()}"
    monkeypatch.setattr(names, "POLLED", (served, empty))
    await client.start_workflow("Idle", id=f"idle-{new_id()}", task_queue=empty)
    worker = Worker(client, task_queue=served, workflows=[Idle], workflow_runner=UnsandboxedWorkflowRunner())
    async with worker:
        await client.execute_workflow("Idle", id=f"idle-{new_id()}", task_queue=served)
        async with asyncio.timeout(30):
            health, found = await _told(client)
            while not found[empty].waiting:  # the server counts what waits when it comes to it
                await asyncio.sleep(0.1)
                health, found = await _told(client)
    assert health.reachable
    assert found[served].workers == 1
    assert found[empty].workers == 0
    assert found[empty].waiting >= 1


async def test_a_schedule_tells_its_next_run_and_one_that_is_not_there_is_left_out(client: Client) -> None:
    schedule_id = f"reconciliation/{new_id()}"
    await client.create_schedule(
        schedule_id,
        Schedule(
            action=ScheduleActionStartWorkflow("Idle", id=f"idle-{new_id()}", task_queue="nowhere"),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))]),
            state=ScheduleState(paused=True, note="by hand"),
        ),
    )
    try:
        found = await machinery(client).timetables([schedule_id, "reconciliation/unknown"])
        await machinery(client).run_now(schedule_id)
        with pytest.raises(DomainError, match="workflows-unavailable"):
            await machinery(client).run_now("reconciliation/unknown")
        async with asyncio.timeout(20):
            after = await machinery(client).timetables([schedule_id])
            while after[schedule_id].last_at is None:
                await asyncio.sleep(0.1)
                after = await machinery(client).timetables([schedule_id])
    finally:
        await client.get_schedule_handle(schedule_id).delete()
    assert set(found) == {schedule_id}
    assert (found[schedule_id].paused, found[schedule_id].note) == (True, "by hand")
    assert found[schedule_id].next_at is not None
    assert found[schedule_id].last_at is None


async def test_a_server_that_does_not_answer_is_said_to_be_away() -> None:
    async def nobody() -> Client:
        raise DomainError("workflows-unavailable")

    away = TemporalMachinery(nobody)
    assert await away.health() == Health(False)
    with pytest.raises(DomainError):
        await away.timetables(["x"])
