"""How the machinery behind the tickets is: who serves which queue, when schedules run. A small port, so that
tests can stand in for Temporal; answers are kept for a few seconds, because every open wall asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from ticketos.domain.errors import DomainError
from workflows import names

KEPT_S = 5.0
_ASK_S = timedelta(seconds=3)
_ALIVE = timedelta(minutes=2)
"""A worker that has not asked for work for that long is gone: a long poll lasts one minute."""


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


@dataclass
class TemporalMachinery:
    """The real thing, over the connection acts use."""

    ready: Callable[[], Awaitable[Client]]
    _kept: tuple[float, Health] | None = field(default=None)

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
        found = await asyncio.gather(*(_timetable(client, one) for one in ids))
        return {one.id: one for one in found if one is not None}


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


async def _timetable(client: Client, schedule_id: str) -> Timetable | None:
    try:
        found = await client.get_schedule_handle(schedule_id).describe(rpc_timeout=_ASK_S)
    except RPCError:
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
