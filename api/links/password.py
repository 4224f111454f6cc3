"""The password of a protected document by signed link, for people without a login: one field, or that there is none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, RowMapping

from api import unlocking
from api.deps import ServicesDep
from api.errors import status_of
from api.links.pages import ORIGIN, LinkVisit, behind, message, problem, ticket_of_link
from api.services import in_thread
from api.v1.acts import Planned, refused
from schemas.act_bodies import PasswordBody
from schemas.acts import ActorRef
from ticketos.db.repositories import clients, documents, tasks
from ticketos.domain.errors import DomainError
from ticketos.domain.state import OPEN_STATES
from ticketos.links import SignedLink

router = APIRouter(include_in_schema=False)

_MOST_FIELDS = 10
_ENDED = frozenset({"task-not-open", "password-not-asked", "ticket-closed"})
"""Refusals that mean that somebody was quicker, or the time was over meanwhile."""


@dataclass(frozen=True)
class _Asked:
    """What is asked for: the task, its document, and the request it is of."""

    client: RowMapping
    ticket: RowMapping
    task: RowMapping
    document: RowMapping


def _asked(connection: Connection, link: SignedLink) -> _Asked:
    ticket, client = ticket_of_link(connection, link), clients.get(connection, link.client_id)
    task = tasks.get(connection, UUID(link.subject))
    document = documents.get(connection, task["subject_id"]) if task is not None else None
    if client is None or task is None or document is None:
        raise DomainError("link-expired")
    if (task["kind"], task["ticket_id"]) != (unlocking.KIND, link.ticket_id):
        raise DomainError("link-expired")
    return _Asked(client, ticket, task, document)


Visit = LinkVisit[_Asked]


def _settled(found: _Asked) -> HTMLResponse | None:
    """What to say when nothing is asked (any more) behind this link."""
    number, file, task = found.ticket["number"], found.document["filename"], found.task
    if task["state"] == "done":
        if (task["result"] or {}).get("left_out"):
            return message("Already answered", f"{number} goes on without {file}. Thank you.")
        return message("Already answered", f"{file} of {number} was opened. Thank you.")
    if found.ticket["state"] not in OPEN_STATES:
        return message(
            "Request closed", f"{number} has ended; the password of {file} is no longer needed.", 409
        )
    if task["state"] != "open":
        return message(
            "The time is over",
            f"{number} went on without {file}. Reply to one of our mails about {number} with a file that needs no "
            "password, or ask us for help there.",
            409,
        )
    return None


def _form(visit: Visit, status: int = 200, error: DomainError | None = None) -> HTMLResponse:
    found = visit.found
    return visit.page(
        "password",
        status,
        client=found.client,
        ticket=found.ticket,
        task=found.task,
        document=found.document,
        key=str(visit.services.new_id()),
        problem=None if error is None else problem(error),
        wrong=error is not None and error.code.startswith("password-"),
    )


@router.get("/p/{token}")
async def show_password(request: Request, token: str, services: ServicesDep) -> Response:
    """Which document, until when, and what happens without an answer."""

    async def answer(visit: Visit) -> HTMLResponse:
        return _settled(visit.found) or _form(visit)

    return await behind(request, token, services, "password", _asked, answer)


@router.post("/p/{token}")
async def give_password(request: Request, token: str, services: ServicesDep) -> Response:
    """Open the document, or go on without it."""
    return await behind(request, token, services, "password", _asked, _give)


async def _give(visit: Visit) -> HTMLResponse:
    if (settled := _settled(visit.found)) is not None:
        return settled
    number, file = visit.found.ticket["number"], visit.found.document["filename"]
    form = await visit.form(_MOST_FIELDS)
    leave_out = form.text("act", 20) == "leave_out"
    try:
        body = unlocking.typed(form.data, leave_out)
        planned = await in_thread(lambda: _planned(visit, body, form.text("_key", 64)))
        result = await visit.services.acts.act(planned.target, planned.update, planned.argument)
        if result is not None and not result.applied:
            raise refused(result)
    except DomainError as error:
        await visit.refused(error)
        found = await visit.again(_asked) if error.code in _ENDED else visit.found
        return _settled(found) or _form(visit, status_of(error.code), error)
    if result is None:
        return message("Thank you", "Your answer was taken and is being applied.", 202)
    if leave_out:
        return message("Thank you", f"{number} goes on without {file}.")
    return message(
        "Thank you", f"{file} is open, and {number} goes on. The password was used once and is kept nowhere."
    )


def _planned(visit: Visit, body: PasswordBody, key: str) -> Planned:
    """The same form posted twice (a double click, a reload) is one update."""
    link, found, services = visit.link, visit.found, visit.services
    said = hashlib.sha256((key or str(services.new_id())).encode()).hexdigest()[:24]
    actor = ActorRef(kind="customer", origin=ORIGIN)
    with services.database.transaction([link.client_id]) as connection:
        return unlocking.planned(
            connection,
            services,
            found.document,
            found.task,
            body,
            actor,
            f"link:{link.subject}:{said}",
            link.person,
        )
