"""Every document one may see: by words of what was read from it, by kind, state and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import CONTENT_READERS, ROUTES, Rule, as_page
from api.portal import chips
from api.portal.listing import FILE_PAGE, LIMIT, address, choices, client_filter, day_filters, file_of, span
from api.portal.parts import Empty, Filter, NavItem
from api.portal.routes.views import Saved, saved
from api.portal.visit import Visit, VisitDep
from api.v1.documents import found_documents
from schemas.documents import FoundDocument
from ticketos.db.repositories import documents

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/documents"])
RULES: dict[tuple[str, str], Rule] = {("GET", "/documents"): _READ, ("GET", "/documents.csv"): _READ}
NAV = (
    NavItem(
        text="documents.title",
        href="/documents",
        icon="document",
        roles=CONTENT_READERS,
        section="work",
        key="d",
        order=30,
    ),
)
STATES = ("received", "keying", "ready", "posted", "rework", "rejected", "quarantined", "split")
TYPES = ("invoice", "credit_note", "receipt", "purchase_order", "goods_receipt", "inventory", "unknown")
SHOWN = ("supplier_name", "number", "issue_date", "currency", "total")


def value(fields: Mapping[str, Any], name: str) -> str:
    """The value of a field that was read or typed, as text."""
    found = (fields.get(name) or {}).get("value")
    return "" if found is None else str(found)


@router.get("/documents")
async def show(
    visit: VisitDep,
    q: str = "",
    client: str = "",
    state: str = "",
    kind: str = "",
    since: str = "",
    until: str = "",
    cursor: str | None = None,
) -> Response:
    """The list."""
    q = q.strip()[:200]
    wanted = _wanted(visit, state, kind, since, until)
    query = {"q": q, "client": client, "state": state, "kind": kind, "since": since, "until": until}

    def read(connection: Connection) -> tuple[Any, str | None, Saved]:
        rows, following = found_documents(
            connection, visit.call, wanted, client or None, q or None, LIMIT, cursor or None
        )
        return rows, following, saved(connection, visit, "documents", query)

    rows, following, views = await visit.read(read)
    t = visit.portal.texts
    narrowed = any(query.values())
    return visit.page(
        "documents/list",
        rows=rows,
        saved=views,
        value=value,
        state=lambda code: chips.document(code, t),
        ticket="/tickets" if visit.viewer.staff else "/requests",
        may_open=bool(visit.viewer.roles & CONTENT_READERS),
        filters=[
            Filter("q", t("lists.search"), value=q, kind="search"),
            *client_filter(visit, client),
            Filter("kind", t("documents.kind"), choices(t, "doc_type", TYPES, kind)),
            Filter("state", t("documents.state"), choices(t, "document", STATES, state)),
            *day_filters(visit, since, until),
        ],
        narrowed=narrowed,
        file=address("/documents.csv", query),
        more=address("/documents", {**query, "cursor": following}) if following else None,
        first=address("/documents", query) if cursor else None,
        empty=Empty(t("lists.nothing"), t("lists.nothing_text"), "filter", t("shell.clear"), "/documents")
        if narrowed
        else Empty(t("documents.empty"), t("documents.empty_text"), "document"),
        live_topic="",
    )


def _wanted(visit: Visit, state: str, kind: str, since: str, until: str) -> documents.Filter:
    first, last = span(visit, since, until)
    return documents.Filter((), (state,) if state else (), kind or None, first, last)


@router.get("/documents.csv")
async def export(
    visit: VisitDep,
    q: str = "",
    client: str = "",
    state: str = "",
    kind: str = "",
    since: str = "",
    until: str = "",
) -> Response:
    """The same list as a file."""
    wanted = _wanted(visit, state, kind, since, until)

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[FoundDocument], str | None]:
        words = q.strip()[:200] or None
        return found_documents(connection, visit.call, wanted, client or None, words, FILE_PAGE, cursor)

    def line(one: FoundDocument) -> list[Any]:
        return [
            *(one.number, one.filename, one.doc_type, one.state, one.reason),
            *(value(one.fields, name) for name in SHOWN),
            *(one.erp_reference, one.approval, one.received_at.isoformat()),
            one.done_at.isoformat() if one.done_at else "",
        ]

    head = (
        *("request", "file", "kind", "state", "reason"),
        *SHOWN,
        *("erp_reference", "approval", "received_at", "done_at"),
    )
    return await file_of(visit, "documents", head, page, line)
