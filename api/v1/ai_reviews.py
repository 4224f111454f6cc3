"""Agreeing with an act of AI, or correcting it (AG2): kept in the trail beside what the AI said."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection

from api import views
from api.deps import Call, CallDep, Reply
from api.v1.acts import ANSWERS, Planned, perform, target_of
from api.v1.parameters import problems
from api.v1.tickets import one
from schemas.act_bodies import AiReview, Classification
from schemas.acts import CorrectTriage
from schemas.http import Applied
from schemas.requests import EventView
from ticketos.domain import ai_review
from ticketos.domain.errors import DomainError
from ticketos.lines import KEYS

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
_SAID = ("service_line", "ticket_type", "priority")


@router.post(
    "/{ticket_id}/ai-reviews", status_code=201, response_model=EventView, responses=problems(404, 409)
)
async def review_ai(call: CallDep, ticket_id: UUID, body: AiReview) -> Response:
    """Say that the AI was right, or what would have been. Where a task is open for the same question, finishing that
    task is what changes the ticket. What you say of a triage is heard by the next request like this one."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id, lock=True)  # two who judge at once queue here
        audit, root_id = call.services.audit, row["root_id"]
        act = _act(connection, call, root_id, body.event)
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


@router.post("/{ticket_id}/classification", response_model=Applied, responses=ANSWERS)
async def correct_triage(call: CallDep, ticket_id: UUID, body: Classification) -> Response:
    """Undo what AI made of a request: another line, type or priority. To another line it goes as long as nobody has
    worked on it (else `work-begun`): contract and team are looked for anew. Kept as a label, as every correction is."""

    def plan(connection: Connection, key: str) -> Planned:
        row = one(connection, call, ticket_id)
        act = _act(connection, call, row["root_id"], body.event)
        if act.event != "ticket.triaged" or not ai_review.by_ai(act.event, act.after):
            raise DomainError("not-an-ai-act", event=body.event)
        argument = CorrectTriage(
            actor=call.principal.actor_ref(row["client_id"]),
            key=key,
            event=act.id,
            seq=act.seq,
            said={name: act.after.get(name) for name in (*_SAID, "engine")},
            **{name: getattr(body, name) or None for name in _SAID},
            reason=body.reason.strip(),
        )
        return Planned(target_of(row), "correct_triage", argument)

    return await perform(call, plan)


def _act(connection: Connection, call: Call, root_id: UUID, seq: int) -> ai_review.AiAct:
    """The event of that number of a request. Raises ``not-an-ai-act`` where there is none."""
    audit = call.services.audit
    found = audit.timeline(connection, root_id, after=seq - 1, limit=1)
    if not found or found[0].seq != seq:
        raise DomainError("not-an-ai-act", event=seq)
    about = str(found[0].id)
    judged = audit.last_about(connection, root_id, [about], (ai_review.APPROVED, ai_review.CORRECTED))
    return ai_review.AiAct(found[0].id, found[0].seq, found[0].event, found[0].after or {}, judged.get(about))
