"""One act on the requests chosen in the list, and what became of each, in words."""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.portal.forms import safe_next
from api.portal.parts import Chip, Crumb
from api.portal.visit import PostDep
from api.v1 import bulk as v1
from schemas.bulk import BulkAct, BulkActOutcome
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("POST", "/tickets/bulk"): as_page(ROUTES["POST", "/v1/tickets/bulk"])}
_FIELDS = ("priority", "user_id", "reason", "other", "kind")
_TONES = {"applied": ("good", "check"), "being_applied": ("info", "clock"), "refused": ("bad", "alert")}


@router.post("/tickets/bulk")
async def act(visit: PostDep) -> Response:
    """Do it. The page says what became of each; loading it again sends the same key and does nothing twice."""
    form = visit.form
    act, back = form.text("act", 20), safe_next(form.text("back", 2_000), "/tickets")
    typed = {name: value for name in _FIELDS if (value := form.text(f"{act}_{name}", 600))}
    try:
        if not form.texts("ticket"):
            raise DomainError("nothing-chosen")
        body = visit.body(BulkAct, tickets=form.texts("ticket"), act=act, **typed)
        answer = await v1.done(visit.call, body)
    except DomainError as error:
        return await visit.refused(error)
    results = BulkActOutcome.model_validate(json.loads(bytes(answer.body))).results
    t = visit.portal.texts
    done = sum(one.status == "applied" for one in results)
    return visit.page(
        "tickets/bulk",
        results=results,
        act=t(f"tickets.bulk.{body.act}"),
        done=done,
        tone="good" if done == len(results) else "warn" if done else "bad",
        chips={
            status: Chip(t(f"tickets.outcome.{status}"), tone, icon)  # type: ignore[arg-type]
            for status, (tone, icon) in _TONES.items()
        },
        outcome=lambda one: t("tickets.outcome.tasks", n=int(one.outcome)) if body.act == "assign" else "",
        back=back,
        crumbs=[Crumb(t("tickets.title"), back), Crumb(t("tickets.bulk.title"))],
    )
