"""Documents: what was read, and the file itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime
from sqlalchemy import Connection, RowMapping

from api import views
from api.deps import Call, ReadDep, Reply, etag
from api.v1.parameters import Cursor, Limit, Many, page, problems
from api.v1.tickets import client_asked
from schemas.documents import DocumentView, FoundDocument
from schemas.http import Page
from ticketos.db.repositories import documents
from ticketos.domain.changes import Emit

router = APIRouter(prefix="/v1/documents", tags=["documents"])

SHOWN = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/tiff", "image/webp", "text/plain", "text/csv"}
)
"""Types a browser may be told; anything else is bytes to save, whatever the sender called it."""


def one(connection: Connection, call: Call, document_id: UUID) -> RowMapping:
    """The document, if the caller may see it."""
    return call.found(documents.get(connection, document_id), "document")


@router.get("", response_model=Page[FoundDocument], responses=problems(400, 404))
async def list_documents(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=64, description="Id or short name of a client")] = None,
    state: Many = [],  # noqa: B006 (FastAPI copies it)
    doc_type: Annotated[str | None, Query(max_length=40)] = None,
    q: Annotated[
        str | None,
        Query(max_length=200, description="Words of file name, supplier, number, total or reference"),
    ] = None,
    since: Annotated[AwareDatetime | None, Query(description="Received from here on")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Received before")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Documents the caller may see, the newest first, each with the number of its request."""
    wanted = documents.Filter((), tuple(state), doc_type, since, until)
    shown, following = await call.read(
        lambda connection: found_documents(connection, call, wanted, client, q, limit, cursor)
    )
    return page(shown, following, call.request.url, Page[FoundDocument])


def found_documents(
    connection: Connection,
    call: Call,
    wanted: documents.Filter,
    client: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[FoundDocument], str | None]:
    """One page of a filter's documents, of one client or of all the caller sees."""
    chosen = call.principal.clients_with(call.rule.roles)
    if client is not None:
        chosen = (client_asked(connection, call, client),)
    hits = documents.searched(connection, chosen, q) if q else None
    rows, following = documents.listed(
        connection, replace(wanted, client_ids=chosen, found=hits), limit, cursor
    )
    shown = []
    for row in rows:
        view = views.document(row, call.principal)
        shown.append(FoundDocument(**view.model_dump(), number=row["number"], subject=row["subject"]))
    return shown, following


@router.get("/{document_id}", response_model=DocumentView, responses=problems(404))
async def read_document(call: ReadDep, document_id: UUID) -> Response:
    """One document with its fields, lines, checks and coding."""
    row = await call.read(lambda connection: one(connection, call, document_id))
    return Reply(views.document(row, call.principal), headers={"ETag": etag(row["row_version"])}).response()


@router.get(
    "/{document_id}/content",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The bytes as they came in", "content": {"*/*": {}}}},
)
async def download(call: ReadDep, document_id: UUID) -> Response:
    """The file as it came in, always as a download. Who opened it is in the trail."""

    def fetch(connection: Connection) -> tuple[RowMapping, bytes]:
        row = one(connection, call, document_id)
        content = call.services.objects.get_in(connection, row["client_id"], row["address"])
        call.services.audit.record(
            connection,
            client_id=row["client_id"],
            ticket_id=row["ticket_id"],
            root_id=row["root_id"],
            at=call.now,
            actor=call.principal.actor(row["client_id"]),
            emit=Emit("document.downloaded", entity="document", entity_id=str(row["id"])),
        )
        return row, content

    row, content = await call.read(fetch)
    media = row["content_type"].partition(";")[0].strip().lower()
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['filename'], safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "ETag": etag(row["sha256"]),
    }
    return Response(
        content, media_type=media if media in SHOWN else "application/octet-stream", headers=headers
    )
