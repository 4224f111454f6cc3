"""A worker process: serves task queues, sends what lies in the outbox, seals the trail."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from ticketos import logs
from ticketos.ai.extract.sandbox import ChildBounds, SandboxedReader
from ticketos.db.repositories import idempotency
from ticketos.db.sealing import Sealer
from ticketos.heap import settle
from ticketos.settings import Settings
from ticketos.temporal import connect
from workers import wiring
from workers.reconciler import Reconciler
from workers.relay import Relay
from workers.runtime import sandbox
from workers.schedules import keep_schedules
from workers.wiring import Parts
from workflows import names

log = structlog.get_logger()

SERVED = (names.TICKETS, names.DOCUMENTS, names.MONEY, names.OUTBOUND)
GRACE = timedelta(seconds=30)
SEAL_EVERY_S = 1.0
FORGET_EVERY_S = 3600.0
CONNECT_WAIT_S = 60
STICKY = timedelta(seconds=5)
"""After how long a ticket of a worker that died goes to another one; the SDK's own value is twice that."""
BUILD = f"ticketos-{version('ticketos')}"
"""What histories call this program. Left out, the SDK hashes every loaded module, seconds before the first task."""


async def run(settings: Settings, queues: Sequence[str] = ()) -> None:
    """Serve until cancelled; then finish what is in hand within ``GRACE``."""
    logs.configure(settings.log_level)
    chosen = tuple(queues) or SERVED
    unknown = sorted(set(chosen) - set(names.QUEUES))
    if unknown:
        raise ValueError(f"unknown queue {', '.join(unknown)}; there are {', '.join(names.QUEUES)}")
    found = wiring.parts(settings)
    client = await _connected(settings, found)
    try:
        await serve(found, client, chosen)
    finally:
        found.database.dispose()


async def serve(found: Parts, client: Client, queues: Sequence[str]) -> None:
    """Run the workers of these queues on an open client."""
    steps = wiring.store(found)
    async with AsyncExitStack() as stack:
        sandboxed = SandboxedReader(
            found.settings.ocr_processes, bounds=ChildBounds(second_reader=found.settings.second_reader)
        )
        stack.callback(sandboxed.close)
        reader = wiring.governed(found.settings, wiring.SandboxReader(sandboxed))
        background = [asyncio.create_task(loop) for loop in _loops(found, client, queues)]
        money = wiring.money_activities(found)
        if names.TICKETS in queues:  # the first ticket must not wait for the classifier's tables
            await asyncio.to_thread(wiring.warm_up)
        for queue in queues:
            offered = wiring.activities_of(queue, found, steps, reader, money)
            if queue == names.TICKETS or offered:
                await stack.enter_async_context(_worker(client, queue, offered, found, stack))
        settle()
        log.info("worker.ready", queues=list(queues))
        if names.DOCUMENTS in queues:
            await asyncio.to_thread(sandboxed.prepare)
        try:
            await asyncio.gather(asyncio.Event().wait(), *background)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)


def _worker(
    client: Client, queue: str, offered: Sequence[object], found: Parts, stack: AsyncExitStack
) -> Worker:
    threads = 10 if queue == names.TICKETS else max(found.settings.ocr_processes, 1)
    executor = ThreadPoolExecutor(threads, thread_name_prefix=queue)
    stack.callback(executor.shutdown, wait=False)
    return Worker(
        client,
        task_queue=queue,
        workflows=wiring.WORKFLOWS if queue == names.TICKETS else (),
        activities=offered,  # type: ignore[arg-type]
        activity_executor=executor,
        workflow_runner=sandbox(),
        max_cached_workflows=found.settings.max_cached_workflows,
        max_concurrent_activities=threads,
        max_concurrent_local_activities=threads if queue == names.TICKETS else None,
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        default_heartbeat_throttle_interval=timedelta(seconds=5),
        sticky_queue_schedule_to_start_timeout=STICKY,
        build_id=BUILD,
    )


def _loops(found: Parts, client: Client, queues: Sequence[str]) -> list[Coroutine[Any, Any, None]]:
    loops: list[Coroutine[Any, Any, None]] = []
    if names.OUTBOUND in queues:
        loops += [
            Relay(found, client).run_forever(),
            Reconciler(found, client).run_forever(),
            _seal_for_ever(found),
            _forget_for_ever(found),
        ]
    if names.MONEY in queues:
        loops.append(keep_schedules(client, found.database))
    return loops


async def _seal_for_ever(found: Parts) -> None:
    """Batch the trail into Merkle roots each second; a database that is away is waited for."""
    sealer = Sealer(found.database, wiring.utc_now)
    while True:
        try:
            await asyncio.to_thread(sealer.seal_once)
        except (
            Exception
        ) as error:  # the loop must outlive a database restart; what failed is sealed next time
            log.warning("seal.failed", cause=str(error)[:300])
        await asyncio.sleep(SEAL_EVERY_S)


async def _forget_for_ever(found: Parts) -> None:
    """Delete answers to repeatable requests when nobody can ask for them any more."""
    while True:
        try:
            gone = await asyncio.to_thread(_forget, found)
            log.info("answers.forgotten", rows=gone)
        except Exception as error:  # a database that is away: the next hour does it
            log.warning("forget.failed", cause=str(error)[:300])
        await asyncio.sleep(FORGET_EVERY_S)


def _forget(found: Parts) -> int:
    with found.database.system() as connection:
        return idempotency.forget_old(connection, wiring.utc_now())


async def _connected(settings: Settings, found: Parts) -> Client:
    for attempt in range(CONNECT_WAIT_S):
        try:
            return await connect(settings.temporal_address, settings.temporal_namespace, found.keyring)
        except RuntimeError as error:
            log.info("temporal.waiting", attempt=attempt, cause=str(error)[:200])
            await asyncio.sleep(1)
    return await connect(settings.temporal_address, settings.temporal_namespace, found.keyring)
