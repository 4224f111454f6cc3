"""The books: trial balance and entries of a client's book, or of the provider's own."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from api.access import BILLERS, Rule, allow
from api.deps import ReadDep, Reply
from api.principal import CLIENT_ROLES
from api.v1.clients import one
from api.v1.parameters import Cursor, Limit, id_cursor, page, problems
from schemas.http import Page
from schemas.invoices import BalanceView, JournalView, TrialBalance
from ticketos.db.repositories import ledger
from ticketos.domain.ledger import is_zero
from ticketos.domain.money import Money

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["billing"])

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/clients/{client_id}/trial-balance"): allow(BILLERS, CLIENT_ROLES, scope="billing:read"),
    ("GET", "/v1/clients/{client_id}/journals"): allow(BILLERS, CLIENT_ROLES, scope="billing:read"),
}
"""A client reads its own book; the provider's is for those with a role over the provider."""


@router.get("/trial-balance", response_model=TrialBalance, responses=problems(404))
async def trial_balance(call: ReadDep, client_id: UUID, as_of: date | None = None) -> Response:
    """Debits and credits per account up to a day."""

    def read(connection: Connection) -> Reply:
        one(connection, call, client_id)
        found = ledger.trial_balance(connection, client_id, as_of)
        sums = {(b.account, b.currency): Money(b.balance, b.currency) for b in found}
        return Reply(
            TrialBalance(
                client_id=client_id,
                as_of=as_of,
                balanced=is_zero(sums),
                accounts=[BalanceView.model_validate(b) for b in found],
            )
        )

    return (await call.read(read)).response()


@router.get("/journals", response_model=Page[JournalView], responses=problems(400, 404))
async def list_journals(
    call: ReadDep,
    client_id: UUID,
    source_id: Annotated[UUID | None, Query(description="Entries of one document or invoice")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Entries with their postings, the newest first."""
    before = id_cursor(cursor)

    def read(connection: Connection) -> list[JournalView]:
        one(connection, call, client_id)
        found = ledger.journals(connection, client_id, limit=limit + 1, before=before, source_id=source_id)
        return [JournalView.model_validate(entry) for entry in found]

    views = await call.read(read)
    following = str(views[limit - 1].id) if len(views) > limit else None
    return page(views[:limit], following, call.request.url, Page[JournalView])
