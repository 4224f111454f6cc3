"""Coding rules of a client: words that choose account, cost centre and tax code, tried in order."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from api.access import VENDOR_READERS, VENDOR_WRITERS, Rule, allow
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.v1.clients import one as client_one
from api.v1.own_lists import for_client
from api.v1.parameters import problems
from schemas.vendors import CodingRuleOrder, CodingRules, CodingRuleView, EditCodingRule, NewCodingRule
from ticketos.db.repositories import vendors

router = APIRouter(prefix="/v1", tags=["vendors"])

_READ = allow(VENDOR_READERS, scope="admin:read")
_WRITE = allow(VENDOR_WRITERS, scope="admin:write")
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/clients/{client_id}/coding-rules"): _READ,
    ("POST", "/v1/clients/{client_id}/coding-rules/order"): _WRITE,
    ("POST", "/v1/coding-rules"): _WRITE,
    ("GET", "/v1/coding-rules/{rule_id}"): _READ,
    ("PATCH", "/v1/coding-rules/{rule_id}"): _WRITE,
    ("DELETE", "/v1/coding-rules/{rule_id}"): _WRITE,
}


def one(connection: Connection, call: Call, rule_id: UUID) -> RowMapping:
    """The rule, if the caller may see it."""
    return call.found(vendors.rule(connection, rule_id), "rule")


def _held(connection: Connection, call: Call, rule_id: UUID, if_match: str | None) -> RowMapping:
    """The rule as nobody changes it meanwhile, if it is what the caller read."""
    call.services.vendors.hold_rules(connection, one(connection, call, rule_id)["client_id"])
    row = one(connection, call, rule_id)
    require_match(if_match, row["row_version"])
    return row


def of_client(connection: Connection, client_id: UUID) -> list[CodingRuleView]:
    """A client's rules, each with its place."""
    return [
        CodingRuleView.model_validate({**row, "place": place, "version": row["row_version"]})
        for place, row in enumerate(vendors.rules(connection, (client_id,)), start=1)
    ]


def _reply(connection: Connection, row: RowMapping, status: int = 200) -> Reply:
    (shown,) = (it for it in of_client(connection, row["client_id"]) if it.id == row["id"])
    headers = {"ETag": etag(shown.version)}
    if status == 201:
        headers["Location"] = f"/v1/coding-rules/{row['id']}"
    return Reply(shown, status, headers)


@router.get("/clients/{client_id}/coding-rules", response_model=CodingRules, responses=problems(404))
async def list_rules(call: ReadDep, client_id: UUID) -> Response:
    """All rules of a client in the order they are tried: the first whose words a document holds decides."""

    def read(connection: Connection) -> Reply:
        client_one(connection, call, client_id)
        return Reply(CodingRules(items=of_client(connection, client_id)))

    return (await call.read(read)).response()


@router.post(
    "/clients/{client_id}/coding-rules/order", response_model=CodingRules, responses=problems(404, 409)
)
async def order_rules(call: CallDep, client_id: UUID, body: CodingRuleOrder) -> Response:
    """The order in which the rules are tried."""

    def write(connection: Connection) -> Reply:
        client_one(connection, call, client_id)
        call.services.vendors.order_rules(
            connection, client_id, body.rules, now=call.now, actor=call.principal.actor(client_id)
        )
        return Reply(CodingRules(items=of_client(connection, client_id)))

    return await call.write(write)


@router.post("/coding-rules", status_code=201, response_model=CodingRuleView, responses=problems(404))
async def create_rule(call: CallDep, body: NewCodingRule) -> Response:
    """A new rule. Its account must be in the client's chart, where the client has one."""

    def write(connection: Connection) -> Reply:
        for_client(call, body.client_id)
        made = call.services.vendors.create_rule(
            connection, body.model_dump(), now=call.now, actor=call.principal.actor(body.client_id)
        )
        row = vendors.rule(connection, made)
        assert row is not None
        return _reply(connection, row, 201)

    return await call.write(write)


@router.get("/coding-rules/{rule_id}", response_model=CodingRuleView, responses=problems(404))
async def read_rule(call: ReadDep, rule_id: UUID) -> Response:
    """One rule; the ETag is its version."""
    return (await call.read(lambda connection: _reply(connection, one(connection, call, rule_id)))).response()


@router.patch("/coding-rules/{rule_id}", response_model=CodingRuleView, responses=problems(404, 412))
async def edit_rule(call: CallDep, rule_id: UUID, body: EditCodingRule, if_match: IfMatch = None) -> Response:
    """New values of a rule, or another place in the order."""

    def write(connection: Connection) -> Reply:
        row = _held(connection, call, rule_id, if_match)
        call.services.vendors.edit_rule(
            connection,
            row,
            body.model_dump(exclude_unset=True),
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        changed = vendors.rule(connection, rule_id)
        assert changed is not None
        return _reply(connection, changed)

    return await call.write(write)


@router.delete("/coding-rules/{rule_id}", status_code=204, responses=problems(404, 412))
async def remove_rule(call: CallDep, rule_id: UUID, if_match: IfMatch = None) -> Response:
    """The rule is tried no more. What it coded stays as it is."""

    def write(connection: Connection) -> Reply:
        row = _held(connection, call, rule_id, if_match)
        call.services.vendors.remove_rule(
            connection, row, now=call.now, actor=call.principal.actor(row["client_id"])
        )
        return Reply(None, 204)

    return await call.write(write)
