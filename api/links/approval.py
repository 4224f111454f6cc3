"""Sign-off by signed link, for people without a login: the delivery, its quality result and the choices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, RowMapping

from api.acts import Target
from api.deps import ServicesDep
from api.errors import status_of
from api.links.pages import ORIGIN, LinkVisit, behind, message, problem
from schemas.acts import ActorRef, ActResult, DecideApproval
from schemas.ticket import TicketStart
from ticketos.db.repositories import clients, documents, tickets
from ticketos.domain.errors import DomainError
from ticketos.links import SignedLink
from workflows import names

router = APIRouter(include_in_schema=False)

_MOST_FIELDS = 5_100


@dataclass(frozen=True)
class _Delivery:
    """What the sign-off page shows."""

    client: RowMapping
    ticket: RowMapping
    approval: RowMapping | None
    units: list[dict[str, Any]]
    checked: int
    defects: int


def _delivery(connection: Connection, link: SignedLink) -> _Delivery:
    ticket, client = tickets.get(connection, link.ticket_id), clients.get(connection, link.client_id)
    if ticket is None or client is None:
        raise DomainError("link-expired")
    second: set[UUID] = set()
    defects = 0
    for check in documents.quality_of(connection, link.ticket_id):
        if check["level"] == 2:
            second.add(check["document_id"] or check["ticket_id"])
        defects += len(check["defects"])
    units = [
        {**row, "level_2": row["id"] in second, "total": _total(row["fields"])}
        for row in documents.of_ticket(connection, link.ticket_id, states=("posted",))
        if row["approval"] != "accepted"
    ]
    return _Delivery(
        client, ticket, tickets.approval_of(connection, link.ticket_id), units, len(second), defects
    )


def _total(fields: Mapping[str, Any]) -> str:
    total, currency = fields.get("total") or {}, fields.get("currency") or {}
    return " ".join(str(part) for part in (currency.get("value"), total.get("value")) if part)


Visit = LinkVisit[_Delivery]


def _settled(found: _Delivery, link: SignedLink) -> HTMLResponse | None:
    """What to say when there is nothing (more) to decide behind this link."""
    number = found.ticket["number"]
    if found.approval is None:
        return message("Nothing to decide", f"{number} has no delivery to check at the moment.", 409)
    if found.approval["version"] != link.subject:
        return message(
            "Version replaced", f"{number} was delivered again since; please use the newest mail.", 409
        )
    if found.approval["state"] != "open":
        state = str(found.approval["state"]).replace("_", " ")
        return message("Already decided", f"The delivery of {number} is {state}. Thank you.")
    return None


def _sign_off(visit: Visit, status: int = 200, **more: Any) -> HTMLResponse:
    found = visit.found
    return visit.page(
        "approval",
        status,
        client=found.client,
        ticket=found.ticket,
        approval=found.approval,
        work=found.approval["deliverable"].get("work") if found.approval is not None else None,
        units=found.units,
        checked=found.checked,
        defects=found.defects,
        **{"decision": "", "reason": "", "chosen": {}, **more},
    )


@router.get("/a/{token}")
async def show_approval(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """The delivery and the choices."""

    async def answer(visit: Visit) -> HTMLResponse:
        return _settled(visit.found, visit.link) or _sign_off(visit)

    return await behind(request, token, services, "approval", _delivery, answer)


@router.post("/a/{token}")
async def decide_approval(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Accept, return, or both in parts."""
    return await behind(request, token, services, "approval", _delivery, _decide)


async def _decide(visit: Visit) -> HTMLResponse:
    if (settled := _settled(visit.found, visit.link)) is not None:
        return settled
    form = await visit.form(_MOST_FIELDS)
    decision, reason = form.text("decision"), form.text("reason", 500)
    chosen = dict(form.prefixed("unit_"))
    try:
        result = await _sent(visit, decision, chosen, reason)
        if result is not None and not result.applied:
            raise DomainError(result.code or "act-refused", **result.params)
    except DomainError as error:
        typed = {"decision": decision, "reason": reason, "chosen": chosen}
        return _sign_off(visit, status_of(error.code), problem=problem(error), **typed)
    if result is None:
        return message("Thank you", "Your decision was taken and is being applied.", 202)
    return message("Thank you", f"Your decision on {visit.found.ticket['number']} is recorded.")


async def _sent(visit: Visit, decision: str, chosen: dict[str, str], reason: str) -> ActResult | None:
    found, link = visit.found, visit.link
    if decision not in ("accept", "return", "partial"):
        raise DomainError("decision-missing")
    known = {str(unit["id"]) for unit in found.units}
    units = {key: value for key, value in chosen.items() if key in known and value in ("accept", "return")}
    returns = decision == "return" or (decision == "partial" and "return" in units.values())
    if returns and not reason:
        raise DomainError("reason-missing", act="return")
    said = hashlib.sha256(repr((decision, sorted(units.items()), reason)).encode()).hexdigest()[:24]
    # The same decision posted twice (a double click, a reload) is one update.
    argument = DecideApproval.model_validate(
        {
            "actor": ActorRef(kind="customer", origin=ORIGIN),
            "key": f"link:{link.subject}:{said}",
            "version": link.subject,
            "decision": decision,
            "units": units if decision == "partial" else {},
            "reason": reason,
            "person": link.person,
        }
    )
    ticket = found.ticket
    start = (
        TicketStart(ticket_id=ticket["id"], client_id=ticket["client_id"]) if ticket["life"] == 1 else None
    )
    return await visit.services.acts.act(
        Target(names.ticket_workflow(ticket["id"]), start), "decide_approval", argument
    )
