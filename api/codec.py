"""The codec endpoint of the Temporal Web UI: decodes payloads for those who may read them, each on record.

Encoding is not offered: only our own processes write. The browser sends the UI's origin, and no other origin
is answered with the headers that let a page read us.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.concurrency import run_in_threadpool
from temporalio.api.common.v1 import Payload, Payloads

from api.errors import problem
from ticketos.crypto import Keyring, UnreadableError
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.payloads import EncryptingCodec, is_encrypted, workflow_of

MOST_BYTES = 16 * 1024 * 1024
"""Largest request; the UI sends one page of a history."""

MayDecode = Callable[[Request, Sequence[str]], None]
"""Called (in a thread) before anything is decrypted, with the ids of the workflows named, sorted. Raises
DomainError when the caller may not read one of them; else records `access.decoded` (see `decoded`)."""


def codec_app(keyring: Keyring, *, may_decode: MayDecode, ui_origin: str) -> FastAPI:
    """The endpoint as an app of its own, to be mounted or served on a port: `POST /decode`.

    `ui_origin` is the Web UI's scheme, host and port: its pages alone may call from a browser.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(codec_router(keyring, may_decode=may_decode))
    app.add_exception_handler(DomainError, _refused)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[ui_origin.rstrip("/")],
        allow_credentials=True,
        allow_methods=["POST"],
        allow_headers=["Authorization", "Content-Type", "X-Namespace"],
        max_age=600,
    )
    return app


def codec_router(keyring: Keyring, *, may_decode: MayDecode) -> APIRouter:
    """`POST /decode` alone, without the headers a browser needs."""
    router = APIRouter()
    codec = EncryptingCodec(keyring)

    @router.post("/decode")
    async def decode(request: Request) -> Response:
        payloads = _payloads(await _body(request))
        # Asked by the names before decrypting; they are bound into the ciphertext, so a forged one fails.
        named = sorted({workflow_of(payload) for payload in payloads if is_encrypted(payload)})
        if named:
            await run_in_threadpool(may_decode, request, named)
        try:
            opened = await codec.decode(payloads)
        except UnreadableError as error:
            raise DomainError("payload-unreadable", why=str(error)) from error
        return Response(
            json.dumps(MessageToDict(Payloads(payloads=opened))),
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    return router


def decoded(workflow_id: str) -> Emit:
    """The event that a payload of this workflow was decoded."""
    return Emit("access.decoded", entity="workflow", entity_id=workflow_id)


def ticket_of(workflow_id: str) -> UUID | None:
    """The ticket a workflow belongs to (`ticket/{id}` or `ticket/{id}/{line}`), if it is one's."""
    kind, _, rest = workflow_id.partition("/")
    if kind != "ticket":
        return None
    try:
        return UUID(rest.partition("/")[0])
    except ValueError:
        return None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise DomainError("body-too-large", limit_mb=MOST_BYTES // (1024 * 1024))
    return bytes(body)


def _payloads(body: bytes) -> list[Payload]:
    try:
        return list(ParseDict(json.loads(body), Payloads()).payloads)
    except (ValueError, ParseError, AttributeError, TypeError, RecursionError) as error:
        raise DomainError("request-malformed", reason="not a list of payloads in protobuf JSON") from error


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, DomainError):
        raise error
    return problem(error, request.url.path, "")
