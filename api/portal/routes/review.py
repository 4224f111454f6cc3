"""Quality control of one document by a second person: first blind, then value by value against what was
delivered. What is asked and how readings are compared is ``ticketos.lines.data_entry.second_reading``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, TASK_READERS, Rule, allow, as_page
from api.portal import sla, typed
from api.portal.fields import box_text
from api.portal.formats import Formats
from api.portal.page import redirect
from api.portal.papers import paper_of
from api.portal.parts import Choice, Notice
from api.portal.routes import work
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import tasks as v1
from schemas.act_bodies import CompleteBody
from ticketos.db.repositories import chart, documents, tickets
from ticketos.domain import quality
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import rules as line_rules
from ticketos.lines.data_entry import second_reading
from ticketos.lines.data_entry.second_reading import CODING_FIELDS, FIELD_NAMES, LINE_FIELDS, Difference

router = APIRouter(include_in_schema=False)
_COMPLETE = as_page(ROUTES["POST", "/v1/tasks/{task_id}/complete"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/review/{task_id}"): allow(TASK_READERS, page=True),
    ("POST", "/review/{task_id}/compare"): _COMPLETE,
    ("POST", "/review/{task_id}"): _COMPLETE,
}
WHOLE = ("doc_type", "lines", "coding")
"""What can be judged as a whole, beside its values."""
_PLACE = re.compile(r"\d{1,5}(,(0|1)(\.\d{1,6})?){4}")


@router.get("/review/{task_id}")
async def show(visit: VisitDep, task_id: UUID) -> Response:
    """First: the page alone. What was keyed, and by whom, is not shown."""
    found = await _found(visit, task_id)
    if found is None:
        return redirect(f"/tasks/{task_id}")
    t, now, kind = visit.portal.texts, visit.call.now, found["document"]["doc_type"]
    return visit.page(
        "quality/blind",
        **found,
        paper=await paper_of(visit, found["document"]),
        asked=second_reading.asked_fields(kind),
        offered=second_reading.offered_fields(kind),
        numbers=_numbers(found),
        line_fields=LINE_FIELDS,
        coding_fields=CODING_FIELDS,
        types=[
            Choice(one, t.word("doc_type", one))
            for one in ("", *(k for k in line_rules.REQUIRED if k != "unknown"))
        ],
        chip=sla.chip(sla.of_task(found["task"], now), Formats(t, visit.viewer.zone, now), t),
        may=_may(visit, found),
    )


async def _found(visit: Visit, task_id: UUID) -> dict[str, Any] | None:
    def read(connection: Connection) -> dict[str, Any] | None:
        task = v1.one(connection, visit.call, task_id)
        if task["kind"] != "qa_review" or task["subject_id"] is None:
            return None
        document = documents.get(connection, task["subject_id"])
        ticket = tickets.get(connection, task["root_id"])
        assert document is not None
        assert ticket is not None
        return {
            "task": task,
            "document": document,
            "ticket": ticket,
            "accounts": chart.picks(connection, document["client_id"]),
        }

    return await visit.read(read)


def _numbers(found: Mapping[str, Any]) -> tuple[int, ...]:
    """The lines that this review asks for; the draw is the task's own."""
    return second_reading.asked_lines(str(found["task"]["id"]), len(found["document"]["lines"]))


def _may(visit: Visit, found: Mapping[str, Any]) -> bool:
    own = found["document"]["finished_by"] == visit.principal.user_id
    return not own and v1.may_finish(visit.call, found["task"])


def _seen(visit: Visit, found: Mapping[str, Any]) -> dict[str, str]:
    """What was read off the page, as the rules take it, by the names of ``second_reading``."""
    columns = {f"lines.{n}.{column}": column for n in _numbers(found) for column in LINE_FIELDS}
    columns |= {name: name for name in (*FIELD_NAMES, "doc_type", "lines.count")}
    columns |= {f"coding.{name}": name for name in CODING_FIELDS} | {"lines.sum": "net"}
    return {
        name: typed.value_of(columns[name], value)[:2_000]
        for name, value in visit.form.prefixed("seen_")
        if name in columns
    }


def _places(visit: Visit) -> dict[str, str]:
    """Where the second person pointed for a value: page and box, as the page sends them."""
    return {
        name: value
        for name, value in visit.form.prefixed("place_")
        if name in FIELD_NAMES and _PLACE.fullmatch(value)
    }


def _at(row: Difference, places: Mapping[str, str]) -> tuple[int | None, str]:
    """Page and box of a value: where the delivery has it from, else where the second person pointed."""
    if row.box is not None:
        return row.page, box_text(row.box)
    page, _, box = places.get(row.name, "").partition(",")
    return (int(page), box) if box else (None, "")


@router.post("/review/{task_id}/compare")
async def compare(visit: PostDep, task_id: UUID) -> Response:
    """Then: value by value against what was delivered. Nothing is kept yet."""
    return await _compared(visit, task_id)


async def _compared(visit: Visit, task_id: UUID, status: int = 200, **more: Any) -> Response:
    found = await _found(visit, task_id)
    if found is None:
        return redirect(f"/tasks/{task_id}")
    t, seen, places = visit.portal.texts, _seen(visit, found), _places(visit)
    rows = second_reading.differences(found["document"], seen)
    return visit.page(
        "quality/compare",
        status,
        **{"comment": "", **more},
        **found,
        paper=await paper_of(visit, found["document"]),
        seen=seen,
        places=places,
        groups=_groups(rows),
        at={row.name: _at(row, places) for row in rows},
        wrong=sum(not row.same for row in rows),
        categories=[Choice(one, t.word("defect", one)) for one in quality.CATEGORIES],
        severities=[Choice(one, t.word("severity", one)) for one in quality.SEVERITIES],
        line_fields=("description", "quantity", "unit", "unit_price", "tax_rate", "net"),
        may=_may(visit, found),
    )


def _groups(rows: Sequence[Difference]) -> list[tuple[str, list[Difference], int]]:
    """The comparison by its parts: each with the rows to show and how many values beside them are as delivered. Of fields
    every one is shown, of lines and coding what differs."""
    parts = (("fields", ("doc_type", "fields")), ("lines", ("lines",)), ("coding", ("coding",)))
    found = []
    for name, of in parts:
        mine = [row for row in rows if row.part in of]
        shown = [row for row in mine if not row.same or name == "fields"]
        if mine:
            found.append((name, shown, len(mine) - len(shown)))
    return found


@router.post("/review/{task_id}")
async def judge(visit: PostDep, task_id: UUID) -> Response:
    """Accept or fail."""
    form = visit.form
    found = await _found(visit, task_id)
    if found is None:
        return await visit.refused(DomainError("not-found", what="task"))
    verdict = "pass" if form.text("verdict", 10) == "pass" else "fail"
    seen = _seen(visit, found)
    result = {
        "verdict": verdict,
        "defects": _defects(visit, second_reading.differences(found["document"], seen)),
        "comment": form.text("comment", 500),
        "read": list(second_reading.read_again(found["document"]["doc_type"], seen)),
    }

    async def complete() -> Response:
        return await v1.complete(
            visit.call, task_id, visit.body(CompleteBody, result=result, version=form.version)
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _compared(visit, task_id, status, notice=notice, comment=form.text("comment", 500))

    task = found["task"]
    following = await visit.read(lambda connection: work.next_own(connection, visit, str(task["id"])))
    to = work.doing(following) if following is not None else "/work"
    return await visit.act(
        complete, to=to, said=f"quality.said.{verdict}", again=again, name=found["document"]["filename"]
    )


def _defects(visit: Visit, compared: Sequence[Difference]) -> list[dict[str, Any]]:
    """What the reviewer marked as wrong in the delivery."""
    form = visit.form
    rows = {row.name: row for row in compared}
    marked = []
    for name in form.texts("defect"):
        if name not in rows and name not in WHOLE:
            continue
        row = rows.get(name)
        marked.append(
            {
                "field": name,
                "category": form.text(f"category_{name}", 40) or "other",
                "severity": form.text(f"severity_{name}", 40) or "non_critical",
                "found": row.delivered if row else None,
                "expected": row.seen if row else None,
                "comment": form.text(f"comment_{name}", 500),
            }
        )
    return marked
