"""Keys for programs: at most what their owner may do, narrowed by scopes, shown once (CS7)."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from api.deps import CallDep, ReadDep, Reply
from api.v1.parameters import page, problems
from schemas.accounts import ApiKeyView, CreatedApiKey, NewApiKey
from schemas.http import Page
from ticketos.db.repositories import credentials
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/api-keys", tags=["account"])


@router.get("", response_model=Page[ApiKeyView], responses=problems())
async def list_keys(call: ReadDep) -> JSONResponse:
    """The caller's own keys, without their secrets."""
    rows = await call.read(lambda connection: credentials.keys_of(connection, call.principal.user_id))
    return page(
        [ApiKeyView.model_validate(dict(row)) for row in rows], None, call.request.url, Page[ApiKeyView]
    )


@router.post("", status_code=201, response_model=CreatedApiKey, responses=problems(409))
async def create_key(call: CallDep, body: NewApiKey) -> Response:
    """A new key. A key can make another one only with scopes it has itself. The secret is kept nowhere, so
    the answer to a repeat with the same Idempotency-Key comes without it."""
    held = call.principal.caller.scopes
    if held is not None and not set(body.scopes) <= held:
        raise DomainError("scope-missing", scope=", ".join(sorted(set(body.scopes) - held)))

    def create(connection: Connection) -> Reply:
        secret, row = call.services.accounts.create_key(
            connection,
            call.principal.caller,
            name=body.name,
            scopes=body.scopes,
            expires_at=body.expires_at,
            now=call.now,
            actor=call.principal.actor(call.principal.home),
        )
        view = CreatedApiKey.model_validate({**row, "key": secret})
        return Reply(
            view, 201, {"Location": f"/v1/api-keys/{row['id']}"}, kept=ApiKeyView.model_validate(dict(row))
        )

    return await call.write(create)


@router.delete("/{key_id}", status_code=204, response_class=Response, responses=problems(404))
async def revoke_key(call: ReadDep, key_id: UUID) -> Response:
    """End a key at once."""

    def revoke(connection: Connection) -> None:
        done = call.services.accounts.revoke_key(
            connection,
            call.principal.caller,
            key_id,
            now=call.now,
            actor=call.principal.actor(call.principal.home),
        )
        if not done:
            raise DomainError("not-found", what="API key")

    await call.read(revoke)
    call.services.callers.clear()
    return Response(status_code=204)
