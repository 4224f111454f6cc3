"""A client's own vendor list: kept one by one, or taken in and given out as a file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import VENDOR_READERS, VENDOR_WRITERS, Rule, allow
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.v1 import own_lists
from api.v1.own_lists import ClientChoice, DryRun
from api.v1.parameters import Cursor, Limit, page, problems
from schemas.http import Page
from schemas.vendors import EditVendor, ListImport, NewVendor, VendorView
from ticketos.db.repositories import vendors
from ticketos.lines.data_entry import vendor_file

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
_EXAMPLE = "code,name,tax_ids,account\nV-001,Bright Paper Pvt Ltd,27AAPFU0939F1ZV,6815\n"


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
    seen = own_lists.seen_clients(call, client_id)
    rows, following = await call.read(
        lambda connection: vendors.listed(
            connection, seen, q=own_lists.plain(q), active=active, limit=limit, cursor=cursor
        )
    )
    return page([view(row) for row in rows], following, call.request.url, Page[VendorView])


@router.post("/vendors", status_code=201, response_model=VendorView, responses=problems(404, 409))
async def create_vendor(call: CallDep, body: NewVendor) -> Response:
    """A new vendor. Its account must be in the client's chart, where the client has one."""

    def write(connection: Connection) -> Reply:
        own_lists.for_client(call, body.client_id)
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
    response_model=ListImport,
    responses=problems(404, 409, 413, 415),
    openapi_extra=own_lists.csv_body(_EXAMPLE),
)
async def import_vendors(call: CallDep, client_id: UUID, dry_run: DryRun = False) -> Response:
    """Take in a vendor list as CSV: a row of column names, then at most 5,000 vendors. A code that is known is changed,
    another added; none is removed. Lists in a cell are parted by ``;``. Bad rows are named by line and reason, good
    ones taken."""
    return await taken_in(call, client_id, await own_lists.csv_of(call), dry_run=dry_run)


async def taken_in(call: Call, client_id: UUID, content: bytes, *, dry_run: bool) -> Response:
    """The import itself, for whoever has the file's bytes."""
    return await own_lists.taken_in(call, client_id, content, call.services.vendors, dry_run=dry_run)


@router.get(
    "/clients/{client_id}/vendors/export",
    response_class=Response,
    responses=problems(404) | own_lists.WHOLE,
)
async def export_vendors(call: ReadDep, client_id: UUID) -> Response:
    """The whole list as CSV, in the columns that an import takes."""
    return await own_lists.given_out(
        call,
        client_id,
        "vendors",
        vendor_file.COLUMNS,
        lambda connection, cursor: vendors.listed(connection, (client_id,), limit=1_000, cursor=cursor),
        line,
    )


def line(row: RowMapping) -> list[object]:
    """A vendor as a row of the file."""
    shown = {
        **row,
        "tax_ids": "; ".join(row["tax_ids"]),
        "aliases": "; ".join(row["aliases"]),
        "active": "yes" if row["active"] else "no",
    }
    return [shown[name] for name in vendor_file.COLUMNS]
