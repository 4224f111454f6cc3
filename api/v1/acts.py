"""What people do to a ticket as a whole: updates of its workflow, applied once however often they are sent
(MF8, MF13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api import views
from api.acts import Target
from api.deps import Call, CallDep, Reply, etag, replayed
from api.errors import words_of
from api.v1.parameters import problems
from api.v1.tickets import one
from schemas.act_bodies import ApprovalBody, OptionalReason, PauseBody, PriorityBody, ReasonBody
from schemas.acts import (
    Act,
    ActResult,
    CancelTicket,
    ChangePriority,
    DecideApproval,
    PauseTicket,
    ResumeTicket,
    RetryStep,
)
from schemas.bulk import ApprovalOutcome, BulkApproval, BulkOutcome, OneApproval
from schemas.http import Applied, BeingApplied
from schemas.requests import TicketView
from schemas.ticket import TicketStart
from ticketos.db.repositories import idempotency
from ticketos.db.repositories.idempotency import Answer, Keyed
from ticketos.domain.errors import DomainError
from ticketos.domain.state import OPEN_STATES
from workflows import names

router = APIRouter(tags=["acts"])

_BULK_AT_ONCE = 8
ANSWERS: dict[int | str, dict[str, Any]] = {
    **problems(404, 409),
    202: {"model": BeingApplied, "description": "Handed over, not confirmed yet; it may still be applied"},
}


@dataclass(frozen=True)
class Planned:
    """An act ready to be sent."""

    target: Target
    update: str
    argument: Act


async def perform(
    call: Call, plan: Callable[[Connection, str], Planned], *, asked: bytes | None = None
) -> Response:
    """Send an act and answer with what became of it. The act's key is also the update's id, so a repeat with
    the same key never acts twice; an unconfirmed act is answered 202 and its repeat asks again. ``asked`` stands for
    the body where no hash of that may be kept."""
    said = await call.request.body() if asked is None else asked
    services, keyed = call.services, None if call.key is None else call.keyed(said)
    act_key = f"{call.principal.name}:{call.key}" if call.key else str(services.new_id())
    try:
        planned = await call.read(lambda connection: _announced(connection, call, keyed, plan, act_key))
        if isinstance(planned, Answer):
            return replayed(planned)
        result = await services.acts.act(planned.target, planned.update, planned.argument)
    except DomainError as error:
        await _unsettled(call, keyed, error)
        raise
    if result is None:
        await _leave_open(call, keyed)
        return JSONResponse(BeingApplied(id=act_key).model_dump(mode="json"), 202)
    if not result.applied:
        refusal = refused(result)
        await _unsettled(call, keyed, refusal)
        raise refusal
    body = Applied(id=act_key, outcome=result.outcome, facts=result.facts)
    if keyed is not None:
        kept = keyed
        answer = Answer(200, body.model_dump(mode="json"), {})
        await call.read(lambda connection: idempotency.keep(connection, kept, answer, call.now))
    return JSONResponse(body.model_dump(mode="json"))


def _announced(
    connection: Connection,
    call: Call,
    keyed: Keyed | None,
    plan: Callable[[Connection, str], Planned],
    act_key: str,
) -> Planned | Answer:
    if keyed is not None and (answer := idempotency.find(connection, keyed, call.now)) is not None:
        return answer
    planned = plan(connection, act_key)
    if keyed is not None:
        idempotency.announce(connection, keyed, call.now)
    return planned


async def _unsettled(call: Call, keyed: Keyed | None, error: DomainError) -> None:
    """After a refusal: keep it, or, where it is not final, let the repeat try."""
    if keyed is None or error.code.startswith("idempotency-"):
        return
    await _leave_open(call, keyed)
    await call.keep_refusal(keyed, error)


async def _leave_open(call: Call, keyed: Keyed | None) -> None:
    if keyed is not None:
        kept = keyed
        await call.read(lambda connection: idempotency.leave_open(connection, kept))


def refused(result: ActResult) -> DomainError:
    """What the workflow refused, as the API says it."""
    return DomainError(result.code or "act-refused", **result.params)


def target_of(row: RowMapping, workflow_id: str | None = None) -> Target:
    """The workflow of a request. An open ticket whose workflow has not begun yet is begun by the act."""
    if row["kind"] != "request":
        raise DomainError("ticket-not-request", number=row["number"])
    own = names.ticket_workflow(row["id"])
    if workflow_id not in (None, own):
        return Target(str(workflow_id))
    fresh = row["life"] == 1 and row["state"] in OPEN_STATES
    return Target(own, TicketStart(ticket_id=row["id"], client_id=row["client_id"]) if fresh else None)


async def _act(
    call: Call, ticket_id: UUID, update: str, argument: Callable[[RowMapping, str], Act]
) -> Response:
    def plan(connection: Connection, key: str) -> Planned:
        row = one(connection, call, ticket_id)
        workflow_id = row["attention_workflow"] if update == "retry" else None
        return Planned(target_of(row, workflow_id), update, argument(row, key))

    return await perform(call, plan)


@router.post("/v1/tickets/{ticket_id}/pause", response_model=Applied, responses=ANSWERS)
async def pause(call: CallDep, ticket_id: UUID, body: PauseBody) -> Response:
    """Stop the clocks and the stages, with a reason the client can see, until a day or for the contract's maximum."""
    return await _act(
        call,
        ticket_id,
        "pause",
        lambda row, key: PauseTicket(
            actor=call.principal.actor_ref(row["client_id"]), key=key, reason=body.reason, until=body.until
        ),
    )


@router.post("/v1/tickets/{ticket_id}/resume", response_model=Applied, responses=ANSWERS)
async def resume(call: CallDep, ticket_id: UUID, body: OptionalReason) -> Response:
    """Go on; due times move by the working time paused."""
    return await _act(
        call,
        ticket_id,
        "resume",
        lambda row, key: ResumeTicket(
            actor=call.principal.actor_ref(row["client_id"]), key=key, reason=body.reason
        ),
    )


@router.post("/v1/tickets/{ticket_id}/cancel", response_model=Applied, responses=ANSWERS)
async def cancel(call: CallDep, ticket_id: UUID, body: ReasonBody) -> Response:
    """End the ticket without delivering; work already posted is reversed."""
    return await _act(
        call,
        ticket_id,
        "cancel",
        lambda row, key: CancelTicket(
            actor=call.principal.actor_ref(row["client_id"]), key=key, reason=body.reason
        ),
    )


@router.post("/v1/tickets/{ticket_id}/priority", response_model=Applied, responses=ANSWERS)
async def change_priority(call: CallDep, ticket_id: UUID, body: PriorityBody) -> Response:
    """Re-time the clocks; elapsed and paused time is kept."""
    return await _act(
        call,
        ticket_id,
        "change_priority",
        lambda row, key: ChangePriority(
            actor=call.principal.actor_ref(row["client_id"]),
            key=key,
            priority=body.priority,
            reason=body.reason,
            document_class=body.document_class,
        ),
    )


@router.post("/v1/tickets/{ticket_id}/retry", response_model=Applied, responses=ANSWERS)
async def retry(call: CallDep, ticket_id: UUID, body: OptionalReason) -> Response:
    """Try again what failed, when a ticket needs attention."""
    return await _act(
        call,
        ticket_id,
        "retry",
        lambda row, key: RetryStep(
            actor=call.principal.actor_ref(row["client_id"]), key=key, reason=body.reason
        ),
    )


@router.post("/v1/tickets/{ticket_id}/reopen", response_model=TicketView, responses=problems(404, 409))
async def reopen(call: CallDep, ticket_id: UUID, body: ReasonBody) -> Response:
    """Open a closed ticket again within the contract's days (7 where it says nothing): the same number, its next life."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id, lock=True)
        actor = call.principal.actor(row["client_id"])
        changed = call.services.tickets.reopen(connection, row, body.reason, actor=actor, at=call.now)
        return Reply(
            views.ticket(changed, call.principal, call.services),
            headers={"ETag": etag(changed["row_version"])},
        )

    return await call.write(write)


def decision(row: RowMapping, body: ApprovalBody, call: Call, key: str) -> DecideApproval:
    """A decision as the workflow takes it."""
    return DecideApproval(
        actor=call.principal.actor_ref(row["client_id"]),
        key=key,
        version=body.version,
        decision=body.decision,
        units={str(unit): choice for unit, choice in body.units.items()},
        reason=body.reason,
    )


@router.post("/v1/tickets/{ticket_id}/approval", response_model=Applied, responses=ANSWERS)
async def approve(call: CallDep, ticket_id: UUID, body: ApprovalBody) -> Response:
    """Accept or return the version named by its hash."""
    return await _act(call, ticket_id, "decide_approval", lambda row, key: decision(row, body, call, key))


@router.post("/v1/approvals", response_model=BulkOutcome, responses=problems(409))
async def approve_many(call: CallDep, body: BulkApproval) -> Response:
    """Decide on many at once; each decision stands for itself and has its own outcome."""
    act_key = f"{call.principal.name}:{call.key}" if call.key else str(call.services.new_id())
    gate = asyncio.Semaphore(_BULK_AT_ONCE)

    async def decide(index: int, wanted: OneApproval) -> ApprovalOutcome:
        async with gate:
            return await _decide(call, wanted, f"{act_key}:{index}")

    results = await asyncio.gather(*(decide(index, wanted) for index, wanted in enumerate(body.approvals)))
    outcome = BulkOutcome(results=list(results))
    final = all(result.status != "being_applied" for result in results)
    # Every decision has an update id of its own, so a repeat acts on none of them twice; only a list that is
    # settled # as a whole is kept.
    return await call.write(lambda _: Reply(outcome)) if final else Reply(outcome).response()


async def _decide(call: Call, wanted: OneApproval, key: str) -> ApprovalOutcome:
    def plan(connection: Connection) -> Planned:
        row = one(connection, call, wanted.ticket_id)
        return Planned(target_of(row), "decide_approval", decision(row, wanted, call, key))

    try:
        status, said = await settled(call, plan)
    except DomainError as error:
        return ApprovalOutcome(ticket_id=wanted.ticket_id, **refusal(error))
    return ApprovalOutcome(ticket_id=wanted.ticket_id, status=status, outcome=said)


async def settled(
    call: Call, plan: Callable[[Connection], Planned]
) -> tuple[Literal["applied", "being_applied"], str]:
    """Send one of many acts and wait for it: whether it is applied or still being applied, and its outcome. Raises
    what the workflow refused."""
    planned = await call.read(plan)
    result = await call.services.acts.act(planned.target, planned.update, planned.argument)
    if result is None:
        return "being_applied", ""
    if not result.applied:
        raise refused(result)
    return "applied", result.outcome


def refusal(error: DomainError) -> dict[str, Any]:
    """A refusal as the outcome of one of many: its code, and why in words."""
    return {"status": "refused", "code": error.code, "detail": words_of(error.code, error.params)[1]}
