"""The password of a protected document. It opens the file here, in the sandbox, and goes no further: what is kept is a
readable copy, encrypted like every file, and what the workflow hears is where that copy lies.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from api.acts import Target
from api.deps import Call, CallDep
from api.v1.acts import Planned, perform
from api.v1.documents import one
from api.v1.parameters import problems
from schemas.acts import CompleteTask
from schemas.http import Applied, BeingApplied
from schemas.requests import PasswordBody
from ticketos.db.repositories import tasks
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/documents", tags=["documents"])
KIND = "password"

_NOTHING_TO_HASH = b""
"""A hash of the body would be a hash of the password: a repeat is known by its key and its address alone."""


@router.post(
    "/{document_id}/password",
    response_model=Applied,
    responses=problems(404, 409)
    | {
        202: {"model": BeingApplied, "description": "Handed over, not confirmed yet; it may still be applied"}
    },
)
async def give_password(call: CallDep, document_id: UUID, body: PasswordBody) -> Response:
    """Open a protected document that waits for its password (``password`` is among its ``blocked_by``), or say that
    there is none: the request then goes on without it. The password is used once and kept nowhere. A wrong one is
    refused (422 ``password-wrong``), and only so many may be tried in a minute."""

    def plan(connection: Connection, key: str) -> Planned:
        row = one(connection, call, document_id)
        task = tasks.asking(connection, row["id"], KIND)
        if task is None:
            raise DomainError("password-not-asked", document=row["filename"])
        result: dict[str, object] = {"leave_out": True}
        if not body.leave_out:
            result = {"readable": _opened(connection, call, row, body.password.get_secret_value())}
        actor = call.principal.actor_ref(row["client_id"])
        argument = CompleteTask(actor=actor, key=key, task_id=task["id"], result=result)
        return Planned(Target(task["workflow_id"]), "complete_task", argument)

    return await perform(call, plan, asked=_NOTHING_TO_HASH)


def _opened(connection: Connection, call: Call, row: RowMapping, password: str) -> str:
    """Where the readable copy lies. It is kept even if the act is refused afterwards: then nothing names it."""
    copy = call.services.pictures.unlock(connection, row, password)
    return call.services.objects.put_in(connection, row["client_id"], copy)
