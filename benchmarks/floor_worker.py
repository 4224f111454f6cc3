"""Serves the bare floor: ``python -m benchmarks.floor_worker ADDRESS``, the database in ``FLOOR_DSN``."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from psycopg_pool import ConnectionPool
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from benchmarks.floor import QUEUE, READING_QUEUE, FloorActivities, FloorTicket, FloorWork

READY = "floor.ready"
THREADS = 10


async def serve(address: str, dsn: str) -> None:
    """Run both workers until cancelled; as many threads and cached workflows as the product's own."""
    client = await Client.connect(address)
    restrictions = dataclasses.replace(
        SandboxRestrictions.default,
        passthrough_modules=SandboxRestrictions.passthrough_modules_default
        | {"benchmarks", "psycopg", "psycopg_pool"},
    )
    with (
        ConnectionPool(dsn, min_size=THREADS, max_size=THREADS) as pool,
        ThreadPoolExecutor(THREADS) as executor,
    ):
        done = FloorActivities(pool)
        tickets = Worker(
            client,
            task_queue=QUEUE,
            workflows=[FloorTicket, FloorWork],
            activities=[done.write],
            activity_executor=executor,
            workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
            max_cached_workflows=500,
            max_concurrent_activities=THREADS,
            max_concurrent_local_activities=THREADS,
        )
        reading = Worker(
            client,
            task_queue=READING_QUEUE,
            activities=[done.read],
            activity_executor=executor,
            max_concurrent_activities=2,
        )
        async with tickets, reading:
            print(READY, flush=True)
            await asyncio.Event().wait()


def main() -> None:
    """Serve until told to end."""

    async def until_told() -> None:
        task = asyncio.ensure_future(serve(sys.argv[1], os.environ["FLOOR_DSN"]))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_told())
    os._exit(0)  # the SDK's native threads may call into an interpreter that is going down


if __name__ == "__main__":
    main()
