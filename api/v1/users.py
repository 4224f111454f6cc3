"""People, their skills, certificates and grants (admin; a client's administrator for its own people)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.principal import CLIENT_ROLES
from api.services import in_thread
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.accounts import EditUser, Grant, GrantView, NewUser, UserView
from schemas.http import Page
from ticketos.db.repositories import credentials, persons
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/users", tags=["admin"])


def _view(row: RowMapping, grants: Sequence[credentials.Grant]) -> UserView:
    shown = [GrantView.model_validate({"role": g.role, "client_id": g.client_id}) for g in grants]
    return UserView.model_validate({**row, "grants": shown, "version": row["row_version"]})


def _reply(connection: Connection, user_id: UUID, status: int = 200) -> Reply:
    row = persons.user(connection, user_id)
    assert row is not None
    view = _view(row, persons.grants_of(connection, [user_id]).get(user_id, []))
    headers = {"ETag": etag(view.version)} | ({"Location": f"/v1/users/{user_id}"} if status == 201 else {})
    return Reply(view, status, headers)


@router.get("", response_model=Page[UserView], responses=problems(400, 404))
async def list_users(
    call: ReadDep, client_id: Annotated[UUID | None, Query()] = None, limit: Limit = 50, cursor: Cursor = None
) -> JSONResponse:
    """People of the companies the caller sees."""
    after, seen = id_cursor(cursor), call.principal.clients_with(call.rule.roles)
    if client_id is not None:
        if client_id not in call.principal.clients:
            raise DomainError("client-unknown")
        seen = tuple(one for one in seen if one == client_id)

    def read(connection: Connection) -> JSONResponse:
        rows = persons.users(connection, seen, limit=limit + 1, after=after)
        following = str(rows[limit - 1]["id"]) if len(rows) > limit else None
        grants = persons.grants_of(connection, [row["id"] for row in rows])
        shown = [_view(row, grants.get(row["id"], [])) for row in rows[:limit]]
        return page(shown, following, call.request.url, Page[UserView])

    return await call.read(read)


def one(connection: Connection, call: Call, user_id: UUID, *, lock: bool = False) -> RowMapping:
    """The person, if the caller may see them."""
    return call.found(persons.user(connection, user_id, lock=lock), "user")


@router.get("/{user_id}", response_model=UserView, responses=problems(404))
async def read_user(call: ReadDep, user_id: UUID) -> Response:
    """One person; the ETag is their version."""

    def read(connection: Connection) -> Response:
        one(connection, call, user_id)
        return _reply(connection, user_id).response()

    return await call.read(read)


def _checked(call: Call, company: UUID, grants: Sequence[Grant]) -> list[credentials.Grant]:
    """The grants, if the caller may give each of them there: an administrator any over the clients they
    administer, a client's administrator its own two roles, nobody else any (``grant-not-yours``)."""
    mine = call.principal
    for grant in grants:
        scope = grant.client_id
        if scope is not None and scope not in mine.clients:
            raise DomainError("client-unknown")
        everywhere = any(g.role == "admin" and g.client_id is None for g in mine.caller.grants)
        if everywhere or (scope is not None and "admin" in mine.roles_over(scope)):
            continue
        own = scope == company and grant.role in CLIENT_ROLES and "client_admin" in mine.roles_over(company)
        if not own:
            raise DomainError("grant-not-yours", role=grant.role)
    return [credentials.Grant(grant.role, grant.client_id) for grant in grants]


async def _hashed(values: dict[str, Any]) -> dict[str, Any]:
    """The values as columns: the password as its hash, dates and ids as text."""
    secret = values.pop("password", None)
    if secret is not None:
        values["password_hash"] = await in_thread(
            lambda: credentials.hash_password(secret.get_secret_value())
        )
    if values.get("certifications") is not None:
        values["certifications"] = {
            k: v.isoformat() if v else None for k, v in values["certifications"].items()
        }
    if values.get("ring_fence") is not None:
        values["ring_fence"] = [str(one) for one in values["ring_fence"]]
    return values


@router.post("", status_code=201, response_model=UserView, responses=problems(404, 409))
async def create_user(call: CallDep, body: NewUser) -> Response:
    """A new person with a login."""
    company = body.client_id or call.principal.home
    if company not in call.principal.clients:
        raise DomainError("client-unknown")
    values = await _hashed(body.model_dump(exclude={"client_id", "grants"}))

    def create(connection: Connection) -> Reply:
        call.about({"client_id": company, "id": company}, "client")
        user_id = call.services.accounts.create_user(
            connection,
            company,
            values,
            _checked(call, company, body.grants),
            now=call.now,
            actor=call.principal.actor(company),
        )
        return _reply(connection, user_id, 201)

    return await call.write(create)


@router.patch("/{user_id}", response_model=UserView, responses=problems(404, 409, 412))
async def edit_user(call: CallDep, user_id: UUID, body: EditUser, if_match: IfMatch = None) -> Response:
    """New values of a person. Grants come and go with the whole list; the ones that stay must be the
    caller's to give as well, so that nobody takes away what they could not have given."""
    given = body.model_dump(exclude_unset=True, exclude={"grants"})
    values = await _hashed({name: value for name, value in given.items() if value is not None})

    def edit(connection: Connection) -> Reply:
        row = one(connection, call, user_id, lock=True)
        require_match(if_match, row["row_version"])
        held = [
            Grant.model_validate({"role": g.role, "client_id": g.client_id})
            for g in persons.grants_of(connection, [user_id]).get(user_id, [])
        ]
        if body.grants is not None or "password_hash" in values:
            _checked(call, row["client_id"], held)  # who sets a password may sign in as that person
        grants = None if body.grants is None else _checked(call, row["client_id"], body.grants)
        if values or grants is not None:
            call.services.accounts.edit_user(
                connection, row, values, grants, now=call.now, actor=call.principal.actor(row["client_id"])
            )
        return _reply(connection, user_id)

    answer = await call.write(edit)
    call.services.callers.clear()
    return answer
