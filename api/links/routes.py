"""Sign-off and survey by signed link. Opening a page never acts, because mail scanners open links; posting
does."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, RowMapping

from api.acts import Target
from api.deps import ServicesDep
from api.errors import status_of, words_of
from api.services import Services, in_thread
from schemas.acts import ActorRef, ActResult, DecideApproval
from schemas.ticket import TicketStart
from ticketos.db.repositories import clients, documents, tickets
from ticketos.domain.errors import DomainError
from ticketos.links import SignedLink, open_link
from workflows import names

router = APIRouter(include_in_schema=False)

_MOST_FIELDS = 5_100
_SCALES = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10)}


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%d %B %Y, %H:%M %Z")


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["local"] = _local


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that loads nothing, runs nothing and posts only to us."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    html = _PAGES.get_template(f"{name}.html").render(nonce=nonce, **values)
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers)


def message(title: str, text: str, status: int = 200) -> HTMLResponse:
    """A page that says one thing."""
    return page("message", status, title=title, text=text)


def gone(error: DomainError) -> HTMLResponse:
    """What to say when a link leads nowhere, or what it asks for is refused."""
    title, detail = words_of("link-expired" if error.code.startswith("link-") else error.code, error.params)
    return message(title, detail, 404 if error.code.startswith("link-") else status_of(error.code))


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
            second.add(check["document_id"])
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


async def _load(services: Services, link: SignedLink) -> _Delivery:
    def read() -> _Delivery:
        with services.database.transaction([link.client_id]) as connection:
            return _delivery(connection, link)

    return await in_thread(read)


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


def _sign_off(found: _Delivery, path: str, status: int = 200, **more: Any) -> HTMLResponse:
    values: dict[str, Any] = {"problem": None, "decision": "", "reason": "", "chosen": {}} | more
    return page(
        "approval",
        status,
        client=found.client,
        ticket=found.ticket,
        approval=found.approval,
        units=found.units,
        checked=found.checked,
        defects=found.defects,
        path=path,
        **values,
    )


@router.get("/a/{token}")
async def show_approval(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """The delivery, its quality result and the choices."""
    try:
        link = open_link(token, services.keyring, "approval")
        found = await _load(services, link)
    except DomainError as error:
        return gone(error)
    return _settled(found, link) or _sign_off(found, request.url.path)


@router.post("/a/{token}")
async def decide_approval(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Accept, return, or both in parts."""
    try:
        link = open_link(token, services.keyring, "approval")
        found = await _load(services, link)
    except DomainError as error:
        return gone(error)
    if (settled := _settled(found, link)) is not None:
        return settled
    async with request.form(max_fields=_MOST_FIELDS, max_files=0) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    decision, reason = given.get("decision", ""), given.get("reason", "").replace("\0", "").strip()[:500]
    chosen = {name.removeprefix("unit_"): value for name, value in given.items() if name.startswith("unit_")}
    try:
        result = await _decide(services, found, link, decision, chosen, reason)
        if result is not None and not result.applied:
            raise DomainError(result.code or "act-refused", **result.params)
    except DomainError as error:
        title, detail = words_of(error.code, error.params)
        return _sign_off(
            found,
            request.url.path,
            status_of(error.code),
            decision=decision,
            reason=reason,
            chosen=chosen,
            problem={"title": title, "detail": detail},
        )
    if result is None:
        return message("Thank you", "Your decision was taken and is being applied.", 202)
    return message("Thank you", f"Your decision on {found.ticket['number']} is recorded.")


async def _decide(
    services: Services, found: _Delivery, link: SignedLink, decision: str, chosen: dict[str, str], reason: str
) -> ActResult | None:
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
            "actor": ActorRef(kind="customer", origin="signed link"),
            "key": f"link:{link.subject}:{said}",
            "version": link.subject,
            "decision": decision,
            "units": units if decision == "partial" else {},
            "reason": reason,
        }
    )
    ticket = found.ticket
    start = (
        TicketStart(ticket_id=ticket["id"], client_id=ticket["client_id"]) if ticket["life"] == 1 else None
    )
    return await services.acts.act(
        Target(names.ticket_workflow(ticket["id"]), start), "decide_approval", argument
    )


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Three short questions."""
    try:
        link = open_link(token, services.keyring, "survey")
        ticket = await in_thread(lambda: ticket_of_link(services, link))
    except DomainError as error:
        return gone(error)
    return page("survey", ticket=ticket, path=request.url.path, given={}, comment="", problem=None)


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Keep the answers; nothing waits for them, and a second answer replaces the first."""
    try:
        link = open_link(token, services.keyring, "survey")
        ticket = await in_thread(lambda: ticket_of_link(services, link))
    except DomainError as error:
        return gone(error)
    async with request.form(max_fields=20, max_files=0) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    comment = given.get("comment", "").replace("\0", "").encode("utf-8", "replace").decode().strip()[:2_000]
    scores = {name: _score(given.get(name, ""), *bounds) for name, bounds in _SCALES.items()}
    if all(score is None for score in scores.values()) and not comment:
        title, detail = words_of("survey-empty", {})
        return page(
            "survey",
            422,
            ticket=ticket,
            path=request.url.path,
            given=scores,
            comment=comment,
            problem={"title": title, "detail": detail},
        )

    def keep() -> bool:
        with services.database.transaction([link.client_id]) as connection:
            return (
                tickets.answer_survey(
                    connection, services.audit, UUID(link.subject), scores, comment or None, at=services.now()
                )
                is not None
            )

    if not await in_thread(keep):
        return gone(DomainError("link-expired"))
    return message("Thank you", "Your answer helps us do better.")


def ticket_of_link(services: Services, link: SignedLink, within: Connection | None = None) -> RowMapping:
    """The ticket behind a link; raises ``link-expired`` when it is gone."""
    if within is not None:
        row = tickets.get(within, link.ticket_id)
    else:
        with services.database.transaction([link.client_id]) as connection:
            row = tickets.get(connection, link.ticket_id)
    if row is None or not link.subject:
        raise DomainError("link-expired")
    return row


def _score(text: str, low: int, high: int) -> int | None:
    return (
        int(text)
        if text.isascii() and text.isdigit() and len(text) < 3 and low <= int(text) <= high
        else None
    )
