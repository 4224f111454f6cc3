"""The papers of a version by signed link: pages beside what was delivered of them, to read before deciding.

Whoever holds the link for sign-off sees the documents of that very version and nothing else. Who looked at which is in
the trail, once an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection

from api.deps import ServicesDep
from api.links.approval import Offered, drawn, offered, replaced
from api.links.pages import ORIGIN, TEXTS, LinkVisit, behind, picture
from api.portal import fields as shown_fields
from api.portal.papers import is_data
from api.portal.routes.documents import AMOUNTS, DAYS
from api.services import Services
from schemas.papers import PaperView
from ticketos.db.repositories import documents
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from ticketos.links import SignedLink

router = APIRouter(include_in_schema=False)

STRETCH = 10
"""Pages shown at once; the others follow by links."""
LINE_FIELDS = ("description", "quantity", "unit", "unit_price", "tax_rate", "net")
Number = Annotated[int, Path(ge=1, le=10_000)]
From = Annotated[int, Query(ge=1, le=10_000)]


@dataclass(frozen=True)
class _Paper:
    """One document among those of its version, and what of it was seen."""

    offered: Offered
    document: Any
    sheet: PaperView | None = None
    pictured: bool = False
    png: bytes = b""


Visit = LinkVisit[_Paper]


@router.get("/a/{token}/documents/{document_id}")
async def show_paper(
    request: Request, token: str, document_id: UUID, services: ServicesDep, page: From = 1
) -> Response:
    """The pages of one document beside its delivered fields and lines."""

    def read(connection: Connection, link: SignedLink) -> _Paper:
        found = _behind(connection, link, document_id)
        if found.document is None:
            return found
        _opened(connection, services, link, found.document)
        sheet = _sheet(connection, services, found.document)
        return _Paper(
            *(found.offered, found.document, sheet),
            sheet is None and _can_be_drawn(connection, services, found.document, page),
        )

    async def answer(visit: Visit) -> Response:
        return replaced(visit.found.offered, visit.link) or _shown(visit, page)

    return await behind(request, token, services, "approval", read, answer)


@router.get("/a/{token}/documents/{document_id}/pages/{page}")
async def show_page(
    request: Request, token: str, document_id: UUID, page: Number, services: ServicesDep
) -> Response:
    """One page as PNG."""

    def read(connection: Connection, link: SignedLink) -> _Paper:
        found = _behind(connection, link, document_id)
        if found.document is None:
            return found
        try:
            seen = services.pictures.see(connection, found.document, "picture", page=page)
        except (
            DomainError
        ) as error:  # there is no such picture: nothing is broken, and nothing was asked wrongly
            raise DomainError("link-expired") from error
        _opened(connection, services, link, found.document)
        return _Paper(found.offered, found.document, png=seen.png)

    async def answer(visit: Visit) -> Response:
        return replaced(visit.found.offered, visit.link) or picture(visit.found.png)

    return await behind(request, token, services, "approval", read, answer)


def _behind(connection: Connection, link: SignedLink, document_id: UUID) -> _Paper:
    """The document, or none where the version itself is not to be seen any more. Raises ``link-expired`` for what is
    no document of this version."""
    found = offered(connection, link)
    if replaced(found, link) is not None:
        return _Paper(found, None)
    row = documents.get(connection, document_id) if document_id in found.papers else None
    if row is None:
        raise DomainError("link-expired")
    return _Paper(found, row)


def _sheet(connection: Connection, services: Services, document: Any) -> PaperView | None:
    """An e-invoice as we draw it; None where it has pages of its own, or cannot be opened: then the page says so."""
    if not is_data(document):
        return None
    try:
        return PaperView.model_validate(services.pictures.see(connection, document, "paper").facts)
    except (DomainError, ValidationError):
        return None


def _can_be_drawn(connection: Connection, services: Services, document: Any, page: int) -> bool:
    """Whether there is a picture; it is remembered, and the page asks for it next."""
    if not drawn(document):
        return False
    try:
        services.pictures.see(connection, document, "picture", page=min(page, document["pages"] or 1))
    except DomainError:
        return False
    return True


def _opened(connection: Connection, services: Services, link: SignedLink, document: Any) -> None:
    """Have the trail tell who looked, by address: a person's own value that can be erased."""
    who = hashlib.sha256(f"{link.ticket_id}:{link.subject}:{link.person}".encode()).hexdigest()
    if not services.pictures.first_look(who, document["id"]):
        return
    services.audit.record(
        connection,
        client_id=document["client_id"],
        ticket_id=document["ticket_id"],
        root_id=document["root_id"],
        at=services.now(),
        actor=Actor("customer", origin=ORIGIN),
        emit=Emit(
            "document.downloaded",
            after={"as": "picture", "version": link.subject},
            entity="document",
            entity_id=str(document["id"]),
            personal={"opened_by": link.person} if link.person else None,
            subject=link.person or None,
        ),
    )


def _shown(visit: Visit, page: int) -> Response:
    found, document = visit.found.offered, visit.found.document
    assert document is not None
    total = document["pages"] or 1
    first = min(page, total)
    as_decided = _as_decided(found, document)
    rows = shown_fields.rows(document, (), {}, TEXTS) if as_decided else []
    ids = found.papers
    at = ids.index(document["id"])
    here = visit.request.url.path.partition("/documents/")[0]
    return visit.page(
        "paper",
        client=found.client,
        ticket=found.ticket,
        document=document,
        here=here,
        at=at + 1,
        of=len(ids),
        before=ids[at - 1] if at else None,
        after=ids[at + 1] if at + 1 < len(ids) else None,
        sheet_of=visit.found.sheet,
        pictured=visit.found.pictured,
        total=total,
        pages=range(first, min(first + STRETCH, total + 1)),
        stretch=STRETCH,
        as_decided=as_decided,
        open_now=found.approval is not None and found.approval["state"] == "open",
        fields=[one for one in rows if one.value or one.required],
        amounts=AMOUNTS,
        days=DAYS,
        currency=(document["fields"].get("currency") or {}).get("value") or "",
        line_fields=LINE_FIELDS,
        f=visit.formats(found.client["zone"]),
    )


def _as_decided(found: Offered, document: Mapping[str, Any]) -> bool:
    """Whether the fields are still those of the version: what was returned is worked on again."""
    version = found.approval
    return (
        version is not None
        and (document["state"], found.ticket["life"]) == ("posted", version["life"])
        and document["round"] <= version["round"]
    )
