"""Whom a client buys from: its vendor list, kept one by one or taken in as a file."""

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
from api.v1 import vendors as v1
from schemas.vendors import EditVendor, NewVendor
from ticketos.db.repositories import chart, vendors
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import vendor_file

router = APIRouter(include_in_schema=False)
_READ = as_page(v1.RULES["GET", "/v1/vendors"])
_WRITE = as_page(v1.RULES["POST", "/v1/vendors"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/vendors"): _READ,
    ("GET", "/vendors.csv"): _READ,
    ("GET", "/vendors/new"): _WRITE,
    ("POST", "/vendors"): _WRITE,
    ("GET", "/vendors/import"): _WRITE,
    ("POST", "/vendors/import"): _WRITE,
    ("GET", "/vendors/{vendor_id}"): _READ,
    ("POST", "/vendors/{vendor_id}"): _WRITE,
}
NAV = (
    NavItem(text="vendors.title", href="/vendors", icon="box", roles=_READ.roles, section="office", order=66),
)
COMMANDS = (Command("vendors.add", "/vendors/new", "plus", RULES["GET", "/vendors/new"].roles),)
FIELDS = ("code", "name", "tax_ids", "aliases", "address", "account", "cost_centre", "tax_code")
LISTS = ("tax_ids", "aliases")
_LIST = ClientFile("vendors", "/vendors", vendor_file.COLUMNS, v1.taken_in, "vendor-file-missing")
_MOST = dict.fromkeys(FIELDS, 2001) | dict.fromkeys(LISTS, 20_000)
"""Characters taken of a field: more than its schema allows, so that what is too long is refused and not cut."""


@router.get("/vendors")
async def show(
    visit: VisitDep, client: str = "", q: str = "", active: str = "", cursor: str | None = None
) -> Response:
    """The list."""
    return await _show(visit, client, q, active, cursor)


def _in_use(active: str) -> bool | None:
    return {"yes": True, "no": False}.get(active)


async def _show(
    visit: Visit,
    client: str = "",
    q: str = "",
    active: str = "",
    cursor: str | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    chosen, t = clients_asked(visit, client), visit.portal.texts

    def read(
        connection: Connection,
    ) -> tuple[Sequence[RowMapping], str | None, dict[UUID, Mapping[str, tuple[str, bool]]]]:
        rows, following = vendors.listed(
            connection, chosen, q=q[:200], active=_in_use(active), limit=LIMIT, cursor=cursor or None
        )
        owners = {row["client_id"] for row in rows if row["account"]}
        return rows, following, {one: chart.names(connection, one) for one in owners}

    rows, following, named = await visit.read(read)
    query = {"client": client, "q": q, "active": active}
    states = [Choice(one, t(f"vendors.active_{one}"), one == active) for one in ("yes", "no")]
    may = any(visit.may(_WRITE, one) for one in chosen)
    new = address("/vendors/new", {"client": client})
    return visit.page(
        "vendors/list",
        status,
        **more,
        rows=rows,
        named=named,
        may=may,
        new=new,
        several=len(clients_of(visit)) > 1,
        take_in=address("/vendors/import", {"client": client}),
        filters=[
            Filter("q", t("vendors.search"), value=q, kind="search"),
            *client_filter(visit, client),
            Filter("active", t("vendors.state"), [Choice("", t("shell.any")), *states], active),
        ],
        file=address("/vendors.csv", query),
        more=address("/vendors", {**query, "cursor": following}) if following else None,
        first=address("/vendors", query) if cursor else None,
        empty=_empty(visit, bool(q or active), may, new),
    )


def _empty(visit: Visit, searched: bool, may: bool, new: str) -> Empty:
    t = visit.portal.texts
    if searched:
        return Empty(t("vendors.none"), t("vendors.none_text"), "search")
    if not may:
        return Empty(t("vendors.empty"), t("vendors.empty_text"), "box")
    return Empty(t("vendors.empty"), t("vendors.empty_text"), "box", t("vendors.add"), new)


@router.get("/vendors.csv")
async def export(visit: VisitDep, client: str = "", q: str = "", active: str = "") -> Response:
    """The list as a file, in the columns that an import takes; of several clients, each row says whose it is."""
    chosen = clients_asked(visit, client)
    one = len(chosen) == 1

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[RowMapping], str | None]:
        return vendors.listed(
            connection, chosen, q=q[:200], active=_in_use(active), limit=FILE_PAGE, cursor=cursor
        )

    def line(row: RowMapping) -> list[Any]:
        return [*([] if one else [visit.viewer.company(row["client_id"])]), *v1.line(row)]

    head = (*(() if one else ("client",)), *vendor_file.COLUMNS)
    return await file_of(visit, "vendors", head, page, line)


# --- a whole list -----------------------------------------------------------------------------------------------------


@router.get("/vendors/import")
async def choose(visit: VisitDep, client: str = "") -> Response:
    """The form that takes a file."""
    return _LIST.form(visit, client)


@router.post("/vendors/import")
async def take_in(visit: PostDep) -> Response:
    """Take in a file, or say what it would do: numbers, and each refused line with its reason."""
    return await _LIST.taken_in(visit)


# --- one vendor -------------------------------------------------------------------------------------------------------


def _typed(visit: Visit) -> dict[str, Any]:
    typed: dict[str, Any] = {name: visit.form.text(name, _MOST[name]) for name in FIELDS}
    return {**typed, "active": visit.form.text("active", 3) == "yes"}


def _values(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed as the API takes it: lists have one value a line, or are parted by ``;``."""
    lists = {name: [one.strip() for one in typed[name].replace("\n", ";").split(";")] for name in LISTS}
    return {**typed, **lists}


def _shown(row: RowMapping) -> dict[str, Any]:
    """A vendor as the form shows it."""
    return {
        **{name: row[name] for name in FIELDS},
        **{name: "; ".join(row[name]) for name in LISTS},
        "active": row["active"],
    }


async def _form(
    visit: Visit, client_id: UUID | None, typed: Mapping[str, Any], status: int = 200, **more: Any
) -> Response:
    t = visit.portal.texts
    named = await visit.read(lambda connection: chart.names(connection, client_id)) if client_id else {}
    slug = slug_of(visit, client_id)
    return visit.page(
        "vendors/form",
        status,
        **{"row": None, "version": None, "stale": [], **more},
        typed=typed,
        accounts=[(code, name) for code, (name, active) in named.items() if active],
        account_name=named.get(typed["account"], ("", True))[0],
        account_off=not named.get(typed["account"], ("", True))[1],
        slug=slug,
        owner=visit.viewer.company(client_id) if client_id else "",
        clients=client_choices(visit, slug),
        may=client_id is None or visit.may(_WRITE, client_id),
        longest=vendor_file.LONGEST,
        crumbs=[
            Crumb(t("vendors.title"), address("/vendors", {"client": slug})),
            Crumb(typed["name"] or t("vendors.add")),
        ],
    )


@router.get("/vendors/new")
async def compose(visit: VisitDep, client: str = "") -> Response:
    """The form of a new vendor."""
    return await _form(visit, client_first(visit, client), {**dict.fromkeys(FIELDS, ""), "active": True})


@router.post("/vendors")
async def create(visit: PostDep) -> Response:
    """Add a vendor."""
    typed, slug = _typed(visit), visit.form.text("client", 60)

    try:
        client_id = client_named(visit, slug)
    except DomainError as error:  # a form with these values and another client chosen would add them there
        return await visit.refused(error)

    async def work() -> Response:
        return await v1.create_vendor(
            visit.call, visit.body(NewVendor, client_id=client_id, **_values(typed))
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _form(visit, client_id, typed, status, notice=notice)

    return await visit.act(
        work,
        to=address("/vendors", {"client": slug}),
        said="vendors.added",
        again=again,
        name=typed["name"],
    )


async def _one(visit: Visit, vendor_id: UUID) -> RowMapping:
    return await visit.read(lambda connection: v1.one(connection, visit.call, vendor_id))


@router.get("/vendors/{vendor_id}")
async def one(visit: VisitDep, vendor_id: UUID) -> Response:
    """One vendor."""
    row = await _one(visit, vendor_id)
    return await _form(visit, row["client_id"], _shown(row), row=row, version=row["row_version"])


@router.post("/vendors/{vendor_id}")
async def edit(visit: PostDep, vendor_id: UUID) -> Response:
    """Keep new values; a vendor changed meanwhile is refused and both are shown."""
    typed, version = _typed(visit), visit.form.version
    row = await _one(visit, vendor_id)

    async def work() -> Response:
        body = visit.body(EditVendor, **_values(typed))
        return await v1.edit_vendor(
            visit.call, vendor_id, body, etag(version) if version is not None else None
        )

    async def again(notice: Notice, status: int) -> Response:
        now = await _one(visit, vendor_id)
        stale = differences(visit.portal.texts, "vendors", _shown(now), typed) if status == 412 else []
        return await _form(
            visit,
            row["client_id"],
            typed,
            status,
            notice=notice,
            row=now,
            version=now["row_version"],
            stale=stale,
        )

    slug = slug_of(visit, row["client_id"])
    return await visit.act(
        work,
        to=address("/vendors", {"client": slug}),
        said="vendors.kept",
        again=again,
        name=typed["name"],
    )
