"""A requester comes back by the link in the mail that closed their request: a new request, linked to the first."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from api.deps import ServicesDep
from api.links.pages import ORIGIN, LinkVisit, behind, message, problem, ticket_of_link
from api.services import Services, in_thread
from schemas.ticket import TicketStart
from ticketos.db.repositories.intake import Accepted
from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Intake
from ticketos.domain.state import Actor
from ticketos.links import SignedLink

router = APIRouter(include_in_schema=False)

_LONGEST = 4_000

Visit = LinkVisit[RowMapping]


@router.get("/r/{token}")
async def show_repeat(request: Request, token: str, services: ServicesDep) -> Response:
    """Ask what is still open."""

    async def answer(visit: Visit) -> HTMLResponse:
        return visit.page("repeat", ticket=visit.found, text="")

    return await behind(request, token, services, "repeat", ticket_of_link, answer)


@router.post("/r/{token}")
async def come_back(request: Request, token: str, services: ServicesDep) -> Response:
    """Open the follow-up. A link opens one: the form posted twice names the same request."""
    return await behind(request, token, services, "repeat", ticket_of_link, _come_back)


async def _come_back(visit: Visit) -> HTMLResponse:
    services, link = visit.services, visit.link
    text = (await visit.form(10)).text("text", _LONGEST)
    if not text:
        empty = problem(DomainError("repeat-empty"))
        return visit.page("repeat", 422, ticket=visit.found, text="", problem=empty)
    accepted = await in_thread(lambda: _open(services, link, text))
    if not accepted.duplicate and accepted.ticket_id is not None:
        services.starter.offer(
            TicketStart(ticket_id=accepted.ticket_id, client_id=link.client_id, number=accepted.number or "")
        )
    return message("Thank you", f"Your request is with our team as {accepted.number}.")


def _open(services: Services, link: SignedLink, text: str) -> Accepted:
    def write(connection: Connection) -> Accepted:
        """Within one transaction, so that the form posted twice at once opens one request."""
        first = ticket_of_link(connection, link)
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
        actor = Actor("customer", origin=ORIGIN)
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
