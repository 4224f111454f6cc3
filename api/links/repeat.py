"""A requester comes back by the link in the mail that closed their request: a new request, linked to the first."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from api.deps import ServicesDep
from api.errors import words_of
from api.links.routes import gone, message, page, ticket_of_link
from api.services import Services, in_thread
from schemas.ticket import TicketStart
from ticketos.db.repositories.intake import Accepted
from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Intake
from ticketos.domain.state import Actor
from ticketos.links import SignedLink, open_link

router = APIRouter(include_in_schema=False)

_LONGEST = 4_000


@router.get("/r/{token}")
async def show_repeat(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Ask what is still open."""
    try:
        link = open_link(token, services.keyring, "repeat")
        ticket = await in_thread(lambda: ticket_of_link(services, link))
    except DomainError as error:
        return gone(error)
    return page("repeat", ticket=ticket, path=request.url.path, text="", problem=None)


@router.post("/r/{token}")
async def come_back(request: Request, token: str, services: ServicesDep) -> HTMLResponse:
    """Open the follow-up. A link opens one: the form posted twice names the same request."""
    try:
        link = open_link(token, services.keyring, "repeat")
        ticket = await in_thread(lambda: ticket_of_link(services, link))
    except DomainError as error:
        return gone(error)
    async with request.form(max_fields=10, max_files=0) as form:
        given = form.get("text")
    written = given.replace("\0", "") if isinstance(given, str) else ""
    text = written.encode("utf-8", "replace").decode().strip()[:_LONGEST]
    if not text:
        title, detail = words_of("repeat-empty", {})
        problem = {"title": title, "detail": detail}
        return page("repeat", 422, ticket=ticket, path=request.url.path, text="", problem=problem)
    try:
        accepted = await in_thread(lambda: _open(services, link, text))
    except DomainError as error:
        return gone(error)
    if not accepted.duplicate and accepted.ticket_id is not None:
        services.starter.offer(
            TicketStart(ticket_id=accepted.ticket_id, client_id=link.client_id, number=accepted.number or "")
        )
    return message("Thank you", f"Your request is with our team as {accepted.number}.")


def _open(services: Services, link: SignedLink, text: str) -> Accepted:
    def write(connection: Connection) -> Accepted:
        """Within one transaction, so that the form posted twice at once opens one request."""
        first = ticket_of_link(services, link, connection)
        intake = Intake(
            channel=first["channel"],
            external_id=f"repeat:{link.ticket_id}:{link.subject}",
            recipient="",
            sender=link.person,
            sender_name=first["requester_name"],
            subject=first["subject"],
            text=text,
            full_text=text,
            attachments=(),
            received_at=services.now(),
            sent_at=None,
            thread_tokens=(),
            in_reply_to=None,
            references=(),
            suppress_reply=None,
            headers=(),
        )
        actor = Actor("customer", origin="signed link")
        return services.intake.accept(
            connection, intake, client_id=link.client_id, actor=actor, repeat_of=link.ticket_id
        )

    for attempt in (1, 2):
        try:
            with services.database.transaction([link.client_id]) as connection:
                return write(connection)
        except IntegrityError:  # the same form, posted twice at once: the later one finds the request
            if attempt == 2:
                raise
    raise AssertionError("unreachable")
