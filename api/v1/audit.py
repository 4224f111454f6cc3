"""The audit trail: what happened, and a check that nothing of it was changed (TA5)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from sqlalchemy import Connection

from api import views
from api.deps import Call, CallDep, ReadDep
from api.services import in_thread
from api.v1.parameters import Cursor, Limit, page, problems
from api.v1.tickets import client_asked
from schemas.audit import TrailEvent, TrailView, VerificationView, VerifyTrail
from schemas.http import Page
from ticketos.db.sealing import Sealer
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1", tags=["operations"])

_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""A check reads the whole trail: two at once would only take twice as long."""


def explored(
    connection: Connection,
    call: Call,
    *,
    client: str | None = None,
    event: str | None = None,
    actor: str | None = None,
    ticket: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    money: bool = False,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[TrailEvent], str | None]:
    """One page of events, the newest first; the cursor is the lowest ``seq`` seen."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise DomainError("cursor-invalid")
    chosen = call.principal.clients_with(call.rule.roles)
    if client is not None:
        chosen = (client_asked(connection, call, client),)
    found = call.services.audit.explore(
        connection,
        chosen,
        limit=limit + 1,
        before=int(cursor) if cursor else None,
        event=event or None,
        actor=actor or None,
        root=ticket,
        since=since,
        until=until,
        money=money,
    )
    shown = [
        TrailEvent(**view.model_dump(), client_id=one.client_id)
        for one in found[:limit]
        for view in views.events([one], call.principal.staff_over(one.client_id))
    ]
    return shown, str(found[limit - 1].seq) if len(found) > limit else None


@router.get("/audit-events", response_model=Page[TrailEvent], responses=problems(400, 404))
async def list_events(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    event: Annotated[
        str | None, Query(max_length=60, description="A name, or what stands before its dot")
    ] = None,
    actor: Annotated[str | None, Query(max_length=60, description="Id of who acted")] = None,
    ticket: Annotated[UUID | None, Query(description="The whole tree of this request")] = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query(description="Not itself included")] = None,
    money: Annotated[bool, Query(description="Money acts alone")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Who did what, when, from where, before and after, and why: the newest first."""
    shown, following = await call.read(
        lambda connection: explored(
            connection,
            call,
            client=client,
            event=event,
            actor=actor,
            ticket=ticket,
            since=since,
            until=until,
            money=money,
            limit=limit,
            cursor=cursor,
        )
    )
    return page(shown, following, call.request.url, Page[TrailEvent])


async def verified(call: Call, client: str | None) -> VerificationView:
    """Compute every hash, seal and money link of these clients anew."""

    def chosen(connection: Connection) -> tuple[UUID, ...]:
        if client is not None:
            return (client_asked(connection, call, client),)
        return call.principal.clients_with(call.rule.roles)

    clients = await call.read(chosen)
    sealer = Sealer(call.services.database, call.services.now)
    async with _ONE_AT_A_TIME:
        report = await in_thread(lambda: sealer.verify(clients))
    return VerificationView(
        ok=report.ok,
        events=report.events,
        seconds=round(report.seconds, 3),
        clients=[TrailView.model_validate(one) for one in report.clients],
    )


@router.post("/audit-verifications", response_model=VerificationView, responses=problems(404))
async def verify_trail(call: CallDep, body: VerifyTrail) -> VerificationView:
    """Check the trail. It changes nothing, and names the first broken link of each client."""
    return await verified(call, body.client)
