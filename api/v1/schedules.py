"""What runs by itself, per client: last and next run, and a run now (MO9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response
from sqlalchemy import Connection

from api.deps import Call, CallDep, ReadDep, Reply
from api.v1 import clients
from api.v1.parameters import problems
from schemas.watch import ScheduleStarted, ScheduleView
from ticketos.db.repositories import periods
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from workflows import names

router = APIRouter(prefix="/v1/schedules", tags=["operations"])

_MONEY = frozenset({"finance"})
_WORK = frozenset({"ops", "admin"})
STARTERS: Mapping[str, frozenset[str]] = {
    names.RECONCILIATION: _MONEY | {"ops"},
    names.INVOICING: _MONEY,
    names.MONTH_END: _MONEY,
    names.CALIBRATION: _WORK,
    names.RENEWAL: _WORK,
    names.LEARNING: _WORK,
}
"""Who may have each run now: finance what touches money, operations what touches work."""

Kind = Literal["reconciliation", "invoicing", "month_end", "calibration", "renewal", "learning"]


async def schedules_of(call: Call) -> list[ScheduleView]:
    """Every schedule of the clients the caller may see, with its last and its next run."""

    def read(connection: Connection) -> tuple[list[UUID], dict[tuple[UUID, str], dict[str, Any]]]:
        chosen = call.principal.clients_with(call.rule.roles)
        found = connection.exec_driver_sql(
            "select id from client where id = any(%s) and kind = 'client' and status = 'active' order by name",
            (list(chosen),),
        )
        runs = periods.last_runs(connection, chosen)
        return [row.id for row in found], {(run["client_id"], run["kind"]): run for run in runs}

    clients, runs = await call.read(read)
    wanted = {names.period_schedule(kind, one): (one, kind) for one in clients for kind in names.SCHEDULED}
    known = {}
    if call.services.machinery is not None:
        try:
            known = await call.services.machinery.timetables(list(wanted))
        except DomainError as error:
            if error.code != "workflows-unavailable":
                raise
    shown = []
    for schedule_id, (client_id, kind) in wanted.items():
        table, run = known.get(schedule_id), runs.get((client_id, kind), {})
        shown.append(
            ScheduleView(
                client_id=client_id,
                kind=kind,
                last_period=run.get("period"),
                last_at=run.get("at"),
                last_result=run.get("result") or {},
                started_at=table.last_at if table else None,
                next_at=table.next_at if table else None,
                running=table.running if table else 0,
                paused=table.paused if table else False,
                note=table.note if table else "",
                known=table is not None,
            )
        )
    return shown


@router.get("", response_model=list[ScheduleView], responses=problems())
async def list_schedules(call: ReadDep) -> list[ScheduleView]:
    """What runs by itself, per client: last and next run."""
    return await schedules_of(call)


@router.post(
    "/{client_id}/{kind}/run",
    response_model=ScheduleStarted,
    responses=problems(404, 409),
)
async def run_schedule(call: CallDep, client_id: UUID, kind: Annotated[Kind, Path()]) -> Response:
    """Let a schedule run now, beside its next run: whatever of its kind is due is done, what was done stays. One that
    runs already is left to end. The trail keeps who asked."""
    schedule_id = names.period_schedule(kind, client_id)

    def may(connection: Connection) -> None:
        company = clients.one(connection, call, client_id)
        if company["kind"] != "client" or company["status"] != "active":
            raise DomainError("not-found", what="schedule")
        if not call.principal.roles_over(client_id) & STARTERS[kind]:
            raise DomainError("forbidden")

    def asked(connection: Connection) -> None:
        call.services.audit.record(
            connection,
            client_id=client_id,
            ticket_id=None,
            root_id=None,
            actor=call.principal.actor(client_id),
            emit=Emit("schedule.asked", after={"kind": kind}, entity="schedule", entity_id=schedule_id),
            at=call.now,
        )

    async def run() -> Reply:
        await call.read(may)
        machinery = call.services.machinery
        if machinery is None:
            raise DomainError("workflows-unavailable")
        known = (await machinery.timetables([schedule_id])).get(schedule_id)
        if known is None:
            raise DomainError("not-found", what="schedule")
        if known.running:
            raise DomainError("schedule-running")
        await call.read(asked)  # first the trail: nobody starts anything unseen
        await machinery.run_now(schedule_id)
        return Reply(ScheduleStarted(client_id=client_id, kind=kind))

    return await call.once(run)
