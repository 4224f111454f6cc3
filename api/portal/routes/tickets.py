"""The list of requests: every filter in the address, search, one page after another."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ALL, ROUTES, Rule, as_page
from api.portal import sla
from api.portal.formats import Formats
from api.portal.parts import Choice, Empty, Filter, NavItem, Tab
from api.portal.visit import Visit, VisitDep
from schemas.acts import Priority
from ticketos.db.repositories import tickets
from ticketos.domain.state import STAGES
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("GET", "/tickets"): as_page(ROUTES["GET", "/v1/tickets"])}
NAV = (
    NavItem(
        text="tickets.title", href="/tickets", icon="ticket", roles=ALL, section="work", key="t", order=20
    ),
)
LIMIT = 50
STATES: dict[str, tuple[str, ...]] = {
    "open": ("open", "paused", "parked", "needs_attention"),
    "attention": ("needs_attention", "parked"),
    "paused": ("paused",),
    "closed": ("closed", "cancelled"),
    "all": (),
}


@router.get("/tickets")
async def show(
    visit: VisitDep,
    state: str = "open",
    stage: str = "",
    line: str = "",
    priority: str = "",
    client: str = "",
    q: str = "",
    cursor: str | None = None,
) -> Response:
    """The list."""
    chosen = state if state in STATES else "open"
    query = {
        "state": chosen,
        "stage": stage,
        "line": line,
        "priority": priority,
        "client": client,
        "q": q[:200],
    }
    t = visit.portal.texts

    def read(connection: Connection) -> dict[str, Any]:
        wanted = _wanted(connection, visit, query)
        rows, following = (
            ([], None) if wanted.found == () else tickets.listed(connection, wanted, LIMIT, cursor or None)
        )
        return {
            "rows": rows,
            "following": following,
            "clocks": tickets.clocks_of(connection, [r["id"] for r in rows]),
        }

    found = await visit.read(read)
    f = Formats(t, visit.viewer.zone, visit.call.now)
    filtered = any((stage, line, priority, client, q))
    return visit.page(
        "tickets/list",
        **found,
        sla={key: sla.chip(sla.of_clock(row, visit.call.now), f, t) for key, row in found["clocks"].items()},
        priority_chip=lambda value: sla.priority(value, t),
        tabs=[Tab(t(f"tickets.state.{one}"), _address({"state": one}), one == chosen) for one in STATES],
        filters=_filters(visit, query),
        filtered=filtered,
        state=chosen,
        first=_address(query) if cursor else None,
        more=_address({**query, "cursor": found["following"]}) if found["following"] else None,
        empty=_empty(visit, chosen, filtered),
        live_topic="",
    )


def _wanted(connection: Connection, visit: Visit, query: dict[str, str]) -> tickets.Filter:
    seen = visit.principal.clients_with(visit.call.rule.roles)
    if query["client"]:
        named = {one.id for one in visit.viewer.companies.values() if one.slug == query["client"]}
        seen = tuple(one for one in seen if one in named)
    found = None
    if query["q"].strip():
        hits = connection.exec_driver_sql(
            "select id from search_ticket(%s, %s, 500)", (list(seen), query["q"])
        )
        found = tuple(row.id for row in hits)
    return tickets.Filter(
        client_ids=seen,
        states=STATES[query["state"]],
        stages=(query["stage"],) if query["stage"] else (),
        service_line=query["line"] or None,
        priority=query["priority"] or None,
        found=found,
    )


def _filters(visit: Visit, query: dict[str, str]) -> list[Filter]:
    t, viewer = visit.portal.texts, visit.viewer

    def select(name: str, label: str, options: list[tuple[str, str]]) -> Filter:
        choices = [
            Choice("", t("shell.any")),
            *(Choice(key, text, key == query[name]) for key, text in options),
        ]
        return Filter(name, label, choices, query[name])

    found = [
        Filter("q", t("tickets.search"), value=query["q"], kind="search"),
        select("stage", t("tickets.stage"), [(one, t.word("stage", one)) for one in STAGES]),
        select("line", t("tickets.line"), [(one.key, one.title) for one in LINES]),
        select("priority", t("tickets.priority"), [(one, one) for one in get_args(Priority)]),
    ]
    if viewer.many_clients:
        names = sorted((one.name, one.slug) for one in viewer.companies.values() if one.kind == "client")
        found.append(select("client", t("tickets.client"), [(slug, name) for name, slug in names]))
    return found


def _empty(visit: Visit, state: str, filtered: bool) -> Empty:
    t = visit.portal.texts
    if filtered:
        clear = _address({"state": state})
        return Empty(
            t("tickets.empty.filtered"), t("tickets.empty.filtered_text"), "search", t("shell.clear"), clear
        )
    return Empty(t(f"tickets.empty.{state}"), t(f"tickets.empty.{state}_text"), "ticket")


def _address(query: dict[str, Any]) -> str:
    kept = {name: value for name, value in query.items() if value and (name, value) != ("state", "open")}
    return "/tickets" + (f"?{urlencode(kept)}" if kept else "")
