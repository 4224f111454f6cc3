"""The line on which a page hears that something changed."""

from __future__ import annotations

from datetime import UTC, datetime
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
async def watch(visit: VisitDep, about: str = "", drawn: str = "") -> StreamingResponse:
    """Server-sent events: ``about`` a ticket's id, or about everything the caller sees. ``drawn`` is when the page was,
    in milliseconds since 1970: what happened between that and this line is told at once."""
    try:
        root_id = UUID(about) if about else None
        drawn_at = datetime.fromtimestamp(int(drawn) / 1000, UTC) if drawn else None
    except (ValueError, OverflowError, OSError) as error:
        raise DomainError("not-found", what="topic") from error
    visit.portal.live.admit()
    watcher = Watcher(frozenset(visit.principal.clients), root_id, visit.principal.user_id, drawn_at)
    return StreamingResponse(
        visit.portal.live.watch(watcher),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
