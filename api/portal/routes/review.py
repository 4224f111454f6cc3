"""Quality control of one document by a second person: first blind, then field by field against what was
delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ROUTES, TASK_READERS, Rule, allow, as_page
from api.portal import sla, typed
from api.portal.formats import Formats, decimal_of
from api.portal.page import redirect
from api.portal.parts import Choice, Notice
from api.portal.routes import work
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import tasks as v1
from schemas.extraction import FIELD_NAMES
from schemas.requests import CompleteBody
from ticketos.db.repositories import documents, tickets
from ticketos.domain import quality
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import rules as line_rules

router = APIRouter(include_in_schema=False)
_COMPLETE = as_page(ROUTES["POST", "/v1/tasks/{task_id}/complete"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/review/{task_id}"): allow(TASK_READERS, page=True),
    ("POST", "/review/{task_id}/compare"): _COMPLETE,
    ("POST", "/review/{task_id}"): _COMPLETE,
}
WHOLE = ("doc_type", "lines", "coding")
"""What is judged as a whole, beside the fields."""


@dataclass(frozen=True)
class Difference:
    """One field as the reviewer read it and as it was delivered."""

    name: str
    seen: str
    delivered: str
    ai: str
    same: bool
    required: bool
    box: str = ""


@router.get("/review/{task_id}")
async def show(visit: VisitDep, task_id: UUID) -> Response:
    """First: the page alone. What was keyed, and by whom, is not shown."""
    return await _blind(visit, task_id)


async def _blind(visit: Visit, task_id: UUID, status: int = 200, **more: Any) -> Response:
    found = await _found(visit, task_id)
    if found is None:
        return redirect(f"/tasks/{task_id}")
    t, now = visit.portal.texts, visit.call.now
    asked = _asked(found["document"])
    return visit.page(
        "quality/blind",
        status,
        **{"seen": {}, **more},
        **found,
        asked=asked,
        required=line_rules.required_fields(found["document"]["doc_type"]),
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
        return {"task": task, "document": document, "ticket": ticket}

    return await visit.read(read)


def _asked(document: Mapping[str, Any]) -> list[str]:
    """The fields that are read again: the required ones, and others the delivery has a value for."""
    required = line_rules.required_fields(document["doc_type"])
    return [name for name in FIELD_NAMES if name in required]


def _may(visit: Visit, found: Mapping[str, Any]) -> bool:
    own = found["document"]["finished_by"] == visit.principal.user_id
    return not own and v1.may_finish(visit.call, found["task"])


def _seen(visit: Visit) -> dict[str, str]:
    return {
        name: typed.value_of(name, value)[:2_000]
        for name, value in visit.form.prefixed("seen_")
        if name in FIELD_NAMES or name == "doc_type"
    }


def differences(document: Mapping[str, Any], seen: Mapping[str, str]) -> list[Difference]:
    """Every field that was read again, beside what was delivered."""
    required = line_rules.required_fields(document["doc_type"])
    found = []
    for name in _asked(document):
        field = document["fields"].get(name) or {}
        delivered, read = str(field.get("value") or ""), seen.get(name, "")
        found.append(
            Difference(
                name,
                read,
                delivered,
                str(field.get("shown") or ""),
                alike(name, read, delivered),
                name in required,
            )
        )
    if seen.get("doc_type"):
        same = seen["doc_type"] == document["doc_type"]
        found.insert(0, Difference("doc_type", seen["doc_type"], document["doc_type"], "", same, True))
    return found


def alike(name: str, one: str, two: str) -> bool:
    """Whether two readings say the same: amounts by value, text without regard to case and spaces."""
    if name in line_rules.AMOUNTS:
        left, right = decimal_of(one), decimal_of(two)
        return left == right if left is not None and right is not None else one == two
    return "".join(one.split()).casefold() == "".join(two.split()).casefold()


@router.post("/review/{task_id}/compare")
async def compare(visit: PostDep, task_id: UUID) -> Response:
    """Then: field by field against what was delivered. Nothing is kept yet."""
    return await _compared(visit, task_id, _seen(visit))


async def _compared(
    visit: Visit, task_id: UUID, seen: dict[str, str], status: int = 200, **more: Any
) -> Response:
    found = await _found(visit, task_id)
    if found is None:
        return redirect(f"/tasks/{task_id}")
    t = visit.portal.texts
    rows = differences(found["document"], seen)
    return visit.page(
        "quality/compare",
        status,
        **{"comment": "", **more},
        **found,
        seen=seen,
        rows=rows,
        wrong=sum(not row.same for row in rows),
        categories=[Choice(one, t.word("defect", one)) for one in quality.CATEGORIES],
        severities=[Choice(one, t.word("severity", one)) for one in quality.SEVERITIES],
        line_fields=("description", "quantity", "unit", "unit_price", "tax_rate", "net"),
        may=_may(visit, found),
    )


@router.post("/review/{task_id}")
async def judge(visit: PostDep, task_id: UUID) -> Response:
    """Accept or fail."""
    form, seen = visit.form, _seen(visit)
    found = await _found(visit, task_id)
    if found is None:
        return await visit.refused(DomainError("not-found", what="task"))
    verdict = "pass" if form.text("verdict", 10) == "pass" else "fail"
    result = {
        "verdict": verdict,
        "defects": _defects(visit, found["document"], seen),
        "comment": form.text("comment", 500),
    }

    async def complete() -> Response:
        return await v1.complete(
            visit.call, task_id, visit.body(CompleteBody, result=result, version=form.version)
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _compared(visit, task_id, seen, status, notice=notice, comment=form.text("comment", 500))

    task = found["task"]
    following = await visit.read(lambda connection: work.next_own(connection, visit, str(task["id"])))
    to = work.doing(following) if following is not None else "/work"
    return await visit.act(
        complete, to=to, said=f"quality.said.{verdict}", again=again, name=found["document"]["filename"]
    )


def _defects(visit: Visit, document: Mapping[str, Any], seen: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the reviewer marked as wrong in the delivery."""
    form = visit.form
    rows = {row.name: row for row in differences(document, seen)}
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
