"""Validation, the heart of data entry: the page beside its fields and lines; what is weak comes up by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, TASK_READERS, Rule, allow, as_page
from api.portal import fields as shown_fields
from api.portal import sla, typed
from api.portal.asked import asked_in_words, still_blocked
from api.portal.formats import Formats
from api.portal.page import redirect
from api.portal.papers import paper_of
from api.portal.parts import Choice, Notice
from api.portal.routes import work
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import tasks as v1
from schemas.act_bodies import CompleteBody
from ticketos.ai.extract.taxid import checksum_right
from ticketos.db.repositories import chart, coding, documents, tasks, tickets
from ticketos.domain.ai_policy import ACT, CODING, SUGGEST, Mode
from ticketos.domain.errors import DomainError
from ticketos.domain.state import VendorState
from ticketos.domain.terms import AiTerms
from ticketos.lines.data_entry import asking, checking, keying
from ticketos.lines.data_entry.typed import FIELD_NAMES, MAX_VALUE

router = APIRouter(include_in_schema=False)
_COMPLETE = as_page(ROUTES["POST", "/v1/tasks/{task_id}/complete"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/validate/{task_id}"): allow(TASK_READERS, page=True),
    ("POST", "/validate/{task_id}"): _COMPLETE,
    ("POST", "/validate/{task_id}/check"): _COMPLETE,
}
LINE_FIELDS = ("description", "quantity", "unit", "unit_price", "tax_rate", "net")
BLANK_LINES = 2
_LONGEST_S = 4 * 3600
_OF_ONE_FIELD = (
    "amount-unreadable",
    "amount-too-fine",
    "amount-too-large",
    "currency-unreadable",
    "date-unreadable",
)
"""Refusals of one value that a person typed."""


@router.get("/validate/{task_id}")
async def show(visit: VisitDep, task_id: UUID) -> Response:
    """The page of a keying or rework task."""
    return await _page(visit, task_id)


async def _page(
    visit: Visit, task_id: UUID, status: int = 200, *, given: Mapping[str, Any] | None = None, **more: Any
) -> Response:
    found = await visit.read(lambda connection: _read(connection, visit, task_id))
    if found is None:
        return redirect(f"/tasks/{task_id}")
    like = () if given is None else await _like(visit, found, given)
    t, now, task, document = visit.portal.texts, visit.call.now, found["task"], found["document"]
    f = Formats(t, visit.viewer.zone, now)
    kind = str((given or {}).get("doc_type") or document["doc_type"])
    suggested = found["suggested"]
    mode, coded = _coding_mode(found, kind), found["coding"].get("by") == "person"
    begun = found["coding"] if mode != SUGGEST or coded else {}
    prepared = (task["payload"].get("prepared") or {}).get("reject") or {}
    fields = shown_fields.rows(
        document,
        [*task["payload"].get("fields", ()), *_defective(task)],
        found["candidates"],
        t,
        (given or {}).get("typed"),
        suggested.get("doc_type", kind) if kind == "unknown" else kind,
    )
    lines = (given or {}).get("lines")
    checks = found["checks"] if given is None else _checks(found, given, kind, now, like)
    return visit.page(
        "validation/validate",
        status,
        **{"override": task["payload"].get("override_reason") or "", "problem_checks": [], **more},
        **{name: value for name, value in found.items() if name != "checks"},
        paper=await paper_of(visit, document),
        checks=checks,
        fields=fields,
        left=sum(one.wanted for one in fields),
        lines=lines if lines is not None else [dict(one) for one in document["lines"]],
        line_fields=LINE_FIELDS,
        blank=max(BLANK_LINES, len(suggested.get("lines", ()))),
        suggestions=suggested.get("lines", ()),
        suggested_type=suggested.get("doc_type", ""),
        types=[
            Choice(one, t.word("doc_type", one), one == kind)
            for one in (*checking.KNOWN_TYPES, *(() if kind in checking.KNOWN_TYPES else (kind,)))
        ],
        rejections=[
            Choice(one, t.word("reason", one), one == prepared.get("reason")) for one in keying.REJECTIONS
        ],
        rejecting=bool(prepared),
        chip=sla.chip(sla.of_task(task, now), f, t),
        began=now.isoformat(),
        coding_typed=(given or {}).get("coding") or begun,
        coding_left="" if coded or mode == ACT else mode,
        may=v1.may_finish(visit.call, task),
        no_expert=", ".join(
            t.word("no_match", one.partition(":")[0]) for one in task["payload"].get("no_expert", ())
        ),
        blocked_words=[
            *still_blocked(t, document["blocked_by"], task["payload"].get("asked") or ()),
            *asked_in_words(t, f, task["payload"].get("asked") or ()),
        ],
    )


def _read(connection: Connection, visit: Visit, task_id: UUID) -> dict[str, Any] | None:
    task = v1.one(connection, visit.call, task_id)
    if task["kind"] not in ("keying", "rework") or task["subject_id"] is None:
        return None
    document = documents.get(connection, task["subject_id"])
    ticket = tickets.get(connection, task["root_id"])
    assert document is not None
    assert ticket is not None
    open_ones = [
        one
        for one in tasks.of_ticket(connection, task["root_id"])
        if one["state"] == "open" and one["kind"] == task["kind"]
    ]
    twin = documents.get(connection, document["duplicate_of"]) if document["duplicate_of"] else None
    return {
        "task": task,
        "document": document,
        "ticket": ticket,
        "remaining": len(open_ones),
        "candidates": documents.candidates_of(connection, document["id"]),
        "coding": coding.proposal(connection, ticket, document["id"], visit.principal.home),
        "ai": coding.policy(connection, ticket, visit.principal.home),
        "suggested": documents.suggested_of(connection, document["id"])
        if document["doc_type"] == "unknown"
        else {},
        "accounts": chart.picks(connection, document["client_id"]),
        "checks": [
            {"name": one["name"], "ok": one["ok"], "detail": one["detail"]} for one in document["checks"]
        ],
        "twin": twin,
        "zone": visit.viewer.companies[document["client_id"]].zone
        if document["client_id"] in visit.viewer.companies
        else "UTC",
    }


def _defective(task: RowMapping) -> list[str]:
    """The fields that a second person found wrong: whoever corrects is led to them."""
    return [str(one.get("field")) for one in task["payload"].get("defects") or ()]


def _given(visit: Visit, document: RowMapping) -> dict[str, Any]:
    """The form as it stands: values for the rules, and the same as they were typed."""
    form = visit.form
    raw = {name: value for name, value in form.prefixed("field_") if name in FIELD_NAMES}
    clean = {name: typed.value_of(name, value)[:MAX_VALUE] for name, value in raw.items()}
    values = {name: {"value": field.get("value")} for name, field in document["fields"].items()}
    for name, value in clean.items():
        values[name] = {"value": value or None}
    return {
        "doc_type": form.text("doc_type", 40) or document["doc_type"],
        "typed": clean,
        "values": values,
        "lines": _lines(visit),
        "coding": {name: form.text(f"coding_{name}", 40) for name in ("account", "cost_centre", "tax_code")},
    }


def _lines(visit: Visit) -> list[dict[str, str | None]]:
    """The grid's rows in order, empty and crossed-out ones left out."""
    rows: dict[int, dict[str, str | None]] = {}
    removed = {one for one in visit.form.texts("remove") if one.isdigit()}
    for name, value in visit.form.prefixed("line_"):
        number, _, column = name.partition("_")
        if number.isdigit() and len(number) < 6 and column in LINE_FIELDS and number not in removed:
            rows.setdefault(int(number), {})[column] = typed.value_of(column, value) or None
    return [
        {column: row.get(column) for column in LINE_FIELDS}
        for _, row in sorted(rows.items())
        if any(row.values())
    ]


def _checks(
    found: Mapping[str, Any],
    given: Mapping[str, Any],
    kind: str,
    now: datetime,
    like: Sequence[VendorState],
) -> list[dict[str, Any]]:
    today = now.astimezone(ZoneInfo(found["zone"])).date()
    return checking.run_checks(kind, given["values"], given["lines"], today, checksum_right, like)


async def _like(visit: Visit, found: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[VendorState, ...]:
    """Vendors of the client's list that the form as it stands could mean."""
    ticket, home = found["ticket"], visit.principal.home
    return await visit.read(lambda connection: coding.vendors_like(connection, ticket, given["values"], home))


@router.post("/validate/{task_id}/check")
async def check(visit: PostDep, task_id: UUID) -> Response:
    """The checks over the form as it stands. Nothing is kept."""
    found = await visit.read(lambda connection: _read(connection, visit, task_id))
    if found is None:
        raise DomainError("not-found", what="task")
    given = _given(visit, found["document"])
    like = await _like(visit, found, given)
    checks = _checks(found, given, given["doc_type"], visit.call.now, like)
    return visit.page("validation/checks_only", checks=checks)


@router.post("/validate/{task_id}")
async def save(visit: PostDep, task_id: UUID) -> Response:
    """Keep what was keyed, or reject the document; then go on to the next one."""
    try:
        found = await visit.read(lambda connection: _read(connection, visit, task_id))
        if found is None:
            raise DomainError("not-found", what="task")
    except DomainError as error:
        return await visit.refused(error)
    given = _given(visit, found["document"])
    result = _rejection(visit) if visit.form.text("act", 10) == "reject" else _result(visit, found, given)

    async def work_() -> Response:
        return await v1.complete(
            visit.call, task_id, visit.body(CompleteBody, result=result, version=visit.form.version)
        )

    try:
        answer = await work_()
    except DomainError as error:
        known = error

        async def again(notice: Notice, status: int) -> Response:
            checks = known.params.get("checks", []) if known.code == "checks-failed" else []
            return await _page(
                visit,
                task_id,
                status,
                given=given,
                notice=_explained(visit, known, notice),
                override=visit.form.text("override", 500),
                problem_checks=checks,
            )

        return await visit.refused(error, again)

    async def done() -> Response:
        return answer

    to = await visit.read(lambda connection: _next(connection, visit, found["task"]))
    said = "validation.rejected" if result.get("reject") else "validation.saved"
    if answer.status_code == 200 and json.loads(bytes(answer.body)).get("outcome") == "expert":
        said = "validation.passed_on"
    return await visit.act(
        done,
        to=to if visit.form.text("act", 10) != "stay" else f"/tickets/{found['task']['root_id']}",
        said=said,
        follow=("validation.follow", f"/tickets/{found['task']['root_id']}")
        if visit.form.text("act", 10) != "stay"
        else None,
        name=found["document"]["filename"],
    )


def _rejection(visit: Visit) -> dict[str, Any]:
    return {
        "reject": {
            "reason": visit.form.text("reject_reason", 40),
            "note": visit.form.text("reject_note", 500),
        }
    }


def _result(visit: Visit, found: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the act takes: values that differ, and those a person was asked about."""
    document, task, form = found["document"], found["task"], visit.form
    asked = set(task["payload"].get("fields", ()))
    old = {name: field.get("value") for name, field in document["fields"].items()}
    changed = {
        name: value or None
        for name, value in given["typed"].items()
        if (value or None) != old.get(name) or (name in asked and value)
    }
    evidence: dict[str, Any] = {}
    for name in changed:
        place = form.text(f"place_{name}", 60).split(",")
        choices = [one["value"] for one in found["candidates"].get(name, ())]
        evidence[name] = {"candidates": choices}
        if len(place) == 5 and place[0].isdigit():
            evidence[name] |= {"page": int(place[0]), "box": [_edge(edge) for edge in place[1:]]}
    result: dict[str, Any] = {
        "doc_type": given["doc_type"],
        "fields": changed,
        "evidence": evidence,
        "seconds": _seconds(visit),
    }
    before = [{column: line.get(column) for column in LINE_FIELDS} for line in document["lines"]]
    if form.text("lines", 4) == "yes" and given["lines"] != before:
        result["lines"] = given["lines"]
    if _coding_given(found, given, form.text("coding_left")):
        result["coding"] = given["coding"]
    if override := form.text("override", 500):
        result["override_reason"] = override
    return result


def _coding_mode(found: Mapping[str, Any], kind: str) -> Mode:
    """What AI may do about the coding of a document of this type: of the type it looks like, as long as nobody has said."""
    likely = found["suggested"].get("doc_type", kind) if kind == "unknown" else kind
    ai: AiTerms = found["ai"]
    return ai.mode(CODING) if likely == "unknown" else asking.coding_mode(likely, ai)


def _coding_given(found: Mapping[str, Any], given: Mapping[str, Any], asked: str) -> bool:
    """Whether the coding that came with the form is a person's choice. ``asked`` is what the page asked of them about it:
    a mode, or nothing where the coding that AI proposed stands."""
    typed = given["coding"]
    same = all(str(value) == str(found["coding"].get(name, "")) for name, value in typed.items())
    left = _coding_mode(found, given["doc_type"]) != ACT and found["coding"].get("by") != "person"
    if asked == SUGGEST or (asked and left):
        return bool(typed["account"])
    return not same


def _edge(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _seconds(visit: Visit) -> str | None:
    """How long the page was open, as far as that can be believed."""
    try:
        spent = (visit.call.now - datetime.fromisoformat(visit.form.text("began", 40))).total_seconds()
    except (ValueError, TypeError):
        return None
    return str(Decimal(str(round(spent, 2)))) if 0 <= spent <= _LONGEST_S else None


def _explained(visit: Visit, error: DomainError, notice: Notice) -> Notice:
    """The refusal with the fields it is about by their names."""
    t = visit.portal.texts
    if error.code == "fields-missing":
        named = error.params.get("fields", [])
        names = ", ".join(t.word("field", one) for one in named) if isinstance(named, list) else ""
        return Notice("bad", t("validation.fields_missing"), names)
    if error.code == "checks-failed":
        return Notice("bad", t("validation.checks_failed"), t("validation.checks_failed_text"))
    if error.code == "coding-missing":
        return Notice("bad", t("validation.coding_missing"))
    if error.code in _OF_ONE_FIELD:
        facts = {**error.params, "field": t.word("field", error.params.get("field"))}
        return Notice("bad", t(f"validation.{error.code}", **{"given": "", **facts}))
    return notice


def _next(connection: Connection, visit: Visit, task: RowMapping) -> str:
    """After a document: the next of the same ticket that is this person's, else the most urgent of all."""
    mine = [
        one
        for one in tasks.of_ticket(connection, task["root_id"])
        if one["state"] == "open"
        and one["id"] != task["id"]
        and one["kind"] in ("keying", "rework")
        and one["assigned_to"] == visit.principal.user_id
    ]
    found = mine[0] if mine else work.next_own(connection, visit, str(task["id"]))
    return work.doing(found) if found is not None else "/work"
