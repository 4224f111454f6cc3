"""Days and months by schedule and by hand, on the run's Temporal server: once each, caught up, tried again
after a failure."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client, ScheduleOverlapPolicy, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.invoicing import InvoicingActivities
from activities.reconciliation import ReconciliationActivities
from schemas.periods import PeriodResult, PeriodStart
from ticketos.dev.temporal import TemporalAddress
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from workers.runtime import sandbox
from workers.schedules import ScheduledClient, ensure_schedules
from workflows import names
from workflows.scheduled.invoicing import InvoicingWorkflow
from workflows.scheduled.reconciliation import ReconciliationWorkflow

AT = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@dataclass
class Runs:
    """Implements both ports: remembers what was asked and run."""

    periods: tuple[str, ...]
    refuse: str | None = None
    asked: list[datetime] = field(default_factory=list)
    ran: list[tuple[str, str]] = field(default_factory=list)

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        self.asked.append(at)
        return self.periods

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        self.ran.append((period, actor.kind))
        if self.refuse == period:
            raise DomainError("gst-state-missing", party="Acme")
        return {"period": period}


@asynccontextmanager
async def serving(
    address: str, months: Runs, days: Runs, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Client, str]]:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    queue, money = f"tickets-{uuid.uuid4().hex[:8]}", f"money-{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(names, "MONEY", money)
    monthly, daily = InvoicingActivities(months), ReconciliationActivities(days)
    with ThreadPoolExecutor(4) as pool:
        flows = Worker(
            client,
            task_queue=queue,
            workflows=[InvoicingWorkflow, ReconciliationWorkflow],
            workflow_runner=sandbox(),
            max_cached_workflows=0,
            graceful_shutdown_timeout=timedelta(seconds=1),
        )
        works = Worker(
            client,
            task_queue=money,
            activities=[monthly.due, monthly.run, daily.due, daily.run],
            activity_executor=pool,
            graceful_shutdown_timeout=timedelta(seconds=1),
        )
        async with flows, works:
            yield client, queue


async def start(client: Client, queue: str, kind: str, start: PeriodStart) -> PeriodResult:
    result: PeriodResult = await client.execute_workflow(
        kind, start, id=f"test/{uuid.uuid4()}", task_queue=queue, result_type=PeriodResult
    )
    return result


async def test_a_tick_runs_each_due_period_once(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    months, days, one = Runs(("2026-11",)), Runs(("2026-11-29", "2026-11-30")), uuid.uuid4()
    async with serving(temporal_server.grpc, months, days, monkeypatch) as (client, queue):
        tick = PeriodStart(client_id=one, as_of=AT)
        first = [await start(client, queue, kind, tick) for kind in ("Invoicing", "Reconciliation")]
        again = [await start(client, queue, kind, tick) for kind in ("Invoicing", "Reconciliation")]
        assert (
            await client.get_workflow_handle(names.period_workflow("invoicing", one, "2026-11")).describe()
        ).status is not None
    assert [r.facts["periods"] for r in first] == [
        {"2026-11": "done"},
        {"2026-11-29": "done", "2026-11-30": "done"},
    ]
    assert [set(r.facts["periods"].values()) for r in again] == [{"ran_before"}] * 2
    assert (months.ran, days.ran) == (
        [("2026-11", "schedule")],
        [("2026-11-29", "schedule"), ("2026-11-30", "schedule")],
    )
    assert {*months.asked, *days.asked} == {AT}


async def test_a_refused_period_fails_at_once_and_may_be_tried_again(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = Runs(("2026-11",), refuse="2026-11")
    async with serving(temporal_server.grpc, months, Runs(()), monkeypatch) as (client, queue):
        tick = PeriodStart(client_id=uuid.uuid4(), as_of=AT)
        with pytest.raises(WorkflowFailureError):
            await start(client, queue, "Invoicing", tick)
        assert len(months.ran) == 1, "a rule's refusal is not repeated"
        months.refuse = None
        assert (await start(client, queue, "Invoicing", tick)).facts["periods"] == {"2026-11": "done"}


async def test_schedules_are_made_once_follow_the_zone_and_keep_a_pause(
    temporal_server: TemporalAddress,
) -> None:
    client = await Client.connect(temporal_server.grpc, data_converter=pydantic_data_converter)
    one, queue = uuid.uuid4(), f"nobody-{uuid.uuid4().hex[:8]}"
    made = await ensure_schedules(client, [ScheduledClient(one, "Asia/Kolkata")], queue)
    assert made == (f"reconciliation/{one}", f"invoicing/{one}", f"calibration/{one}", f"learning/{one}")
    daily, monthly, weekly, nightly = (client.get_schedule_handle(name) for name in made)
    night = (await nightly.describe()).info.next_action_times[0]
    assert (night.hour, night.minute) == (20, 45), "02:15 in Kolkata"
    described = await daily.describe()
    first = described.info.next_action_times[0]
    assert (first.hour, first.minute) == (19, 0), "00:30 in Kolkata"
    assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert described.schedule.policy.catchup_window == timedelta(days=1)
    due = (await monthly.describe()).info.next_action_times[0]
    assert (due.day, due.hour, due.minute) == (1, 0, 30), "06:00 on the first in Kolkata"
    week = (await weekly.describe()).info.next_action_times[:2]
    assert [(at.weekday(), at.hour, at.minute) for at in week] == [(0, 1, 30)] * 2, (
        "07:00 on Mondays in Kolkata"
    )
    assert week[1] - week[0] == timedelta(days=7)
    await daily.pause(note="stock-taking")
    assert await ensure_schedules(client, [ScheduledClient(one, "Europe/London")], queue) == made
    moved = await daily.describe()
    assert moved.schedule.spec.time_zone_name == "Europe/London"
    assert (moved.schedule.state.paused, moved.schedule.state.note) == (True, "stock-taking")
    for name in made:
        await client.get_schedule_handle(name).delete()


async def test_a_schedule_really_starts_the_run(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    days, one = Runs(("2026-11-30",)), uuid.uuid4()
    async with serving(temporal_server.grpc, Runs(()), days, monkeypatch) as (client, queue):
        made = await ensure_schedules(client, [ScheduledClient(one, "Asia/Kolkata")], queue)
        await client.get_schedule_handle(made[0]).trigger()
        for _ in range(300):
            if days.ran:
                break
            await asyncio.sleep(0.05)
        for name in made:
            await client.get_schedule_handle(name).delete()
    assert days.ran == [("2026-11-30", "schedule")]
    assert abs(days.asked[0] - datetime.now(UTC)) < timedelta(minutes=2), "the instant it was scheduled for"
