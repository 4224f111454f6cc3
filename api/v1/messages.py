"""What is said on a ticket: notes for the house, replies to the requester (MF9)."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection

from api import views
from api.deps import Call, CallDep, Reply
from api.v1.parameters import problems
from api.v1.tickets import one
from schemas.act_bodies import MessageBody
from schemas.requests import MessageView
from ticketos.db.repositories.messages import Conversation

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


def _conversation(call: Call) -> Conversation:
    return Conversation(call.services.audit, call.services.new_id)


@router.post("/{ticket_id}/notes", status_code=201, response_model=MessageView, responses=problems(404))
async def write_note(call: CallDep, ticket_id: UUID, body: MessageBody) -> Response:
    """A note for colleagues. The client never sees it, nor that there is one."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id)
        made = _conversation(call).note(
            connection,
            row,
            body.text,
            call.principal.caller.name,
            at=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return Reply(views.messages([made], True)[0], 201)

    return await call.write(write)


@router.post("/{ticket_id}/replies", status_code=201, response_model=MessageView, responses=problems(404))
async def write_reply(call: CallDep, ticket_id: UUID, body: MessageBody) -> Response:
    """A reply to the requester: on the request's page at once, and by mail in its thread where there is an address
    (``sent_at`` says when it left). The answer comes back to the same request."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id)
        made = _conversation(call).reply(
            connection, row, body.text, at=call.now, actor=call.principal.actor(row["client_id"])
        )
        return Reply(views.messages([made], True)[0], 201)

    return await call.write(write)
