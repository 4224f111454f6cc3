"""A request is raised: as JSON, or as a form with files (OP1, MF1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import views
from api.deps import Call, CallDep, Reply, etag
from api.errors import InvalidRequestError
from api.failures import field_error
from api.v1.parameters import problems
from api.v1.tickets import client_asked
from schemas.requests import (
    NewTicket,
    TicketView,
)
from schemas.ticket import TicketStart
from ticketos.db.repositories.intake import MAX_FILES
from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Attachment, Intake

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

_FORM_FIELDS = (
    "client",
    "subject",
    "text",
    "priority",
    "document_class",
    "external_id",
    "requester_name",
    "requester_email",
)
_PART_BYTES = 1024 * 1024
_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/NewTicket"},
                "example": {
                    "client": "acme",
                    "subject": "Invoices of November",
                    "text": "Please enter the attached invoices.",
                    "priority": "P3",
                    "external_id": "order-4711",
                    "requester": {"name": "Asha Rao", "email": "asha@acme.example"},
                },
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in _FORM_FIELDS}
                    | {"files": {"type": "array", "items": _FILE, "maxItems": MAX_FILES}},
                }
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=TicketView,
    openapi_extra=_BODY,
    responses=problems(400, 404, 409, 413, 415)
    | {200: {"model": TicketView, "description": "The same external_id came before: that ticket"}},
)
async def raise_ticket(call: CallDep) -> Response:
    """Raise a request, with files or without. Its work begins by itself; 201 says that it is safely
    stored."""
    asked, files, fingerprint = await _asked(call.request, call.services.options.max_upload_bytes)
    return await accepted(call, asked, files, fingerprint)


async def accepted(
    call: Call, asked: NewTicket, files: tuple[Attachment, ...], fingerprint: bytes
) -> Response:
    """Store a request and offer its start; ``fingerprint`` is what a repeat shares with the first."""
    if not (asked.subject or asked.text.strip() or files):
        raise DomainError("ticket-empty")
    now, begun = call.now, list[TicketStart]()

    def accept(connection: Connection) -> Reply:
        client_id = client_asked(connection, call, asked.client)
        intake = Intake(
            channel="api",
            external_id=asked.external_id or _own_name(call),
            recipient="",
            sender=asked.requester.email or call.principal.caller.email,
            sender_name=asked.requester.name or ("" if asked.requester.email else call.principal.caller.name),
            subject=asked.subject,
            text=asked.text,
            full_text=asked.text,
            attachments=files,
            received_at=now,
            sent_at=None,
            thread_tokens=(),
            in_reply_to=None,
            references=(),
            suppress_reply=None,
            headers=(),
        )
        accepted = call.services.intake.accept(
            connection,
            intake,
            client_id=client_id,
            actor=call.principal.actor(client_id),
            priority=asked.priority,
            document_class=asked.document_class,
            last=call.key is None,  # else the answer is kept in the same transaction
        )
        row = accepted.row
        assert row is not None
        begun.clear()
        if not accepted.duplicate:
            begun.append(TicketStart(ticket_id=row["id"], client_id=client_id, number=row["number"]))
        headers = {"Location": f"/v1/tickets/{row['id']}", "ETag": etag(row["row_version"])}
        return Reply(
            views.ticket(row, call.principal, call.services), 200 if accepted.duplicate else 201, headers
        )

    if files:  # their bytes are encrypted and stored on the way: seconds, and none of the door's business
        answer = await call.write(accept, asked=fingerprint)
    else:
        with call.services.door.inside():
            answer = await call.write(accept, asked=fingerprint, limiter=call.services.taking_in)
    for start in begun:
        call.services.starter.offer(start)
    return answer


def _own_name(call: Call) -> str:
    """What tells this message from any other when the sender gave it no name: the caller's key, else nothing
    at all."""
    return f"{call.principal.name}:{call.key}" if call.key else str(call.services.new_id())


async def _asked(request: Request, most: int) -> tuple[NewTicket, tuple[Attachment, ...], bytes]:
    """What was asked, the files, and a fingerprint of both that a repeat shares."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == "application/json":
        raw = await request.body()
        return _validated(raw), (), raw
    if media != "multipart/form-data":
        raise DomainError("media-type-unsupported", accepted="application/json or multipart/form-data")
    try:
        async with request.form(max_files=MAX_FILES + 1, max_fields=50, max_part_size=_PART_BYTES) as form:
            uploads = [
                value
                for name, value in form.multi_items()
                if name == "files" and isinstance(value, UploadFile)
            ]
            values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            files = await attachments(uploads, most)
    except HTTPException as error:
        if "Too many files" in str(error.detail):
            raise DomainError("too-many-files", limit=MAX_FILES) from error
        raise
    unknown = sorted(set(values) - set(_FORM_FIELDS))
    if unknown:
        raise InvalidRequestError(
            [field_error([name], "extra_forbidden", "Extra inputs are not permitted") for name in unknown]
        )
    requester = {
        name: values.pop(f"requester_{name}") for name in ("name", "email") if f"requester_{name}" in values
    }
    body = json.dumps(
        {**{k: v for k, v in values.items() if v}, "requester": requester}, sort_keys=True
    ).encode()
    return _validated(body), files, body + digests(files)


async def attachments(uploads: Sequence[UploadFile], most: int) -> tuple[Attachment, ...]:
    """The files of a form. Raises ``too-many-files`` and ``file-too-large`` (``most`` bytes)."""
    if len(uploads) > MAX_FILES:
        raise DomainError("too-many-files", limit=MAX_FILES, files=len(uploads))
    return tuple([await _file(upload, index, most) for index, upload in enumerate(uploads)])


def digests(files: Sequence[Attachment]) -> bytes:
    """Names and hashes of files: what two sendings of the same files share."""
    return json.dumps([[one.filename, hashlib.sha256(one.content).hexdigest()] for one in files]).encode()


def _validated(raw: bytes) -> NewTicket:
    try:
        return NewTicket.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        if found[0]["type"] == "json_invalid":
            raise DomainError("request-malformed", reason=found[0]["msg"]) from error
        raise InvalidRequestError(
            [field_error(one["loc"], one["type"], one["msg"]) for one in found]
        ) from error


async def _file(upload: UploadFile, index: int, most: int) -> Attachment:
    name = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in name.encode("utf-8", "replace").decode() if c.isprintable()).strip(" .")[:180]
    filename = shown or f"file-{index + 1}"
    if upload.size is not None and upload.size > most:
        raise DomainError("file-too-large", filename=filename, limit_mb=most // 1024 // 1024)
    return Attachment(filename, upload.content_type or "application/octet-stream", await upload.read())
