"""The audit trail: who did what, when, from where, before and after, and why; and whether all of it is as it was
written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.listing import FILE_PAGE, LIMIT, address, client_filter, day_filters, file_of, span
from api.portal.parts import Choice, Command, Empty, Filter, NavItem
from api.portal.routes.views import saved
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1.audit import explored, verified
from schemas.audit import TrailEvent, VerificationView
from ticketos.db.repositories import persons, tickets
from ticketos.domain.errors import DomainError
from ticketos.domain.events import CATALOGUE

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/audit-events"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/audit"): _READ,
    ("GET", "/audit.csv"): _READ,
    ("POST", "/audit/verify"): as_page(ROUTES["POST", "/v1/audit-verifications"]),
}
NAV = (
    NavItem(text="audit.title", href="/audit", icon="audit", roles=_READ.roles, section="watch", order=55),
)
COMMANDS = (
    Command("audit.verify", "/audit/verify", "quality", RULES["POST", "/audit/verify"].roles, post=True),
)
GROUPS = tuple(dict.fromkeys(event.name.partition(".")[0] for event in CATALOGUE))


def _asked(
    event: str = "",
    client: str = "",
    ticket: str = "",
    actor: str = "",
    since: str = "",
    until: str = "",
    money: str = "",
) -> dict[str, str]:
    """What the address asks for."""
    return {
        "event": event,
        "client": client,
        "ticket": ticket.strip()[:60],
        "actor": actor[:60],
        "since": since,
        "until": until,
        "money": "1" if money else "",
    }


AskedDep = Annotated[dict[str, str], Depends(_asked)]


@router.get("/audit")
async def show(visit: VisitDep, query: AskedDep, cursor: str | None = None) -> Response:
    """The explorer."""
    return await _show(visit, query, cursor or None)


async def _show(
    visit: Visit, query: dict[str, str], cursor: str | None = None, checked: VerificationView | None = None
) -> Response:
    def read(connection: Connection) -> dict[str, Any]:
        rows, following = _found(connection, visit, query, LIMIT, cursor)
        roots = {row.ticket_id for row in rows if row.ticket_id}
        return {
            "rows": rows,
            "following": following,
            "saved": saved(connection, visit, "audit", query),
            "people": persons.names_of(connection, _people(rows)),
            "numbers": tickets.numbers_of(connection, list(roots)) if roots else {},
        }

    found = await visit.read(read)
    t = visit.portal.texts
    narrowed = any(query.values())
    following = found.pop("following")
    return visit.page(
        "audit/explorer",
        **found,
        person=lambda one: _person(visit, one, found["people"]),
        changed=_changed,
        query=query,
        checked=checked,
        filters=_filters(visit, query),
        narrowed=narrowed,
        file=address("/audit.csv", query),
        more=address("/audit", {**query, "cursor": following}) if following else None,
        first=address("/audit", query) if cursor else None,
        empty=Empty(t("lists.nothing"), t("lists.nothing_text"), "audit", t("shell.clear"), "/audit"),
        tree="/tickets" if visit.viewer.staff else "/requests",
    )


def _found(
    connection: Connection, visit: Visit, query: Mapping[str, str], limit: int, cursor: str | None
) -> tuple[list[TrailEvent], str | None]:
    since, until = span(visit, query["since"], query["until"])
    root = _root(connection, visit, query["ticket"]) if query["ticket"] else None
    if query["ticket"] and root is None:
        return [], None
    return explored(
        connection,
        visit.call,
        client=query["client"] or None,
        event=query["event"] or None,
        actor=query["actor"] or None,
        ticket=root,
        since=since,
        until=until,
        money=bool(query["money"]),
        limit=limit,
        cursor=cursor,
    )


def _root(connection: Connection, visit: Visit, text: str) -> UUID | None:
    """The request somebody means by its number or id."""
    try:
        row = tickets.get(connection, UUID(text))
    except ValueError:
        seen = visit.principal.clients_with(visit.call.rule.roles)
        spelled = dict.fromkeys((text, text.upper()))
        found = (tickets.by_number(connection, one, number) for one in seen for number in spelled)
        row = next((one for one in found if one is not None), None)
    return row["root_id"] if row is not None else None


def _people(rows: Sequence[TrailEvent]) -> list[UUID]:
    ids = []
    for row in rows:
        try:
            ids.append(UUID(row.actor_id or ""))
        except ValueError:
            continue
    return ids


def _person(visit: Visit, one: TrailEvent, people: Mapping[UUID, str]) -> str:
    t = visit.portal.texts
    try:
        name = people.get(UUID(one.actor_id or ""))
    except ValueError:
        name = None
    if name is None and one.actor_kind == "user" and not visit.viewer.staff:
        return t("audit.not_named")  # the house does not name its people to a client
    return name or t.word("actor", one.actor_kind)


def _changed(one: TrailEvent) -> list[tuple[str, str, str]]:
    """Each value before and after, by name; short."""
    before, after = one.before or {}, one.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [(name, _short(before.get(name)), _short(after.get(name))) for name in names[:20]]


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else text[:159] + "…"


def _filters(visit: Visit, query: Mapping[str, str]) -> list[Filter]:
    t = visit.portal.texts
    groups = [
        Choice("", t("shell.any"), not query["event"]),
        *(Choice(one, t.word("event_group", one), one == query["event"]) for one in GROUPS),
        *(Choice(one.name, f"– {t.event(one.name)}", one.name == query["event"]) for one in CATALOGUE),
    ]
    yes = [Choice("", t("shell.any")), Choice("1", t("audit.money_only"), bool(query["money"]))]
    return [
        Filter("ticket", t("audit.ticket"), value=query["ticket"], kind="search"),
        *client_filter(visit, query["client"]),
        Filter("event", t("audit.event"), groups, query["event"]),
        Filter("money", t("audit.money"), yes, query["money"]),
        *day_filters(visit, query["since"], query["until"]),
    ]


@router.get("/audit.csv")
async def export(visit: VisitDep, query: AskedDep) -> Response:
    """The same events as a file."""

    def page(connection: Connection, cursor: str | None) -> tuple[list[TrailEvent], str | None]:
        return _found(connection, visit, query, FILE_PAGE, cursor)

    def line(one: TrailEvent) -> list[Any]:
        values = (
            json.dumps(v, ensure_ascii=False, default=str) if v else "" for v in (one.before, one.after)
        )
        return [
            *(one.seq, one.at.isoformat(), visit.viewer.company(one.client_id), one.event, one.title),
            *(one.actor_kind, one.actor_id, one.origin, one.ticket_id, one.entity, one.entity_id),
            *(*values, one.why),
        ]

    head = (
        *("seq", "at", "client", "event", "title", "actor_kind", "actor_id", "origin", "ticket_id"),
        *("entity", "entity_id", "before", "after", "why"),
    )
    return await file_of(visit, "audit", head, page, line)


@router.post("/audit/verify")
async def verify(visit: PostDep) -> Response:
    """Compute every hash anew and say what was found."""
    client = visit.form.text("client", 60)
    query = dict.fromkeys(("event", "ticket", "actor", "since", "until", "money"), "") | {"client": client}
    try:
        checked = await verified(visit.call, client or None)
    except DomainError as error:
        return await visit.refused(error)
    return await _show(visit, query, None, checked)
