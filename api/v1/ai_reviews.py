"""Agreeing with an act of AI, or correcting it (AG2): kept in the trail beside what the AI said."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection

from api import views
from api.deps import CallDep, Reply
from api.v1.parameters import problems
from api.v1.tickets import one
from schemas.act_bodies import AiReview
from schemas.requests import EventView
from ticketos.domain import ai_review
from ticketos.domain.errors import DomainError
from ticketos.lines import KEYS

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


@router.post(
    "/{ticket_id}/ai-reviews", status_code=201, response_model=EventView, responses=problems(404, 409)
)
async def review_ai(call: CallDep, ticket_id: UUID, body: AiReview) -> Response:
    """Say that the AI was right, or what would have been. Where a task is open for the same question, finishing that
    task is what changes the ticket. What you say of a triage is heard by the next request like this one."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id, lock=True)  # two who judge at once queue here
        audit, root_id = call.services.audit, row["root_id"]
        found = audit.timeline(connection, root_id, after=body.event - 1, limit=1)
        if not found or found[0].seq != body.event:
            raise DomainError("not-an-ai-act", event=body.event)
        act = ai_review.AiAct(
            found[0].id,
            found[0].seq,
            found[0].event,
            found[0].after or {},
            audit.last_about(
                connection, root_id, [str(found[0].id)], (ai_review.APPROVED, ai_review.CORRECTED)
            ).get(str(found[0].id)),
        )
        emit = ai_review.review(
            act,
            body.verdict,
            body.service_line,
            body.ticket_type,
            body.priority,
            body.reason.strip(),
            KEYS,
        )
        audit.record(
            connection,
            client_id=row["client_id"],
            ticket_id=root_id,
            root_id=root_id,
            at=call.now,
            actor=call.principal.actor(row["client_id"]),
            emit=emit,
        )
        (made,) = audit.recent(connection, root_id, before=None, limit=1)
        return Reply(views.event(made, True), 201)

    return await call.write(write)
