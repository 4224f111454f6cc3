"""Sign-off by signed link, for people without a login: the delivery, its quality result and the choices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, RowMapping

from api.acts import Target
from api.deps import ServicesDep
from api.errors import status_of
from api.links.pages import ORIGIN, LinkVisit, behind, gone, message, problem
from api.portal.papers import is_data
from schemas.acts import ActorRef, ActResult, DecideApproval
from schemas.ticket import TicketStart
from ticketos.db.repositories import clients, documents, tickets
from ticketos.domain import approval
from ticketos.domain.errors import DomainError
from ticketos.links import SignedLink
from workflows import names

router = APIRouter(include_in_schema=False)

_MOST_FIELDS = 5_100
_MOST_PICTURES = 12
"""First pages shown small beside their documents; each is drawn when it is asked for."""


@dataclass(frozen=True)
class Offered:
    """The version that a link is for, as far as it is there: ``units`` are the documents to be decided on, ``papers``
    those with the files of work by hand, in the order they came."""

    client: RowMapping
    ticket: RowMapping
    approval: RowMapping | None
    units: frozenset[UUID]
    papers: tuple[UUID, ...]


@dataclass(frozen=True)
class Delivery:
    """What the sign-off page shows."""

    offered: Offered
    units: list[dict[str, Any]]
    pictured: list[UUID]
    checked: int
    defects: int


def offered(connection: Connection, link: SignedLink) -> Offered:
    """What is behind a link for sign-off; raises ``link-expired`` when it is gone."""
    ticket, client = tickets.get(connection, link.ticket_id), clients.get(connection, link.client_id)
    if ticket is None or client is None:
        raise DomainError("link-expired")
    version = tickets.approval_of(connection, link.ticket_id)
    if version is None:
        return Offered(client, ticket, None, frozenset(), ())
    stand = documents.standing(connection, link.ticket_id)
    before = tickets.accepted_before(connection, version) if version["state"] != "open" else frozenset()
    units = approval.units_of(version["state"], version["units"] or {}, before, stand)
    work = version["deliverable"].get("work")
    files = {str(one["id"]) for one in work["files"]} if work else set()
    papers = tuple(one for one, _, _ in stand if one in units or str(one) in files)
    return Offered(client, ticket, version, units, papers)


def _delivery(connection: Connection, link: SignedLink) -> Delivery:
    found = offered(connection, link)
    second: set[UUID] = set()
    defects = 0
    for check in documents.quality_of(connection, link.ticket_id):
        if check["level"] == 2:
            second.add(check["document_id"] or check["ticket_id"])
        defects += len(check["defects"])
    units = [
        {**row, "level_2": row["id"] in second, "total": _total(row["fields"])}
        for row in documents.of_ticket(connection, link.ticket_id)
        if row["id"] in found.units
    ]
    pictured = [unit["id"] for unit in units if drawn(unit)][:_MOST_PICTURES]
    return Delivery(found, units, pictured, len(second), defects)


def drawn(document: Any) -> bool:
    """Whether a document has pages of its own; an e-invoice of data alone is drawn by us."""
    return not is_data(document) and document["state"] != "quarantined"


def _total(fields: Mapping[str, Any]) -> str:
    total, currency = fields.get("total") or {}, fields.get("currency") or {}
    return " ".join(str(part) for part in (currency.get("value"), total.get("value")) if part)


Visit = LinkVisit[Delivery]


def replaced(found: Offered, link: SignedLink) -> HTMLResponse | None:
    """What to say when this link's version is not (or no longer) what is before the client."""
    number = found.ticket["number"]
    if found.approval is None:
        return message("Nothing to decide", f"{number} has no delivery to check at the moment.", 409)
    if found.approval["version"] != link.subject:
        return message(
            "Version replaced", f"{number} was delivered again since; please use the newest mail.", 409
        )
    if found.ticket["state"] == "cancelled":
        return gone(DomainError("ticket-cancelled"))
    return None


def _settled(found: Offered, link: SignedLink) -> HTMLResponse | None:
    """What to say when there is nothing (more) to decide behind this link."""
    if (answer := replaced(found, link)) is not None or found.approval is None:
        return answer
    if found.approval["state"] != "open":
        return message("Already decided", _decided(found))
    return None


def _decided(found: Offered) -> str:
    assert found.approval is not None
    state = str(found.approval["state"]).replace("_", " ")
    return f"The delivery of {found.ticket['number']} is {state}. Thank you."


def _sign_off(visit: Visit, status: int = 200, **more: Any) -> HTMLResponse:
    found, delivered = visit.found.offered, visit.found
    assert found.approval is not None
    return visit.page(
        "approval",
        status,
        client=found.client,
        ticket=found.ticket,
        approval=found.approval,
        work=found.approval["deliverable"].get("work"),
        units=delivered.units,
        kept={str(one) for one in found.papers},
        pictured=delivered.pictured,
        decided=_decided(found) if found.approval["state"] != "open" else "",
        checked=delivered.checked,
        defects=delivered.defects,
        **{"decision": "", "reason": "", "chosen": {}, **more},
    )


@router.get("/a/{token}")
async def show_approval(request: Request, token: str, services: ServicesDep) -> Response:
    """The delivery and the choices; what was decided is there to be read as long as the link works."""

    async def answer(visit: Visit) -> HTMLResponse:
        return replaced(visit.found.offered, visit.link) or _sign_off(visit)

    return await behind(request, token, services, "approval", _delivery, answer)


@router.post("/a/{token}")
async def decide_approval(request: Request, token: str, services: ServicesDep) -> Response:
    """Accept, return, or both in parts."""
    return await behind(request, token, services, "approval", _delivery, _decide)


async def _decide(visit: Visit) -> HTMLResponse:
    if (settled := _settled(visit.found.offered, visit.link)) is not None:
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
    return message("Thank you", f"Your decision on {visit.found.offered.ticket['number']} is recorded.")


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
    ticket = found.offered.ticket
    start = (
        TicketStart(ticket_id=ticket["id"], client_id=ticket["client_id"]) if ticket["life"] == 1 else None
    )
    return await visit.services.acts.act(
        Target(names.ticket_workflow(ticket["id"]), start), "decide_approval", argument
    )
