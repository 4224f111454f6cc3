"""The API's process: the app on its port and, where asked, the codec endpoint of the Temporal Web UI on loopback."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request
from starlette.types import ASGIApp

from api.app import create_app
from api.codec import MayDecode, codec_app, decoded, ticket_of
from api.services import Services
from ticketos import logs
from ticketos.db.session import driver
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from ticketos.heap import settle
from ticketos.settings import Settings

LOOPBACK = "127.0.0.1"
GRACE_S = 10
SWITCH_S = 0.001
"""How long a thread may keep the interpreter from the others: a request waits for it several times, once after each
answer of the database, and the usual 5 ms would add up."""


def run(settings: Settings) -> None:
    """Serve until told to end."""
    logs.configure(settings.log_level)
    sys.setswitchinterval(SWITCH_S)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    app = create_app(settings)
    main = uvicorn.Server(_config(app, settings.host, settings.port, settings))
    servers = [main]
    if settings.codec_port and settings.codec_path:
        beside = uvicorn.Server(
            _config(codec(app.state.services, settings), LOOPBACK, settings.codec_port, settings)
        )
        servers.append(beside)
    settle()
    ends = [asyncio.create_task(server.serve()) for server in servers]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*ends)


def codec(services: Services, settings: Settings) -> ASGIApp:
    """The decoding endpoint under its secret path. Whoever knows the path is signed in to this machine's own Web UI;
    each decode is on record at the ticket's client."""
    secret = settings.codec_path.get_secret_value() if settings.codec_path else ""
    outer = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    outer.mount(
        f"/{secret}",
        codec_app(services.keyring, may_decode=recorded(services), ui_origin=settings.temporal_ui_url or ""),
    )
    return outer


def recorded(services: Services) -> MayDecode:
    """Record each decode in the trail of the client whose ticket it is; what belongs to no ticket is refused."""

    def may_decode(request: Request, workflow_ids: Sequence[str]) -> None:
        for workflow_id in workflow_ids:
            ticket_id = ticket_of(workflow_id)
            client_id = _client_of(services, ticket_id) if ticket_id else None
            if client_id is None:
                client_id, ticket_id = _provider(services), None
            origin = request.client.host if request.client else None
            with services.database.transaction([client_id]) as connection:
                services.audit.record(
                    connection,
                    client_id=client_id,
                    ticket_id=ticket_id,
                    root_id=ticket_id,
                    at=services.now(),
                    actor=Actor("user", origin=f"temporal-ui {origin}"),
                    emit=decoded(workflow_id),
                )

    return may_decode


def _client_of(services: Services, ticket_id: UUID) -> UUID | None:
    with services.database.system() as connection:
        row = (
            driver(connection).execute("select client_id from ticket where id = %s", (ticket_id,)).fetchone()
        )
    return row[0] if row else None


def _provider(services: Services) -> UUID:
    with services.database.system() as connection:
        row = driver(connection).execute("select provider_client()").fetchone()
    if row is None or row[0] is None:
        raise DomainError("provider-missing")
    found: UUID = row[0]
    return found


def _config(app: ASGIApp, host: str, port: int, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
