"""The net below the outbox and the updates: what is true in the database, but not known to a workflow.

A request that is open while its workflow is gone, failed or was terminated is started again, a few times; the recorded
steps make that safe, since a new run finds every earlier effect done. An act that was recorded while worker and server
died together, before the workflow heard of it, is told again under its own id: a workflow that knows it answers at once,
one that does not catches up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from schemas.acts import (
    AcceptTask,
    Act,
    ActorRef,
    CancelTicket,
    ChangePriority,
    CompleteTask,
    CorrectTriage,
    DecideApproval,
    PauseTicket,
    RefuseTask,
    ResumeTicket,
    RetryStep,
)
from ticketos.db.ids import new_id
from ticketos.db.repositories import notices
from ticketos.db.session import driver
from ticketos.domain.changes import Notify
from workers.wiring import Parts, utc_now
from workflows import names

log = structlog.get_logger()

EVERY_S = 20.0
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
 where ticket_id = %s and kind = 'start' and attempts < %s and key = (
   select 'start:' || t.id || ':' || t.life from ticket t where t.id = outbox.ticket_id)"""

MOST_STARTS = 6
"""A workflow that fails however often it is started is for a person to look at."""

_ACTS = """
select distinct on (e.root_id) e.root_id, e.after->>'act', e.after->>'act_kind', e.after->>'task', e.after->>'kind',
       e.after->>'version', e.after->>'priority', t.service_line
  from audit_event e join ticket t on t.id = e.root_id
 where e.seq > (select coalesce(max(seq), 0) - 20000 from audit_event)
   and e.recorded_at between clock_timestamp() - interval '15 minutes' and clock_timestamp() - %s::interval
   and jsonb_exists(e.after, 'act') and t.kind = 'request' and (t.closed_at is null or t.state = 'cancelled')
 order by e.root_id, e.seq desc"""

FALLEN = frozenset(
    {WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TERMINATED, WorkflowExecutionStatus.TIMED_OUT}
)

OF_TICKET = frozenset({"triage", "contract", "qa_review", "escalation"})
"""Tasks that the ticket's own workflow waits for; all others are its line's."""
SETTLED = timedelta(seconds=40)
"""By then an act has either reached its workflow or its caller has stopped asking."""
AGAIN = ActorRef(kind="system", origin="told again")


class Reconciler:
    """Looks at suspects now and then."""

    def __init__(self, found: Parts, client: Client) -> None:
        self._found = found
        self._client = client
        self._told: deque[str] = deque(maxlen=20_000)

    async def run_forever(self) -> None:
        """Look every so often; a database that is away is waited for."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
                await self.tell_again()
            except Exception as error:  # the loop must outlive restarts of what it asks
                log.warning("reconciler.failed", cause=str(error)[:300])

    async def once(self) -> int:
        """Look at one batch; returns how many workflows were asked to start again."""
        again = 0
        for ticket_id, client_id in await asyncio.to_thread(self._suspects):
            if not await self._gone(ticket_id):
                continue
            if await asyncio.to_thread(self._restart, ticket_id):
                log.warning("reconciler.restarting", ticket=str(ticket_id))
                again += 1
            else:
                await asyncio.to_thread(self._give_up, ticket_id, client_id)
        return again

    async def tell_again(self) -> int:
        """Tell the last act of recently touched requests again, once each; returns how many were told."""
        told = 0
        for ticket_id, key, kind, task, task_kind, version, priority, line in await asyncio.to_thread(
            self._acts
        ):
            if key in self._told:
                continue
            self._told.append(key)
            workflow_id, argument = _again(ticket_id, key, kind, task, task_kind, version, priority, line)
            with suppress(WorkflowUpdateFailedError):
                try:
                    handle = self._client.get_workflow_handle(workflow_id)
                    await handle.execute_update(kind, argument, id=key, rpc_timeout=timedelta(seconds=15))
                except RPCError as error:
                    if error.status != RPCStatusCode.NOT_FOUND:
                        raise
            told += 1
        return told

    async def _gone(self, ticket_id: UUID) -> bool:
        try:
            found = await self._client.get_workflow_handle(names.ticket_workflow(ticket_id)).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return True
            raise
        return found.status in FALLEN

    def _suspects(self) -> list[tuple[UUID, UUID]]:
        with self._found.database.system() as connection:
            return driver(connection).execute(_SUSPECTS, (UNTOUCHED, BATCH)).fetchall()

    def _acts(self) -> list[Any]:
        with self._found.database.system() as connection:
            return driver(connection).execute(_ACTS, (SETTLED,)).fetchall()

    def _restart(self, ticket_id: UUID) -> bool:
        with self._found.database.system() as connection:
            return driver(connection).execute(_AGAIN, (ticket_id, MOST_STARTS)).rowcount > 0

    def _give_up(self, ticket_id: UUID, client_id: UUID) -> None:
        cause = "The workflow ends however often it is started; see Temporal."
        detail = {"kind": "start", "cause": cause}
        told = Notify(new_id(), f"restart:{ticket_id}", "outbox_dead", "ops", utc_now(), None, detail)
        with self._found.database.transaction((client_id,)) as connection:
            notices.tell(connection, client_id, ticket_id, told)


def _again(
    ticket_id: UUID,
    key: str,
    kind: str,
    task: str | None,
    task_kind: str | None,
    version: str | None,
    priority: str | None,
    line: str | None,
) -> tuple[str, Act]:
    """The act as an update with its own key: the recorded verdict answers it, whatever else it says."""
    workflow_id = names.ticket_workflow(ticket_id)
    if kind == "complete_task" and task:
        if task_kind not in OF_TICKET:
            workflow_id = names.line_workflow(ticket_id, line or "data_entry")
        return workflow_id, CompleteTask(actor=AGAIN, key=key, task_id=UUID(task))
    if kind == "accept_task" and task:
        return workflow_id, AcceptTask(actor=AGAIN, key=key, task_id=UUID(task))
    if kind == "refuse_task" and task:
        return workflow_id, RefuseTask(actor=AGAIN, key=key, task_id=UUID(task), reason="told again")
    if kind == "decide_approval":
        return workflow_id, DecideApproval(actor=AGAIN, key=key, version=version or "", decision="accept")
    if kind == "change_priority":
        return workflow_id, ChangePriority(actor=AGAIN, key=key, priority=priority or "P3")
    if kind == "correct_triage":
        return workflow_id, CorrectTriage(actor=AGAIN, key=key, event=ticket_id, seq=0)
    kinds: dict[str, type[Act]] = {
        "pause": PauseTicket,
        "cancel": CancelTicket,
        "resume": ResumeTicket,
        "retry": RetryStep,
    }
    return workflow_id, kinds[kind](actor=AGAIN, key=key, reason="told again")
