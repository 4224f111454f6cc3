"""My work: tasks by the time left, taking the next one, views one saves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, TASK_READERS, WORKERS, Rule, allow, as_page
from api.portal import sla
from api.portal.formats import Formats
from api.portal.page import redirect
from api.portal.parts import Choice, Command, Empty, Filter, NavItem, Tab
from api.portal.routes.views import saved
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import tasks as v1
from schemas.acts import Priority
from ticketos.db.repositories import persons, tasks
from ticketos.domain import tasks as rules
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/work"): allow(TASK_READERS, page=True),
    ("POST", "/work/next"): as_page(ROUTES["POST", "/v1/tasks/{task_id}/claim"]),
}
NAV = (
    NavItem(
        text="work.title",
        href="/work",
        icon="tasks",
        roles=WORKERS | {"wfm", "admin"},
        section="work",
        key="w",
        order=10,
    ),
)
COMMANDS = (Command("work.next", "/work/next", "next", WORKERS, post=True),)
Scope = Literal["mine", "queue", "all", "done"]
LIMIT = 50
_BY_SKILL = frozenset({"agent", "sme", "qa"})
"""Whose work comes by skill alone."""
DOING = {"keying": "/validate/{id}", "rework": "/validate/{id}", "qa_review": "/review/{id}"}
"""Kinds of task with a page of their own; every other is done on the task's page."""


def doing(row: RowMapping) -> str:
    """Where a task is done. Work that a person did on the request itself is judged on the task's page."""
    if row["kind"] == "qa_review" and row["subject_id"] is None:
        return f"/tasks/{row['id']}"
    return DOING.get(row["kind"], "/tasks/{id}").format(id=row["id"])


@router.get("/work")
async def show(
    visit: VisitDep,
    scope: str = "",
    kind: str = "",
    client: str = "",
    priority: str = "",
    cursor: str | None = None,
) -> Response:
    """The list, with its filters in the address."""
    call, principal = visit.call, visit.principal
    may_take = bool(principal.roles & WORKERS)
    chosen: Scope = "mine" if may_take else "all"  # who takes no task has none of their own to look at
    if scope in get_args(Scope):
        chosen = scope  # type: ignore[assignment]

    query = {"scope": chosen, "kind": kind, "client": client, "priority": priority}

    def read(connection: Connection) -> dict[str, Any]:
        skills, expert = _able(connection, visit)
        seen = principal.clients_with(call.rule.roles)
        wanted = _filter(visit, chosen, kind, client, skills, seen)
        wanted = replace(wanted, priority=priority or None, expert=_experts_work(chosen, expert=expert))
        rows, following = tasks.listed(connection, wanted, LIMIT, cursor or None)
        return {
            "rows": rows,
            "people": persons.names_of(connection, {one for row in rows if (one := row["assigned_to"])}),
            "following": following,
            "counts": tasks.counts(connection, principal.user_id, seen, skills, expert),
            "skilled": bool(skills),
            "saved": saved(connection, visit, "work", {**query, "scope": "" if chosen == "mine" else chosen}),
        }

    found = await visit.read(read)
    return visit.page(
        "work/list",
        **found,
        title=visit.portal.texts("work.title" if may_take else "work.title_all"),
        doing=doing,
        scope=chosen,
        sla=_chips(visit, found["rows"]),
        priority_chip=lambda value: sla.priority(value, visit.portal.texts),
        tabs=_tabs(visit, chosen, found["counts"]) if may_take else [],
        filters=_filters(visit, kind, client, priority),
        filtered=bool(kind or client or priority),
        more=_address({**query, "cursor": found["following"]}) if found["following"] else None,
        first=_address(query) if cursor else None,
        empty=_empty(
            visit,
            chosen,
            bool(kind or client or priority),
            queued=found["counts"].get("queue", 0),
            skilled=found["skilled"],
        ),
        live_topic="",
        may_take=may_take,
    )


def _able(connection: Connection, visit: Visit) -> tuple[tuple[str, ...], bool]:
    """The caller's skills, and whether they are an expert in them."""
    me = persons.user(connection, visit.principal.user_id)
    return (tuple(me["skills"]), me["level"] == "sme") if me else ((), False)


def _filter(
    visit: Visit, scope: Scope, kind: str, client: str, skills: tuple[str, ...], seen: tuple[UUID, ...]
) -> tasks.Filter:
    me = visit.principal.user_id
    named = [one.id for one in visit.viewer.companies.values() if one.slug == client]
    return tasks.Filter(
        states=("done",) if scope == "done" else ("open",),
        assigned_to=me if scope == "mine" else None,
        completed_by=me if scope == "done" else None,
        unassigned=scope == "queue",
        skills=skills if scope == "queue" else None,
        client_ids=tuple(one for one in seen if not client or one in named),
        kind=kind or None,
        order="urgency",
    )


def _chips(visit: Visit, rows: list[RowMapping]) -> dict[UUID, Any]:
    t, now = visit.portal.texts, visit.call.now
    f = Formats(t, visit.viewer.zone, now)
    return {row["id"]: sla.chip(sla.of_task(row, now), f, t) for row in rows}


def _tabs(visit: Visit, scope: Scope, counts: dict[str, int]) -> list[Tab]:
    t = visit.portal.texts
    return [
        Tab(t(f"work.scope.{one}"), _address({"scope": one}), one == scope, counts.get(one))
        for one in get_args(Scope)
    ]


def _filters(visit: Visit, kind: str, client: str, priority: str) -> list[Filter]:
    t, viewer = visit.portal.texts, visit.viewer
    anything = Choice("", t("shell.any"))
    found = [
        Filter(
            "kind",
            t("work.kind"),
            [anything, *(Choice(k, t.word("kind", k), k == kind) for k in rules.ROLES)],
            kind,
        ),
        Filter(
            "priority",
            t("work.priority"),
            [anything, *(Choice(p, p, p == priority) for p in get_args(Priority))],
            priority,
        ),
    ]
    if viewer.many_clients:
        names = sorted(
            (one for one in viewer.companies.values() if one.kind == "client"), key=lambda one: one.name
        )
        choices = [anything, *(Choice(one.slug, one.name, one.slug == client) for one in names)]
        found.insert(1, Filter("client", t("work.client"), choices, client))
    return found


def _empty(visit: Visit, scope: Scope, filtered: bool, *, queued: int, skilled: bool) -> Empty:
    t = visit.portal.texts
    if filtered:
        return Empty(
            t("work.empty.filtered"),
            t("work.empty.filtered_text"),
            "filter",
            t("shell.clear"),
            _address({"scope": scope}),
        )
    if scope == "mine" and queued:
        text = t("work.empty.queued_text", n=queued)
        return Empty(t("work.empty.queued"), text, "inbox", t("work.empty.see_queue"), "/work?scope=queue")
    if scope in ("mine", "queue") and not skilled and visit.principal.roles & _BY_SKILL:
        text = t("work.empty.unskilled_text")
        return Empty(t("work.empty.unskilled"), text, "people", t("work.empty.see_all"), "/work?scope=all")
    return Empty(
        t(f"work.empty.{scope}"),
        t(f"work.empty.{scope}_text"),
        "check-circle" if scope == "mine" else "inbox",
    )


def _address(query: dict[str, Any]) -> str:
    kept = {name: value for name, value in query.items() if value and (name, value) != ("scope", "mine")}
    return "/work" + (f"?{urlencode(kept)}" if kept else "")


@router.post("/work/next")
async def take_next(visit: PostDep) -> Response:
    """Go to the most urgent task of one's own; with none left, take the most urgent of one's queues."""
    skip = visit.form.text("after", 40)
    found = await visit.read(lambda connection: _next(connection, visit, skip))
    if found is None:
        response = redirect("/work")
        visit.portal.guard.say(response, "good", "work.all_done")
        return response
    if found["assigned_to"] is None:

        async def claim() -> Response:
            return await v1.claim(visit.call, found["id"])

        return await visit.act(claim, to=doing(found), said="work.taken", number=found["ticket_number"])
    return redirect(doing(found))


def _next(connection: Connection, visit: Visit, skip: str) -> RowMapping | None:
    skills, expert = _able(connection, visit)
    seen = visit.principal.clients_with(visit.call.rule.roles)
    scopes: tuple[Scope, ...] = ("mine", "queue")
    for scope in scopes:
        wanted = replace(
            _filter(visit, scope, "", "", skills, seen), expert=_experts_work(scope, expert=expert)
        )
        rows, _ = tasks.listed(connection, wanted, 25, None)
        for row in rows:
            if str(row["id"]) == skip or not _may(connection, visit, row):
                continue
            return row
    return None


def _experts_work(scope: Scope, *, expert: bool) -> bool:
    """Whether a list holds work for experts: a queue does for experts alone, who could take it."""
    return expert or scope != "queue"


def next_own(connection: Connection, visit: Visit, skip: str) -> RowMapping | None:
    """The most urgent of one's own tasks besides one."""
    wanted = tasks.Filter(
        assigned_to=visit.principal.user_id,
        client_ids=visit.principal.clients_with(visit.call.rule.roles),
        order="urgency",
    )
    rows, _ = tasks.listed(connection, wanted, 25, None)
    return next((row for row in rows if str(row["id"]) != skip and _may(connection, visit, row)), None)


def _may(connection: Connection, visit: Visit, row: RowMapping) -> bool:
    """Whether this person may finish it, so that nobody is led to a task that will refuse them."""
    if not v1.may_finish(visit.call, row):
        return False
    if row["assigned_to"] is not None:
        return True
    try:
        tasks.require_able(connection, row, visit.principal.user_id, visit.call.now.date())
    except DomainError:
        return False
    return True
