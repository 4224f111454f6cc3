"""How the machinery behind the tickets is: who serves which queue, when schedules run. A small port, so that
tests can stand in for Temporal; answers are kept for a few seconds, because every open wall asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio.api.enums.v1 import TaskQueueType, TimeoutType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.service import RPCError, RPCStatusCode

from ticketos.domain.errors import DomainError
from ticketos.domain.troubles import Trouble, cause_of
from workflows import names

KEPT_S = 5.0
STRUGGLES_S = 1.0
"""A page of a request waits so long for what the workflow service says of it, and then stands without."""
_ASK_S = timedelta(seconds=3)
_AT_ONCE = 8
"""Schedules asked for at once: the service gives everybody a share, and refuses whoever takes more."""
_ALIVE = timedelta(minutes=2)
"""A worker that has not asked for work for that long is gone: a long poll lasts one minute."""

_TIMEOUTS = {
    TimeoutType.TIMEOUT_TYPE_HEARTBEAT: "heartbeat",
    TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE: "start_to_close",
    TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE: "schedule_to_close",
    TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START: "schedule_to_start",
}


@dataclass(frozen=True)
class Queue:
    """A task queue: how many workers ask it for work, how much waits, for how many seconds the oldest."""

    name: str
    workers: int
    waiting: int
    oldest_s: float


@dataclass(frozen=True)
class Timetable:
    """A schedule: last start, next starts, and whether somebody paused it and why."""

    id: str
    last_at: datetime | None = None
    next_at: datetime | None = None
    running: int = 0
    paused: bool = False
    note: str = ""


@dataclass(frozen=True)
class Health:
    """``reachable`` is False when the workflow service does not answer; then nothing else is known."""

    reachable: bool
    queues: tuple[Queue, ...] = ()


class Machinery(Protocol):
    """What pages ask about the machinery."""

    async def health(self) -> Health:
        """Every queue of ours."""

    async def timetables(self, ids: Sequence[str]) -> dict[str, Timetable]:
        """The schedules of these ids, as far as they exist. Raises ``workflows-unavailable``."""

    async def run_now(self, schedule_id: str) -> None:
        """Let a schedule run now; one whose run is under way is left to end. Raises ``workflows-unavailable``."""

    async def struggles(self, ids: Sequence[str], long_since: datetime) -> list[Trouble] | None:
        """Steps of these workflows that do not get through: tried again, or begun before ``long_since`` without an end.
        None when the workflow service does not answer in time."""


@dataclass
class TemporalMachinery:
    """The real thing, over the connection acts use."""

    ready: Callable[[], Awaitable[Client]]
    _kept: tuple[float, Health] | None = field(default=None)
    _away_until: float = field(default=0.0)

    async def health(self) -> Health:
        if self._kept is not None and time.monotonic() - self._kept[0] < KEPT_S:
            return self._kept[1]
        try:
            client = await self.ready()
            found = await asyncio.gather(*(_queue(client, name) for name in names.POLLED))
            health = Health(True, tuple(found))
        except (DomainError, RPCError):
            health = Health(False)
        self._kept = (time.monotonic(), health)
        return health

    async def timetables(self, ids: Sequence[str]) -> dict[str, Timetable]:
        client = await self.ready()
        few = asyncio.Semaphore(_AT_ONCE)

        async def ask(one: str) -> Timetable | None:
            async with few:
                return await _timetable(client, one)

        found = await asyncio.gather(*map(ask, ids))
        return {one.id: one for one in found if one is not None}

    async def run_now(self, schedule_id: str) -> None:
        client = await self.ready()
        try:
            handle = client.get_schedule_handle(schedule_id)
            await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP, rpc_timeout=_ASK_S)
        except RPCError as error:
            raise DomainError("workflows-unavailable") from error

    async def struggles(self, ids: Sequence[str], long_since: datetime) -> list[Trouble] | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(STRUGGLES_S):
                client = await self.ready()
                found = await asyncio.gather(*(_struggles(client, one, long_since) for one in ids))
        except (DomainError, RPCError, TimeoutError):
            self._away_until = time.monotonic() + KEPT_S  # pages do not wait for it one after the other
            return None
        return [one for some in found for one in some]


async def _struggles(client: Client, workflow_id: str, long_since: datetime) -> list[Trouble]:
    try:
        described = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=_ASK_S)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return []
        raise
    raw = described.raw_description
    found = [_pending(one) for one in raw.pending_activities if one.attempt > 1]
    task = raw.pending_workflow_task
    if raw.HasField("pending_workflow_task") and task.attempt >= 1:
        began = task.original_scheduled_time.ToDatetime(UTC)
        if began < long_since:
            found.append(Trouble("step", "running", "unknown", since=began))
    return found


def _pending(one: PendingActivityInfo) -> Trouble:
    """A pending activity that failed before: of a time-out the kind says what happened, else the error's class."""
    failure = one.last_failure
    while failure.HasField("cause") and not failure.HasField("application_failure_info"):
        failure = failure.cause
    if failure.HasField("timeout_failure_info"):
        kind = _TIMEOUTS.get(failure.timeout_failure_info.timeout_type, "")
    else:
        kind = failure.application_failure_info.type
    cause, rule = cause_of(kind)
    next_at = one.next_attempt_schedule_time if one.HasField("next_attempt_schedule_time") else None
    return Trouble(
        one.activity_type.name,
        "retrying",
        cause,
        one.attempt,
        None if cause == "model" else one.maximum_attempts or None,
        next_at.ToDatetime(UTC) if next_at is not None else None,
        rule=rule,
        detail=failure.message.splitlines()[0][:200] if failure.message else "",
    )


async def _queue(client: Client, name: str) -> Queue:
    workers, waiting, oldest = 0, 0, 0.0
    kinds = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    for kind in kinds:
        asked = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=kind,
            report_stats=True,
        )
        answer = await client.workflow_service.describe_task_queue(asked, timeout=_ASK_S)
        now = datetime.now(UTC)
        alive = [p for p in answer.pollers if now - p.last_access_time.ToDatetime(UTC) < _ALIVE]
        workers = max(workers, len({poller.identity for poller in alive}))
        waiting += answer.stats.approximate_backlog_count
        oldest = max(oldest, answer.stats.approximate_backlog_age.ToTimedelta().total_seconds())
    return Queue(name, workers, waiting, oldest)


async def _timetable(client: Client, schedule_id: str, again: bool = True) -> Timetable | None:
    try:
        found = await client.get_schedule_handle(schedule_id).describe(rpc_timeout=_ASK_S)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND and again:  # busy for a moment: it is there all the same
            return await _timetable(client, schedule_id, again=False)
        return None
    info, state = found.info, found.schedule.state
    return Timetable(
        schedule_id,
        max((one.started_at for one in info.recent_actions), default=None),
        min(info.next_action_times, default=None),
        len(info.running_actions),
        state.paused,
        state.note or "",
    )
