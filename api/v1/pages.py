"""Documents as people look at them: pictures of pages, words with their places, a box read again, coding."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping

from api.deps import Call, ReadDep
from api.v1.documents import one
from api.v1.parameters import problems
from schemas.http import View
from schemas.papers import PaperView
from ticketos.ai.extract.limits import REASONS
from ticketos.db.repositories import coding, tickets
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError

router = APIRouter(prefix="/v1/documents/{document_id}", tags=["documents"])

_BOX = r"^(0|1|0?\.\d{1,6}|1\.0+|0\.\d{1,6})(,(0|1|0?\.\d{1,6}|1\.0+|0\.\d{1,6})){3}$"
Number = Annotated[int, Path(ge=1, le=10_000, description="From 1")]


class Region(View):
    """What stands in a box of a page."""

    text: str
    source: str


class Coding(View):
    """How the document would be coded, and why."""

    account: str
    cost_centre: str
    tax_code: str
    by: str
    reason: str = ""


@router.get(
    "/pages/{page}",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The page", "content": {"image/png": {}}}},
)
async def picture(call: ReadDep, document_id: UUID, page: Number) -> Response:
    """One page as PNG. Who opened the document is in the trail, once an hour."""

    def draw(connection: Connection) -> tuple[RowMapping, Any]:
        row = one(connection, call, document_id)
        seen = call.services.pictures.see(connection, row, "picture", page=page)
        if call.services.pictures.first_look(call.principal.user_id, row["id"]):
            _opened(connection, call, row)
        return row, seen

    row, seen = await call.read(draw)
    tag = f'"{row["sha256"][:32]}-{page}"'
    headers = {"Cache-Control": "private, max-age=900", "ETag": tag, "X-Pages": str(seen.facts["pages"])}
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(seen.png, media_type="image/png", headers=headers)


def _opened(connection: Connection, call: Call, row: RowMapping) -> None:
    call.services.audit.record(
        connection,
        client_id=row["client_id"],
        ticket_id=row["ticket_id"],
        root_id=row["root_id"],
        at=call.now,
        actor=call.principal.actor(row["client_id"]),
        emit=Emit(
            "document.downloaded", after={"as": "picture"}, entity="document", entity_id=str(row["id"])
        ),
    )


@router.get("/paper", response_model=PaperView, responses=problems(404))
async def paper(call: ReadDep, document_id: UUID) -> Any:
    """An e-invoice without pages as a page would show it: header, parties, lines, tax, totals. Who opened it is in the
    trail, once an hour."""
    return await call.read(lambda connection: paper_of(connection, call, one(connection, call, document_id)))


def paper_of(connection: Connection, call: Call, row: RowMapping) -> PaperView:
    """The same for a page. Raises ``page-unavailable`` for a document with pages of its own."""
    seen = call.services.pictures.see(connection, row, "paper")
    if call.services.pictures.first_look(call.principal.user_id, row["id"]):
        _opened(connection, call, row)
    try:
        return PaperView.model_validate(seen.facts)
    except ValidationError as error:  # the process that reads foreign bytes says something else than it may
        raise DomainError("page-unavailable", reason=REASONS["unreadable"]) from error


@router.get("/reading", response_model=None, responses=problems(404))
async def reading(call: ReadDep, document_id: UUID) -> JSONResponse:
    """The words of the first pages with their places (fractions of the page), and other values per field."""
    seen = await call.read(
        lambda connection: call.services.pictures.see(
            connection, one(connection, call, document_id), "reading"
        )
    )
    return JSONResponse(seen.facts, headers={"Cache-Control": "private, max-age=900"})


@router.get("/region", response_model=Region, responses=problems(404))
async def region(
    call: ReadDep,
    document_id: UUID,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    box: Annotated[
        str, Query(max_length=60, pattern=_BOX, description="left,top,right,bottom as fractions")
    ] = "0,0,1,1",
) -> Any:
    """Read a box of a page again."""
    edges = [float(edge) for edge in box.split(",")]
    if edges[2] <= edges[0] or edges[3] <= edges[1]:
        raise DomainError("box-empty")
    seen = await call.read(
        lambda connection: call.services.pictures.see(
            connection, one(connection, call, document_id), "region", page=page, box=edges
        )
    )
    return Region.model_validate(seen.facts)


@router.get("/coding", response_model=Coding, responses=problems(404))
async def code(call: ReadDep, document_id: UUID) -> Any:
    """Account, cost centre and tax code as they would be posted now."""
    return Coding.model_validate(await call.read(lambda connection: coding_of(connection, call, document_id)))


def coding_of(connection: Connection, call: Call, document_id: UUID) -> dict[str, str]:
    """The same for a page."""
    row = one(connection, call, document_id)
    ticket = tickets.get(connection, row["root_id"])
    assert ticket is not None
    return coding.proposal(connection, ticket, document_id, call.principal.home)
