"""OP3 Temporal Schedules: per client a daily reconciliation, nightly learning, a weekly calibration and a monthly draft
of invoices and month-end of the client's book, at the client's hours.

    reconciliation/{client}   00:30 every day, for the day that has ended
    invoicing/{client}        06:00 on the 1st, for the month that has ended
    month_end/{client}        05:00 on the 5th, for the month that has ended: its late papers come in the first days
    calibration/{client}      07:00 on Monday, for the week that has ended
    renewal/{client}          05:30 every day, for contracts whose end is near
    learning/{client}         02:15 every day, when people corrected anything since

Overlap is skipped: a tick finds out itself what is due, so the next one does what a skipped one would have.
Catch-up after an outage of Temporal is one day for reconciliation, whose tick goes back to the last day done
anyway, six hours for learning, which the next night does as well, and ten days for invoicing and month-end: later than
that a person should look first, and may run the month by hand. (The server's own catch-up is a year, which would run a
year of months after a restore.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from schemas.periods import PeriodStart
from ticketos.db.session import Database
from workflows import names
from workflows.scheduled import calibration, invoicing, learning, month_end, reconciliation, renewal

log = structlog.get_logger()

LOOK_EVERY_S = 20.0
"""How soon a new client, or one that moved to another zone, has its schedules."""


@dataclass(frozen=True, order=True)
class ScheduledClient:
    """A client as its schedules need it."""

    id: UUID
    zone: str


@dataclass(frozen=True)
class _Plan:
    """When a kind of period runs. Without ``day_of_month`` and ``day_of_week`` (1 is Monday) it is every day."""

    kind: str
    workflow: str
    hour: int
    minute: int
    catch_up: timedelta
    day_of_month: int | None = None
    day_of_week: int | None = None

    def schedule(self, client: ScheduledClient, queue: str) -> Schedule:
        """The schedule of one client."""
        days = (ScheduleRange(1, 31),) if self.day_of_month is None else (ScheduleRange(self.day_of_month),)
        calendar = ScheduleCalendarSpec(
            second=(ScheduleRange(0),),
            minute=(ScheduleRange(self.minute),),
            hour=(ScheduleRange(self.hour),),
            day_of_month=days,
            day_of_week=(ScheduleRange(0, 6),)
            if self.day_of_week is None
            else (ScheduleRange(self.day_of_week),),
            comment=f"{self.kind} of a period that has ended",
        )
        return Schedule(
            action=ScheduleActionStartWorkflow(
                self.workflow,
                PeriodStart(client_id=client.id),
                id=names.period_workflow(self.kind, client.id, "tick"),
                task_queue=queue,
            ),
            spec=ScheduleSpec(calendars=[calendar], time_zone_name=client.zone),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=self.catch_up),
        )


PLANS = (
    _Plan(reconciliation.KIND, "Reconciliation", 0, 30, timedelta(days=1)),
    _Plan(invoicing.KIND, "Invoicing", 6, 0, timedelta(days=10), day_of_month=1),
    _Plan(month_end.KIND, "MonthEnd", 5, 0, timedelta(days=10), day_of_month=5),
    _Plan(calibration.KIND, "Calibration", 7, 0, timedelta(days=3), day_of_week=1),
    _Plan(renewal.KIND, "Renewal", 5, 30, timedelta(days=3)),
    _Plan(learning.KIND, "Learning", 2, 15, timedelta(hours=6)),
)


def scheduled_clients(database: Database) -> tuple[ScheduledClient, ...]:
    """The active clients; the provider is nobody's client."""
    query = text("select id, zone from all_clients() where kind = 'client' and status = 'active' order by id")
    with database.system() as connection:
        return tuple(ScheduledClient(row.id, row.zone) for row in connection.execute(query))


async def keep_schedules(client: Client, database: Database) -> None:
    """Ensure the schedules at the start, and again whenever a client comes or moves; runs until cancelled."""
    known: frozenset[ScheduledClient] = frozenset()
    while True:
        try:
            found = frozenset(await asyncio.to_thread(scheduled_clients, database))
            if found - known:
                await ensure_schedules(client, found - known)
                log.info("schedules.ensured", clients=len(found - known))
            known = found
        except (RPCError, SQLAlchemyError) as error:
            log.warning("schedules.failed", cause=str(error)[:300])  # whoever is away comes back
        await asyncio.sleep(LOOK_EVERY_S)


async def ensure_schedules(
    client: Client, clients: Iterable[ScheduledClient], queue: str = names.TICKETS
) -> tuple[str, ...]:
    """Create what is missing and bring the rest up to date; returns the schedules' ids. Whether somebody
    paused a schedule, and why, stays as it is. Safe to call by several workers at once and at every start."""
    ensured: list[str] = []
    for one in sorted(clients, key=lambda c: c.id):
        for plan in PLANS:
            schedule_id = names.period_schedule(plan.kind, one.id)
            await _ensure(client, schedule_id, plan.schedule(one, queue))
            ensured.append(schedule_id)
    return tuple(ensured)


async def _ensure(client: Client, schedule_id: str, wanted: Schedule) -> None:
    try:
        await client.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:

        def renewed(found: ScheduleUpdateInput) -> ScheduleUpdate:
            wanted.state = found.description.schedule.state
            return ScheduleUpdate(wanted)

        await client.get_schedule_handle(schedule_id).update(renewed)
