"""Tasks: my work, the queue, taking, handing over and finishing (MF4, MF5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api import views
from api.acts import Target
from api.deps import Call, CallDep, ReadDep, Reply, etag
from api.v1.acts import Planned, perform, target_of
from api.v1.parameters import Cursor, Limit, Many, page, problems
from schemas.act_bodies import AssignBody, CompleteBody, ReasonBody
from schemas.acts import AcceptTask, Act, ActorRef, CompleteTask, RefuseTask
from schemas.http import Applied, BeingApplied, Page
from schemas.requests import TaskView
from ticketos.db.repositories import persons, tasks, tickets
from ticketos.domain import tasks as rules
from ticketos.domain.errors import DomainError
from ticketos.domain.state import TaskState

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

_ANSWERS = problems(404, 409) | {
    202: {"model": BeingApplied, "description": "Handed over, not confirmed yet; it may still be applied"}
}
_STATE_FIELDS = tuple(TaskState.__dataclass_fields__)


@router.get("", response_model=Page[TaskView], responses=problems(400, 404))
async def list_tasks(
    call: ReadDep,
    scope: Annotated[
        Literal["mine", "queue", "all"], Query(description="Mine; the queue of my skills; or all I may see")
    ] = "all",
    state: Many = [],  # noqa: B006 (FastAPI copies it)
    client_id: Annotated[UUID | None, Query()] = None,
    ticket_id: Annotated[UUID | None, Query()] = None,
    assigned_to: Annotated[UUID | None, Query()] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    desk: Annotated[str | None, Query(max_length=40)] = None,
    sort: Annotated[
        Literal["priority", "urgency"], Query(description="Priority first, or the least time left first")
    ] = "priority",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Open tasks, the most urgent first (``state`` chooses others)."""

    def read(connection: Connection) -> JSONResponse:
        chosen = call.principal.clients_with(call.rule.roles)
        if client_id is not None:
            if client_id not in call.principal.clients:
                raise DomainError("client-unknown")
            chosen = tuple(one for one in chosen if one == client_id)
        me = persons.user(connection, call.principal.user_id) if scope == "queue" else None
        wanted = tasks.Filter(
            states=tuple(state) or ("open",),
            client_ids=chosen,
            kind=kind,
            desk=desk,
            ticket_id=ticket_id,
            assigned_to=call.principal.user_id if scope == "mine" else assigned_to,
            unassigned=scope == "queue",
            skills=None if me is None else tuple(me["skills"]),
            expert=me is None or me["level"] == "sme",
            order=sort,
        )
        rows, following = tasks.listed(connection, wanted, limit, cursor)
        return page(
            [views.task(row, call.principal) for row in rows], following, call.request.url, Page[TaskView]
        )

    return await call.read(read)


def one(connection: Connection, call: Call, task_id: UUID, *, lock: bool = False) -> RowMapping:
    """The task, if the caller may work on it."""
    return call.found(tasks.get(connection, task_id, lock=lock), "task")


def _shown(row: RowMapping, call: Call) -> Reply:
    return Reply(views.task(row, call.principal), headers={"ETag": etag(row["row_version"])})


@router.get("/{task_id}", response_model=TaskView, responses=problems(404))
async def read_task(call: ReadDep, task_id: UUID) -> Response:
    """One task; the ETag is its version."""
    row = await call.read(lambda connection: one(connection, call, task_id))
    return _shown(row, call).response()


@router.post("/{task_id}/claim", response_model=TaskView, responses=problems(404, 409))
async def claim(call: CallDep, task_id: UUID) -> Response:
    """Take a task out of its queue. Taking one's own again is no error; taking somebody else's is."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, task_id, lock=True)
        if row["assigned_to"] not in (None, call.principal.user_id):
            raise DomainError("task-assigned-to-other")
        if row["offered_to"] not in (None, call.principal.user_id) and row["offer_until"] > call.now:
            raise DomainError("task-offered-to-other")
        tasks.require_able(connection, row, call.principal.user_id, call.now.date())
        return _shown(_assigned(connection, call, row, call.principal.user_id), call)

    return await call.write(write)


@router.post("/{task_id}/assign", response_model=TaskView, responses=problems(404, 409))
async def assign(call: CallDep, task_id: UUID, body: AssignBody) -> Response:
    """Give a task to a person, or back to its queue."""

    return await call.write(lambda connection: _shown(give(connection, call, task_id, body.user_id), call))


def give(connection: Connection, call: Call, task_id: UUID, user_id: UUID | None) -> RowMapping:
    """Give a task to a person who may do it, or back to its queue (None)."""
    row = one(connection, call, task_id, lock=True)
    if user_id is not None:
        tasks.require_able(connection, row, user_id, call.now.date())
    return _assigned(connection, call, row, user_id)


def _assigned(connection: Connection, call: Call, row: RowMapping, user_id: UUID | None) -> RowMapping:
    actor = call.principal.actor(row["client_id"])
    return tasks.assign(connection, call.services.audit, row, user_id, at=call.now, actor=actor)


@router.post("/{task_id}/accept", response_model=Applied, responses=_ANSWERS)
async def accept(call: CallDep, task_id: UUID) -> Response:
    """Take a task that is offered to you."""
    return await _answer(
        call, task_id, "accept_task", lambda actor, key: AcceptTask(actor=actor, key=key, task_id=task_id)
    )


@router.post("/{task_id}/refuse", response_model=Applied, responses=_ANSWERS)
async def refuse(call: CallDep, task_id: UUID, body: ReasonBody) -> Response:
    """Leave a task that is offered to you to the next best match, with a reason."""
    return await _answer(
        call,
        task_id,
        "refuse_task",
        lambda actor, key: RefuseTask(actor=actor, key=key, task_id=task_id, reason=body.reason),
    )


async def _answer(
    call: Call, task_id: UUID, update: str, argument: Callable[[ActorRef, str], Act]
) -> Response:
    """Offers are the ticket's own workflow's, whose timer ends them."""

    def plan(connection: Connection, key: str) -> Planned:
        row = one(connection, call, task_id)
        ticket = tickets.get(connection, row["root_id"])
        assert ticket is not None
        target = Target(target_of(ticket).workflow_id)
        return Planned(target, update, argument(call.principal.actor_ref(row["client_id"]), key))

    return await perform(call, plan)


def may_finish(call: Call, row: RowMapping) -> bool:
    """Whether the caller may finish this task as it stands: what a page asks before it offers to."""
    try:
        rules.may_finish(_state(row), call.principal.actor(row["client_id"]), None)
    except DomainError:
        return False
    return True


def _state(row: RowMapping) -> TaskState:
    return TaskState(**{name: row[name] for name in _STATE_FIELDS})


@router.post("/{task_id}/complete", response_model=Applied, responses=_ANSWERS)
async def complete(call: CallDep, task_id: UUID, body: CompleteBody) -> Response:
    """Finish a task; what ``result`` holds depends on its kind."""

    def plan(connection: Connection, key: str) -> Planned:
        row = one(connection, call, task_id)
        actor = call.principal.actor(row["client_id"])
        state = _state(row)
        if (
            state.state == "open"
        ):  # a finished one is the workflow's to judge: this may be the repeat that finished it
            rules.may_finish(state, actor, body.version)
        ticket = tickets.get(connection, row["root_id"])
        assert ticket is not None
        target = target_of(ticket, row["workflow_id"])
        argument = CompleteTask(
            actor=call.principal.actor_ref(row["client_id"]),
            key=key,
            task_id=row["id"],
            result=body.result,
            version=body.version,
        )
        return Planned(Target(row["workflow_id"]) if target.start else target, "complete_task", argument)

    return await perform(call, plan)
