"""The books: trial balance of a book up to a day, its entries, and the daily reconciliation with every difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import BILLERS, Rule, as_page
from api.portal.listing import (
    FILE_PAGE,
    LIMIT,
    address,
    client_choices,
    client_filter,
    clients_asked,
    clients_of,
    file_of,
    sheet,
)
from api.portal.parts import Choice, Empty, Filter, NavItem, Notice, Tile
from api.portal.routes import book_months
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import ledger as v1
from api.v1 import reconciliations
from api.v1.clients import one as client_one
from api.v1.parameters import id_cursor
from schemas.reconciliation import RunReconciliation
from ticketos.db.repositories import ledger, reconciliation
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_BOOKS = as_page(v1.RULES["GET", "/v1/clients/{client_id}/trial-balance"])
_DAYS = as_page(reconciliations.RULES["GET", "/v1/reconciliations"])
_RUN = as_page(reconciliations.RULES["POST", "/v1/reconciliations"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/books"): _BOOKS,
    ("GET", "/books/balance.csv"): _BOOKS,
    ("GET", "/books/entries.csv"): _BOOKS,
    ("GET", "/reconciliations"): _DAYS,
    ("GET", "/reconciliations.csv"): _DAYS,
    ("POST", "/reconciliations"): _RUN,
}
NAV = (
    NavItem(text="books.title", href="/books", icon="audit", roles=BILLERS, section="office", order=62),
    NavItem(
        text="books.days",
        href="/reconciliations",
        icon="check",
        roles=_DAYS.roles,
        section="office",
        order=64,
    ),
)


def _books(visit: Visit) -> list[tuple[str, str, UUID]]:
    """The books the caller may read, the provider's own first."""
    seen = set(visit.principal.clients_with(visit.call.rule.roles))
    known = sorted(
        (one for one in visit.viewer.companies.values() if one.id in seen),
        key=lambda one: (one.kind != "provider", one.name.casefold()),
    )
    return [(one.slug, one.name, one.id) for one in known]


def _book(visit: Visit, slug: str) -> tuple[str, str, UUID]:
    books = _books(visit)
    if not books:
        raise DomainError("forbidden")
    found = next((one for one in books if one[0] == slug), None) if slug else books[0]
    if found is None:
        raise DomainError("client-unknown")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise DomainError("date-unreadable", field="as_of", given=text) from error


@router.get("/books")
async def show(
    visit: VisitDep, book: str = "", as_of: str = "", source: str = "", cursor: str | None = None
) -> Response:
    """Trial balance and entries of a book."""
    slug, name, book_id = _book(visit, book)
    day, only = _day(as_of), _uuid(source)

    def read(connection: Connection) -> dict[str, Any]:
        return {
            **book_months.around(connection, visit, slug, book_id),
            "balance": ledger.trial_balance(connection, book_id, day),
            "entries": ledger.journals(
                connection, book_id, limit=LIMIT + 1, before=id_cursor(cursor or None), source_id=only
            ),
        }

    found = await visit.read(read)
    t, entries = visit.portal.texts, found.pop("entries")
    sums = sums_of(found["balance"])
    query = {"book": slug, "as_of": as_of, "source": source}
    following = str(entries[LIMIT - 1]["id"]) if len(entries) > LIMIT else None
    return visit.page(
        "books/book",
        **found,
        entries=entries[:LIMIT],
        sums=sums,
        balanced=all(one.zero for one in sums),
        owner=name,
        accounts={one.account: one.name for one in found["balance"]},
        lead=lambda one: f"/invoices/{one['source_id']}" if one["source"] == "invoice" else None,
        filters=[
            Filter("book", t("books.book"), [Choice(s, n, s == slug) for s, n, _ in _books(visit)], slug),
            Filter("as_of", t("books.as_of"), value=as_of, kind="date"),
        ],
        balance_file=address("/books/balance.csv", query),
        entries_file=address("/books/entries.csv", query),
        more=address("/books", {**query, "cursor": following}) if following else None,
        first=address("/books", query) if cursor else None,
        source=source,
        all_entries=address("/books", {"book": slug, "as_of": as_of}),
        empty=Empty(t("books.empty"), t("books.empty_text"), "audit"),
    )


@dataclass(frozen=True)
class Sum:
    """The accounts of a trial balance in one currency, and what they come to."""

    currency: str
    rows: Sequence[ledger.Balance]
    debit: Decimal
    credit: Decimal

    @property
    def zero(self) -> bool:
        """Whether debit and credit are the same, to the last digit."""
        return self.debit == self.credit


def sums_of(rows: Iterable[ledger.Balance]) -> list[Sum]:
    """A trial balance by currency, in the order of the codes: money of two currencies is never added up."""
    by: dict[str, list[ledger.Balance]] = {}
    for row in rows:
        by.setdefault(row.currency, []).append(row)
    return [
        Sum(
            code,
            found,
            sum((one.debit for one in found), Decimal(0)),
            sum((one.credit for one in found), Decimal(0)),
        )
        for code, found in sorted(by.items())
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise DomainError("not-found", what="entry") from error


@router.get("/books/balance.csv")
async def export_balance(visit: VisitDep, book: str = "", as_of: str = "") -> Response:
    """The trial balance as a file."""
    _, _, book_id = _book(visit, book)
    day = _day(as_of)

    def read(connection: Connection) -> Sequence[ledger.Balance]:
        client_one(connection, visit.call, book_id)
        return ledger.trial_balance(connection, book_id, day)

    rows = await visit.read(read)
    head = ("account", "name", "kind", "currency", "debit", "credit", "balance")
    return await sheet(visit, "trial-balance", head, [[getattr(one, name) for name in head] for one in rows])


@router.get("/books/entries.csv")
async def export_entries(visit: VisitDep, book: str = "", source: str = "") -> Response:
    """Every posting of the book as a file."""
    _, _, book_id = _book(visit, book)
    only = _uuid(source)

    def page(connection: Connection, cursor: str | None) -> tuple[list[list[Any]], str | None]:
        client_one(connection, visit.call, book_id)
        found = ledger.journals(
            connection, book_id, limit=FILE_PAGE + 1, before=id_cursor(cursor), source_id=only
        )
        following = str(found[FILE_PAGE - 1]["id"]) if len(found) > FILE_PAGE else None
        lines = [
            [one["number"], one["booked_on"], one["memo"], side["account"], side["amount"], side["currency"]]
            for one in found[:FILE_PAGE]
            for side in one["postings"] or ()
        ]
        return lines, following

    head = ("entry", "booked_on", "memo", "account", "amount", "currency")
    return await file_of(visit, "entries", head, page, lambda line: line)


# --- reconciliation ---------------------------------------------------------------------------------------------------

COUNTS = ("received", "posted", "rejected", "quarantined", "open")


@router.get("/reconciliations")
async def days(visit: VisitDep, client: str = "", day: str = "", cursor: str | None = None) -> Response:
    """Daily reports, the newest first."""
    return await _days(visit, client, day, cursor)


async def _days(
    visit: Visit, client: str = "", day: str = "", cursor: str | None = None, status: int = 200, **more: Any
) -> Response:
    chosen = clients_asked(visit, client)
    only = _day(day)
    rows = await visit.read(
        lambda connection: reconciliation.listed(
            connection, chosen, limit=LIMIT + 1, day=only, before=id_cursor(cursor or None)
        )
    )
    t, slugs = visit.portal.texts, {client_id: slug for slug, _, client_id in clients_of(visit)}
    query = {"client": client, "day": day}
    following = str(rows[LIMIT - 1]["id"]) if len(rows) > LIMIT else None
    differences = sum(len(row["differences"]) for row in rows[:LIMIT])
    return visit.page(
        "books/days",
        status,
        **more,
        rows=rows[:LIMIT],
        counts=COUNTS,
        documents=lambda row: address(
            "/documents",
            {
                "client": slugs.get(row["client_id"]),
                "since": row["day"].isoformat(),
                "until": row["day"].isoformat(),
            },
        ),
        tiles=[
            Tile(t("books.days_shown"), str(len(rows[:LIMIT]))),
            Tile(t("books.differences"), str(differences), tone="bad" if differences else "good"),
        ],
        clients=client_choices(visit, client),
        today=visit.call.now.astimezone(visit.viewer.zone).date().isoformat(),
        may_run=bool(visit.viewer.roles & _RUN.roles),
        filters=[*client_filter(visit, client), Filter("day", t("books.day"), value=day, kind="date")],
        file=address("/reconciliations.csv", query),
        tree="/tickets" if visit.viewer.staff else "/requests",
        more=address("/reconciliations", {**query, "cursor": following}) if following else None,
        first=address("/reconciliations", query) if cursor else None,
        empty=Empty(t("books.days_empty"), t("books.days_empty_text"), "check"),
    )


@router.get("/reconciliations.csv")
async def export_days(visit: VisitDep, client: str = "", day: str = "") -> Response:
    """The reports as a file."""
    chosen = clients_asked(visit, client)
    only = _day(day)

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[Any], str | None]:
        rows = reconciliation.listed(
            connection, chosen, limit=FILE_PAGE + 1, day=only, before=id_cursor(cursor)
        )
        return rows[:FILE_PAGE], str(rows[FILE_PAGE - 1]["id"]) if len(rows) > FILE_PAGE else None

    def line(row: Any) -> list[Any]:
        return [
            *(visit.viewer.company(row["client_id"]), row["day"]),
            *(row["counts"].get(name, 0) for name in COUNTS),
            len(row["differences"]),
        ]

    return await file_of(visit, "reconciliations", ("client", "day", *COUNTS, "differences"), page, line)


@router.post("/reconciliations")
async def run(visit: PostDep) -> Response:
    """Reconcile a day now; its earlier report is replaced."""
    client, day = visit.form.text("client", 60), visit.form.text("day", 10)

    async def work() -> Response:
        return await reconciliations.run_reconciliation(
            visit.call, visit.body(RunReconciliation, client=client, day=day)
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _days(visit, status=status, notice=notice)

    to = address("/reconciliations", {"client": client, "day": day})
    return await visit.act(work, to=to, said="books.ran", again=again, day=day)
