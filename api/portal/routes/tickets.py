"""The list of requests: every filter in the address, search, one page after another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, STAFF, Rule, as_page
from api.portal import sla
from api.portal.formats import Formats
from api.portal.listing import FILE_PAGE, address, day_filters, file_of, span
from api.portal.page import redirect
from api.portal.parts import Choice, Empty, Filter, NavItem, Tab
from api.portal.routes.views import saved
from api.portal.visit import Visit, VisitDep
from api.v1 import bulk
from schemas.act_bodies import LINK_KINDS
from schemas.acts import Priority
from schemas.bulk import MOST_AT_ONCE
from ticketos.db.repositories import persons, tickets
from ticketos.domain.stages import DESKS
from ticketos.domain.state import STAGES
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/tickets"): as_page(ROUTES["GET", "/v1/tickets"]),
    ("GET", "/tickets.csv"): as_page(ROUTES["GET", "/v1/tickets"]),
}
NAV = (
    NavItem(
        text="tickets.title", href="/tickets", icon="ticket", roles=STAFF, section="work", key="t", order=20
    ),
)
LIMIT = 50
MANY = ("priority", "assign", "pause", "resume", "link")
"""What may be done to many at once."""
MOST_COLLEAGUES = 500
UNDECIDED, LATE = "-", "breached,missed"
COLUMNS = (
    *(
        "number",
        "subject",
        "service_line",
        "ticket_type",
        "priority",
        "stage",
        "state",
        "sla_state",
        "progress",
    ),
    *("documents_total", "requester_name", "requester_email", "received_at", "due_at", "closed_at"),
)
STATES: dict[str, tuple[str, ...]] = {
    "open": ("open", "paused", "parked", "needs_attention"),
    "attention": ("needs_attention", "parked"),
    "paused": ("paused",),
    "closed": ("closed", "cancelled"),
    "all": (),
}


SLA = ("on_track", "at_risk", "breached", "missed", "paused")
COUNTED = 1_000
"""A list says how many there are up to here; beyond, that there are more."""


async def asked_for(
    state: str = "open",
    stage: str = "",
    line: str = "",
    priority: str = "",
    client: str = "",
    q: str = "",
    sla: str = "",
    desk: str = "",
    since: str = "",
    until: str = "",
    closed_since: str = "",
    closed_until: str = "",
) -> dict[str, str]:
    """Every filter of the list, those that figures elsewhere lead to among them."""
    return {
        "state": state if state in STATES else "open",
        "stage": stage,
        "line": line,
        "priority": priority,
        "client": client,
        "q": q[:200],
        "sla": sla,
        "desk": desk,
        "since": since,
        "until": until,
        "closed_since": closed_since,
        "closed_until": closed_until,
    }


Asked = Annotated[dict[str, str], Depends(asked_for)]


@router.get("/tickets")
async def show(
    visit: VisitDep,
    query: Asked,
    cursor: str | None = None,
    chosen_all: Annotated[str, Query(alias="chosen")] = "",
) -> Response:
    """The list. ``chosen=all`` has every request of the page chosen: the way without a script. ``chosen=matching``
    has every request chosen that the filters find, up to 500, on whatever page: which they are is settled here and
    sent with the form, so that an act is done to those that were counted and to none that come later."""
    chosen = query["state"]
    if not visit.viewer.staff:  # people of a client have a list in their own words
        return redirect(address("/requests", {"q": query["q"]}))
    t = visit.portal.texts
    every = chosen_all == "matching"
    may_many = [act for act in MANY if visit.viewer.roles & bulk.rule_roles(act)]

    def read(connection: Connection) -> dict[str, Any]:
        wanted = _wanted(connection, visit, query)
        rows, following = (
            ([], None) if wanted.found == () else tickets.listed(connection, wanted, LIMIT, cursor or None)
        )
        return {
            "rows": rows,
            "following": following,
            "count": tickets.counted(connection, wanted, COUNTED),
            "saved": saved(connection, visit, "tickets", query),
            "clocks": tickets.clocks_of(connection, [r["id"] for r in rows]),
            "colleagues": _colleagues(connection, visit) if "assign" in may_many else [],
            "matching": tickets.newest(connection, wanted, MOST_AT_ONCE)
            if every and wanted.found != ()
            else [],
        }

    found = await visit.read(read)
    f = Formats(t, visit.viewer.zone, visit.call.now)
    filtered = any(value for name, value in query.items() if name != "state")
    return visit.page(
        "tickets/list",
        **found,
        sla={key: sla.chip(sla.of_clock(row, visit.call.now), f, t) for key, row in found["clocks"].items()},
        priority_chip=lambda value: sla.priority(value, t),
        tabs=[Tab(t(f"tickets.state.{one}"), _address({"state": one}), one == chosen) for one in STATES],
        filters=_filters(visit, query),
        filtered=filtered,
        state=chosen,
        counted=t("lists.count", n=found["count"])
        if found["count"] <= COUNTED
        else t("lists.count_more", n=f.number(COUNTED)),
        file=address("/tickets.csv", query),
        first=_address(query) if cursor else None,
        more=_address({**query, "cursor": found["following"]}) if found["following"] else None,
        empty=_empty(visit, chosen, filtered),
        may_many=may_many,
        all_chosen=chosen_all == "all",
        all_href=_address({**query, "cursor": cursor, "chosen": "all"}),
        every_words=_every_words(visit, len(found["matching"]), found["count"]),
        matching_href=_address({**query, "chosen": "matching"})
        if not every and (cursor or found["following"])
        else None,
        matching_words=t("tickets.bulk.choose_matching", n=found["count"])
        if found["count"] <= MOST_AT_ONCE
        else t("tickets.bulk.choose_newest", n=MOST_AT_ONCE),
        none_href=_address({**query, "cursor": cursor}),
        priorities=[Choice(one, one, one == "P3") for one in get_args(Priority)],
        link_kinds=[Choice(one, t.word("link", one)) for one in LINK_KINDS],
        live_topic="",
    )


def _every_words(visit: Visit, chosen: int, found: int) -> str:
    t = visit.portal.texts
    if chosen < found:
        return t("tickets.bulk.chosen_newest", n=chosen)
    return t("tickets.bulk.chosen_matching", n=chosen)


def _colleagues(connection: Connection, visit: Visit) -> list[Choice]:
    """Whom open tasks may be given to: the house's people by name, and the queue."""
    home = visit.principal.home
    people = persons.users(connection, [home], limit=MOST_COLLEAGUES)
    named = sorted((one["name"], str(one["id"])) for one in people if one["active"])
    return [Choice("", visit.portal.texts("tickets.bulk.queue")), *(Choice(key, name) for name, key in named)]


def _wanted(connection: Connection, visit: Visit, query: dict[str, str]) -> tickets.Filter:
    seen = visit.principal.clients_with(visit.call.rule.roles)
    if query["client"]:
        named = {one.id for one in visit.viewer.companies.values() if one.slug == query["client"]}
        seen = tuple(one for one in seen if one in named)
    found = None
    if query["q"].strip():
        found = tickets.searched(connection, seen, query["q"])
    since, until = span(visit, query["since"], query["until"])
    closed_since, closed_until = span(visit, query["closed_since"], query["closed_until"])
    return tickets.Filter(
        client_ids=seen,
        states=STATES[query["state"]],
        stages=(query["stage"],) if query["stage"] else (),
        service_line=query["line"] if query["line"] not in ("", UNDECIDED) else None,
        line_undecided=query["line"] == UNDECIDED,
        priority=query["priority"] or None,
        found=found,
        sla_states=tuple(query["sla"].split(",")) if query["sla"] else (),
        desk=query["desk"] or None,
        since=since,
        until=until,
        closed_since=closed_since,
        closed_until=closed_until,
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
        select(
            "line",
            t("tickets.line"),
            [*((one.key, one.title) for one in LINES), (UNDECIDED, t("lists.undecided"))],
        ),
        select("priority", t("tickets.priority"), [(one, one) for one in get_args(Priority)]),
    ]
    if viewer.many_clients:
        names = sorted((one.name, one.slug) for one in viewer.companies.values() if one.kind == "client")
        found.append(select("client", t("tickets.client"), [(slug, name) for name, slug in names]))
    late = [(LATE, t("lists.late")), *((one, t.word("sla", one)) for one in SLA)]
    found.append(select("sla", t("lists.promise"), late))
    found.append(
        select("desk", t("lists.desk"), [(one, t.word("desk", one)) for one in sorted(DESKS.values())])
    )
    found += day_filters(visit, query["since"], query["until"])
    closed = (
        query["closed_since"],
        query["closed_until"],
    )  # asked for by figures alone, and said where it is
    return [*found, *(one for one in day_filters(visit, *closed, of="closed_") if one.value)]


@router.get("/tickets.csv")
async def export(visit: VisitDep, query: Asked) -> Response:
    """The same list as a file, every page of it."""

    def page(connection: Connection, cursor: str | None) -> tuple[Sequence[RowMapping], str | None]:
        return tickets.listed(connection, _wanted(connection, visit, query), FILE_PAGE, cursor)

    def cells(row: RowMapping) -> list[Any]:
        values = (row[name] for name in COLUMNS)
        return [
            visit.viewer.company(row["client_id"]),
            *(value.isoformat() if isinstance(value, datetime) else value for value in values),
        ]

    return await file_of(visit, "tickets", ("client", *COLUMNS), page, cells)


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
