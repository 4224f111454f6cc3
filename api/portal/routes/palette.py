"""Find or do anything: what the palette shows, and the same as a page for whoever has no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ALL, CONTENT_READERS, ROUTES, Rule, allow
from api.portal import calm
from api.portal.routes import clients
from api.portal.visit import Visit, VisitDep
from ticketos.db.repositories import documents, persons, tickets

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/palette"): allow(ALL, page=True),
    ("GET", "/find"): allow(ALL, page=True),
    ("GET", "/help/keys"): allow(ALL, page=True),
}
_MOST, _FEW = 8, 5
RULES_OF_PEOPLE = ROUTES["GET", "/v1/users"]


KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "palette.keys.lists",
        (
            ("J", "palette.keys.down"),
            ("K", "palette.keys.up"),
            ("Enter", "palette.keys.open"),
            ("X", "shell.choose"),
            ("N", "palette.keys.new"),
        ),
    ),
    (
        "palette.keys.request",
        (
            ("R", "ticket.reply.do"),
            ("N", "ticket.note.do"),
            ("P", "palette.keys.pause"),
            ("!", "ticket.priority"),
            ("L", "ticket.link"),
            ("Y", "ticket.retry"),
            ("O", "ticket.order_turn"),
        ),
    ),
    ("palette.keys.task", (("A", "palette.keys.take"), ("E", "palette.keys.decide"))),
    (
        "palette.keys.paper",
        (
            ("Enter", "validation.key_next"),
            ("Shift Enter", "validation.key_prev"),
            ("↓ 1", "validation.key_cand"),
            ("Ctrl Enter", "validation.key_save"),
            ("B", "validation.draw"),
            ("+", "validation.zoom_in"),
            ("-", "validation.zoom_out"),
            ("0", "validation.zoom_fit"),
            ("T", "validation.rotate"),
            ("[", "validation.page_prev"),
            ("]", "validation.page_next"),
            ("O", "quality.others"),
        ),
    ),
    (
        "palette.keys.lines",
        (
            ("← →", "palette.keys.cell"),
            ("Ctrl/⌘ D", "palette.keys.fill"),
            ("Shift ↓", "palette.keys.choose"),
            ("Ctrl/⌘ V", "palette.keys.paste"),
            ("Alt Enter", "palette.keys.row_add"),
            ("Alt Delete", "palette.keys.row_strike"),
        ),
    ),
    (
        "palette.keys.compared",
        (("Enter", "quality.key_row"), ("X", "quality.key_mark"), ("Ctrl Enter", "palette.keys.verdict")),
    ),
)
"""The keys of the pages: what they are for, and each with its words."""


@dataclass(frozen=True)
class Hit:
    """One line of the palette. ``sent``: an act with these fields, not a page to open."""

    text: str
    href: str
    icon: str
    note: str = ""
    sent: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Group:
    """Lines of one kind."""

    name: str
    hits: list[Hit] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """The records that words mean, of the kinds the caller may open."""

    tickets: Sequence[RowMapping] = ()
    documents: Sequence[RowMapping] = ()
    people: Sequence[RowMapping] = ()


async def _groups(visit: Visit, q: str) -> list[Group]:
    """What the words mean: records, then what can be done, then pages. Without words no record is looked for."""
    t, viewer, words = visit.portal.texts, visit.viewer, q.strip().casefold()
    found = await visit.read(lambda connection: _records(connection, visit, q.strip())) if words else Found()

    def named(text: str) -> bool:
        return words in text.casefold()

    def whose(row: RowMapping) -> str:
        return viewer.company(row["client_id"]) if viewer.many_clients else ""

    requests = [
        Hit(
            f"{row['number']} {row['subject']}".strip(),
            f"{'/tickets' if viewer.staff else '/requests'}/{row['id']}",
            "ticket",
            whose(row) or calm.status(row, t).text,
        )
        for row in found.tickets
    ]
    files = [
        Hit(row["filename"], f"/documents/{row['id']}", "document", whose(row) or row["number"])
        for row in found.documents
    ]
    people = [Hit(row["name"], f"/people/{row['id']}", "person", row["email"]) for row in found.people]
    companies = [
        Hit(one.name, f"/clients/{one.id}", "home")
        for one in viewer.companies.values()
        if words and viewer.roles & clients.READERS and (named(one.name) or named(one.slug))
    ]
    acts = [
        Hit(t(one.text), one.href, one.icon, sent=one.fields if one.post else None)
        for one in visit.portal.commands
        if (words or not one.rare) and (one.roles is None or viewer.roles & one.roles) and named(t(one.text))
    ]
    menu = [(item.text, item.href, item.icon) for item in visit.portal.nav if viewer.roles & item.roles]
    own = (("shell.account", "/account", "gear"), ("shell.keys", "/help/keys", "keyboard"))
    pages = [Hit(t(text), href, mark) for text, href, mark in (*menu, *own) if named(t(text))]
    groups = [
        Group(t("palette.tickets" if viewer.staff else "requests.title"), requests),
        Group(t("documents.title"), files),
        Group(t("clients.title"), companies[:_MOST]),
        Group(t("people.title"), people),
        Group(t("palette.acts"), acts),
        Group(t("palette.pages"), pages),
    ]
    return [group for group in groups if group.hits]


def _records(connection: Connection, visit: Visit, q: str) -> Found:
    principal, roles = visit.principal, visit.viewer.roles
    everywhere = principal.clients
    ids = tickets.searched(connection, everywhere, q, _MOST)
    found = (
        list(tickets.listed(connection, tickets.Filter(client_ids=everywhere, found=ids), _MOST, None)[0])
        if ids
        else []
    )
    read: list[RowMapping] = []
    if roles & CONTENT_READERS:
        seen = principal.clients_with(CONTENT_READERS)
        hits = documents.searched(connection, seen, q, _FEW)
        read = (
            list(documents.listed(connection, documents.Filter(seen, found=hits), _FEW, None)[0])
            if hits
            else []
        )
    keeps = RULES_OF_PEOPLE.roles
    people = persons.named(connection, principal.clients_with(keeps), q, _FEW) if roles & keeps else ()
    return Found(found, read, people)


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
    return visit.page("palette/keys", groups=KEYS if visit.viewer.staff else KEYS[:1])
