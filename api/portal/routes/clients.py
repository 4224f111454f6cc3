"""Companies with their contracts and working calendars (administration)."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import CONTRACT_READERS, ROUTES, STAFF, Rule, allow, as_page
from api.deps import etag
from api.portal import chips
from api.portal.listing import sheet
from api.portal.parts import Choice, Command, Crumb, Empty, NavItem, Notice
from api.portal.stale import differences
from api.portal.viewer import zone_named
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import clients as v1
from schemas.admin import EditClient, NewClient
from ticketos.db.repositories import clients, contracts
from ticketos.db.repositories.contracts import CALENDAR, CONTRACT

router = APIRouter(include_in_schema=False)
READERS = STAFF & CONTRACT_READERS
"""Who may open the page of a company."""
_READ = allow(READERS, page=True)
_CREATE = as_page(ROUTES["POST", "/v1/clients"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/clients"): _READ,
    ("GET", "/clients.csv"): _READ,
    ("GET", "/clients/new"): _CREATE,
    ("POST", "/clients"): _CREATE,
    ("GET", "/clients/{client_id}"): _READ,
    ("POST", "/clients/{client_id}"): as_page(ROUTES["PATCH", "/v1/clients/{client_id}"]),
}
NAV = (
    NavItem(
        text="clients.title", href="/clients", icon="home", roles=_READ.roles, section="office", order=75
    ),
)
COMMANDS = (Command("clients.add", "/clients/new", "plus", _CREATE.roles),)
FIELDS = (
    "name",
    "status",
    "zone",
    "currency",
    "country",
    "state_code",
    "tax_id",
    "address",
    "approver_email",
)
EMPTY_IS_NONE = ("state_code", "tax_id", "approver_email")
STATUSES = ("active", "suspended", "ended")


async def _rows(visit: Visit) -> list[RowMapping]:
    seen = visit.principal.clients_with(visit.call.rule.roles)
    return list(await visit.read(lambda connection: clients.listed(connection, seen, limit=10_000)))


@router.get("/clients")
async def show(visit: VisitDep) -> Response:
    """The list."""
    t, rows = visit.portal.texts, await _rows(visit)
    return visit.page(
        "clients/list",
        rows=rows,
        may_add=bool(visit.viewer.roles & _CREATE.roles),
        empty=Empty(t("clients.empty"), t("clients.empty_text"), "home", t("clients.add"), "/clients/new"),
    )


@router.get("/clients.csv")
async def export(visit: VisitDep) -> Response:
    """The same list as a file."""
    head = ("slug", "prefix", *FIELDS)
    return await sheet(visit, "clients", head, [[row[name] for name in head] for row in await _rows(visit)])


def _form(visit: Visit, typed: dict[str, Any], status: int = 200, **more: Any) -> Response:
    t = visit.portal.texts
    zones = [
        Choice(name, name, name == typed["zone"])
        for name in sorted(available_timezones())
        if "/" in name or name == "UTC"
    ]
    today = visit.call.now.astimezone(zone_named(typed["zone"]) or visit.viewer.zone).date()
    return visit.page(
        "clients/form",
        status,
        standing=lambda one: chips.contract(one, today, t),
        **{"row": None, "version": None, "stale": [], "contracts": [], "calendars": [], **more},
        typed=typed,
        zones=zones,
        statuses=[Choice(one, t.word("client_status", one), one == typed.get("status")) for one in STATUSES],
        may="admin" in visit.viewer.roles,
        crumbs=[Crumb(t("clients.title"), "/clients"), Crumb(typed["name"] or t("clients.add"))],
    )


@router.get("/clients/new")
async def compose(visit: VisitDep) -> Response:
    """The form of a new client."""
    first = {"zone": "Asia/Kolkata", "currency": "INR", "country": "IN", "status": "active"}
    return _form(visit, {**dict.fromkeys((*FIELDS, "slug", "prefix"), ""), **first})


def _typed(visit: Visit) -> dict[str, Any]:
    return {name: visit.form.text(name) for name in (*FIELDS, "slug", "prefix")}


def _values(typed: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: (typed[name] or None) if name in EMPTY_IS_NONE else typed[name] for name in names}


@router.post("/clients")
async def create(visit: PostDep) -> Response:
    """Add a client."""
    typed = _typed(visit)

    async def work() -> Response:
        names = ("slug", "prefix", *(name for name in FIELDS if name != "status"))
        answer = await v1.create_client(visit.call, visit.body(NewClient, **_values(typed, *names)))
        visit.portal.companies.forget()
        return answer

    async def again(notice: Notice, status: int) -> Response:
        return _form(visit, typed, status, notice=notice)

    return await visit.act(
        work,
        to=lambda answer: answer.headers["location"].removeprefix("/v1"),
        said="clients.added",
        again=again,
        name=typed["name"],
    )


@router.get("/clients/{client_id}")
async def one(visit: VisitDep, client_id: UUID) -> Response:
    """One company with its contracts and calendars."""
    row, more = await _one(visit, client_id)
    return _form(visit, {name: row[name] or "" for name in (*FIELDS, "slug", "prefix")}, **more)


async def _one(visit: Visit, client_id: UUID) -> tuple[RowMapping, dict[str, Any]]:
    def read(connection: Connection) -> tuple[RowMapping, dict[str, Any]]:
        row = v1.one(connection, visit.call, client_id)
        return row, {
            "row": row,
            "version": clients.version(row),
            "contracts": contracts.listed(connection, CONTRACT, [client_id], limit=1_000),
            "calendars": contracts.listed(connection, CALENDAR, [client_id], limit=1_000),
        }

    return await visit.read(read)


@router.post("/clients/{client_id}")
async def edit(visit: PostDep, client_id: UUID) -> Response:
    """Keep new values of a company; one changed meanwhile is refused and both are shown."""
    typed, version = _typed(visit), visit.form.text("_version", 40)

    async def work() -> Response:
        body = visit.body(EditClient, **_values(typed, *FIELDS))
        answer = await v1.edit_client(visit.call, client_id, body, etag(version) if version else None)
        visit.portal.companies.forget()
        return answer

    async def again(notice: Notice, status: int) -> Response:
        row, more = await _one(visit, client_id)
        now = {name: row[name] for name in FIELDS}
        mine = {name: typed[name] for name in FIELDS}
        stale = differences(visit.portal.texts, "clients", now, mine) if status == 412 else []
        return _form(
            visit,
            {**typed, "slug": row["slug"], "prefix": row["prefix"]},
            status,
            notice=notice,
            stale=stale,
            **more,
        )

    return await visit.act(
        work, to=f"/clients/{client_id}", said="clients.kept", again=again, name=typed["name"]
    )
