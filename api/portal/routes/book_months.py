"""Months of a client's book: how each stands, the month-end's report, and what finance does with a month."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, as_page
from api.deps import Call
from api.portal.catalogue import Texts
from api.portal.listing import address, sheet
from api.portal.page import redirect
from api.portal.parts import Chip, Choice, Notice, Tone
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import book_months as v1
from api.v1.clients import one as client_one
from schemas.book_months import MonthEndView, ReopenMonth, RunMonthEnd, ShutMonth
from ticketos.db.repositories import clients, persons
from ticketos.domain import book_months as rules
from ticketos.domain.errors import DomainError
from ticketos.domain.month_end import last_over

router = APIRouter(include_in_schema=False)
_READ = as_page(v1.RULES["GET", "/v1/clients/{client_id}/book-months"])
_ACT = as_page(v1.RULES["POST", "/v1/clients/{client_id}/month-ends/{period}"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/books/month"): _READ,
    ("GET", "/books/month.csv"): _READ,
    **{("POST", f"/books/month/{name}"): _ACT for name in ("run", "close", "reopen")},
}


def chip(state: str, t: Texts) -> Chip:
    """How a month stands."""
    look: dict[str, tuple[Tone, str]] = {
        "open": ("neutral", "play"),
        "soft": ("info", "lock"),
        "closed": ("good", "lock"),
    }
    tone, icon = look[state]
    return Chip(t(f"books.month_{state}"), tone, icon, t(f"books.month_{state}_why"))


def around(connection: Connection, visit: Visit, slug: str, book_id: UUID) -> dict[str, Any]:
    """What the page of a book shows of its months; nothing for the provider's own book, which has no month-end."""
    company = client_one(connection, visit.call, book_id)
    if company["kind"] != "client":
        return {"months": [], "to_run": []}
    found = v1.months_of(connection, book_id)
    may = "finance" in visit.principal.roles_over(book_id)
    last = last_over(visit.call.now, company["zone"])
    ended = sorted({last, *(one.period for one in found if one.state == "open" and one.period <= last)})
    states = {one.period: one.state for one in found if not one.implied}
    open_ones = [one for one in ended if rules.state_of(one, states) == rules.OPEN]
    return {
        "months": found,
        "to_run": [Choice(one, visit.formats.month(one), one == open_ones[-1]) for one in reversed(open_ones)]
        if may
        else [],
        "month_chip": lambda one: chip(one.state, visit.portal.texts),
        "month_page": lambda one: address("/books/month", {"book": slug, "period": one.period}),
        "book_slug": slug,
    }


def _client(connection: Connection, visit: Visit, slug: str) -> Any:
    row = clients.by_slug(connection, slug)
    if row is None:
        raise DomainError("not-found", what="client")
    return client_one(connection, visit.call, row["id"])


@router.get("/books/month")
async def show(visit: VisitDep, book: str = "", period: str = "") -> Response:
    """One month with the report of its last month-end."""
    return await _show(visit, book, period) if book and period else redirect("/books")


async def _show(visit: Visit, book: str, period: str, status: int = 200, **more: Any) -> Response:
    rules.first_day(period)

    def read(connection: Connection) -> dict[str, Any]:
        company = _client(connection, visit, book)
        month = v1.month_of(connection, company["id"], period)
        report = _report(connection, company["id"], period)
        who = {one for one in (month.changed_by, report.ran_by if report else None) if one}
        names = persons.names_of(connection, who) if visit.viewer.staff else {}
        return {
            "company": company,
            "month": month,
            "report": report,
            "people": names,
            "may": "finance" in visit.principal.roles_over(company["id"]),
            "over": period <= last_over(visit.call.now, company["zone"]),
        }

    found = await visit.read(read)
    if found["company"]["kind"] != "client":
        raise DomainError("not-found", what="month")
    return visit.page(
        "books/month",
        status,
        **{"typed": {}, **more},
        **found,
        book=book,
        state=chip(found["month"].state, visit.portal.texts),
        back=address("/books", {"book": book}),
        file=address("/books/month.csv", {"book": book, "period": period}),
        tree="/tickets" if visit.viewer.staff else "/requests",
    )


def _report(connection: Connection, client_id: UUID, period: str) -> MonthEndView | None:
    try:
        return v1.report_of(connection, client_id, period)
    except DomainError as error:
        if error.code != "month-end-missing":
            raise
        return None


@router.get("/books/month.csv")
async def export(visit: VisitDep, book: str = "", period: str = "") -> Response:
    """The kept report as a file: checks, documents still open, differences, balances."""
    if not book or not period:
        return redirect("/books")
    rules.first_day(period)

    def read(connection: Connection) -> MonthEndView:
        return v1.report_of(connection, _client(connection, visit, book)["id"], period)

    report = await visit.read(read)
    lines: list[list[Any]] = [
        ["check", one.name, "ok" if one.ok else "in the way", one.detail] for one in report.checks
    ]
    lines += [["count", name, count, ""] for name, count in report.counts.items()]
    lines += [["open", one.get("ticket"), one.get("filename"), one.get("state")] for one in report.open]
    lines += [
        ["difference", one.get("ticket"), one.get("filename"), f"{one.get('day')} {one.get('words')}"]
        for one in report.differences
    ]
    lines += [
        ["apart", one["ticket"], one["filename"], f"{one['booked']} booked, {one['said']} said"]
        for one in report.apart
    ]
    lines += [
        ["balance", f"{one['account']} {one['name']}".strip(), one["currency"], one["balance"]]
        for one in report.trial_balance
    ]
    if report.with_open:
        lines.append(["closed with open documents", report.with_open, "", ""])
    return await sheet(visit, f"month-end-{book}-{period}", ("what", "name", "value", "detail"), lines)


@dataclass(frozen=True)
class MonthAct:
    """A form of the page: the API's function, its body, where the reason goes in it, and what is said when it is done."""

    send: Callable[[Call, UUID, str, Any], Awaitable[Response]]
    body: type[BaseModel]
    reason: str
    said: str


ACTS = {
    "run": MonthAct(v1.run_month_end, RunMonthEnd, "with_open", "books.month_ran"),
    "close": MonthAct(v1.close_month, ShutMonth, "reason", "books.month_was_closed"),
    "reopen": MonthAct(v1.reopen_month, ReopenMonth, "reason", "books.month_was_reopened"),
}


def _route(act: MonthAct) -> Callable[..., Awaitable[Response]]:
    async def post(visit: PostDep) -> Response:
        return await _act(visit, act)

    return post


for _name, _month_act in ACTS.items():
    router.add_api_route(f"/books/month/{_name}", _route(_month_act), methods=["POST"])


async def _act(visit: Visit, act: MonthAct) -> Response:
    form = visit.form
    book, period, reason = form.text("client", 60), form.text("period", 7), form.text("reason", 2_000)

    async def work() -> Any:
        rules.first_day(period)
        company = await visit.read(lambda connection: _client(connection, visit, book))
        body = visit.body(act.body, **{act.reason: reason})
        return await act.send(visit.call, company["id"], period, body)

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, book, period, status, notice=notice, typed={"reason": reason})

    to = address("/books/month", {"book": book, "period": period})
    return await visit.act(
        work, to=to, said=act.said, again=again if period else None, period=visit.formats.month(period)
    )
