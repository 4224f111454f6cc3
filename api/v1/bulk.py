"""One act on many tickets. Each stands for itself: what cannot be done to one is said of that one, and done to the
others (MF13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from api.access import ROUTES
from api.deps import Call, CallDep, Reply, replayed
from api.v1 import tasks as task_routes
from api.v1 import tickets as ticket_routes
from api.v1.acts import Planned, refusal, settled, target_of
from api.v1.parameters import problems
from schemas.acts import Act, ActorRef, ChangePriority, PauseTicket, ResumeTicket
from schemas.bulk import BulkAct, BulkActOutcome, TicketOutcome
from ticketos.db.repositories import idempotency, tasks
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/tickets", tags=["acts"])

_AT_ONCE = 8
_LIKE = {
    "priority": "/v1/tickets/{ticket_id}/priority",
    "pause": "/v1/tickets/{ticket_id}/pause",
    "resume": "/v1/tickets/{ticket_id}/resume",
    "link": "/v1/tickets/{ticket_id}/links",
    "assign": "/v1/tasks/{task_id}/assign",
}
"""The route that does the same to one: its roles are asked for."""


@router.post("/bulk", response_model=BulkActOutcome, responses=problems(409))
async def act_on_many(call: CallDep, body: BulkAct) -> Response:
    """Set the priority, give the open tasks to a person, pause, resume, or link, on up to 500 tickets at once. Sent
    again with the same key it does nothing twice."""
    return await done(call, body)


def rule_roles(act: str) -> frozenset[str]:
    """Roles that may do this act to a ticket."""
    return ROUTES["POST", _LIKE[act]].roles


async def done(call: Call, body: BulkAct) -> Response:
    """Do it, and answer with one outcome per ticket, in the order asked."""
    call.rule = ROUTES["POST", _LIKE[body.act]]
    act_key = f"{call.principal.name}:{call.key}" if call.key else str(call.services.new_id())
    asked = body.model_dump_json().encode()
    if call.key is not None:
        keyed = call.keyed(asked)
        kept = await call.read(lambda connection: idempotency.find(connection, keyed, call.now))
        if kept is not None:
            return replayed(kept)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(ticket_id: UUID) -> TicketOutcome:
        async with gate:
            return await _one(call, body, ticket_id, f"{act_key}:{ticket_id}")

    results = await asyncio.gather(*map(one, dict.fromkeys(body.tickets)))
    outcome = BulkActOutcome(results=list(results))
    # Every act has an update id of its own, so a repeat does none of them twice; only a list that is settled as a
    # whole is kept.
    if any(result.status == "being_applied" for result in results):
        return Reply(outcome).response()
    return await call.write(lambda _: Reply(outcome), asked=asked)


async def _one(call: Call, body: BulkAct, ticket_id: UUID, key: str) -> TicketOutcome:
    number = ""

    def found(connection: Connection) -> RowMapping:
        nonlocal number
        row = ticket_routes.one(connection, call, ticket_id)
        number = row["number"]
        return row

    try:
        if body.act in _BY_WORKFLOW:
            status, outcome = await _by_workflow(call, body, found, key)
        else:
            status, outcome = "applied", await call.read(partial(_IN_DATABASE[body.act], call, body, found))
    except DomainError as error:
        return TicketOutcome(ticket_id=ticket_id, number=number, **refusal(error))
    return TicketOutcome.model_validate(
        {"ticket_id": ticket_id, "number": number, "status": status, "outcome": outcome}
    )


Found = Callable[[Connection], RowMapping]


async def _by_workflow(call: Call, body: BulkAct, found: Found, key: str) -> tuple[str, str]:
    update, argument = _BY_WORKFLOW[body.act]

    def plan(connection: Connection) -> Planned:
        row = found(connection)
        actor = call.principal.actor_ref(row["client_id"])
        return Planned(target_of(row), update, argument(body, actor, key))

    return await settled(call, plan)


_BY_WORKFLOW: dict[str, tuple[str, Callable[[BulkAct, ActorRef, str], Act]]] = {
    "priority": (
        "change_priority",
        lambda body, actor, key: ChangePriority(
            actor=actor, key=key, priority=body.priority or "P3", reason=body.reason
        ),
    ),
    "pause": ("pause", lambda body, actor, key: PauseTicket(actor=actor, key=key, reason=body.reason)),
    "resume": ("resume", lambda body, actor, key: ResumeTicket(actor=actor, key=key, reason=body.reason)),
}


def _linked(call: Call, body: BulkAct, found: Found, connection: Connection) -> str:
    ticket_routes.linked(connection, call, found(connection), body.other, body.kind)
    return "linked"


def _assigned(call: Call, body: BulkAct, found: Found, connection: Connection) -> str:
    """Give every open task of the ticket to the person, or all back to their queues; all of them or none."""
    row = found(connection)
    open_ = [one for one in tasks.of_ticket(connection, row["root_id"]) if one["state"] == "open"]
    if not open_:
        raise DomainError("no-open-task", number=row["number"])
    for task in open_:
        task_routes.give(connection, call, task["id"], body.user_id)
    return str(len(open_))


_IN_DATABASE: dict[str, Callable[[Call, BulkAct, Found, Connection], str]] = {
    "link": _linked,
    "assign": _assigned,
}
