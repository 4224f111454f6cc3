"""TA6: what of a request's workflow is being retried, runs for long, or waits for a person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping, text

from api.deps import Call, ReadDep, Reply
from api.v1 import tickets as v1
from api.v1.parameters import problems
from schemas.steps import StepTrouble, StepTroubles
from ticketos.domain import troubles
from ticketos.domain.state import OPEN_STATES
from ticketos.domain.troubles import Trouble
from workflows import names

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

LONG = timedelta(seconds=20)
"""A local step that takes longer than this is being retried, or its worker is gone: it is one short transaction."""

_LAST = """
select at, after ->> 'step' as step from audit_event
 where client_id = :c and root_id = :r and event = 'ticket.needs_attention' order by seq desc limit 1"""


@router.get("/{ticket_id}/steps", response_model=StepTroubles, responses=problems(404))
async def read_steps(call: ReadDep, ticket_id: UUID) -> Response:
    """Steps of the request's workflow that do not get through, in causes a person can act on."""
    root = await call.read(lambda connection: _root(connection, call, ticket_id))
    return Reply(await troubles_of(call, root)).response()


def _root(connection: Connection, call: Call, ticket_id: UUID) -> RowMapping:
    row = v1.one(connection, call, ticket_id)
    return row if row["root_id"] == row["id"] else v1.one(connection, call, row["root_id"])


async def troubles_of(call: Call, root: RowMapping) -> StepTroubles:
    """The same of a request that was read. A workflow service that does not answer in time is said, and no error."""
    if root["closed_at"] is not None or root["state"] not in OPEN_STATES:
        return StepTroubles(reachable=True, troubles=[])
    kept = await call.read(lambda connection: _stopped(connection, root))
    machinery = call.services.machinery
    seen = None
    if machinery is not None and root["state"] != "needs_attention":
        ids = [names.ticket_workflow(root["id"])]
        if root["service_line"]:
            ids.append(names.line_workflow(root["id"], root["service_line"]))
        seen = await machinery.struggles(ids, call.now - LONG)
    told = troubles.together([*kept, *(seen or ())])
    return StepTroubles(
        reachable=seen is not None or root["state"] == "needs_attention",
        troubles=[StepTrouble.model_validate(asdict(one)) for one in told],
    )


def _stopped(connection: Connection, root: RowMapping) -> list[Trouble]:
    """What the request itself keeps: each of its workflows that waits for a person to try again."""
    if root["state"] != "needs_attention":
        return []
    last: Any = (
        connection.execute(text(_LAST), {"c": root["client_id"], "r": root["id"]}).mappings().first() or {}
    )
    held = (root["detail"] or {}).get("held") or {}
    reasons = [root["reason"] or "", *(str(one.get("reason") or "") for one in held.get("also", ()))]
    found = []
    for reason in reasons:
        cause, rule = troubles.of_reason(reason)
        found.append(
            Trouble(root["stage"], "stopped", cause, since=last.get("at"), rule=rule, detail=reason[:500])
        )
    return found
