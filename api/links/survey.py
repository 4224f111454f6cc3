"""The survey by signed link: three short questions."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import RowMapping

from api.deps import ServicesDep
from api.links.pages import LinkVisit, behind, gone, message, problem, ticket_of_link
from api.services import in_thread
from ticketos.db.repositories import tickets
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)

_SCALES = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10)}
_LONGEST = 2_000

Visit = LinkVisit[RowMapping]


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, services: ServicesDep) -> Response:
    """The questions."""

    async def answer(visit: Visit) -> HTMLResponse:
        return visit.page("survey", ticket=visit.found, given={}, comment="")

    return await behind(request, token, services, "survey", ticket_of_link, answer)


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, services: ServicesDep) -> Response:
    """Keep the answers; nothing waits for them, and a second answer replaces the first."""
    return await behind(request, token, services, "survey", ticket_of_link, _keep)


async def _keep(visit: Visit) -> HTMLResponse:
    form = await visit.form(20)
    comment = form.text("comment", _LONGEST)
    scores = {name: _score(form.text(name), *bounds) for name, bounds in _SCALES.items()}
    if all(score is None for score in scores.values()) and not comment:
        empty = problem(DomainError("survey-empty"))
        return visit.page("survey", 422, ticket=visit.found, given=scores, comment=comment, problem=empty)
    services, link = visit.services, visit.link

    def keep() -> bool:
        with services.database.transaction([link.client_id]) as connection:
            return (
                tickets.answer_survey(
                    connection,
                    services.audit,
                    UUID(link.subject),
                    scores,
                    comment or None,
                    link.person,
                    at=services.now(),
                )
                is not None
            )

    if not await in_thread(keep):
        return gone(DomainError("link-expired"))
    return message("Thank you", "Your answer helps us do better.")


def _score(text: str, low: int, high: int) -> int | None:
    return (
        int(text)
        if text.isascii() and text.isdigit() and len(text) < 3 and low <= int(text) <= high
        else None
    )
