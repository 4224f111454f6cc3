"""The line on which a page hears that something changed."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from api.access import ALL, Rule, allow
from api.portal.live import Watcher
from api.portal.visit import VisitDep
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("GET", "/live"): allow(ALL)}


@router.get("/live")
async def watch(visit: VisitDep, about: str = "") -> StreamingResponse:
    """Server-sent events: ``about`` a ticket's id, or about everything the caller sees."""
    try:
        root_id = UUID(about) if about else None
    except ValueError as error:
        raise DomainError("not-found", what="topic") from error
    visit.portal.live.admit()
    watcher = Watcher(frozenset(visit.principal.clients), root_id, visit.principal.user_id)
    return StreamingResponse(
        visit.portal.live.watch(watcher),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
