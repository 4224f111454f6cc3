"""Finds requests whose workflow is gone although the database says they are open, and starts it again.

The recorded steps make that safe: a workflow that starts anew finds every earlier effect done. Normally the outbox
starts each workflow; this is the net below it (a Temporal server restored from an older backup, a start that was lost).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from ticketos.db.session import driver
from workers.wiring import Parts
from workflows import names

log = structlog.get_logger()

EVERY_S = 60.0
BATCH = 50
UNTOUCHED = timedelta(seconds=90)

_SUSPECTS = """
select t.id, t.client_id from ticket t
 where t.kind = 'request' and t.closed_at is null and t.recorded_at < clock_timestamp() - %s::interval
   and (t.next_at is null or t.next_at < clock_timestamp() - interval '1 minute' or t.started_at is null)
   and not exists (select from outbox o where o.ticket_id = t.id and o.kind = 'start' and o.state = 'waiting')
 order by t.recorded_at limit %s"""

_AGAIN = """
update outbox set state = 'waiting', next_at = clock_timestamp(), error = 'the workflow was gone'
 where ticket_id = %s and kind = 'start' and key = (
   select 'start:' || t.id || ':' || t.life from ticket t where t.id = outbox.ticket_id)"""


class Reconciler:
    """Looks at suspects now and then."""

    def __init__(self, found: Parts, client: Client) -> None:
        self._found = found
        self._client = client

    async def run_forever(self) -> None:
        """Look every minute; a database that is away is waited for."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
            except Exception as error:  # the loop must outlive restarts of what it asks
                log.warning("reconciler.failed", cause=str(error)[:300])

    async def once(self) -> int:
        """Look at one batch; returns how many workflows were asked to start again."""
        again = 0
        for ticket_id in await asyncio.to_thread(self._suspects):
            if not await self._gone(ticket_id):
                continue
            await asyncio.to_thread(self._restart, ticket_id)
            log.warning("reconciler.restarting", ticket=str(ticket_id))
            again += 1
        return again

    async def _gone(self, ticket_id: UUID) -> bool:
        try:
            await self._client.get_workflow_handle(names.ticket_workflow(ticket_id)).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return True
            raise
        return False

    def _suspects(self) -> list[UUID]:
        with self._found.database.system() as connection:
            return [row[0] for row in driver(connection).execute(_SUSPECTS, (UNTOUCHED, BATCH)).fetchall()]

    def _restart(self, ticket_id: UUID) -> None:
        with self._found.database.system() as connection:
            driver(connection).execute(_AGAIN, (ticket_id,))
