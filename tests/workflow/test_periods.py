"""Days and months by schedule and by hand, on the run's Temporal server: once each, caught up, tried again
after a failure."""

from __future__ import annotations

import asyncio
import threading
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
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.invoicing import InvoicingActivities
from activities.month_end import MonthEndActivities
from activities.reconciliation import ReconciliationActivities
from api.period_runs import TemporalPeriodRuns, refused
from schemas.acts import ActorRef
from schemas.periods import PeriodResult, PeriodStart
from ticketos.dev.temporal import TemporalAddress
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from workers.runtime import sandbox
from workers.schedules import ScheduledClient, ensure_schedules
from workflows import names
from workflows.scheduled.invoicing import InvoicingWorkflow
from workflows.scheduled.month_end import MonthEndWorkflow
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


@dataclass
class Books:
    """Implements the port of month-ends: a month that is not in the way of itself is shut, once."""

    in_the_way: set[str] = field(default_factory=set)
    shut: list[str] = field(default_factory=list)
    ran: list[tuple[str, str, str]] = field(default_factory=list)

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        return tuple(one for one in ("2026-10", "2026-11") if one not in self.shut)

    def run(self, client_id: UUID, period: str, actor: Actor, with_open: str = "") -> Mapping[str, Any]:
        self.ran.append((period, actor.kind, with_open))
        if period in self.shut:
            return {"outcome": "ran_before", "period": period, "state": "soft"}
        if period in self.in_the_way and not with_open:
            return {"outcome": "blocked", "period": period, "in_the_way": ["open"]}
        self.shut.append(period)
        return {"outcome": "closed", "period": period}


@asynccontextmanager
async def serving(
    address: str,
    months: Runs,
    days: Runs,
    monkeypatch: pytest.MonkeyPatch,
    books: Books | None = None,
) -> AsyncIterator[tuple[Client, str]]:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    queue, money = f"tickets-{uuid.uuid4().hex[:8]}", f"money-{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(names, "MONEY", money)
    monthly, daily = InvoicingActivities(months), ReconciliationActivities(days)
    ends = MonthEndActivities(books or Books())
    with ThreadPoolExecutor(4) as pool:
        flows = Worker(
            client,
            task_queue=queue,
            workflows=[InvoicingWorkflow, ReconciliationWorkflow, MonthEndWorkflow],
            workflow_runner=sandbox(),
            max_cached_workflows=0,
            graceful_shutdown_timeout=timedelta(seconds=1),
        )
        works = Worker(
            client,
            task_queue=money,
            activities=[monthly.due, monthly.run, daily.due, daily.run, ends.due, ends.run],
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
    months = Runs(("2026-10", "2026-11", "2026-12"), refuse="2026-11")
    async with serving(temporal_server.grpc, months, Runs(()), monkeypatch) as (client, queue):
        tick = PeriodStart(client_id=uuid.uuid4(), as_of=AT)
        with pytest.raises(WorkflowFailureError):
            await start(client, queue, "Invoicing", tick)
        ran = [period for period, _ in months.ran]
        assert ran == ["2026-10", "2026-11", "2026-12"], (
            "a refusal is not repeated and holds up no other period"
        )
        months.refuse = None
        again = (await start(client, queue, "Invoicing", tick)).facts["periods"]
        assert again == {"2026-10": "ran_before", "2026-11": "done", "2026-12": "ran_before"}


async def test_a_month_end_that_is_blocked_is_run_again_and_one_that_is_shut_is_not(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, one = Books(in_the_way={"2026-10"}), uuid.uuid4()
    async with serving(temporal_server.grpc, Runs(()), Runs(()), monkeypatch, books) as (client, queue):
        tick = PeriodStart(client_id=one, as_of=AT)
        first = await start(client, queue, "MonthEnd", tick)
        assert first.facts["periods"] == {"2026-10": "blocked", "2026-11": "closed"}
        month = client.get_workflow_handle(names.period_workflow("month_end", one, "2026-10"))
        assert (await month.describe()).id == f"month_end/{one}/2026-10"
        books.in_the_way.clear()
        again = await start(client, queue, "MonthEnd", tick)
        assert again.facts["periods"] == {"2026-10": "closed"}, "no month that is shut is due"
    assert [period for period, _, _ in books.ran] == ["2026-10", "2026-11", "2026-10"]


async def test_a_month_end_on_demand_is_the_schedules_workflow_and_asked_twice_says_so(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, one = Books(in_the_way={"2026-10"}), uuid.uuid4()
    async with serving(temporal_server.grpc, Runs(()), Runs(()), monkeypatch, books) as (client, queue):
        monkeypatch.setattr(names, "TICKETS", queue)

        async def ready() -> Client:
            return client

        runs, who = TemporalPeriodRuns(ready), ActorRef(kind="user", id=str(UUID(int=7)), roles=("finance",))
        begin = PeriodStart(client_id=one, period="2026-10", actor=who)
        outcomes = [
            await runs.month_end(begin),
            await runs.month_end(begin.model_copy(update={"reason": "Accrued"})),
            await runs.month_end(begin),
        ]
        slow = await TemporalPeriodRuns(ready, wait_s=0.001).month_end(begin)
    assert [found and found.outcome for found in outcomes] == ["blocked", "closed", "ran_before"]
    assert books.ran[:3] == [("2026-10", "user", ""), ("2026-10", "user", "Accrued"), ("2026-10", "user", "")]
    assert slow is None


async def test_a_run_under_way_is_joined_unless_it_was_asked_for_otherwise(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Books):
        def run(self, client_id: UUID, period: str, actor: Actor, with_open: str = "") -> Mapping[str, Any]:
            begun.set()
            assert go_on.wait(30)
            return super().run(client_id, period, actor, with_open)

    books = Slow()
    async with serving(temporal_server.grpc, Runs(()), Runs(()), monkeypatch, books) as (client, queue):
        monkeypatch.setattr(names, "TICKETS", queue)

        async def ready() -> Client:
            return client

        runs, begin = TemporalPeriodRuns(ready), PeriodStart(client_id=uuid.uuid4(), period="2026-10")
        first = asyncio.create_task(runs.month_end(begin))
        assert await asyncio.to_thread(begun.wait, 30)
        with pytest.raises(DomainError, match="month-end-under-way"):
            await runs.month_end(begin.model_copy(update={"reason": "Accrued"}))
        same = asyncio.create_task(runs.month_end(begin))
        await asyncio.sleep(0.2)
        go_on.set()
        outcomes = [await first, await same]
    assert [found and found.outcome for found in outcomes] == ["closed", "closed"]
    assert len(books.ran) == 1


async def test_a_month_end_on_demand_tells_a_rules_refusal_and_an_absent_service(
    temporal_server: TemporalAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(Books):
        def run(self, client_id: UUID, period: str, actor: Actor, with_open: str = "") -> Mapping[str, Any]:
            raise DomainError("period-not-over", period=period)

    async def nobody() -> Client:
        raise DomainError("workflows-unavailable")

    begin = PeriodStart(client_id=uuid.uuid4(), period="2026-11")
    async with serving(temporal_server.grpc, Runs(()), Runs(()), monkeypatch, Refusing()) as (client, queue):
        monkeypatch.setattr(names, "TICKETS", queue)

        async def ready() -> Client:
            return client

        with pytest.raises(DomainError) as caught:
            await TemporalPeriodRuns(ready).month_end(begin)
    assert (caught.value.code, caught.value.params) == ("period-not-over", {"period": "2026-11"})
    with pytest.raises(DomainError, match="workflows-unavailable"):
        await TemporalPeriodRuns(nobody).month_end(begin)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("period-not-over", "period-not-over"),
        ("KeyError", "workflows-unavailable"),
        (None, "workflows-unavailable"),
    ],
)
def test_only_a_code_of_ours_is_a_refusal(kind: str | None, code: str) -> None:
    cause = ApplicationError("text of an exception", {"period": "2026-11"}, type=kind)
    told = refused(WorkflowFailureError(cause=cause))
    assert (told.code, told.params) == (code, {"period": "2026-11"} if kind == code else {})


async def test_schedules_are_made_once_follow_the_zone_and_keep_a_pause(
    temporal_server: TemporalAddress,
) -> None:
    client = await Client.connect(temporal_server.grpc, data_converter=pydantic_data_converter)
    one, queue = uuid.uuid4(), f"nobody-{uuid.uuid4().hex[:8]}"
    made = await ensure_schedules(client, [ScheduledClient(one, "Asia/Kolkata")], queue)
    kinds = ("reconciliation", "invoicing", "month_end", "calibration", "renewal", "learning")
    assert made == tuple(f"{kind}/{one}" for kind in kinds)
    daily, monthly, ends, weekly, ending, nightly = (client.get_schedule_handle(name) for name in made)
    fifth = (await ends.describe()).info.next_action_times[:2]
    assert {(at.day, at.hour, at.minute) for at in fifth} == {(4, 23, 30)}, "05:00 on the fifth in Kolkata"
    assert len({at.month for at in fifth}) == 2
    morning = (await ending.describe()).info.next_action_times[0]
    assert (morning.hour, morning.minute) == (0, 0), "05:30 in Kolkata"
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
