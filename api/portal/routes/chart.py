"""A client's own chart of accounts, kept one by one or taken in as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import Rule, as_page
from api.deps import etag
from api.portal.listing import (
    FILE_PAGE,
    LIMIT,
    address,
    choices,
    client_choices,
    client_filter,
    client_first,
    client_named,
    clients_asked,
    clients_of,
    file_of,
    slug_of,
)
from api.portal.parts import Choice, Command, Crumb, Empty, Filter, NavItem, Notice
from api.portal.stale import differences
from api.portal.taking_in import ClientFile
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import chart as v1
from schemas.chart import EditLedgerAccount, NewLedgerAccount
from ticketos.db.repositories import chart
from ticketos.domain.chart import KINDS, LONGEST_CODE, LONGEST_NAME
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import account_file

router = APIRouter(include_in_schema=False)
PATH = "/chart-of-accounts"
_READ = as_page(v1.RULES["GET", "/v1/ledger-accounts"])
_WRITE = as_page(v1.RULES["POST", "/v1/ledger-accounts"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", PATH): _READ,
    ("GET", f"{PATH}.csv"): _READ,
    ("GET", f"{PATH}/new"): _WRITE,
    ("POST", PATH): _WRITE,
    ("GET", f"{PATH}/import"): _WRITE,
    ("POST", f"{PATH}/import"): _WRITE,
    ("GET", f"{PATH}/{{account_id}}"): _READ,
    ("POST", f"{PATH}/{{account_id}}"): _WRITE,
}
NAV = (
    NavItem(text="chart.title", href=PATH, icon="accounts", roles=_READ.roles, section="office", order=68),
)
COMMANDS = (Command("chart.add", f"{PATH}/new", "plus", RULES["GET", f"{PATH}/new"].roles),)
_LIST = ClientFile("chart", PATH, account_file.COLUMNS, v1.taken_in, "account-file-missing")
_MOST = {"code": LONGEST_CODE + 1, "name": LONGEST_NAME + 1, "kind": 20}
"""Characters taken of a field: more than its schema allows, so that what is too long is refused and not cut."""


# --- the list ---------------------------------------------------------------------------------------------------------


@router.get(PATH)
async def show(
    visit: VisitDep,
    client: str = "",
    q: str = "",
    kind: str = "",
    active: str = "",
    cursor: str | None = None,
) -> Response:
    """The chart: all accounts by code, or those that are looked for."""
    query = {"client": client, "q": q, "kind": kind, "active": active}
    t, chosen = visit.portal.texts, clients_asked(visit, client)
    rows, following = await visit.read(
        lambda connection: _page(connection, chosen, query, LIMIT, cursor or None)
    )
    may = any(visit.may(_WRITE, one) for one in chosen)
    new = address(f"{PATH}/new", {"client": client})
    states = [Choice(one, t(f"chart.active_{one}"), one == active) for one in ("yes", "no")]
    return visit.page(
        "chart/list",
        rows=rows,
        may=may,
        new=new,
        several=len(clients_of(visit)) > 1,
        take_in=address(f"{PATH}/import", {"client": client}),
        filters=[
            Filter("q", t("chart.search"), value=q, kind="search"),
            *client_filter(visit, client),
            Filter("kind", t("chart.kind"), choices(t, "account_kind", KINDS, kind), kind),
            Filter("active", t("chart.state"), [Choice("", t("shell.any"), not active), *states], active),
        ],
        file=address(f"{PATH}.csv", query),
        more=address(PATH, {**query, "cursor": following}) if following else None,
        first=address(PATH, query) if cursor else None,
        empty=_empty(visit, bool(q or kind or active), may, new),
    )


def _page(
    connection: Connection, chosen: Sequence[UUID], query: Mapping[str, str], limit: int, cursor: str | None
) -> tuple[Sequence[RowMapping], str | None]:
    return chart.listed(
        connection,
        chosen,
        q=query["q"][:200],
        kind=query["kind"] if query["kind"] in KINDS else None,
        active={"yes": True, "no": False}.get(query["active"]),
        limit=limit,
        cursor=cursor,
    )


def _empty(visit: Visit, searched: bool, may: bool, new: str) -> Empty:
    t = visit.portal.texts
    if searched:
        return Empty(t("chart.none"), t("chart.none_text"), "search")
    if not may:
        return Empty(t("chart.empty"), t("chart.empty_text"), "accounts")
    return Empty(t("chart.empty"), t("chart.empty_text"), "accounts", t("chart.add"), new)


@router.get(f"{PATH}.csv")
async def export(
    visit: VisitDep, client: str = "", q: str = "", kind: str = "", active: str = ""
) -> Response:
    """The list as a file, in the columns that an import takes; of several clients, each row says whose it is."""
    query, chosen = {"q": q, "kind": kind, "active": active}, clients_asked(visit, client)
    one = len(chosen) == 1

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[RowMapping], str | None]:
        return _page(connection, chosen, query, FILE_PAGE, cursor)

    def line(row: RowMapping) -> list[Any]:
        return [*([] if one else [visit.viewer.company(row["client_id"])]), *v1.line(row)]

    head = (*(() if one else ("client",)), *account_file.COLUMNS)
    return await file_of(visit, "chart-of-accounts", head, page, line)


@router.get(f"{PATH}/import")
async def choose(visit: VisitDep, client: str = "") -> Response:
    """The form that takes a file."""
    return _LIST.form(visit, client)


@router.post(f"{PATH}/import")
async def take_in(visit: PostDep) -> Response:
    """Take in a file, or say what it would do: numbers, and each refused line with its reason."""
    return await _LIST.taken_in(visit)


# --- one account ------------------------------------------------------------------------------------------------------


def _typed(visit: Visit) -> dict[str, Any]:
    typed: dict[str, Any] = {name: visit.form.text(name, most) for name, most in _MOST.items()}
    return {**typed, "active": visit.form.text("active", 3) == "yes"}


def _shown(row: RowMapping) -> dict[str, Any]:
    """An account as the form shows it."""
    return {name: row[name] for name in account_file.COLUMNS}


async def _form(
    visit: Visit,
    client_id: UUID | None,
    typed: Mapping[str, Any],
    status: int = 200,
    *,
    row: RowMapping | None = None,
    **more: Any,
) -> Response:
    t = visit.portal.texts
    slug = slug_of(visit, client_id)

    def read(connection: Connection) -> tuple[str, list[str]]:
        if row is None:
            return "", []
        needed = chart.roles(chart.needed(connection, row["client_id"]))
        return needed.get(row["code"], ""), chart.used_by(connection, row["client_id"], row["code"])

    role, uses = await visit.read(read)
    return visit.page(
        "chart/form",
        status,
        **{"stale": [], **more},
        row=row,
        version=row["row_version"] if row else None,
        typed=typed,
        role=role,
        uses=uses,
        kinds=[
            *([] if typed["kind"] else [Choice("", t("chart.kind_choose"), True)]),
            *(Choice(one, t.word("account_kind", one), one == typed["kind"]) for one in KINDS),
        ],
        slug=slug,
        owner=visit.viewer.company(client_id) if client_id else "",
        clients=client_choices(visit, slug),
        may=client_id is None or visit.may(_WRITE, client_id),
        longest=_MOST,
        crumbs=[
            Crumb(t("chart.title"), address(PATH, {"client": slug})),
            Crumb(row["code"] if row else t("chart.add")),
        ],
    )


@router.get(f"{PATH}/new")
async def compose(visit: VisitDep, client: str = "") -> Response:
    """The form of a new account."""
    return await _form(visit, client_first(visit, client), {**dict.fromkeys(_MOST, ""), "active": True})


@router.post(PATH)
async def create(visit: PostDep) -> Response:
    """Add an account."""
    typed, slug = _typed(visit), visit.form.text("client", 60)
    try:
        client_id = client_named(visit, slug)
    except DomainError as error:  # a form with these values and another client chosen would add them there
        return await visit.refused(error)

    async def work() -> Response:
        return await v1.create_account(visit.call, visit.body(NewLedgerAccount, client_id=client_id, **typed))

    async def again(notice: Notice, status: int) -> Response:
        return await _form(visit, client_id, typed, status, notice=notice)

    return await visit.act(
        work, to=address(PATH, {"client": slug}), said="chart.added", again=again, code=typed["code"]
    )


async def _one(visit: Visit, account_id: UUID) -> RowMapping:
    return await visit.read(lambda connection: v1.one(connection, visit.call, account_id))


@router.get(f"{PATH}/{{account_id}}")
async def one(visit: VisitDep, account_id: UUID) -> Response:
    """One account."""
    row = await _one(visit, account_id)
    return await _form(visit, row["client_id"], _shown(row), row=row)


@router.post(f"{PATH}/{{account_id}}")
async def edit(visit: PostDep, account_id: UUID) -> Response:
    """Keep new values, or remove an account that nothing names; one changed meanwhile is refused and both are shown."""
    typed, version = _typed(visit), visit.form.version
    match = etag(version) if version is not None else None
    removing = visit.form.text("act") == "remove"
    # What the page needs afterwards comes with the form: a removed account cannot be read for it, and a form sent twice
    # is answered as the first time.
    code, slug = typed.pop("code"), visit.form.text("client", 60)

    async def work() -> Response:
        if removing:
            return await v1.remove_account(visit.call, account_id, match)
        return await v1.edit_account(visit.call, account_id, visit.body(EditLedgerAccount, **typed), match)

    async def again(notice: Notice, status: int) -> Response:
        now = await _one(visit, account_id)
        kept = _shown(now)
        mine = kept if removing else {**kept, **typed}
        stale = differences(visit.portal.texts, "chart", kept, mine) if status == 412 else []
        return await _form(visit, now["client_id"], mine, status, row=now, notice=notice, stale=stale)

    return await visit.act(
        work,
        to=address(PATH, {"client": slug}),
        said="chart.removed" if removing else "chart.kept",
        again=again,
        code=code,
    )
