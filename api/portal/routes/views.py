"""Views people save of a list: its filters under a name, their own or shared with their company. One for all lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ALL, Rule, allow
from api.portal.forms import safe_next
from api.portal.listing import address
from api.portal.visit import PostDep, Visit
from ticketos.db.repositories import saved_views
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("POST", "/views"): allow(ALL, page=True),
    ("POST", "/views/{view_id}/forget"): allow(ALL, page=True),
}
LISTS: Mapping[str, str] = {
    "work": "/work",
    "tickets": "/tickets",
    "documents": "/documents",
    "invoices": "/invoices",
    "audit": "/audit",
}
"""Lists that have views, and where they are."""


@dataclass(frozen=True)
class Saved:
    """The views of a list: its name, its address as it is shown, and what there is."""

    page: str
    here: str
    rows: Sequence[RowMapping]


def saved(connection: Connection, visit: Visit, page: str, query: Mapping[str, object]) -> Saved:
    """One's own views of a list and those one's company shares; ``query`` is what the list shows now."""
    me = visit.principal
    return Saved(page, address(LISTS[page], query), saved_views.of(connection, me.home, me.user_id, page))


@router.post("/views")
async def save(visit: PostDep) -> Response:
    """Give a list as it is a name. Raises ``not-found`` for a list that has no views."""
    form, me, page = visit.form, visit.principal, visit.form.text("list", 20)
    query, name = _within(page, form.text("query")), form.text("name", 60)

    async def keep() -> None:
        await visit.read(
            lambda connection: saved_views.keep(
                connection,
                visit.services.new_id(),
                me.home,
                me.user_id,
                page=page,
                name=name,
                query=query,
                shared=form.text("shared") == "on",
            )
        )

    if page not in LISTS:
        return await visit.refused(DomainError("not-found", what="list"))
    return await visit.act(keep, to=query, said="lists.view_saved", name=name)


def _within(page: str, asked: str) -> str:
    """The address asked for, if it is one of that list; else the list as it opens."""
    path = LISTS.get(page, "/")
    found = safe_next(asked, path)
    return found if found == path or found.startswith(f"{path}?") else path


@router.post("/views/{view_id}/forget")
async def forget(visit: PostDep, view_id: UUID) -> Response:
    """Delete one of one's own views."""

    async def gone() -> None:
        if not await visit.read(lambda c: saved_views.forget(c, view_id, visit.principal.user_id)):
            raise DomainError("not-found", what="view")

    back = _within(visit.form.text("list", 20), visit.form.text("query"))
    return await visit.act(gone, to=back, said="lists.view_gone")
