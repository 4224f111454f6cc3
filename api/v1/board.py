"""The board of operations: what is open now, what came and went in the last day (MO9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

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
    StageCount,
)
from ticketos.db.repositories import board

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
