"""Requests: raise, list, read, edit, link, and everything around one of them (OP1, MF1, TA6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, TypeAdapter, ValidationError
from sqlalchemy import Connection, RowMapping
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import views
from api.access import require_role
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.errors import InvalidRequestError
from api.failures import field_error
from api.services import in_thread
from api.v1.parameters import Cursor, Limit, Many, page, problems
from schemas.act_bodies import LinkBody
from schemas.acts import Priority
from schemas.documents import DocumentView
from schemas.http import Page
from schemas.requests import (
    ClockView,
    EditTicket,
    EventView,
    LinkView,
    NewTicket,
    TicketView,
    TreeView,
    UsageView,
)
from schemas.ticket import TicketStart
from ticketos.db.repositories import clients, documents, tasks, tickets
from ticketos.db.repositories.intake import MAX_FILES
from ticketos.domain.deadline import STAGE
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


def client_asked(connection: Connection, call: Call, named: str | None) -> UUID:
    """The client a request is for: named by id or short name, else the caller's own company."""
    if named is None:
        client_id = call.principal.home
    else:
        client_id = _named(connection, call, named)
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown" if named else "forbidden")
    require_role(call.principal, call.rule, client_id)
    return client_id


def _named(connection: Connection, call: Call, named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        known = call.services.slugs.get(named)
    if known is None:
        row = clients.by_slug(connection, named)
        if row is None:
            raise DomainError("client-unknown")
        known = call.services.slugs[named] = UUID(str(row["id"]))
    return known


@router.get("", response_model=Page[TicketView], responses=problems(400, 404))
async def list_tickets(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    state: Many = [],  # noqa: B006 (FastAPI copies it)
    stage: Many = [],  # noqa: B006
    service_line: Annotated[str | None, Query(max_length=40)] = None,
    line: Annotated[str | None, Query(max_length=40, description="Short for service_line")] = None,
    priority: Annotated[Priority | None, Query()] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Words of number, subject or requester")
    ] = None,
    sla_state: Many = [],  # noqa: B006
    desk: Annotated[str | None, Query(max_length=40)] = None,
    since: Annotated[AwareDatetime | None, Query(description="Received from here on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Received before")] = None,
    sort: Annotated[
        str, Query(pattern="^-?received_at$", description="-received_at: the newest first")
    ] = "-received_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Requests the caller may see, the newest first."""

    def read(connection: Connection) -> JSONResponse:
        chosen = call.principal.clients_with(call.rule.roles)
        if client is not None:
            chosen = (client_asked(connection, call, client),)
        found: tuple[UUID, ...] | None = None
        if q is not None:
            found = tickets.searched(connection, chosen, q)
        wanted = tickets.Filter(
            client_ids=chosen,
            states=tuple(state),
            stages=tuple(stage),
            service_line=service_line or line,
            priority=priority,
            found=found,
            newest_first=sort.startswith("-"),
            sla_states=tuple(sla_state),
            desk=desk,
            since=since,
            until=until,
        )
        rows, following = tickets.listed(connection, wanted, limit, cursor)
        shown = [views.ticket(row, call.principal, call.services) for row in rows]
        return page(shown, following, call.request.url, Page[TicketView])

    return await call.read(read)


def one(connection: Connection, call: Call, ticket_id: UUID, *, lock: bool = False) -> RowMapping:
    """The ticket, if the caller may work on it."""
    return call.found(tickets.get(connection, ticket_id, lock=lock), "ticket")


@router.get(
    "/{ticket_id}", response_model=TicketView, responses=problems(404) | {304: {"description": "Unchanged"}}
)
async def read_ticket(call: ReadDep, ticket_id: UUID) -> Response:
    """One ticket; the ETag is its version."""
    row = await call.read(lambda connection: one(connection, call, ticket_id))
    tag = etag(row["row_version"])
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Reply(views.ticket(row, call.principal, call.services), headers={"ETag": tag}).response()


@router.patch("/{ticket_id}", response_model=TicketView, responses=problems(404, 409, 412))
async def edit_ticket(call: CallDep, ticket_id: UUID, body: EditTicket, if_match: IfMatch = None) -> Response:
    """Another subject. With If-Match a ticket changed meanwhile is refused."""

    def edit(connection: Connection) -> Reply:
        row = one(connection, call, ticket_id, lock=True)
        require_match(if_match, row["row_version"])
        actor = call.principal.actor(row["client_id"])
        changed = call.services.tickets.set_subject(connection, row, body.subject, actor=actor, at=call.now)
        return Reply(
            views.ticket(changed, call.principal, call.services),
            headers={"ETag": etag(changed["row_version"])},
        )

    return await call.write(edit)


@router.get("/{ticket_id}/tree", response_model=TreeView, responses=problems(404))
async def read_tree(call: ReadDep, ticket_id: UUID) -> JSONResponse:
    """Everything of a request with every event in order; asked for a part of the tree, it gives the whole
    one."""

    def read(connection: Connection) -> TreeView:
        row = one(connection, call, ticket_id)
        root_id = row["root_id"]
        root = row if root_id == row["id"] else one(connection, call, root_id)
        staff = call.principal.staff_over(root["client_id"])
        around = tickets.tree(connection, root_id)
        events = call.services.audit.timeline(connection, root_id)
        rework, rework_total = views.rework(around.children)
        checks, todo = documents.quality_of(connection, root_id), tasks.of_ticket(connection, root_id)
        return TreeView(
            ticket=views.ticket(root, call.principal, call.services),
            children=[views.ticket(child, call.principal, call.services) for child in around.children],
            documents=[
                views.document(one_, call.principal) for one_ in documents.of_ticket(connection, root_id)
            ],
            tasks=[views.task(task, call.principal) for task in todo],
            clocks=[
                ClockView.model_validate(dict(clock))
                for clock in around.clocks
                if staff or not clock["kind"].startswith(STAGE)  # targets of our own desks are our business
            ],
            messages=views.messages(around.messages, staff),
            quality=[views.qa_check(check, call.principal) for check in checks],
            rework=rework,
            rework_total=rework_total,
            approvals=[views.approval(approval) for approval in around.approvals],
            rounds=views.rounds(checks, around.approvals, todo, staff),
            usage=[UsageView.model_validate(dict(usage)) for usage in around.usage],
            links=[LinkView.model_validate(dict(link)) for link in around.links],
            events=views.events(events, staff),
            workflow_url=views.workflow_url(root_id, root["client_id"], call.principal, call.services),
        )

    tree = await call.read(read)
    return await in_thread(lambda: JSONResponse(tree.model_dump(mode="json")))


@router.get("/{ticket_id}/events", response_model=Page[EventView], responses=problems(400, 404))
async def read_events(
    call: ReadDep, ticket_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> JSONResponse:
    """The events of a request's tree in the order of recording; the cursor is the last ``seq`` seen."""
    if cursor is not None and not cursor.isdigit():
        raise DomainError("cursor-invalid")
    after = int(cursor or 0)

    def read(connection: Connection) -> JSONResponse:
        row = one(connection, call, ticket_id)
        found = call.services.audit.timeline(connection, row["root_id"], after=after, limit=limit + 1)
        staff = call.principal.staff_over(row["client_id"])
        shown = views.events(found[:limit], staff)
        following = str(found[limit - 1].seq) if len(found) > limit else None
        return page(shown, following, call.request.url, Page[EventView])

    return await call.read(read)


@router.get("/{ticket_id}/documents", response_model=Page[DocumentView], responses=problems(400, 404))
async def list_documents(
    call: ReadDep,
    ticket_id: UUID,
    state: Many = [],  # noqa: B006
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """The documents of a request in the order they came; the cursor is the last position seen."""
    if cursor is not None and not cursor.isdigit():
        raise DomainError("cursor-invalid")
    after = int(cursor) if cursor is not None else -1

    def read(connection: Connection) -> JSONResponse:
        row = one(connection, call, ticket_id)
        found = documents.of_ticket(
            connection, row["root_id"], states=tuple(state), after=after, limit=limit + 1
        )
        shown = [views.document(document, call.principal) for document in found[:limit]]
        following = str(shown[-1].position) if len(found) > limit else None
        return page(shown, following, call.request.url, Page[DocumentView])

    return await call.read(read)


@router.post("/{ticket_id}/links", status_code=201, response_model=LinkView, responses=problems(404, 409))
async def link_ticket(call: CallDep, ticket_id: UUID, body: LinkBody) -> Response:
    """Tie this ticket to another of the same client."""

    def link(connection: Connection) -> Reply:
        made = linked(connection, call, one(connection, call, ticket_id), body.other, body.kind)
        return Reply(LinkView.model_validate(dict(made)), 201)

    return await call.write(link)


def linked(connection: Connection, call: Call, row: RowMapping, named: str, kind: str) -> RowMapping:
    """Tie ``row`` to the ticket of that id or number."""
    try:
        other = tickets.get(connection, TypeAdapter(UUID).validate_python(named))
    except ValidationError:
        other = tickets.by_number(connection, row["client_id"], named)
    if other is None or other["client_id"] not in call.principal.clients:
        raise DomainError("not-found", what="other ticket")
    actor = call.principal.actor(row["client_id"])
    return call.services.tickets.link(connection, row, other, kind, actor=actor, at=call.now)
