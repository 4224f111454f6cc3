"""Refused acts are in the trail: who tried what, and which code stopped them (TA5)."""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from api.errors import status_of
from api.principal import Principal
from api.services import Services, in_thread
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

log = structlog.get_logger()

_READING = ("GET", "HEAD")


def worth_recording(method: str, error: DomainError) -> bool:
    """A forbidden attempt always; an act refused for any reason of substance; a mistyped request never."""
    status = status_of(error.code)
    if status == 403:
        return True
    if method in _READING:
        return False
    return status in (404, 409, 422) and not error.code.startswith(
        ("request-", "idempotency-", "not-started")
    )


async def record_refusal(
    services: Services, scope: Scope, error: DomainError, visitor: Actor | None = None
) -> None:
    """Write ``access.refused`` under the client concerned when it is known, else under the caller's own
    company. ``visitor`` is who came without signing in, by a signed link of a client."""
    state = scope["state"]
    principal: Principal | None = state.get("principal")
    client_id: UUID | None = state.get("client_id") or (principal.home if principal is not None else None)
    if client_id is None or not worth_recording(scope["method"], error):
        return
    actor = visitor if principal is None else principal.actor(client_id)
    if actor is None:
        return
    ticket_id: UUID | None = state.get("ticket_id")
    emit = Emit(
        "access.refused",
        after={"method": scope["method"], "route": state.get("route"), "status": status_of(error.code)},
        why=error.code,
        entity=state.get("entity"),
        entity_id=state.get("entity_id"),
    )

    def write() -> None:
        with services.database.transaction([client_id]) as connection:
            services.audit.record(
                connection,
                client_id=client_id,
                ticket_id=ticket_id,
                root_id=ticket_id,
                at=services.now(),
                actor=actor,
                emit=emit,
            )

    try:
        await in_thread(write)
    except SQLAlchemyError as failure:  # the refusal itself stands; that it could not be written must be seen
        log.warning("audit.refusal_lost", code=error.code, cause=str(failure))
