"""Invoices: lock a month, draft, approve, issue, credit; read them as JSON, PDF and CSV; prove each line
(PB8–PB10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping, text

from api.access import BILLERS, Rule, allow
from api.deps import Call, CallDep, IfMatch, ReadDep, Reply, etag, require_match
from api.principal import CLIENT_ROLES
from api.services import in_thread
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.http import Page
from schemas.invoices import (
    CancelInvoice,
    Drafted,
    DraftInvoices,
    InvoiceLineView,
    InvoiceSummary,
    InvoiceView,
    LineProof,
    NewCreditNote,
    Period,
    PeriodView,
    UnitProof,
)
from ticketos.db.repositories import clients, contracts, disputes, invoice_proof
from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories.invoices import Invoices, head
from ticketos.domain import disputing
from ticketos.domain.errors import DomainError
from ticketos.reports import invoice as papers

router = APIRouter(prefix="/v1", tags=["billing"])

READERS = BILLERS | CLIENT_ROLES
RULES: dict[tuple[str, str], Rule] = {
    ("POST", "/v1/billing-periods/{client}/{period}/lock"): allow("finance", scope="billing:write"),
    ("POST", "/v1/invoices/draft"): allow("finance", scope="billing:write"),
    ("GET", "/v1/invoices"): allow(READERS, scope="billing:read"),
    # The endings stand before the plain route, which would take them for a part of the id.
    ("GET", "/v1/invoices/{invoice_id}.pdf"): allow(READERS, scope="billing:read"),
    ("GET", "/v1/invoices/{invoice_id}.json"): allow(READERS, scope="billing:read"),
    ("GET", "/v1/invoices/{invoice_id}.csv"): allow(READERS, scope="billing:read"),
    ("GET", "/v1/invoices/{invoice_id}"): allow(READERS, scope="billing:read"),
    ("POST", "/v1/invoices/{invoice_id}/approve"): allow("finance", scope="billing:write"),
    ("POST", "/v1/invoices/{invoice_id}/cancel"): allow("finance", scope="billing:write"),
    ("POST", "/v1/invoices/{invoice_id}/issue"): allow("finance", scope="billing:write"),
    ("POST", "/v1/invoices/{invoice_id}/credit-notes"): allow("finance", scope="billing:write"),
    ("GET", "/v1/invoice-lines/{line_id}/evidence"): allow(READERS, scope="billing:read"),
}
"""Who may: finance acts; administrators and auditors read all, clients what was issued to them."""

PROOFS = 500
"""Units of one answer."""
_SECRET = ("drafted_by", "approved_by", "approved_at", "issued_by", "payouts")


def client_named(connection: Connection, call: Call, name: str) -> RowMapping:
    """The client by id or slug, if the caller has a role over it; raises ``not-found`` and ``forbidden``."""
    try:
        row = clients.get(connection, UUID(name))
    except ValueError:
        row = clients.by_slug(connection, name)
    if row is None or row["id"] not in call.principal.clients:
        raise DomainError("not-found", what="client")
    call.about({"client_id": row["id"], "id": row["id"]}, "client")
    return row


def clients_seen(connection: Connection, call: Call, named: str | None) -> list[UUID]:
    """The clients a list is about: the one that was named, else all the caller has the route's roles over."""
    if named is not None:
        return [client_named(connection, call, named)["id"]]
    return list(call.principal.clients_with(call.rule.roles))


def seen_row(connection: Connection, call: Call, invoice_id: UUID, *, lock: bool = False) -> RowMapping:
    """The invoice, if the caller may see it: a client sees its own once it is issued."""
    row = rows.get(connection, invoice_id, lock=lock)
    if row is not None and row["state"] != "issued" and not call.principal.staff_over(row["client_id"]):
        row = None
    return call.found(row, "invoice")


def _view(connection: Connection, call: Call, row: RowMapping) -> InvoiceView:
    notes = connection.execute(
        text("select id from invoice where of_invoice_id = :id order by id"), {"id": row["id"]}
    ).scalars()
    values: dict[str, Any] = {
        **row,
        "version": row["row_version"],
        "lines": [dict(line) for line in rows.lines(connection, row["id"])],
        "credit_notes": list(notes),
        "payouts": [dict(one) for one in rows.payouts(connection, row["id"])],
        "disputed": disputes.frozen(connection, row["id"]),
        "dispute_until": _dispute_until(connection, row, call.now),
    }
    if not call.principal.staff_over(row["client_id"]):
        values = {name: value for name, value in values.items() if name not in _SECRET}
    return InvoiceView.model_validate(values)


def _dispute_until(connection: Connection, row: RowMapping, now: datetime) -> date | None:
    if row["contract_id"] is None or row["state"] != "issued":
        return None
    terms = contracts.on_its_calendar(connection, row["client_id"], row["contract_id"]).terms.disputes
    zone = ZoneInfo(rows.company(connection, row["client_id"])["zone"])
    return disputing.open_until(head(row), row["issued_on"], terms, now.astimezone(zone).date())


def _reply(connection: Connection, call: Call, invoice_id: UUID, status: int = 200) -> Reply:
    row = rows.get(connection, invoice_id)
    assert row is not None
    headers = {"ETag": etag(row["row_version"])}
    if status == 201:
        headers["Location"] = f"/v1/invoices/{invoice_id}"
    return Reply(_view(connection, call, row), status, headers)


def _invoices(call: Call) -> Invoices:
    return Invoices(call.services.audit, call.services.new_id)


@router.post("/billing-periods/{client}/{period}/lock", response_model=PeriodView, responses=problems(404))
async def lock_period(
    call: CallDep, client: Annotated[str, Path(max_length=60)], period: Annotated[Period, Path()]
) -> Response:
    """Close a month for usage. What is accepted later lands in the next open month. Locking twice changes
    nothing."""

    def lock(connection: Connection) -> Reply:
        client_id = client_named(connection, call, client)["id"]
        found = _invoices(call).lock_period(
            connection, client_id, period, now=call.now, actor=call.principal.actor(client_id)
        )
        return Reply(PeriodView.model_validate(dict(found)))

    return await call.write(lock)


@router.post("/invoices/draft", response_model=Drafted, responses=problems(404, 409))
async def draft_invoices(call: CallDep, body: DraftInvoices) -> Response:
    """Draft a locked month's invoices, or show what they would be."""

    def draft(connection: Connection) -> Reply:
        client_id = client_named(connection, call, body.client)["id"]
        made, held = _invoices(call), rows.held(connection, client_id, body.period)
        if body.dry_run:
            previews = [
                papers.public(one)
                for one in made.preview(connection, client_id, body.period, body.contract_id)
            ]
            return Reply(Drafted(period=body.period, dry_run=True, previews=previews, held=held))
        ids = made.draft(
            connection,
            client_id,
            body.period,
            now=call.now,
            actor=call.principal.actor(client_id),
            contract_id=body.contract_id,
        )
        views = [
            _view(connection, call, row)
            for row in (rows.get(connection, one) for one in ids)
            if row is not None
        ]
        return Reply(Drafted(period=body.period, invoices=views, held=held))

    return await call.write(draft)


@router.get("/invoices", response_model=Page[InvoiceSummary], responses=problems(400, 404))
async def list_invoices(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    period: Annotated[str | None, Query(max_length=7)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Invoices and credit notes, the newest first. Clients see what was issued to them."""
    before = id_cursor(cursor)

    def read(connection: Connection) -> list[RowMapping]:
        seen = clients_seen(connection, call, client)
        staff = [one for one in seen if call.principal.staff_over(one)]
        return list(
            rows.listed(
                connection,
                staff,
                [one for one in seen if one not in staff],
                limit=limit + 1,
                before=before,
                month=period,
                state=state,
            )
        )

    found = await call.read(read)
    views = [InvoiceSummary.model_validate({**row, "version": row["row_version"]}) for row in found[:limit]]
    following = str(found[limit - 1]["id"]) if len(found) > limit else None
    return page(views, following, call.request.url, Page[InvoiceSummary])


async def _snapshot(call: Call, invoice_id: UUID) -> dict[str, Any]:
    row = await call.read(lambda connection: seen_row(connection, call, invoice_id))
    return dict(row["snapshot"])


def _download(content: bytes | str, media: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media, headers=headers)


@router.get(
    "/invoices/{invoice_id}.pdf",
    response_class=Response,
    responses=problems(404) | {200: {"description": "The paper", "content": {"application/pdf": {}}}},
)
async def invoice_pdf(call: ReadDep, invoice_id: UUID) -> Response:
    """The paper as PDF, the same bytes whenever it is asked for. A draft says that it is one."""
    snapshot = await _snapshot(call, invoice_id)
    return _download(
        await in_thread(lambda: papers.as_pdf(snapshot)), "application/pdf", papers.filename(snapshot, "pdf")
    )


@router.get("/invoices/{invoice_id}.json", response_class=JSONResponse, responses=problems(404))
async def invoice_json(call: ReadDep, invoice_id: UUID) -> Response:
    """All the paper says, for programs. Amounts are decimal strings."""
    return JSONResponse(papers.public(await _snapshot(call, invoice_id)))


@router.get(
    "/invoices/{invoice_id}.csv",
    response_class=Response,
    responses=problems(404) | {200: {"description": "Lines, taxes and total", "content": {"text/csv": {}}}},
)
async def invoice_csv(call: ReadDep, invoice_id: UUID) -> Response:
    """Lines, taxes and total for a spreadsheet; no cell can act as a formula."""
    snapshot = await _snapshot(call, invoice_id)
    return _download(papers.as_csv(snapshot), "text/csv; charset=utf-8", papers.filename(snapshot, "csv"))


@router.get("/invoices/{invoice_id}", response_model=InvoiceView, responses=problems(404))
async def read_invoice(call: ReadDep, invoice_id: UUID) -> Response:
    """One invoice with its lines, taxes and credit notes."""

    def read(connection: Connection) -> Reply:
        view = seen(connection, call, invoice_id)
        return Reply(view, headers={"ETag": etag(view.version)})

    return (await call.read(read)).response()


def seen(connection: Connection, call: Call, invoice_id: UUID) -> InvoiceView:
    """One invoice as the caller may see it."""
    return _view(connection, call, seen_row(connection, call, invoice_id))


async def _act(
    call: Call, invoice_id: UUID, act: Callable[[Connection, RowMapping], UUID | None], status: int = 200
) -> Response:
    def run(connection: Connection) -> Reply:
        row = seen_row(connection, call, invoice_id, lock=True)
        return _reply(connection, call, act(connection, row) or invoice_id, status)

    return await call.write(run)


@router.post("/invoices/{invoice_id}/approve", response_model=InvoiceView, responses=problems(404, 409, 412))
async def approve_invoice(call: CallDep, invoice_id: UUID, if_match: IfMatch = None) -> Response:
    """Approve a draft. Whoever drafted it cannot."""
    return await approved(call, invoice_id, if_match)


async def approved(call: Call, invoice_id: UUID, match: str | int | None) -> Response:
    """Approve the draft of that version (an If-Match or a number; None is any)."""

    def approve(connection: Connection, row: RowMapping) -> None:
        _require(match, row)
        _invoices(call).approve(connection, row, now=call.now, actor=call.principal.actor(row["client_id"]))

    return await _act(call, invoice_id, approve)


def _require(match: str | int | None, row: RowMapping) -> None:
    require_match(etag(match) if isinstance(match, int) else match, row["row_version"])


@router.post("/invoices/{invoice_id}/cancel", response_model=InvoiceView, responses=problems(404, 409))
async def cancel_invoice(call: CallDep, invoice_id: UUID, body: CancelInvoice) -> Response:
    """Withdraw what was not issued; its units may be drafted again."""
    return await _act(
        call,
        invoice_id,
        lambda connection, row: _invoices(call).cancel(
            connection, row, body.reason, now=call.now, actor=call.principal.actor(row["client_id"])
        ),
    )


@router.post("/invoices/{invoice_id}/issue", response_model=InvoiceView, responses=problems(404, 409, 412))
async def issue_invoice(call: CallDep, invoice_id: UUID, if_match: IfMatch = None) -> Response:
    """Give an approved invoice the next number of its series. Usage, tickets, payouts and the books follow at
    once."""
    return await issued(call, invoice_id, if_match)


async def issued(call: Call, invoice_id: UUID, match: str | int | None) -> Response:
    """Issue the invoice of that version (an If-Match or a number; None is any)."""

    def issue(connection: Connection, row: RowMapping) -> None:
        _require(match, row)
        _invoices(call).issue(connection, row, now=call.now, actor=call.principal.actor(row["client_id"]))

    return await _act(call, invoice_id, issue)


@router.post(
    "/invoices/{invoice_id}/credit-notes",
    status_code=201,
    response_model=InvoiceView,
    responses=problems(404, 409),
)
async def credit_invoice(call: CallDep, invoice_id: UUID, body: NewCreditNote) -> Response:
    """Issue a credit note over some units of an issued invoice, or over all that is left of it."""
    return await _act(
        call,
        invoice_id,
        lambda connection, row: _invoices(call).credit(
            connection,
            row,
            body.usage_ids,
            body.reason,
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        ),
        201,
    )


@router.get("/invoice-lines/{line_id}/evidence", response_model=LineProof, responses=problems(400, 404))
async def line_evidence(
    call: ReadDep,
    line_id: UUID,
    limit: Annotated[int, Query(ge=1, le=PROOFS)] = PROOFS,
    cursor: Cursor = None,
) -> Response:
    """From a line to its proof in one call: every unit with its ticket, document, quality checks and
    approvals."""
    after = id_cursor(cursor)

    return (
        await call.read(lambda connection: Reply(proof_of(connection, call, line_id, limit, after)))
    ).response()


def proof_of(connection: Connection, call: Call, line_id: UUID, limit: int, after: UUID | None) -> LineProof:
    """A line with its units, as the caller may see them; ``after`` is the last unit known."""
    line = rows.line(connection, line_id)
    if line is not None:
        seen_row(connection, call, line["invoice_id"])
    found = call.found(line, "invoice line")
    units = invoice_proof.of_line(connection, line_id, limit=limit + 1, after=after)
    proofs = [UnitProof.model_validate(unit) for unit in units[:limit]]
    if not call.principal.staff_over(found["client_id"]):
        proofs = [_without_people(proof) for proof in proofs]
    return LineProof(
        line=InvoiceLineView.model_validate(dict(found)),
        invoice_id=found["invoice_id"],
        period=found["period"],
        invoice_number=found["invoice_number"],
        units=proofs,
        has_more=len(units) > limit,
        next_cursor=str(proofs[-1].id) if len(units) > limit else None,
    )


def _without_people(proof: UnitProof) -> UnitProof:
    """Who of the provider's people did and checked what stays the provider's business."""
    proof.finished_by = None
    for check in proof.checks:
        check.reviewer_id = None
    return proof
