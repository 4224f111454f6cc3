"""One accepted unit that no contract covers: finance bills it under one that was in force, or waives it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import BILLERS, Rule, as_page
from api.portal.acting import typed_in
from api.portal.parts import Choice, Crumb, Notice
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import usage as v1
from schemas.usage import GiveContract, WaiveUsage

router = APIRouter(include_in_schema=False)
_LIKE = "/v1/held-usage/{usage_id}"
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/billing/held/{usage_id}"): as_page(v1.RULES["GET", _LIKE]),
    ("POST", "/billing/held/{usage_id}/contract"): as_page(v1.RULES["POST", f"{_LIKE}/contract"]),
    ("POST", "/billing/held/{usage_id}/waive"): as_page(v1.RULES["POST", f"{_LIKE}/waive"]),
}


@router.get("/billing/held/{usage_id}")
async def show(visit: VisitDep, usage_id: UUID) -> Response:
    """The unit, and what may be done with it."""
    return await _show(visit, usage_id)


async def _show(visit: Visit, usage_id: UUID, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> Any:
        # A refused act shows this page again: reading it is judged by the rule of reading.
        visit.call.rule = RULES["GET", "/billing/held/{usage_id}"]
        return v1.one(connection, visit.call, usage_id)

    unit = await visit.read(read)
    t, held = visit.portal.texts, visit.principal.roles_over(unit.client_id)
    typed = more.pop("typed", {})
    return visit.page(
        "billing/held",
        status,
        unit=unit,
        typed=typed,
        contracts=[
            Choice(str(one.id), one.number, str(one.id) == typed.get("contract_id")) for one in unit.contracts
        ],
        may_give=bool(held & RULES["POST", "/billing/held/{usage_id}/contract"].roles),
        may_waive=bool(held & RULES["POST", "/billing/held/{usage_id}/waive"].roles),
        billing="/billing" if held & BILLERS else None,
        crumbs=[
            Crumb(t("billing.title"), "/billing" if held & BILLERS else None),
            Crumb(unit.ticket_number or t("billing.held_one")),
        ],
        **more,
    )


async def _settle(visit: Visit, usage_id: UUID, work: Any, body: Any, said: str) -> Response:
    typed = typed_in(visit, body)

    async def act() -> Response:
        answer: Response = await work(visit.call, usage_id, visit.body(body, **typed))
        return answer

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, usage_id, status, notice=notice, typed=typed)

    return await visit.act(act, to=f"/billing/held/{usage_id}", said=said, again=again)


@router.post("/billing/held/{usage_id}/contract")
async def give(visit: PostDep, usage_id: UUID) -> Response:
    """Bill it under a contract."""
    return await _settle(visit, usage_id, v1.give_contract, GiveContract, "billing.given")


@router.post("/billing/held/{usage_id}/waive")
async def waive(visit: PostDep, usage_id: UUID) -> Response:
    """Never bill it."""
    return await _settle(visit, usage_id, v1.waive, WaiveUsage, "billing.waived")
