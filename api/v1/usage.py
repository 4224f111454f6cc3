"""PB9: usage without a contract waits here until a person gives it one, or waives it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import BILLERS, Rule, allow
from api.deps import Call, CallDep, ReadDep, Reply
from api.v1.invoices import clients_seen
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.http import Page
from schemas.usage import GiveContract, HeldUnit, WaiveUsage
from ticketos.db.repositories import held_usage
from ticketos.db.repositories.held_usage import HeldUsages

router = APIRouter(prefix="/v1/held-usage", tags=["billing"])

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/held-usage"): allow(BILLERS, "desk", scope="billing:read"),
    ("GET", "/v1/held-usage/{usage_id}"): allow(BILLERS, "desk", scope="billing:read"),
    ("POST", "/v1/held-usage/{usage_id}/contract"): allow("finance", "desk", scope="billing:write"),
    ("POST", "/v1/held-usage/{usage_id}/waive"): allow("finance", scope="billing:write"),
}
"""The desk knows which contract is meant; to bill nothing is finance's to say."""


@router.get("", response_model=Page[HeldUnit], responses=problems(400, 404))
async def list_held(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Accepted units that no contract covers, the newest first."""
    before = id_cursor(cursor)

    found = await call.read(lambda connection: held_of(connection, call, client, limit + 1, before))
    following = str(found[limit - 1].id) if len(found) > limit else None
    return page(found[:limit], following, call.request.url, Page[HeldUnit])


def held_of(
    connection: Connection, call: Call, client: str | None, limit: int, before: UUID | None = None
) -> list[HeldUnit]:
    """What waits for a contract at one client, or at all whose billing is the caller's, the newest first."""
    seen = clients_seen(connection, call, client)
    return [
        HeldUnit.model_validate(dict(row))
        for row in held_usage.listed(connection, seen, limit=limit, before=before)
    ]


@router.get("/{usage_id}", response_model=HeldUnit, responses=problems(404))
async def read_held(call: ReadDep, usage_id: UUID) -> Response:
    """One unit, whatever became of it; while it is held, with the contracts it may be billed under."""
    return (await call.read(lambda connection: Reply(one(connection, call, usage_id)))).response()


def one(connection: Connection, call: Call, usage_id: UUID) -> HeldUnit:
    """One unit with the contracts it may be billed under."""
    row = call.found(held_usage.get(connection, usage_id), "usage")
    found = held_usage.contracts_for(connection, row) if row["state"] == "held" else ()
    return HeldUnit.model_validate({**row, "contracts": [{"id": c.id, "number": c.number} for c in found]})


def _locked(connection: Connection, call: Call, usage_id: UUID) -> RowMapping:
    return call.found(held_usage.get(connection, usage_id, lock=True), "usage")


def _shown(connection: Connection, usage_id: UUID) -> Reply:
    row = held_usage.get(connection, usage_id)
    assert row is not None
    return Reply(HeldUnit.model_validate(dict(row)))


@router.post("/{usage_id}/contract", response_model=HeldUnit, responses=problems(404, 409))
async def give_contract(call: CallDep, usage_id: UUID, body: GiveContract) -> Response:
    """Bill it under a contract that was in force when its request came in; a locked month passes it to the next open one."""

    def write(connection: Connection) -> Reply:
        row = _locked(connection, call, usage_id)
        HeldUsages(call.services.audit).give_contract(
            connection,
            row,
            body.contract_id,
            body.reason,
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return _shown(connection, usage_id)

    return await call.write(write)


@router.post("/{usage_id}/waive", response_model=HeldUnit, responses=problems(404, 409))
async def waive(call: CallDep, usage_id: UUID, body: WaiveUsage) -> Response:
    """Never bill it, with the reason in the trail."""

    def write(connection: Connection) -> Reply:
        row = _locked(connection, call, usage_id)
        HeldUsages(call.services.audit).waive(
            connection, row, body.reason, now=call.now, actor=call.principal.actor(row["client_id"])
        )
        return _shown(connection, usage_id)

    return await call.write(write)
