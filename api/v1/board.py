"""The board of operations: what is open now, what came and went in the last day, schedules (MO9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from api.deps import Call, ReadDep
from api.v1.parameters import problems
from api.v1.tickets import client_asked
from schemas.watch import (
    Attention,
    BoardView,
    DeskCount,
    HourCount,
    OutboxCount,
    QueueView,
    ScheduleView,
    StageCount,
)
from ticketos.db.repositories import board, periods
from ticketos.domain.errors import DomainError
from workflows import names

router = APIRouter(prefix="/v1", tags=["operations"])

ATTENTION = 50
"""Requests that need attention, at most so many at once."""
SPAN = timedelta(hours=24)


async def board_now(call: Call, client: str | None = None) -> BoardView:
    """Everything open for the clients the caller watches over."""

    def read(connection: Connection) -> dict[str, Any]:
        chosen = call.principal.clients_with(call.rule.roles)
        if client is not None:
            chosen = (client_asked(connection, call, client),)
        now = call.now
        return {
            "at": now,
            "stages": [StageCount.model_validate(one) for one in board.stages(connection, chosen)],
            "desks": [DeskCount.model_validate(one) for one in board.desks(connection, chosen, now)],
            "attention": [
                Attention.model_validate(one) for one in board.attention(connection, chosen, ATTENTION)
            ],
            "outbox": [OutboxCount.model_validate(one) for one in board.outbox(connection, chosen)],
            "hours": [
                HourCount.model_validate(one) for one in board.hours(connection, chosen, now - SPAN, now)
            ],
        }

    machinery = call.services.machinery
    if machinery is None:
        return BoardView(**await call.read(read))
    rows, health = await asyncio.gather(call.read(read), machinery.health())
    queues = [QueueView.model_validate(one) for one in health.queues]
    return BoardView(**rows, workflows=health.reachable, queues=queues)


@router.get("/board", response_model=BoardView, responses=problems(404))
async def read_board(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
) -> BoardView:
    """Open requests by stage, tasks by desk, what needs attention, what waits to leave, the last 24 hours."""
    return await board_now(call, client)


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
    wanted = {names.period_schedule(kind, one): (one, kind) for one in clients for kind in names.PERIOD_KINDS}
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


@router.get("/schedules", response_model=list[ScheduleView], responses=problems())
async def list_schedules(call: ReadDep) -> list[ScheduleView]:
    """What runs by itself, per client: last and next run."""
    return await schedules_of(call)
