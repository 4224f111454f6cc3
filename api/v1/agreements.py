"""Contracts and working calendars (admin)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping, Table

from api.access import require_role
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.admin import (
    CalendarView,
    ContractView,
    EditCalendar,
    EditContract,
    ModelSpend,
    NewCalendar,
    NewContract,
)
from schemas.http import Page
from ticketos.db.repositories import contracts, model_calls
from ticketos.db.repositories.contracts import CALENDAR, CONTRACT
from ticketos.domain.errors import DomainError

contract_router = APIRouter(prefix="/v1/contracts", tags=["admin"])
calendar_router = APIRouter(prefix="/v1/calendars", tags=["admin"])

ClientChoice = Annotated[UUID | None, Query(description="Of this client alone")]
Shown = TypeVar("Shown", ContractView, CalendarView)


def _reply(row: RowMapping, kind: type[BaseModel], status: int = 200, location: str | None = None) -> Reply:
    headers = {"ETag": etag(row["row_version"])} | (
        {"Location": f"{location}/{row['id']}"} if location else {}
    )
    return Reply(kind.model_validate({**row, "version": row["row_version"]}), status, headers)


async def _listed(
    call: Call,
    table: Table,
    kind: type[Shown],
    paged: type[Page[Shown]],
    client_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> JSONResponse:
    after, seen = id_cursor(cursor), call.principal.clients_with(call.rule.roles)
    if client_id is not None:
        if client_id not in call.principal.clients:
            raise DomainError("client-unknown")
        seen = tuple(one for one in seen if one == client_id)
    rows = await call.read(
        lambda connection: contracts.listed(connection, table, seen, limit=limit + 1, after=after)
    )
    following = str(rows[limit - 1]["id"]) if len(rows) > limit else None
    shown = [kind.model_validate({**row, "version": row["row_version"]}) for row in rows[:limit]]
    return page(shown, following, call.request.url, paged)


def _one(connection: Connection, call: Call, table: Table, row_id: UUID, *, lock: bool = False) -> RowMapping:
    return call.found(contracts.get(connection, table, row_id, lock=lock), table.name)


def _owner(call: Call, client_id: UUID) -> None:
    """The client something new is for must be one the caller has the role over."""
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown")
    call.request.state.client_id = client_id
    require_role(call.principal, call.rule, client_id)


async def _created(
    call: Call,
    table: Table,
    kind: type[BaseModel],
    location: str,
    client_id: UUID,
    create: Callable[[Connection], UUID],
) -> Response:
    def write(connection: Connection) -> Reply:
        _owner(call, client_id)
        row = contracts.get(connection, table, create(connection))
        assert row is not None
        return _reply(row, kind, 201, location)

    return await call.write(write)


async def _edited(
    call: Call,
    table: Table,
    kind: type[BaseModel],
    row_id: UUID,
    values: dict[str, Any],
    if_match: str | None,
    edit: Callable[[Connection, RowMapping], None],
) -> Response:
    def write(connection: Connection) -> Reply:
        row = _one(connection, call, table, row_id, lock=True)
        require_match(if_match, row["row_version"])
        if values:
            edit(connection, row)
        changed = contracts.get(connection, table, row_id)
        assert changed is not None
        return _reply(changed, kind)

    return await call.write(write)


@contract_router.get("", response_model=Page[ContractView], responses=problems(400, 404))
async def list_contracts(
    call: ReadDep, client_id: ClientChoice = None, limit: Limit = 50, cursor: Cursor = None
) -> JSONResponse:
    """Contracts of the clients the caller sees."""
    return await _listed(call, CONTRACT, ContractView, Page[ContractView], client_id, limit, cursor)


@contract_router.get("/{contract_id}", response_model=ContractView, responses=problems(404))
async def read_contract(call: ReadDep, contract_id: UUID) -> Response:
    """One contract; the ETag is its version."""
    row = await call.read(lambda connection: _one(connection, call, CONTRACT, contract_id))
    return _reply(row, ContractView).response()


@contract_router.get("/{contract_id}/model-spend", response_model=list[ModelSpend], responses=problems(404))
async def read_model_spend(call: ReadDep, contract_id: UUID) -> list[ModelSpend]:
    """What models outside cost under a contract, of its last twelve months with any, the newest first."""

    def found(connection: Connection) -> list[ModelSpend]:
        row = _one(connection, call, CONTRACT, contract_id)
        return [ModelSpend.model_validate(dict(one)) for one in model_calls.by_month(connection, row["id"])]

    return await call.read(found)


@contract_router.post("", status_code=201, response_model=ContractView, responses=problems(404, 409))
async def create_contract(call: CallDep, body: NewContract) -> Response:
    """A new contract; its terms are read as rules will read them, and refused with the section that is
    wrong."""
    actor = call.principal.actor(body.client_id)
    return await _created(
        call,
        CONTRACT,
        ContractView,
        "/v1/contracts",
        body.client_id,
        lambda connection: call.services.agreements.create_contract(
            connection, body.model_dump(), now=call.now, actor=actor
        ),
    )


@contract_router.patch("/{contract_id}", response_model=ContractView, responses=problems(404, 409, 412))
async def edit_contract(
    call: CallDep, contract_id: UUID, body: EditContract, if_match: IfMatch = None
) -> Response:
    """New values of a contract; tickets read them from their next step on."""
    values = body.model_dump(exclude_unset=True)
    return await _edited(
        call,
        CONTRACT,
        ContractView,
        contract_id,
        values,
        if_match,
        lambda connection, row: call.services.agreements.edit_contract(
            connection, row, values, now=call.now, actor=call.principal.actor(row["client_id"])
        ),
    )


@calendar_router.get("", response_model=Page[CalendarView], responses=problems(400, 404))
async def list_calendars(
    call: ReadDep, client_id: ClientChoice = None, limit: Limit = 50, cursor: Cursor = None
) -> JSONResponse:
    """Calendars of the clients the caller sees."""
    return await _listed(call, CALENDAR, CalendarView, Page[CalendarView], client_id, limit, cursor)


@calendar_router.get("/{calendar_id}", response_model=CalendarView, responses=problems(404))
async def read_calendar(call: ReadDep, calendar_id: UUID) -> Response:
    """One calendar; the ETag is its version."""
    row = await call.read(lambda connection: _one(connection, call, CALENDAR, calendar_id))
    return _reply(row, CalendarView).response()


@calendar_router.post("", status_code=201, response_model=CalendarView, responses=problems(404, 409))
async def create_calendar(call: CallDep, body: NewCalendar) -> Response:
    """A new calendar."""
    actor = call.principal.actor(body.client_id)
    return await _created(
        call,
        CALENDAR,
        CalendarView,
        "/v1/calendars",
        body.client_id,
        lambda connection: call.services.agreements.create_calendar(
            connection, body.model_dump(), now=call.now, actor=actor
        ),
    )


@calendar_router.patch("/{calendar_id}", response_model=CalendarView, responses=problems(404, 409, 412))
async def edit_calendar(
    call: CallDep, calendar_id: UUID, body: EditCalendar, if_match: IfMatch = None
) -> Response:
    """New values of a calendar."""
    values = body.model_dump(exclude_unset=True)
    return await _edited(
        call,
        CALENDAR,
        CalendarView,
        calendar_id,
        values,
        if_match,
        lambda connection, row: call.services.agreements.edit_calendar(
            connection, row, values, now=call.now, actor=call.principal.actor(row["client_id"])
        ),
    )
