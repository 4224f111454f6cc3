"""A worker process that is killed right after a chosen step has committed: ``python -m tests.support.dying_worker
APP_URL SYSTEM_URL TEMPORAL QUEUE STEP MASTER_KEY``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.lines.line import LinePorts
from tests.support.running import NoFiles, Readings, sure
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.repositories.step import SqlStep, SqlStore
from ticketos.db.session import Database
from ticketos.domain.ports import StepKey
from ticketos.domain.state import Actor
from workers.runtime import sandbox
from workers.wiring import WORKFLOWS, line_work, ticket_activities


class MortalStore(SqlStore):
    """Kills its process, as a lost machine would, once the named step is committed and nobody has heard of it."""

    fatal = ""

    @contextmanager
    def step(self, key: StepKey, client_id: UUID, actor: Actor) -> Iterator[SqlStep]:
        with super().step(key, client_id, actor) as opened:
            yield opened
        if key.step == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def worker(client: Client, store: SqlStore, queue: str, pool: ThreadPoolExecutor) -> Worker:
    """A worker of tickets on a real database."""
    lines = line_work(LinePorts(store, NoFiles(), Readings({}), lambda _: None))
    return Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=ticket_activities(store, sure, lines),
        activity_executor=pool,
        workflow_runner=sandbox(),
        max_cached_workflows=0,
        graceful_shutdown_timeout=timedelta(seconds=1),
    )


def store_on(app: str, system: str, keyring: Keyring, kind: type[SqlStore] = SqlStore) -> SqlStore:
    """Steps on that database."""
    return kind(
        Database(app, system),
        now=lambda: datetime.now(UTC),
        new_id=new_id,
        audit=AuditTrail(keyring, new_id),
    )


async def main(app: str, system: str, temporal: str, queue: str, fatal: str, master: str) -> None:
    """Serve until killed."""
    store = store_on(app, system, Keyring(bytes.fromhex(master)), MortalStore)
    MortalStore.fatal = fatal
    client = await Client.connect(temporal, data_converter=pydantic_data_converter)
    with ThreadPoolExecutor(4) as pool:
        async with worker(client, store, queue, pool):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:7]))
