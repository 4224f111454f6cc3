"""The password of a protected document, by the API."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection

from api import unlocking
from api.deps import CallDep
from api.v1.acts import Planned, perform
from api.v1.documents import one
from api.v1.parameters import problems
from schemas.act_bodies import PasswordBody
from schemas.http import Applied, BeingApplied

router = APIRouter(prefix="/v1/documents", tags=["documents"])

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
        task = unlocking.asking(connection, row)
        actor = call.principal.actor_ref(row["client_id"])
        return unlocking.planned(connection, call.services, row, task, body, actor, key)

    return await perform(call, plan, asked=_NOTHING_TO_HASH)
