"""Companies (MO9, admin)."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import require_role
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.admin import ClientView, EditClient, NewClient
from schemas.http import Page
from ticketos.db.repositories import clients
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/clients", tags=["admin"])


def _view(row: RowMapping) -> ClientView:
    return ClientView.model_validate({**row, "version": clients.version(row)})


def _reply(row: RowMapping, status: int = 200) -> Reply:
    view = _view(row)
    headers = {"ETag": etag(view.version)}
    if status == 201:
        headers["Location"] = f"/v1/clients/{view.id}"
    return Reply(view, status, headers)


@router.get("", response_model=Page[ClientView], responses=problems(400))
async def list_clients(call: ReadDep, limit: Limit = 50, cursor: Cursor = None) -> JSONResponse:
    """The companies whose data the caller sees."""
    after, seen = id_cursor(cursor), call.principal.clients_with(call.rule.roles)
    rows = await call.read(lambda connection: clients.listed(connection, seen, limit=limit + 1, after=after))
    following = str(rows[limit - 1]["id"]) if len(rows) > limit else None
    return page([_view(row) for row in rows[:limit]], following, call.request.url, Page[ClientView])


def one(connection: Connection, call: Call, client_id: UUID, *, lock: bool = False) -> RowMapping:
    """The company, if the caller may see it."""
    row = clients.get(connection, client_id, lock=lock) if client_id in call.principal.clients else None
    if row is None:
        raise DomainError("not-found", what="client")
    call.request.state.client_id = client_id
    call.request.state.entity, call.request.state.entity_id = "client", str(client_id)
    require_role(call.principal, call.rule, client_id)
    return row


@router.get("/{client_id}", response_model=ClientView, responses=problems(404))
async def read_client(call: ReadDep, client_id: UUID) -> Response:
    """One company; the ETag is a hash of what may be edited."""
    return _reply(await call.read(lambda connection: one(connection, call, client_id))).response()


@router.post("", status_code=201, response_model=ClientView, responses=problems(409))
async def create_client(call: CallDep, body: NewClient) -> Response:
    """A new company. Only an administrator of all clients can make one, and sees it from then on."""
    if not any(grant.role == "admin" and grant.client_id is None for grant in call.principal.caller.grants):
        raise DomainError("forbidden", needs=["admin of all clients"])
    client_id = call.services.new_id()

    def create(connection: Connection) -> Reply:
        call.services.clients.create(
            connection, client_id, body.model_dump(), now=call.now, actor=call.principal.actor()
        )
        row = clients.get(connection, client_id)
        assert row is not None
        return _reply(row, 201)

    answer = await call.write(create, also=[client_id])
    call.services.callers.clear()  # people with a role over all clients see this one from now on
    return answer


@router.patch("/{client_id}", response_model=ClientView, responses=problems(404, 409, 412))
async def edit_client(call: CallDep, client_id: UUID, body: EditClient, if_match: IfMatch = None) -> Response:
    """New values of a company. With If-Match one changed meanwhile is refused."""

    def edit(connection: Connection) -> Reply:
        row = one(connection, call, client_id, lock=True)
        require_match(if_match, clients.version(row))
        values = body.model_dump(exclude_unset=True)
        if values:
            call.services.clients.edit(
                connection, row, values, now=call.now, actor=call.principal.actor(client_id)
            )
        changed = clients.get(connection, client_id)
        assert changed is not None
        return _reply(changed)

    return await call.write(edit)
