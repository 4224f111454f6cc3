"""PB12, MO9: clients dispute lines and units of their invoices; finance answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import Rule, allow
from api.deps import Call, CallDep, ReadDep, Reply
from api.principal import CLIENT_ROLES
from api.v1.invoices import READERS, clients_seen, seen_row
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.disputes import AcceptDispute, DisputeView, NewDispute, RefuseDispute, State
from schemas.http import Page
from schemas.invoices import InvoiceView
from ticketos.db.repositories import contracts, disputes
from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories.disputes import Disputes
from ticketos.domain import disputing
from ticketos.domain.disputing import Standing
from ticketos.domain.terms import DisputeTerms

router = APIRouter(prefix="/v1", tags=["billing"])

_ONE = "/v1/disputes/{dispute_id}"
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/disputes"): allow(READERS, "success", scope="billing:read"),
    ("GET", _ONE): allow(READERS, "success", scope="billing:read"),
    ("POST", "/v1/invoices/{invoice_id}/disputes"): allow(CLIENT_ROLES, scope="billing:write"),
    ("POST", f"{_ONE}/accept"): allow("finance", scope="billing:write"),
    ("POST", f"{_ONE}/refuse"): allow("finance", scope="billing:write"),
    ("POST", f"{_ONE}/withdraw"): allow(CLIENT_ROLES, scope="billing:write"),
}
"""The client raises and withdraws, finance answers; whoever reads invoices or looks after the client reads along."""

_PEOPLE = ("answered_by", "answered_by_name")


def shown(call: Call, row: RowMapping) -> DisputeView:
    """A dispute as the caller may see it."""
    late = row["state"] == disputing.OPEN and row["due_at"] < call.now
    values = {**row, "version": row["row_version"], "overdue": late}
    if not call.principal.staff_over(row["client_id"]):
        values = {name: value for name, value in values.items() if name not in _PEOPLE}
    return DisputeView.model_validate(values)


@router.get("/disputes", response_model=Page[DisputeView], responses=problems(400, 404))
async def list_disputes(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    state: State | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Disputes of invoices, the newest first."""
    before = id_cursor(cursor)
    found = await call.read(
        lambda connection: disputes_of(connection, call, client, state, limit + 1, before)
    )
    following = str(found[limit - 1].id) if len(found) > limit else None
    return page(found[:limit], following, call.request.url, Page[DisputeView])


def disputes_of(
    connection: Connection,
    call: Call,
    client: str | None,
    state: str | None,
    limit: int,
    before: UUID | None = None,
) -> list[DisputeView]:
    """Disputes of one client, or of all the caller reads the billing of."""
    seen = clients_seen(connection, call, client)
    found = disputes.listed(connection, seen, limit=limit, before=before, state=state)
    return [shown(call, row) for row in found]


def of_invoice(connection: Connection, call: Call, invoice_id: UUID) -> list[DisputeView]:
    """All disputes of an invoice the caller sees, the oldest first."""
    return [shown(call, row) for row in disputes.of_invoice(connection, invoice_id)]


def answer_days(connection: Connection, invoice: InvoiceView) -> int:
    """In how many business days finance owes an answer about this invoice."""
    if invoice.contract_id is None:
        return DisputeTerms().answer_days
    agreed = contracts.on_its_calendar(connection, invoice.client_id, invoice.contract_id)
    return agreed.terms.disputes.answer_days


@router.get("/disputes/{dispute_id}", response_model=DisputeView, responses=problems(404))
async def read_dispute(call: ReadDep, dispute_id: UUID) -> Response:
    """One dispute, with its answer once there is one."""
    return (await call.read(lambda connection: Reply(one(connection, call, dispute_id)))).response()


def one(connection: Connection, call: Call, dispute_id: UUID) -> DisputeView:
    """One dispute as the caller may see it."""
    return shown(call, call.found(disputes.get(connection, dispute_id), "dispute"))


@router.post(
    "/invoices/{invoice_id}/disputes",
    status_code=201,
    response_model=DisputeView,
    responses=problems(404, 409),
)
async def raise_dispute(call: CallDep, invoice_id: UUID, body: NewDispute) -> Response:
    """Dispute a line or a unit. It is frozen until finance answers; the rest of the invoice stays payable."""

    def write(connection: Connection) -> Reply:
        invoice = seen_row(connection, call, invoice_id, lock=True)
        made = _acts(call).raise_(
            connection,
            invoice,
            Standing(body.line_id, body.usage_id),
            body.reason,
            by=call.principal.user_id,
            now=call.now,
            actor=call.principal.actor(invoice["client_id"]),
        )
        row = disputes.get(connection, made)
        assert row is not None
        return Reply(shown(call, row), 201, {"Location": f"/v1/disputes/{made}"})

    return await call.write(write)


def _acts(call: Call) -> Disputes:
    return Disputes(call.services.audit, call.services.new_id)


def _locked(connection: Connection, call: Call, dispute_id: UUID) -> tuple[RowMapping, RowMapping]:
    """The invoice and the dispute, locked in this order."""
    row = call.found(disputes.get(connection, dispute_id), "dispute")
    invoice = rows.get(connection, row["invoice_id"], lock=True)
    again = disputes.get(connection, dispute_id, lock=True)
    assert invoice is not None
    assert again is not None
    return invoice, again


def _reply(connection: Connection, call: Call, dispute_id: UUID) -> Reply:
    row = disputes.get(connection, dispute_id)
    assert row is not None
    return Reply(shown(call, row))


@router.post("/disputes/{dispute_id}/accept", response_model=DisputeView, responses=problems(404, 409))
async def accept_dispute(call: CallDep, dispute_id: UUID, body: AcceptDispute) -> Response:
    """Agree: a credit note over what is disputed is issued at once, and the client is told by mail."""

    def write(connection: Connection) -> Reply:
        invoice, row = _locked(connection, call, dispute_id)
        _acts(call).accept(
            connection,
            invoice,
            row,
            body.answer,
            body.usage_ids,
            by=call.principal.user_id,
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return _reply(connection, call, dispute_id)

    return await call.write(write)


@router.post("/disputes/{dispute_id}/refuse", response_model=DisputeView, responses=problems(404, 409))
async def refuse_dispute(call: CallDep, dispute_id: UUID, body: RefuseDispute) -> Response:
    """Disagree, with the reason; the client is told by mail."""

    def write(connection: Connection) -> Reply:
        _, row = _locked(connection, call, dispute_id)
        _acts(call).refuse(
            connection,
            row,
            body.answer,
            by=call.principal.user_id,
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return _reply(connection, call, dispute_id)

    return await call.write(write)


@router.post("/disputes/{dispute_id}/withdraw", response_model=DisputeView, responses=problems(404, 409))
async def withdraw_dispute(call: CallDep, dispute_id: UUID) -> Response:
    """Let it be: what was frozen is payable again."""

    def write(connection: Connection) -> Reply:
        _, row = _locked(connection, call, dispute_id)
        actor = call.principal.actor(row["client_id"])
        _acts(call).withdraw(connection, row, by=call.principal.user_id, now=call.now, actor=actor)
        return _reply(connection, call, dispute_id)

    return await call.write(write)
