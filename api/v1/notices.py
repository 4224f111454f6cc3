"""What one's desks and oneself are told: warnings, breaches, escalations, mail that was lost (CP8, MF16)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.deps import Call, CallDep, ReadDep, Reply
from api.principal import Principal
from api.v1.parameters import Cursor, Limit, page, problems
from api.v1.tickets import client_asked
from schemas.http import Page
from schemas.notices import NoticesRead, NoticeView, ReadNotices
from ticketos.db.repositories import notices
from ticketos.domain import notices as rules
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/notices", tags=["notices"])


def reader_of(principal: Principal) -> notices.Reader:
    """Whose notices the caller reads: their own, and per client those of the desks of their roles there."""
    desks: dict[frozenset[str], list[UUID]] = {}
    for client_id in principal.clients:
        held = rules.desks_of(principal.roles_over(client_id))
        if held:
            desks.setdefault(held, []).append(client_id)
    return notices.Reader(principal.user_id, {held: tuple(sorted(ids)) for held, ids in desks.items()})


def since(now: datetime) -> datetime:
    """Where history begins."""
    return now - rules.NEWS


def chosen_of(
    connection: Connection, call: Call, *, state: str, desk: str, kind: str, client: str | None, mine: bool
) -> notices.Filter:
    """What is shown of the inbox. Raises ``not-found`` for a client the caller does not see."""
    return notices.Filter(
        since(call.now),
        state != "all",
        desk,
        kind,
        client_asked(connection, call, client) if client else None,
        mine,
    )


def shown(row: RowMapping, principal: Principal) -> NoticeView:
    """A notice, with its request where it is of one."""
    return NoticeView.model_validate({**row, "mine": row["recipient_id"] == principal.user_id})


@router.get("", response_model=Page[NoticeView], responses=problems(400, 404))
async def list_notices(
    call: ReadDep,
    state: Annotated[
        Literal["unread", "all"], Query(description="unread: of the last 30 days; all: read ones too")
    ] = "unread",
    desk: Annotated[str, Query(max_length=40)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    mine: Annotated[bool, Query(description="Only what is about one's own requests")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """One's own notices and those of one's desks, the newest first."""

    def read(connection: Connection) -> JSONResponse:
        chosen = chosen_of(connection, call, state=state, desk=desk, kind=kind, client=client, mine=mine)
        rows, following = notices.listed(
            connection, reader_of(call.principal), chosen, limit=limit, cursor=cursor
        )
        found = [shown(row, call.principal) for row in rows]
        return page(found, following, call.request.url, Page[NoticeView])

    return await call.read(read)


@router.post("/read", response_model=NoticesRead, responses=problems(404))
async def read_many(call: CallDep, body: ReadNotices) -> Response:
    """Everything unread that the filter shows (to the instant ``until``, where one is given) is read by the caller; for
    colleagues it stays as it is."""

    def write(connection: Connection) -> Reply:
        chosen = chosen_of(
            connection,
            call,
            state="unread",
            desk=body.desk,
            kind=body.kind,
            client=body.client or None,
            mine=body.mine,
        )
        until = min(body.until or call.now, call.now)
        count = notices.read_all(connection, reader_of(call.principal), chosen, until, call.now)
        return Reply(NoticesRead(read=count))

    return await call.write(write)


@router.post("/{notice_id}/read", response_model=NoticeView, responses=problems(404))
async def read_one(call: CallDep, notice_id: UUID) -> Response:
    """The caller has read it."""

    def write(connection: Connection) -> Reply:
        reader = reader_of(call.principal)
        row = notices.one(connection, reader, notice_id)
        if row is None or row["client_id"] not in call.principal.clients:
            raise DomainError("not-found", what="notice")
        notices.read(connection, reader, notice_id, row["client_id"], call.now)
        again = notices.one(connection, reader, notice_id)
        assert again is not None
        return Reply(shown(again, call.principal))

    return await call.write(write)
