"""A task that has no page of its own: classify, clear a contract, do manual work, decide an escalation."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, TASK_READERS, Rule, allow, as_page
from api.portal import sla
from api.portal.asked import asked_in_words
from api.portal.formats import Formats, decimal_of
from api.portal.forms import safe_next
from api.portal.page import redirect
from api.portal.parts import Choice, Notice
from api.portal.routes import work
from api.portal.timeline import learnt_in_words
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import tasks as v1
from schemas.act_bodies import AssignBody, CompleteBody
from schemas.acts import Priority
from ticketos.db.repositories import book_months, documents, persons, tickets
from ticketos.domain import book_months as book_rules
from ticketos.domain import handwork
from ticketos.domain.errors import DomainError
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/tasks/{task_id}"): allow(TASK_READERS, page=True),
    ("POST", "/tasks/{task_id}"): as_page(ROUTES["POST", "/v1/tasks/{task_id}/complete"]),
    ("POST", "/tasks/{task_id}/take"): as_page(ROUTES["POST", "/v1/tasks/{task_id}/claim"]),
    ("POST", "/tasks/{task_id}/assign"): as_page(ROUTES["POST", "/v1/tasks/{task_id}/assign"]),
}
FIELDS = {
    "triage": ("service_line", "priority", "ticket_type"),
    "contract": ("reason",),
    "work": ("note",),
    "qa_review": ("verdict", "comment"),
    "escalation": ("decision", "reason"),
    "signer": ("email",),
    "posting_period": ("choice", "reason"),
}
"""What the result of each kind holds."""
_MOST_COLLEAGUES = 500
_MOST_TEXT = 20_000
"""Characters taken of a field: more than any of them may have, so that what is too long is refused and not cut."""


@router.get("/tasks/{task_id}")
async def show(visit: VisitDep, task_id: UUID) -> Response:
    """The task with what is needed to do it."""
    return await _page(visit, task_id)


async def _page(visit: Visit, task_id: UUID, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> dict[str, Any]:
        task = v1.one(connection, visit.call, task_id)
        ticket = tickets.get(connection, task["root_id"])
        assert ticket is not None
        around = tickets.tree(connection, ticket["id"])
        found = documents.of_ticket(connection, ticket["id"], limit=handwork.MOST_FILES + 1)
        return {
            "task": task,
            "ticket": ticket,
            "messages": [one for one in around.messages if one["direction"] == "in"][-3:],
            "documents": found[: handwork.MOST_FILES],
            "many": len(found) > handwork.MOST_FILES,
            "paper": _paper(connection, task, ticket["id"]),
            "period": _period(connection, task),
        }

    found = await visit.read(read)
    task: RowMapping = found["task"]
    if work.doing(task) != f"/tasks/{task_id}" and task["state"] == "open":
        return redirect(work.doing(task))
    t, now = visit.portal.texts, visit.call.now
    f = Formats(t, visit.viewer.zone, now)
    suggestion = task["payload"].get("suggestion") or {}
    prepared = task["payload"].get("prepared")
    chosen = suggestion.get("service_line") if prepared is None else prepared.get("service_line")
    begun = prepared or {}
    return visit.page(
        "work/task",
        status,
        **{"typed": {}, **more},
        **found,
        chip=sla.chip(sla.of_task(task, now), f, t),
        lines=[
            *([] if chosen or prepared is None else [Choice("", t("work.task.choose"), True)]),
            *(Choice(one.key, one.title, one.key == chosen) for one in LINES),
        ],
        priorities=[
            Choice(one, one, one == begun.get("priority", found["ticket"]["priority"]))
            for one in get_args(Priority)
        ],
        ticket_type=begun.get("ticket_type", ""),
        confirming=bool(begun.get("priority")),
        asked=asked_in_words(t, f, suggestion.get("asked") or ()),
        top=[(t.word("line", line), decimal_of(share)) for line, share in suggestion.get("top") or ()],
        suggestion=suggestion,
        learnt=learnt_in_words(t, suggestion),
        sure=decimal_of(suggestion.get("confidence")),
        may=v1.may_finish(visit.call, task),
        known=task["kind"] in FIELDS,
        handed_in=found["ticket"]["detail"].get(handwork.WORK) if task["kind"] == "qa_review" else None,
        items=handwork.CHECKLIST,
        marked={one["field"]: one for one in more.get("typed", {}).get("defects", ())},
        categories=[Choice(one, t.word("defect", one)) for one in handwork.CATEGORIES],
    )


def _period(connection: Connection, task: RowMapping) -> book_rules.Question | None:
    """What finance is asked of a document of a shut month: as the book stands now, not when the task was made."""
    if task["kind"] != "posting_period":
        return None
    months = book_months.states(connection, task["client_id"])
    return book_rules.question(date.fromisoformat(task["payload"]["own"]), months)


def _paper(connection: Connection, task: RowMapping, root_id: UUID) -> RowMapping | None:
    """The document the task is about, wherever it stands among those of the request."""
    named = task["payload"].get("document") or task["subject_id"]
    found = documents.get(connection, UUID(str(named))) if named else None
    return found if found is not None and found["root_id"] == root_id else None


@router.post("/tasks/{task_id}")
async def finish(visit: PostDep, task_id: UUID) -> Response:
    """Finish it and go on to the next."""
    form = visit.form
    kind = form.text("kind", 40)
    result: dict[str, Any] = {
        name: form.text(name, _MOST_TEXT) for name in FIELDS.get(kind, ()) if form.text(name)
    }
    if kind == "work":
        result["files"] = [one for one in form.texts("files") if one][: handwork.MOST_FILES]
    elif kind == "qa_review":
        result["defects"] = _defects(visit)

    async def complete() -> Response:
        return await v1.complete(
            visit.call, task_id, visit.body(CompleteBody, result=result, version=form.version)
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _page(visit, task_id, status, notice=notice, typed=result)

    return await visit.act(complete, to="/work", said="work.finished", again=again)


def _defects(visit: Visit) -> list[dict[str, Any]]:
    """What the reviewer found not right of the checklist. Who says what it should be has found it not right."""
    form = visit.form
    ticked = form.texts("defect")
    return [
        {
            "field": item,
            "category": form.text(f"category_{item}", 40) or "other",
            "expected": form.text(f"expected_{item}", 500) or None,
        }
        for item in handwork.CHECKLIST
        if item in ticked or form.text(f"expected_{item}", 500)
    ]


@router.post("/tasks/{task_id}/take")
async def take(visit: PostDep, task_id: UUID) -> Response:
    """Take it out of its queue."""

    async def claim() -> Response:
        return await v1.claim(visit.call, task_id)

    return await visit.act(claim, to=f"/tasks/{task_id}", said="work.taken_this")


@router.post("/tasks/{task_id}/assign")
async def assign(visit: PostDep, task_id: UUID) -> Response:
    """Hand the decision to a colleague, named by address; whoever may not do it is refused."""
    back, address = (
        safe_next(visit.form.text("next"), "/work"),
        visit.form.text("email", 320).strip().casefold(),
    )

    def colleague(connection: Connection) -> UUID:
        v1.one(connection, visit.call, task_id)  # another client's is not there, whoever is named
        people = persons.users(connection, [visit.principal.home], limit=_MOST_COLLEAGUES)
        found = next((one["id"] for one in people if one["email"].casefold() == address), None)
        if found is None:
            raise DomainError("person-unknown")
        return UUID(str(found))

    async def give() -> Response:
        return await v1.assign(visit.call, task_id, AssignBody(user_id=await visit.read(colleague)))

    return await visit.act(give, to=back, said="work.assigned")
