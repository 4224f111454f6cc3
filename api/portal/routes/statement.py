"""A client's statement of account, and which AI is used for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.access import Rule, as_page
from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.listing import address, clients_of, sheet
from api.portal.parts import Choice, Empty, Filter, NavItem, Tile
from api.portal.visit import Visit, VisitDep
from api.principal import CLIENT_ROLES
from api.v1 import statements as v1
from schemas.statements import StatementAccount, StatementView
from ticketos.domain.errors import DomainError
from ticketos.domain.statement import AGES, DISPUTED, NOT_DUE

router = APIRouter(include_in_schema=False)
_READ = as_page(v1.RULES["GET", "/v1/clients/{client_id}/statement"])
_AI = as_page(v1.RULES["GET", "/v1/clients/{client_id}/ai-use"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/statement"): _READ,
    ("GET", "/statement.csv"): _READ,
    ("GET", "/ai-use"): _AI,
}
NAV = (
    NavItem(
        text="statement.title",
        href="/statement",
        icon="accounts",
        roles=_READ.roles,
        section="office",
        order=61,
    ),
    NavItem(
        text="statement.ai_title",
        href="/ai-use",
        icon="robot",
        roles=CLIENT_ROLES | {"success", "auditor"},
        section="office",
        order=68,
    ),
)


def _client(visit: Visit, asked: str) -> str:
    """The short name of the client that is shown: the one asked for, else the first of those to choose from."""
    found = clients_of(visit)
    if not asked and not found:
        raise DomainError("not-found", what="client")
    return asked or found[0][0]


def _client_choice(visit: Visit, chosen: str) -> list[Filter]:
    found = clients_of(visit)
    if len(found) < 2:
        return []
    named = [Choice(slug, name, slug == chosen) for slug, name, _ in found]
    return [Filter("client", visit.portal.texts("lists.client"), named, chosen)]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def _statement(visit: Visit, client: str, since: str, until: str) -> StatementView:
    return await visit.read(
        lambda connection: v1.statement_of(connection, visit.call, client, _day(since), _day(until))
    )


@router.get("/statement")
async def show(visit: VisitDep, client: str = "", since: str = "", until: str = "") -> Response:
    """The account over some days: balances, papers, ageing."""
    chosen = _client(visit, client)
    found = await _statement(visit, chosen, since, until)
    t = visit.portal.texts
    first, last = found.since.isoformat(), found.until.isoformat()
    query = {"client": client, "since": since, "until": until}
    return visit.page(
        "statement/show",
        statement=found,
        tiles=lambda one: _tiles(visit, one),
        ages=lambda one: _ages(t, one),
        filters=[
            *_client_choice(visit, chosen),
            Filter("since", t("lists.since"), value=first, kind="date"),
            Filter("until", t("lists.until"), value=last, kind="date"),
        ],
        file=address("/statement.csv", query),
        empty=Empty(t("statement.empty"), t("statement.empty_text"), "accounts"),
    )


def _tiles(visit: Visit, one: StatementAccount) -> list[Tile]:
    t = visit.portal.texts

    def money(amount: Decimal) -> str:
        return visit.formats.money(amount, one.currency)

    late = sum((one.ageing[name] for name in AGES if name not in (NOT_DUE, DISPUTED)), Decimal(0))
    disputed = one.ageing[DISPUTED]
    return [
        Tile(t("statement.opening"), money(one.opening)),
        Tile(t("statement.invoiced"), money(one.invoiced)),
        Tile(t("statement.credited"), money(one.credited)),
        Tile(t("statement.closing"), money(one.closing)),
        Tile(
            t("statement.payable"),
            money(one.payable),
            note=t("statement.disputed_note", amount=money(disputed)) if disputed else "",
            tone="warn" if late > 0 else "neutral",
        ),
    ]


def _ages(t: Texts, one: StatementAccount) -> list[tuple[str, Decimal]]:
    return [(t(f"statement.age.{name}"), one.ageing[name]) for name in AGES]


@router.get("/statement.csv")
async def export(visit: VisitDep, client: str = "", since: str = "", until: str = "") -> Response:
    """The same as a file: opening balance, papers, closing balance and its ageing, currency by currency."""
    found = await _statement(visit, _client(visit, client), since, until)
    head = ("currency", "what", "number", "on", "due_on", "amount", "in_dispute", "balance")
    return await sheet(visit, "statement", head, [row for one in found.accounts for row in _rows(found, one)])


def _rows(found: StatementView, one: StatementAccount) -> Iterable[list[Any]]:
    yield [one.currency, "opening", "", found.since, "", "", "", one.opening]
    for entry in one.entries:
        kept = (entry.kind, entry.number, entry.on, entry.due_on, entry.amount, entry.disputed, entry.balance)
        yield [one.currency, *kept]
    yield [one.currency, "closing", "", found.until, "", "", "", one.closing]
    for name in AGES:
        yield [one.currency, name, "", found.until, "", one.ageing[name], "", ""]


@router.get("/ai-use")
async def ai_use(visit: VisitDep, client: str = "") -> Response:
    """Which AI is used under a client's contracts, who answers for it, and what changed."""
    chosen = _client(visit, client)
    found = await visit.read(lambda connection: v1.ai_use_of(connection, visit.call, chosen))
    t = visit.portal.texts
    return visit.page(
        "statement/ai",
        use=found,
        said=lambda what, value: _said(visit.formats, what, value),
        named=lambda what: _named(t, what),
        asks=_asks,
        filters=_client_choice(visit, chosen),
        empty=Empty(t("statement.ai_empty"), t("statement.ai_empty_text"), "robot"),
    )


def _asks(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What asks a person, as far as the contract says."""
    return [(name, value) for name, value in values.items() if name.startswith("asks.") and value]


def _named(t: Texts, what: str) -> str:
    group, _, name = what.partition(".")
    if group == "field":
        return t("statement.ai_field", name=t.word("field", name))
    return t(f"statement.ai_what.{what.replace('.', '_')}")


def _said(f: Formats, what: str, value: str) -> str:
    """A value in words; nothing said is said so."""
    t = f.texts
    if not value:
        return t("statement.ai_nobody" if what == "accountable" else "statement.ai_none")
    if what.startswith("mode."):
        return t.word("ai_mode", value)
    if what.startswith("engine."):
        return t.word("ai_engine", value)
    if what in ("asks.amount_over", "spend_cap"):
        limits = (one.partition(" ") for one in value.split(", "))
        return ", ".join(f.money(Decimal(amount), code) for code, _, amount in limits)
    return t("statement.ai_yes") if value == "yes" else value
