"""Documents: what was read, and the file itself."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from api import views
from api.deps import Call, ReadDep, Reply, etag
from api.v1.parameters import problems
from schemas.requests import DocumentView
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
