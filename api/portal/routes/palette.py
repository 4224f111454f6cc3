"""Find or do anything: what the palette shows, and the same as a page for whoever has no script."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ALL, Rule, allow
from api.portal import calm
from api.portal.visit import Visit, VisitDep
from ticketos.db.repositories import tickets

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/palette"): allow(ALL, page=True),
    ("GET", "/find"): allow(ALL, page=True),
    ("GET", "/help/keys"): allow(ALL, page=True),
}
_MOST = 8


@dataclass(frozen=True)
class Hit:
    """One line of the palette."""

    text: str
    href: str
    icon: str
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Lines of one kind."""

    name: str
    hits: list[Hit] = field(default_factory=list)


async def _groups(visit: Visit, q: str) -> list[Group]:
    t, words = visit.portal.texts, q.strip().casefold()
    found: list[RowMapping] = []
    if words:
        found = list(await visit.read(lambda connection: _tickets(connection, visit, q.strip())))
    hits = [
        Hit(
            f"{row['number']} {row['subject']}".strip(),
            f"{'/tickets' if visit.viewer.staff else '/requests'}/{row['id']}",
            "ticket",
            visit.viewer.company(row["client_id"]) if visit.viewer.many_clients else calm.status(row, t).text,
        )
        for row in found
    ]
    pages = [
        Hit(t(item.text), item.href, item.icon)
        for item in visit.portal.nav
        if visit.viewer.roles & item.roles and words in t(item.text).casefold()
    ]
    account = t("shell.account")
    if words in account.casefold():
        pages.append(Hit(account, "/account", "gear"))
    groups = [
        Group(t("palette.tickets" if visit.viewer.staff else "requests.title"), hits),
        Group(t("palette.pages"), pages),
    ]
    return [group for group in groups if group.hits]


def _tickets(connection: Connection, visit: Visit, q: str) -> list[RowMapping]:
    clients = visit.principal.clients
    ids = connection.exec_driver_sql(
        "select id from search_ticket(%s, %s, %s)", (list(clients), q[:200], _MOST)
    )
    chosen = tickets.Filter(client_ids=clients, found=tuple(row.id for row in ids))
    return list(tickets.listed(connection, chosen, _MOST, None)[0]) if chosen.found else []


@router.get("/palette")
async def palette(visit: VisitDep, q: str = "") -> Response:
    """The lines for these words, as a part of a page."""
    return visit.page("palette/lines", groups=await _groups(visit, q[:200]))


@router.get("/find")
async def find(visit: VisitDep, q: str = "") -> Response:
    """The same as a page."""
    return visit.page("palette/page", groups=await _groups(visit, q[:200]), q=q[:200])


@router.get("/help/keys")
async def keys(visit: VisitDep) -> Response:
    """Every shortcut as a page."""
    return visit.page("palette/keys")
