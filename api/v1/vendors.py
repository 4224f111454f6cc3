"""A client's own vendor list: kept one by one, or taken in and given out as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import VENDOR_READERS, VENDOR_WRITERS, Rule, allow, require_role
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.v1.clients import one as client_one
from api.v1.parameters import Cursor, Limit, page, problems
from schemas.http import Page
from schemas.vendors import EditVendor, NewVendor, RefusedRow, VendorImport, VendorView
from ticketos.db.repositories import vendors
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import vendor_file
from ticketos.reports import cells

router = APIRouter(prefix="/v1", tags=["vendors"])

_READ = allow(VENDOR_READERS, scope="admin:read")
_WRITE = allow(VENDOR_WRITERS, scope="admin:write")
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/vendors"): _READ,
    ("POST", "/v1/vendors"): _WRITE,
    ("GET", "/v1/vendors/{vendor_id}"): _READ,
    ("PATCH", "/v1/vendors/{vendor_id}"): _WRITE,
    ("POST", "/v1/clients/{client_id}/vendors/import"): _WRITE,
    ("GET", "/v1/clients/{client_id}/vendors/export"): _READ,
}
ClientChoice = Annotated[UUID | None, Query(description="Of this client alone")]
_CSV = "text/csv"
_EXAMPLE = "code,name,tax_ids,account\nV-001,Bright Paper Pvt Ltd,27AAPFU0939F1ZV,6815\n"


def seen_clients(call: Call, client_id: UUID | None) -> tuple[UUID, ...]:
    """The client asked for, or all that the caller has the route's role over. Raises ``client-unknown``."""
    seen = call.principal.clients_with(call.rule.roles)
    if client_id is None:
        return seen
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown")
    return tuple(one for one in seen if one == client_id)


def for_client(call: Call, client_id: UUID) -> None:
    """The client something new is for must be one the caller has the role over."""
    if client_id not in call.principal.clients:
        raise DomainError("client-unknown")
    call.request.state.client_id = client_id
    require_role(call.principal, call.rule, client_id)


def view(row: RowMapping) -> VendorView:
    """A vendor as callers see it."""
    return VendorView.model_validate({**row, "version": row["row_version"]})


def one(connection: Connection, call: Call, vendor_id: UUID, *, lock: bool = False) -> RowMapping:
    """The vendor, if the caller may see it."""
    return call.found(vendors.get(connection, vendor_id, lock=lock), "vendor")


def _reply(row: RowMapping, status: int = 200) -> Reply:
    headers = {"ETag": etag(row["row_version"])}
    if status == 201:
        headers["Location"] = f"/v1/vendors/{row['id']}"
    return Reply(view(row), status, headers)


@router.get("/vendors", response_model=Page[VendorView], responses=problems(400, 404))
async def list_vendors(
    call: ReadDep,
    client_id: ClientChoice = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Part of a code, a name or a tax number")
    ] = None,
    active: Annotated[bool | None, Query(description="Only those in use, or only those that are not")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Vendors of the clients the caller sees, by name."""
    seen = seen_clients(call, client_id)
    rows, following = await call.read(
        lambda connection: vendors.listed(
            connection, seen, q=_plain(q), active=active, limit=limit, cursor=cursor
        )
    )
    return page([view(row) for row in rows], following, call.request.url, Page[VendorView])


def _plain(q: str | None) -> str:
    if q and "\0" in q:
        raise DomainError("request-malformed", reason="a character that cannot be stored")
    return (q or "").strip()


@router.post("/vendors", status_code=201, response_model=VendorView, responses=problems(404, 409))
async def create_vendor(call: CallDep, body: NewVendor) -> Response:
    """A new vendor. Its account must be in the client's chart, where the client has one."""

    def write(connection: Connection) -> Reply:
        for_client(call, body.client_id)
        made = call.services.vendors.create(
            connection, body.model_dump(), now=call.now, actor=call.principal.actor(body.client_id)
        )
        row = vendors.get(connection, made)
        assert row is not None
        return _reply(row, 201)

    return await call.write(write)


@router.get("/vendors/{vendor_id}", response_model=VendorView, responses=problems(404))
async def read_vendor(call: ReadDep, vendor_id: UUID) -> Response:
    """One vendor; the ETag is its version."""
    return _reply(await call.read(lambda connection: one(connection, call, vendor_id))).response()


@router.patch("/vendors/{vendor_id}", response_model=VendorView, responses=problems(404, 409, 412))
async def edit_vendor(call: CallDep, vendor_id: UUID, body: EditVendor, if_match: IfMatch = None) -> Response:
    """New values of a vendor; papers read from now on are compared with them."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, vendor_id, lock=True)
        require_match(if_match, row["row_version"])
        call.services.vendors.edit(
            connection,
            row,
            body.model_dump(exclude_unset=True),
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        changed = vendors.get(connection, vendor_id)
        assert changed is not None
        return _reply(changed)

    return await call.write(write)


@router.post(
    "/clients/{client_id}/vendors/import",
    response_model=VendorImport,
    responses=problems(404, 409, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_CSV: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def import_vendors(
    call: CallDep,
    client_id: UUID,
    dry_run: Annotated[bool, Query(description="Say what it would do, and keep nothing")] = False,
) -> Response:
    """Take in a vendor list as CSV: a row of column names, then at most 5,000 vendors. A code that is known is changed,
    another added; none is removed. Lists in a cell are parted by ``;``. Bad rows are named by line and reason, good
    ones taken."""
    media = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _CSV:
        raise DomainError("media-type-unsupported", accepted=_CSV)
    return await taken_in(call, client_id, await call.request.body(), dry_run=dry_run)


async def taken_in(call: Call, client_id: UUID, content: bytes, *, dry_run: bool) -> Response:
    """The import itself, for whoever has the file's bytes."""

    def write(connection: Connection) -> Reply:
        client_one(connection, call, client_id)
        done = call.services.vendors.take_in(
            connection,
            client_id,
            content,
            now=call.now,
            actor=call.principal.actor(client_id),
            dry_run=dry_run,
        )
        return Reply(
            VendorImport(
                created=done.created,
                updated=done.updated,
                unchanged=done.unchanged,
                refused=len(done.refused),
                dry_run=dry_run,
                rows=[RefusedRow.model_validate(row) for row in done.refused],
            )
        )

    # The page has the client and the trial run in its form, not in its address: they are part of what was asked.
    return await call.write(write, asked=f"{client_id}:{dry_run}\n".encode() + content)


@router.get(
    "/clients/{client_id}/vendors/export",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The whole list", "content": {_CSV: {}}}},
)
async def export_vendors(call: ReadDep, client_id: UUID) -> Response:
    """The whole list as CSV, in the columns that an import takes."""

    def read(connection: Connection) -> Sequence[RowMapping]:
        client_one(connection, call, client_id)
        return _all(connection, client_id)

    rows = await call.read(read)
    content = cells.BOM + cells.rows([vendor_file.COLUMNS, *map(line, rows)])
    headers = {
        "Content-Disposition": 'attachment; filename="vendors.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _all(connection: Connection, client_id: UUID) -> list[RowMapping]:
    found: list[RowMapping] = []
    cursor: str | None = None
    while True:
        rows, cursor = vendors.listed(connection, (client_id,), limit=1_000, cursor=cursor)
        found += rows
        if cursor is None:
            return found


def line(row: RowMapping) -> list[object]:
    """A vendor as a row of the file."""
    shown = {
        **row,
        "tax_ids": "; ".join(row["tax_ids"]),
        "aliases": "; ".join(row["aliases"]),
        "active": "yes" if row["active"] else "no",
    }
    return [shown[name] for name in vendor_file.COLUMNS]
