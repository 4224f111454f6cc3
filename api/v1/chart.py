"""A client's own chart of accounts: kept one by one, or taken in and given out as a file."""

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
from schemas.chart import EditLedgerAccount, Kind, LedgerAccountView, NewLedgerAccount
from schemas.http import Page
from schemas.vendors import ListImport
from ticketos.db.repositories import chart
from ticketos.lines.data_entry import account_file

router = APIRouter(prefix="/v1", tags=["chart of accounts"])

_READ = allow(VENDOR_READERS, scope="admin:read")
_WRITE = allow(VENDOR_WRITERS, scope="admin:write")
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/ledger-accounts"): _READ,
    ("POST", "/v1/ledger-accounts"): _WRITE,
    ("GET", "/v1/ledger-accounts/{account_id}"): _READ,
    ("PATCH", "/v1/ledger-accounts/{account_id}"): _WRITE,
    ("DELETE", "/v1/ledger-accounts/{account_id}"): _WRITE,
    ("POST", "/v1/clients/{client_id}/ledger-accounts/import"): _WRITE,
    ("GET", "/v1/clients/{client_id}/ledger-accounts/export"): _READ,
}
_EXAMPLE = "code,name,kind,active\n6815,Office supplies,expense,yes\n"


def one(connection: Connection, call: Call, account_id: UUID, *, lock: bool = False) -> RowMapping:
    """The account, if the caller may see it."""
    return call.found(chart.get(connection, account_id, lock=lock), "account")


def _view(row: RowMapping) -> LedgerAccountView:
    return LedgerAccountView.model_validate({**row, "version": row["row_version"]})


def _reply(row: RowMapping | None, status: int = 200) -> Reply:
    assert row is not None
    headers = {"ETag": etag(row["row_version"])}
    if status == 201:
        headers["Location"] = f"/v1/ledger-accounts/{row['id']}"
    return Reply(_view(row), status, headers)


@router.get("/ledger-accounts", response_model=Page[LedgerAccountView], responses=problems(400, 404))
async def list_accounts(
    call: ReadDep,
    client_id: ClientChoice = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of a code or a name")] = None,
    kind: Annotated[Kind | None, Query(description="Of this kind alone")] = None,
    active: Annotated[bool | None, Query(description="Only those in use, or only those switched off")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Accounts of the clients the caller sees, by code."""
    seen = own_lists.seen_clients(call, client_id)
    rows, following = await call.read(
        lambda connection: chart.listed(
            connection, seen, q=own_lists.plain(q), kind=kind, active=active, limit=limit, cursor=cursor
        )
    )
    return page([_view(row) for row in rows], following, call.request.url, Page[LedgerAccountView])


@router.post(
    "/ledger-accounts", status_code=201, response_model=LedgerAccountView, responses=problems(404, 409)
)
async def create_account(call: CallDep, body: NewLedgerAccount) -> Response:
    """A new account. With a client's first one come those that its entries need, and from then on only accounts of the
    chart are taken."""

    def write(connection: Connection) -> Reply:
        own_lists.for_client(call, body.client_id)
        made = call.services.charts.create(
            connection, body.model_dump(), now=call.now, actor=call.principal.actor(body.client_id)
        )
        return _reply(chart.get(connection, made), 201)

    return await call.write(write)


@router.get("/ledger-accounts/{account_id}", response_model=LedgerAccountView, responses=problems(404))
async def read_account(call: ReadDep, account_id: UUID) -> Response:
    """One account; the ETag is its version."""
    return _reply(await call.read(lambda connection: one(connection, call, account_id))).response()


@router.patch(
    "/ledger-accounts/{account_id}", response_model=LedgerAccountView, responses=problems(404, 409, 412)
)
async def edit_account(
    call: CallDep, account_id: UUID, body: EditLedgerAccount, if_match: IfMatch = None
) -> Response:
    """New values of an account. One that is switched off is chosen for nothing new; what names it stays as it is."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, account_id, lock=True)
        require_match(if_match, row["row_version"])
        call.services.charts.edit(
            connection,
            row,
            body.model_dump(exclude_unset=True),
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return _reply(chart.get(connection, account_id))

    return await call.write(write)


@router.delete("/ledger-accounts/{account_id}", status_code=204, responses=problems(404, 409, 412))
async def remove_account(call: CallDep, account_id: UUID, if_match: IfMatch = None) -> Response:
    """An account that nothing ever named is gone. Any other is refused: it can be switched off."""

    def write(connection: Connection) -> Reply:
        row = one(connection, call, account_id, lock=True)
        require_match(if_match, row["row_version"])
        call.services.charts.remove(
            connection, row, now=call.now, actor=call.principal.actor(row["client_id"])
        )
        return Reply(None, 204)

    return await call.write(write)


@router.post(
    "/clients/{client_id}/ledger-accounts/import",
    response_model=ListImport,
    responses=problems(404, 409, 413, 415),
    openapi_extra=own_lists.csv_body(_EXAMPLE),
)
async def import_accounts(call: CallDep, client_id: UUID, dry_run: DryRun = False) -> Response:
    """Take in a chart as CSV: a row of column names, then at most 5,000 accounts. A code that is known is changed,
    another added; none is removed, and what entries need is added. Bad rows are named by line and reason, good ones
    taken."""
    return await taken_in(call, client_id, await own_lists.csv_of(call), dry_run=dry_run)


async def taken_in(call: Call, client_id: UUID, content: bytes, *, dry_run: bool) -> Response:
    """The import itself, for whoever has the file's bytes."""
    return await own_lists.taken_in(call, client_id, content, call.services.charts, dry_run=dry_run)


@router.get(
    "/clients/{client_id}/ledger-accounts/export",
    response_class=Response,
    responses=problems(404) | own_lists.WHOLE,
)
async def export_accounts(call: ReadDep, client_id: UUID) -> Response:
    """The whole chart as CSV, in the columns that an import takes."""
    return await own_lists.given_out(
        call,
        client_id,
        "chart-of-accounts",
        account_file.COLUMNS,
        lambda connection, cursor: chart.listed(connection, (client_id,), limit=1_000, cursor=cursor),
        line,
    )


def line(row: RowMapping) -> list[object]:
    """An account as a row of the file."""
    shown = {**row, "active": "yes" if row["active"] else "no"}
    return [shown[name] for name in account_file.COLUMNS]
