"""The outbox leaves here: workflow starts, resumes after a reply, mails. Taken with a lease, so that a worker that
dies in the middle loses nothing; what never succeeds becomes a notice for operations, with its cause.

Starts are paced: a new request costs far more to work on than to take in, so while requests keep coming faster than
the edge itself can start them, and this process feels that the machine or the database is busy, it starts fewer. What
waits stays in the outbox, first come first served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from schemas.acts import ActorRef, ResumeTicket
from schemas.open_text import summary
from schemas.ticket import TicketStart
from ticketos.db.ids import new_id
from ticketos.db.repositories import disputes, notices
from ticketos.db.repositories.intake import HEAD_START
from ticketos.db.session import driver
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.state import SYSTEM
from ticketos.pace import Bounds, Pace
from workers.outbox import Hopeless, Item
from workers.post import Mailer
from workers.strain import Strain
from workers.unreached import Unreached
from workers.wiring import Parts, utc_now
from workflows import names

log = structlog.get_logger()

BATCH = 20
IDLE_S = 0.5
LEASE = timedelta(seconds=60)
MAIL_ATTEMPTS = 8
LONGEST_WAIT_S = 300

QUIET = Bounds(least=25, first=25, most=100, burst=8)
"""Starts while nobody waits at the edge: more than the machine works off, so it is never short of work."""
RUSHED = Bounds(least=2, first=4, most=100, burst=4)
"""Starts while requests come faster than the edge can start them."""
RUSH = 5
"""So many starts that the edge left alone for half a second and more say that it has its hands full."""
START_TIMEOUT_S = 15
_PAUSE_S = 0.02

_CLAIM = """
update outbox set attempts = attempts + 1, next_at = clock_timestamp() + %s
 where id in (select id from outbox where state = 'waiting' and next_at <= clock_timestamp() and {which}
               order by next_at limit %s for update skip locked)
returning id, client_id, ticket_id, key, kind, payload, attempts"""
_CLAIM_STARTS, _CLAIM_OTHERS = _CLAIM.format(which="kind = 'start'"), _CLAIM.format(which="kind <> 'start'")

_RUSH = """
select count(*) from (
  select from outbox where state = 'waiting' and kind = 'start' and attempts = 0
     and next_at > clock_timestamp() and next_at < clock_timestamp() + %s limit %s) left_alone"""

_SETTLE = """
update outbox set state = %s, error = %s, done_at = case when %s = 'waiting' then null else clock_timestamp() end,
       next_at = clock_timestamp() + %s
 where id = %s"""

_STARTED = """
update outbox set state = 'done', error = null, done_at = clock_timestamp(), next_at = clock_timestamp()
 where id = any(%s)"""


class Relay:
    """Sends what is due, for ever or once."""

    def __init__(self, found: Parts, client: Client) -> None:
        self._found = found
        self._client = client
        self._pace = Pace(QUIET)
        self._strain = Strain()
        self._more = False
        self._unreached = Unreached(found)
        self._kinds: Mapping[str, Callable[[Item], Awaitable[str | None]]] = {
            "start": self._start,
            "reply": self._reply,
            "mail": Mailer(found).send,
            "bounce": self._bounced,
            "notify": self._noted,
            disputes.REMINDER: self._dispute_due,
        }

    async def run_forever(self) -> None:
        """Send as long as the process lives; a database that is away is waited for."""
        watching = asyncio.create_task(self._strain.watch())
        try:
            while True:
                try:
                    await self.once()
                except (
                    Exception
                ) as error:  # the loop must outlive a database restart; the lease brings the rows back
                    log.warning("relay.failed", cause=str(error)[:300])
                    self._more = False
                    await asyncio.sleep(IDLE_S * 2)
                await asyncio.sleep(max(_PAUSE_S, min(1 / self._pace.rate, IDLE_S)) if self._more else IDLE_S)
        finally:
            watching.cancel()

    async def once(self) -> int:
        """Send one batch: what the pace allows of the starts, and of the rest whatever is due. Returns how many rows
        were taken."""
        allowed = self._pace.take(BATCH)
        with self._strain.timed("claim"):
            others, starts, rush = await asyncio.to_thread(self._claim, allowed)
        self._pace.give_back(allowed - len(starts))
        # Either there is more to send, or nobody asked whether there is.
        self._more = len(starts) == allowed or len(others) == BATCH
        self._pace.felt(self._strain.felt, RUSHED if rush else QUIET)
        await asyncio.gather(self._all_started(starts), *(self._one(item) for item in others))
        return len(starts) + len(others)

    async def _all_started(self, items: Sequence[Item]) -> None:
        """Start them side by side and note in one transaction that they run."""
        errors = await asyncio.gather(*(self._sent_off(item) for item in items))
        done = [item.id for item, error in zip(items, errors, strict=True) if error is None]
        if done:
            await asyncio.to_thread(self._settle_started, done)
        for item, error in zip(items, errors, strict=True):
            if error is not None:
                await self._failed(item, error)

    async def _one(self, item: Item) -> None:
        error = await self._sent_off(item)
        if error is None:
            await asyncio.to_thread(self._settle, item, "done", None)
        else:
            await self._failed(item, error)

    async def _sent_off(self, item: Item) -> str | None:
        try:
            error: str | None = await self._kinds[item.kind](item)
        except (RPCError, OSError, TimeoutError) as cause:
            return f"{type(cause).__name__}: {cause}"[:300]
        except KeyError as cause:
            return Hopeless(f"unknown kind or template {cause}")
        return error

    async def _failed(self, item: Item, error: str) -> None:
        dead = isinstance(error, Hopeless) or (item.kind == "mail" and item.attempts >= MAIL_ATTEMPTS)
        await asyncio.to_thread(self._settle, item, "dead" if dead else "waiting", str(error))

    async def _start(self, item: Item) -> str | None:
        """Start the ticket's workflow. A first life starts again only when its run failed or was terminated (the
        reconciler asks for that); the recorded steps make it safe."""
        start = TicketStart.model_validate(item.payload)
        policy = (
            WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
            if start.life == 1
            else WorkflowIDReusePolicy.ALLOW_DUPLICATE
        )
        # Already started: the edge that took the message in was quicker.
        with self._strain.timed("start"), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                "Ticket",
                start,
                id=names.ticket_workflow(start.ticket_id),
                task_queue=names.TICKETS,
                id_reuse_policy=policy,
                static_summary=summary(start),
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(names.CLIENT, str(start.client_id)),
                        SearchAttributePair(names.STAGE, "intake"),
                    ]
                ),
                rpc_timeout=timedelta(seconds=START_TIMEOUT_S),
            )
        return None

    async def _reply(self, item: Item) -> str | None:
        """The customer answered: a paused ticket goes on (CP7)."""
        handle = self._client.get_workflow_handle(names.ticket_workflow(str(item.ticket_id)))
        act = ResumeTicket(
            actor=ActorRef(kind="customer", origin="email"), key=item.key, reason="the customer answered"
        )
        try:
            await handle.execute_update("resume", act, id=item.key)
        except WorkflowUpdateFailedError:
            return None  # the ticket has ended meanwhile; the message is on it all the same
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        return None

    async def _bounced(self, item: Item) -> str | None:
        """A mail of ours came back."""
        await asyncio.to_thread(self._unreached.bounced, item)
        return None

    async def _dispute_due(self, item: Item) -> str | None:
        """The instant by which finance owed an answer; the row waited in the outbox until now."""
        await asyncio.to_thread(self._overdue, item)
        return None

    def _overdue(self, item: Item) -> None:
        acts = disputes.Disputes(self._found.audit, new_id)
        with self._found.database.transaction((item.client_id,)) as connection:
            acts.fell_due(connection, UUID(str(item.payload["dispute"])), utc_now())

    async def _noted(self, item: Item) -> str | None:
        return None  # a notice lies in the database already; nothing leaves the house for it

    def _claim(self, starts: int) -> tuple[list[Item], list[Item], bool]:
        """What is to be sent besides starts, as many starts as asked for, and whether the edge is in a rush."""
        with self._found.database.system() as connection:
            raw = driver(connection)
            others = raw.execute(_CLAIM_OTHERS, (LEASE, BATCH)).fetchall()
            begun = raw.execute(_CLAIM_STARTS, (LEASE, starts)).fetchall() if starts else []
            left_alone = raw.execute(_RUSH, (HEAD_START * 0.75, RUSH)).fetchone()
        rush = left_alone is not None and left_alone[0] >= RUSH
        return [Item(*row) for row in others], [Item(*row) for row in begun], rush

    def _settle_started(self, done: Sequence[UUID]) -> None:
        with self._found.database.system() as connection:
            driver(connection).execute(_STARTED, (list(done),))

    def _settle(self, item: Item, state: str, error: str | None) -> None:
        if state == "dead":  # first: should this process die here, the lease brings the row back
            self._unreached.dead(item)
        wait = timedelta(seconds=min(2 ** min(item.attempts, 10), LONGEST_WAIT_S))
        with self._found.database.system() as connection:
            driver(connection).execute(_SETTLE, (state, error, state, wait, item.id))
        if state == "dead":
            log.error("outbox.dead", kind=item.kind, cause=error)
            with self._found.database.transaction((item.client_id,)) as connection:
                self._dead(connection, item, error or "")

    def _dead(self, connection: Any, item: Item, error: str) -> None:
        now = utc_now()
        if item.ticket_id is not None or "about" in item.payload:
            detail = {"kind": item.kind, "cause": error}
            told = Notify(new_id(), f"outbox:{item.id}", "outbox_dead", "ops", now, None, detail)
            notices.tell(connection, item.client_id, item.ticket_id, told)
        self._found.audit.record(
            connection,
            client_id=item.client_id,
            ticket_id=item.ticket_id,
            root_id=item.ticket_id,
            at=now,
            actor=SYSTEM,
            emit=Emit("mail.failed", after={"outbox": str(item.id), "kind": item.kind}, why=error),
        )
