"""SL1 the daily reconciliation: read the reports, run a day now."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.access import BILLERS, Rule, allow
from api.deps import CallDep, ReadDep, Reply
from api.principal import CLIENT_ROLES
from api.v1.invoices import client_named
from api.v1.newest import newest
from api.v1.parameters import Cursor, Limit, problems
from schemas.http import Page
from schemas.reconciliation import ReconciliationView, RunReconciliation
from ticketos.db.repositories import reconciliation
from ticketos.db.repositories.reconciliation import Reconciliations

router = APIRouter(prefix="/v1/reconciliations", tags=["billing"])

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/reconciliations"): allow(BILLERS, "ops", "lead", CLIENT_ROLES, scope="billing:read"),
    ("POST", "/v1/reconciliations"): allow("finance", "ops", scope="billing:write"),
}


def _view(row: RowMapping) -> ReconciliationView:
    return ReconciliationView.model_validate(
        {**row, "totals": row["values"]["totals"], "references": row["values"]["references"]}
    )


@router.get("", response_model=Page[ReconciliationView], responses=problems(400, 404))
async def list_reconciliations(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    day: date | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Reports, the newest day first."""
    return await newest(
        call,
        partial(reconciliation.listed, day=day),
        _view,
        Page[ReconciliationView],
        client=client,
        limit=limit,
        cursor=cursor,
    )


@router.post("", response_model=ReconciliationView, responses=problems(404))
async def run_reconciliation(call: CallDep, body: RunReconciliation) -> Response:
    """Reconcile a day now. The day's earlier report is replaced; differences known already are not told
    again."""

    def run(connection: Connection) -> Reply:
        client_id = client_named(connection, call, body.client)["id"]
        made = Reconciliations(call.services.audit, call.services.new_id, call.services.erp)
        row = made.run(connection, client_id, body.day, now=call.now, actor=call.principal.actor(client_id))
        return Reply(_view(row))

    return await call.write(run)
