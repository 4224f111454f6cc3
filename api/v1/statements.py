"""MO9: the client's statement of account, and which AI is used under its contracts (AG1, AG10)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import Connection

from api.access import CONTRACT_READERS, Rule, allow
from api.deps import Call, ReadDep, Reply
from api.v1.invoices import READERS, client_named
from api.v1.parameters import problems
from schemas.statements import (
    AiChange,
    AiContract,
    AiEngine,
    AiUseView,
    StatementAccount,
    StatementEntry,
    StatementView,
)
from ticketos.db.repositories import ai_uses, statements
from ticketos.domain import ai_use
from ticketos.domain.statement import Account, statement
from ticketos.domain.terms import Terms

router = APIRouter(prefix="/v1/clients", tags=["billing"])

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/clients/{client_id}/statement"): allow(READERS, "success", scope="billing:read"),
    ("GET", "/v1/clients/{client_id}/ai-use"): allow(CONTRACT_READERS, scope="admin:read"),
}
Day = Annotated[date | None, Query()]
MONTHS = 3
"""A statement shows so many months where no first day is named, the present one included."""


@router.get("/{client_id}/statement", response_model=StatementView, responses=problems(404, 422))
async def read_statement(call: ReadDep, client_id: UUID, since: Day = None, until: Day = None) -> Response:
    """Opening balance, invoices and credit notes of these days, closing balance and its ageing; per currency."""
    return (
        await call.read(
            lambda connection: Reply(statement_of(connection, call, str(client_id), since, until))
        )
    ).response()


def statement_of(
    connection: Connection, call: Call, client: str, since: date | None, until: date | None
) -> StatementView:
    """The statement of a client by id or short name. Raises ``days-crossed``, ``span-too-long``."""
    row = client_named(connection, call, client)
    zone = ZoneInfo(row["zone"])
    today = call.now.astimezone(zone).date()
    last = until or today
    first = since or _month_back(last, MONTHS - 1)
    end = datetime.combine(min(last, date(9000, 1, 1)) + timedelta(days=1), time.min, zone)
    found = statement(statements.papers(connection, row["id"], last, end), first, last)
    return StatementView(
        client_id=row["id"], since=first, until=last, accounts=[_account(one) for one in found]
    )


def _month_back(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 - months
    return date(max(at // 12, 1), at % 12 + 1, 1)


def _account(one: Account) -> StatementAccount:
    return StatementAccount(
        currency=one.currency,
        opening=one.opening,
        invoiced=one.invoiced,
        credited=one.credited,
        closing=one.closing,
        payable=one.payable,
        ageing=one.ageing,
        entries=[
            StatementEntry(
                id=entry.paper.id,
                kind=entry.paper.kind,
                number=entry.paper.number,
                on=entry.paper.on,
                due_on=entry.paper.due_on,
                amount=entry.paper.amount,
                balance=entry.balance,
                disputed=entry.paper.disputed,
            )
            for entry in one.entries
        ],
    )


@router.get("/{client_id}/ai-use", response_model=AiUseView, responses=problems(404))
async def read_ai_use(call: ReadDep, client_id: UUID) -> Response:
    """Which AI is used under the client's contracts, what of it changed when, and the engines that acted."""
    return (await call.read(lambda connection: Reply(ai_use_of(connection, call, str(client_id))))).response()


def ai_use_of(connection: Connection, call: Call, client: str) -> AiUseView:
    """The same of a client by id or short name."""
    row = client_named(connection, call, client)
    today = call.now.astimezone(ZoneInfo(row["zone"])).date()
    changed = ai_uses.changes(connection, row["id"])
    found = [
        AiContract(
            contract_id=one["id"],
            number=one["number"],
            name=one["name"],
            service_line=one["service_line"],
            in_force=one["status"] == "active"
            and one["starts_on"] <= today
            and (one["ends_on"] is None or one["ends_on"] >= today),
            values=ai_use.values(Terms.from_json(one["terms"]).ai),
            changes=[
                AiChange(at=at, what=each.what, before=each.before, after=each.after)
                for at, was, now in changed.get(one["id"], ())
                for each in ai_use.differences(was, now)
            ],
        )
        for one in ai_uses.contracts(connection, row["id"])
    ]
    engines = [AiEngine.model_validate(dict(one)) for one in ai_uses.engines(connection, row["id"], call.now)]
    return AiUseView(client_id=row["id"], contracts=found, engines=engines)
