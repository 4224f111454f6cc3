"""Invoices: the list, one of them with its lines, a line with its tickets and their quality evidence. Finance
approves, issues, withdraws and credits here; a client sees what was issued to it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, as_page
from api.portal import chips
from api.portal.acting import Send
from api.portal.listing import (
    FILE_PAGE,
    LIMIT,
    address,
    choices,
    client_filter,
    clients_asked,
    file_of,
    month_choices,
)
from api.portal.parts import Choice, Crumb, Empty, Filter, NavItem, Notice, Tile
from api.portal.routes.views import saved
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import disputes
from api.v1 import invoices as v1
from api.v1.parameters import id_cursor
from schemas.disputes import DisputeView, NewDispute
from schemas.invoices import CancelInvoice, InvoiceSummary, InvoiceView, LineProof, NewCreditNote
from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import persons
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_READ = as_page(v1.RULES["GET", "/v1/invoices"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/invoices"): _READ,
    ("GET", "/invoices.csv"): _READ,
    ("GET", "/invoices/{invoice_id}"): _READ,
    ("GET", "/invoices/{invoice_id}/lines/{line_id}"): _READ,
    ("GET", "/invoices/{invoice_id}/lines/{line_id}/evidence.csv"): _READ,
    ("POST", "/invoices/{invoice_id}/lines/{line_id}/dispute"): as_page(
        disputes.RULES["POST", "/v1/invoices/{invoice_id}/disputes"]
    ),
    ("POST", "/invoices/{invoice_id}/approve"): as_page(
        v1.RULES["POST", "/v1/invoices/{invoice_id}/approve"]
    ),
    ("POST", "/invoices/{invoice_id}/issue"): as_page(v1.RULES["POST", "/v1/invoices/{invoice_id}/issue"]),
    ("POST", "/invoices/{invoice_id}/cancel"): as_page(v1.RULES["POST", "/v1/invoices/{invoice_id}/cancel"]),
    ("POST", "/invoices/{invoice_id}/credit"): as_page(
        v1.RULES["POST", "/v1/invoices/{invoice_id}/credit-notes"]
    ),
}
NAV = (
    NavItem(
        text="invoices.title",
        href="/invoices",
        icon="money",
        roles=v1.READERS,
        section="office",
        key="i",
        order=60,
    ),
)
_DISPUTE = RULES["POST", "/invoices/{invoice_id}/lines/{line_id}/dispute"]
STATES = ("draft", "approved", "issued", "cancelled")


def _found(
    connection: Connection, visit: Visit, client: str, period: str, state: str, limit: int, cursor: str | None
) -> tuple[Sequence[InvoiceSummary], str | None]:
    seen = clients_asked(visit, client)
    staff = [one for one in seen if visit.principal.staff_over(one)]
    found = rows.listed(
        connection,
        staff,
        [one for one in seen if one not in staff],
        limit=limit + 1,
        before=id_cursor(cursor),
        month=period or None,
        state=state or None,
    )
    shown = [InvoiceSummary.model_validate({**row, "version": row["row_version"]}) for row in found[:limit]]
    return shown, str(shown[-1].id) if len(found) > limit else None


@router.get("/invoices")
async def show(
    visit: VisitDep, client: str = "", period: str = "", state: str = "", cursor: str | None = None
) -> Response:
    """The list, the newest first."""
    query = {"client": client, "period": period, "state": state}
    (found, following), views = await visit.read(
        lambda connection: (
            _found(connection, visit, client, period, state, LIMIT, cursor or None),
            saved(connection, visit, "invoices", query),
        )
    )
    t, staff = visit.portal.texts, visit.viewer.staff
    narrowed = any(query.values())
    states = [Filter("state", t("invoices.state"), choices(t, "paper", STATES, state))] if staff else []
    return visit.page(
        "invoices/list",
        rows=found,
        saved=views,
        state=lambda code: chips.paper(code, t),
        filters=[
            *client_filter(visit, client),
            Filter("period", t("invoices.period"), month_choices(visit, period, also_any=True), period),
            *states,
        ],
        narrowed=narrowed,
        file=address("/invoices.csv", query),
        more=address("/invoices", {**query, "cursor": following}) if following else None,
        first=address("/invoices", query) if cursor else None,
        empty=Empty(t("lists.nothing"), t("lists.nothing_text"), "filter", t("shell.clear"), "/invoices")
        if narrowed
        else Empty(
            t("invoices.empty"), t("invoices.empty_text" if not staff else "invoices.empty_staff"), "money"
        ),
    )


@router.get("/invoices.csv")
async def export(visit: VisitDep, client: str = "", period: str = "", state: str = "") -> Response:
    """The same list as a file."""

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[InvoiceSummary], str | None]:
        return _found(connection, visit, client, period, state, FILE_PAGE, cursor)

    def line(one: InvoiceSummary) -> list[Any]:
        return [
            *(visit.viewer.company(one.client_id), one.number, one.kind, one.period, one.state, one.currency),
            *(one.net, one.tax, one.total, one.issued_on, one.due_on, one.payment_state),
        ]

    head = (
        *("client", "number", "kind", "period", "state", "currency"),
        *("net", "tax", "total", "issued_on", "due_on", "payment"),
    )
    return await file_of(visit, "invoices", head, page, line)


@router.get("/invoices/{invoice_id}")
async def one(visit: VisitDep, invoice_id: UUID) -> Response:
    """One invoice or credit note with all it says."""
    return await _one(visit, invoice_id)


async def _one(visit: Visit, invoice_id: UUID, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> tuple[InvoiceView, dict[str, str], list[DisputeView]]:
        view = v1.seen(connection, visit.call, invoice_id)
        people = {view.drafted_by, view.approved_by, view.issued_by} - {None}
        return (
            view,
            _names(connection, [one for one in people if one]),
            disputes.of_invoice(connection, visit.call, invoice_id),
        )

    view, names, disputed = await visit.read(read)
    t, me = visit.portal.texts, str(visit.principal.user_id)
    acts = "finance" in visit.principal.roles_over(view.client_id)
    total = view.total
    return visit.page(
        "invoices/view",
        status,
        paper=view,
        names=names,
        state=chips.paper(view.state, t),
        tiles=[
            Tile(t("invoices.net"), _money(visit, view.net, view.currency)),
            Tile(t("invoices.tax"), _money(visit, view.tax, view.currency)),
            Tile(t("invoices.total"), _money(visit, total, view.currency)),
            *_payable(visit, view),
        ],
        disputes=disputed,
        dispute_state=lambda code: chips.dispute(code, t),
        may_dispute=view.dispute_until is not None and visit.may(_DISPUTE, view.client_id),
        may_approve=acts and view.state == "draft",
        own_draft=view.drafted_by == me,
        may_issue=acts and view.state == "approved",
        may_cancel=acts and view.state in ("draft", "approved"),
        may_credit=acts and view.state == "issued" and view.kind == "invoice",
        crumbs=[
            Crumb(t("invoices.title"), "/invoices"),
            Crumb(view.number or t("invoices.draft_of", month=visit.formats.month(view.period))),
        ],
        **{"reason": "", **more},
    )


def _payable(visit: Visit, view: InvoiceView) -> list[Tile]:
    """What is payable while a part of the invoice is in dispute."""
    if not view.disputed:
        return []
    t, left = visit.portal.texts, view.total - view.disputed
    note = t("disputes.payable_note", amount=_money(visit, view.disputed, view.currency))
    return [Tile(t("disputes.payable"), _money(visit, left, view.currency), "#disputes", note, "warn")]


def _money(visit: Visit, amount: Decimal, currency: str) -> str:
    return visit.formats.money(amount, currency)


def _names(connection: Connection, people: list[str]) -> dict[str, str]:
    ids = []
    for text in people:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return {str(user_id): name for user_id, name in persons.names_of(connection, ids).items()}


@router.get("/invoices/{invoice_id}/lines/{line_id}")
async def line(visit: VisitDep, invoice_id: UUID, line_id: UUID, cursor: str | None = None) -> Response:
    """A line with its proof: every unit with its ticket, quality checks and the client's decision."""
    return await _line(visit, invoice_id, line_id, cursor)


async def _line(
    visit: Visit, invoice_id: UUID, line_id: UUID, cursor: str | None = None, status: int = 200, **more: Any
) -> Response:
    def read(connection: Connection) -> tuple[LineProof, InvoiceView, list[DisputeView]]:
        # A refused dispute shows this page again: reading it is judged by the rule of reading.
        visit.call.rule = _READ
        proof = v1.proof_of(connection, visit.call, line_id, LIMIT, id_cursor(cursor or None))
        view = v1.seen(connection, visit.call, proof.invoice_id)
        found = disputes.of_invoice(connection, visit.call, proof.invoice_id)
        return proof, view, [one for one in found if one.line_id == line_id]

    proof, view, disputed = await visit.read(read)
    if proof.invoice_id != invoice_id:
        raise DomainError("not-found", what="invoice line")
    t, here = visit.portal.texts, f"/invoices/{invoice_id}/lines/{line_id}"
    following, typed = proof.next_cursor, more.pop("typed", {})
    return visit.page(
        "invoices/line",
        status,
        proof=proof,
        paper=view,
        disputes=disputed,
        dispute_state=lambda code: chips.dispute(code, t),
        may_dispute=view.dispute_until is not None and visit.may(_DISPUTE, view.client_id),
        answer_days=await visit.read(lambda connection: disputes.answer_days(connection, view)),
        choices=_what(visit, proof, typed.get("usage_id", "")),
        reason=typed.get("reason", ""),
        ticket="/tickets" if visit.viewer.staff else "/requests",
        version_state=lambda code: chips.version(code, t),
        file=f"{here}/evidence.csv",
        more=address(here, {"cursor": following}) if following else None,
        first=here if cursor else None,
        crumbs=[
            Crumb(t("invoices.title"), "/invoices"),
            Crumb(
                proof.invoice_number or t("invoices.draft_of", month=visit.formats.month(proof.period)),
                f"/invoices/{invoice_id}",
            ),
            Crumb(t("invoices.line_n", n=proof.line.position)),
        ],
        **more,
    )


def _what(visit: Visit, proof: LineProof, chosen: str) -> list[Choice]:
    """What of a line can be disputed: all of it, or one of the units on this page."""
    units = [
        Choice(
            str(one.id),
            " · ".join(filter(None, (one.filename or one.ticket_subject, one.ticket_number))),
            str(one.id) == chosen,
        )
        for one in proof.units
    ]
    return [Choice("", visit.portal.texts("disputes.whole_line"), not chosen), *units]


@router.post("/invoices/{invoice_id}/lines/{line_id}/dispute")
async def dispute(visit: PostDep, invoice_id: UUID, line_id: UUID) -> Response:
    """Dispute the line, or one unit of it."""
    typed = {"usage_id": visit.form.text("usage_id", 40), "reason": visit.form.text("reason", 500)}

    async def work() -> Response:
        asked = visit.body(
            NewDispute, line_id=line_id, usage_id=typed["usage_id"] or None, reason=typed["reason"]
        )
        return await disputes.raise_dispute(visit.call, invoice_id, asked)

    async def again(notice: Notice, status: int) -> Response:
        return await _line(visit, invoice_id, line_id, None, status, notice=notice, typed=typed)

    def to(answer: Response) -> str:
        return answer.headers.get("location", f"/v1/invoices/{invoice_id}").removeprefix("/v1")

    return await visit.act(work, to=to, said="disputes.said_raised", again=again)


@router.get("/invoices/{invoice_id}/lines/{line_id}/evidence.csv")
async def evidence(visit: VisitDep, invoice_id: UUID, line_id: UUID) -> Response:
    """The proof of a line as a file."""

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[Any], str | None]:
        proof = v1.proof_of(connection, visit.call, line_id, FILE_PAGE, id_cursor(cursor))
        if proof.invoice_id != invoice_id:
            raise DomainError("not-found", what="invoice line")
        return proof.units, proof.next_cursor

    def row(unit: Any) -> list[Any]:
        second = next((check for check in reversed(unit.checks) if check.level == 2), None)
        decided = unit.approvals[-1] if unit.approvals else None
        return [
            *(unit.ticket_number, unit.filename, unit.doc_type, unit.quantity, unit.accepted_at.isoformat()),
            *(unit.erp_reference, unit.sha256, len(unit.checks)),
            second.verdict if second else "",
            f"{second.fields_correct}/{second.fields_inspected}" if second else "",
            decided.state if decided else "",
        ]

    head = (
        *("request", "file", "kind", "quantity", "accepted_at", "erp_reference", "sha256", "checks"),
        *("second_person", "fields_right", "decision"),
    )
    return await file_of(visit, "evidence", head, page, row)


async def _act(visit: Visit, invoice_id: UUID, work: Any, said: str) -> Response:
    async def again(notice: Notice, status: int) -> Response:
        return await _one(visit, invoice_id, status, notice=notice, reason=visit.form.text("reason", 500))

    def to(answer: Response) -> str:
        made = answer.headers.get("location", "")
        return made.removeprefix("/v1") if made else f"/invoices/{invoice_id}"

    return await visit.act(work, to=to, said=said, again=again)


@router.post("/invoices/{invoice_id}/approve")
async def approve(visit: PostDep, invoice_id: UUID) -> Response:
    """Approve a draft that somebody else made, as it was on the page."""
    version = visit.form.version
    return await _act(
        visit, invoice_id, lambda: v1.approved(visit.call, invoice_id, version), "invoices.approved"
    )


@router.post("/invoices/{invoice_id}/issue")
async def issue(visit: PostDep, invoice_id: UUID) -> Response:
    """Give it its number."""
    version = visit.form.version
    return await _act(
        visit, invoice_id, lambda: v1.issued(visit.call, invoice_id, version), "invoices.issued"
    )


@router.post("/invoices/{invoice_id}/cancel")
async def cancel(visit: PostDep, invoice_id: UUID) -> Response:
    """Withdraw what was not issued."""
    return await _with_reason(visit, invoice_id, v1.cancel_invoice, CancelInvoice, "invoices.cancelled")


@router.post("/invoices/{invoice_id}/credit")
async def credit(visit: PostDep, invoice_id: UUID) -> Response:
    """Credit all that is left of an issued invoice."""
    return await _with_reason(visit, invoice_id, v1.credit_invoice, NewCreditNote, "invoices.credited")


async def _with_reason(
    visit: Visit, invoice_id: UUID, send: Send, body: type[CancelInvoice | NewCreditNote], said: str
) -> Response:
    async def work() -> Response:
        return await send(visit.call, invoice_id, visit.body(body, reason=visit.form.text("reason", 500)))

    return await _act(visit, invoice_id, work, said)
