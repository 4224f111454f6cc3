"""Months of a client's book: how they stand, closing, opening again, and the month-end (OP3, AG9)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response
from sqlalchemy import Connection

from api.access import BILLERS, Rule, allow
from api.deps import Call, CallDep, ReadDep, Reply
from api.principal import CLIENT_ROLES
from api.v1.clients import one
from api.v1.parameters import problems
from schemas.book_months import BookMonthView, MonthEndView, ReopenMonth, RunMonthEnd, ShutMonth
from schemas.http import BeingApplied
from schemas.invoices import Period
from schemas.periods import PeriodStart
from ticketos.db.repositories import book_months, month_end
from ticketos.db.repositories.book_months import Act, BookMonths
from ticketos.domain import book_months as rules
from ticketos.domain.errors import DomainError
from ticketos.domain.month_end import last_over
from workflows import names

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["billing"])

_READ = allow(BILLERS, CLIENT_ROLES, scope="billing:read")
_ACT = allow("finance", scope="billing:write")
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/clients/{client_id}/book-months"): _READ,
    ("POST", "/v1/clients/{client_id}/book-months/{period}/close"): _ACT,
    ("POST", "/v1/clients/{client_id}/book-months/{period}/reopen"): _ACT,
    ("GET", "/v1/clients/{client_id}/month-ends/{period}"): _READ,
    ("POST", "/v1/clients/{client_id}/month-ends/{period}"): _ACT,
}
"""Finance acts; a client reads its own book's months, administrators and auditors all."""

Month = Annotated[Period, Path()]
_UNDER_WAY: dict[int | str, dict[str, Any]] = {
    202: {"model": BeingApplied, "description": "Under way; read the report in a moment"}
}


def months_of(connection: Connection, client_id: UUID) -> list[BookMonthView]:
    """The months of one book, the newest first."""
    return [BookMonthView.model_validate(row) for row in book_months.listed(connection, [client_id])]


def month_of(connection: Connection, client_id: UUID, period: str) -> BookMonthView:
    """One month; one that nothing is known of yet stands as its neighbours say."""
    return BookMonthView.model_validate(book_months.one(connection, client_id, period))


def report_of(
    connection: Connection, client_id: UUID, period: str, outcome: str | None = None
) -> MonthEndView:
    """The kept report. Raises ``month-end-missing`` when the month was never run."""
    row = month_end.get(connection, client_id, period)
    if row is None:
        raise DomainError("month-end-missing", period=period)
    state = rules.state_of(period, book_months.states(connection, client_id))
    kept = {name: row[name] for name in ("client_id", "period", "clean", "runs", "ran_at", "ran_by")}
    return MonthEndView.model_validate({**row["report"], **kept, "state": state, "outcome": outcome})


@router.get("/book-months", response_model=list[BookMonthView], responses=problems(404))
async def list_months(call: ReadDep, client_id: UUID) -> list[BookMonthView]:
    """The months of the book: open, soft-closed or closed, who changed that, when and why."""

    def read(connection: Connection) -> list[BookMonthView]:
        one(connection, call, client_id)
        return months_of(connection, client_id)

    return await call.read(read)


@router.post("/book-months/{period}/close", response_model=BookMonthView, responses=problems(404, 409))
async def close_month(call: CallDep, client_id: UUID, period: Month, body: ShutMonth) -> Response:
    """Close a soft-closed month for good: no entry enters it, whoever decides."""
    return await _change(call, client_id, period, "close", body.reason)


@router.post("/book-months/{period}/reopen", response_model=BookMonthView, responses=problems(404, 409))
async def reopen_month(call: CallDep, client_id: UUID, period: Month, body: ReopenMonth) -> Response:
    """Open a month again, with a reason. Its month-end may be run anew."""
    return await _change(call, client_id, period, "reopen", body.reason)


async def _change(call: Call, client_id: UUID, period: str, act: Act, reason: str) -> Response:
    def write(connection: Connection) -> Reply:
        one(connection, call, client_id)
        months, actor = BookMonths(call.services.audit), call.principal.actor(client_id)
        months.change(connection, client_id, period, act, now=call.now, actor=actor, reason=reason)
        return Reply(month_of(connection, client_id, period))

    return await call.write(write)


@router.get("/month-ends/{period}", response_model=MonthEndView, responses=problems(404))
async def read_month_end(call: ReadDep, client_id: UUID, period: Month) -> MonthEndView:
    """The report of a month's last run."""

    def read(connection: Connection) -> MonthEndView:
        one(connection, call, client_id)
        return report_of(connection, client_id, period)

    return await call.read(read)


@router.post(
    "/month-ends/{period}",
    response_model=MonthEndView,
    responses=problems(404, 409) | _UNDER_WAY,
)
async def run_month_end(call: CallDep, client_id: UUID, period: Month, body: RunMonthEnd) -> Response:
    """Run a month's end now: check it, keep the report, soft-close the month when nothing stands in the way. A month
    that is shut is not run again: the answer is ``ran_before`` with the report kept then. A run under way is waited for,
    unless it was asked for with another ``with_open``: that is refused."""

    def read(connection: Connection) -> MonthEndView | None:
        company = one(connection, call, client_id)
        if company["kind"] != "client":
            raise DomainError("not-a-clients-book")
        rules.first_day(period)  # a page has it from a form
        if period > last_over(call.now, company["zone"]):
            raise DomainError("period-not-over", period=period)
        if rules.state_of(period, book_months.states(connection, client_id)) == rules.OPEN:
            return None
        if month_end.get(connection, client_id, period) is None:  # shut with a later month, never run itself
            raise DomainError("period-not-open", period=period)
        return report_of(connection, client_id, period, "ran_before")

    async def run() -> Reply:
        if (before := await call.read(read)) is not None:
            return Reply(before)
        if call.services.runs is None:
            raise DomainError("workflows-unavailable")
        who = call.principal.actor_ref(client_id)
        start = PeriodStart(client_id=client_id, period=period, actor=who, reason=body.with_open.strip())
        result = await call.services.runs.month_end(start)
        if result is None:
            return Reply(BeingApplied(id=names.period_workflow(names.MONTH_END, client_id, period)), 202)
        return Reply(await call.read(lambda c: report_of(c, client_id, period, result.outcome)))

    return await call.once(run)
