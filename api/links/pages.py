"""How pages behind signed links look and come about: the portal's design, no script, no sign-in.

One way in for all of them: the link is opened, what it stands for is read, and only then does the page answer. Opening
a page never acts, because mail scanners open links; posting does.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, RowMapping

from api.errors import retry_after, status_of, words_of
from api.portal import icons
from api.portal.assets import Assets
from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.forms import Form
from api.refusals import record_refusal
from api.services import Services, in_thread
from ticketos.db.repositories import tickets
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor
from ticketos.links import SignedLink, open_link

Found = TypeVar("Found")
ORIGIN = "signed link"
"""Where an act by a link comes from, as the trail tells it."""


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%d %B %Y, %H:%M %Z")


_OURS = Path(__file__).parent / "templates"
_PAGES = Environment(
    # An e-invoice is drawn by the portal's own component.
    loader=FileSystemLoader([_OURS, _OURS.parents[1] / "portal" / "templates"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["local"] = _local
TEXTS = Texts()
_PAGES.globals.update(icon=icons.icon, asset=Assets().url, t=TEXTS, word=TEXTS.word)
_PRIVATE = {"Referrer-Policy": "no-referrer", "Cache-Control": "private, no-store"}


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page that loads our own styles, runs nothing and posts only to us."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    html = _PAGES.get_template(f"{name}.html").render(nonce=nonce, **values)
    return HTMLResponse(html, status, {"Content-Security-Policy": policy, **_PRIVATE})


def picture(png: bytes) -> Response:
    """A page of a document for one of these pages; nobody keeps it."""
    policy = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return Response(png, headers={"Content-Security-Policy": policy, **_PRIVATE}, media_type="image/png")


def message(title: str, text: str, status: int = 200) -> HTMLResponse:
    """A page that says one thing."""
    return page("message", status, title=title, text=text, tone="good" if status < 300 else "warn")


def gone(error: DomainError) -> HTMLResponse:
    """What to say when a link leads nowhere, or what it asks for is refused."""
    if error.code.startswith("link-"):
        return message(*words_of("link-expired", error.params), 404)
    answer = message(*words_of(error.code, error.params), status_of(error.code))
    if (wait := retry_after(error)) is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def problem(error: DomainError) -> Mapping[str, str]:
    """What a page says of a form that was refused."""
    title, detail = words_of(error.code, error.params)
    return {"title": title, "detail": detail}


@dataclass(frozen=True)
class LinkVisit(Generic[Found]):
    """Somebody came by a signed link: what it stands for, and what was found behind it."""

    request: Request
    services: Services
    link: SignedLink
    found: Found

    async def form(self, most_fields: int) -> Form:
        """What was posted, read with care. Nobody is signed in, so a form of another site could act only by knowing the
        link; where a browser says that one sent it, it is refused all the same (``cross-site-request``)."""
        if (site := self.request.headers.get("sec-fetch-site", "none")) not in ("same-origin", "none"):
            raise DomainError("cross-site-request", site=site)
        async with self.request.form(max_fields=most_fields, max_files=0) as data:
            return Form(data, b"")

    def formats(self, zone: str) -> Formats:
        """How values look for people of this zone."""
        return Formats(TEXTS, ZoneInfo(zone), self.services.now())

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page with a form that is sent back here."""
        return page(name, status, path=self.request.url.path, **{"problem": None, **values})

    async def again(self, read: Callable[[Connection, SignedLink], Found]) -> Found:
        """What is behind the link now."""
        return await in_thread(lambda: _read(self.services, self.link, read))

    async def refused(self, error: DomainError) -> None:
        """Have the trail tell that an act by this link was refused."""
        state = self.request.state
        state.client_id, state.ticket_id = self.link.client_id, self.link.ticket_id
        await record_refusal(self.services, self.request.scope, error, Actor("customer", origin=ORIGIN))


def _read(services: Services, link: SignedLink, read: Callable[[Connection, SignedLink], Found]) -> Found:
    with services.database.transaction([link.client_id]) as connection:
        return read(connection, link)


async def behind(
    request: Request,
    token: str,
    services: Services,
    purpose: str,
    read: Callable[[Connection, SignedLink], Found],
    answer: Callable[[LinkVisit[Found]], Awaitable[Response]],
) -> Response:
    """Answer whoever came by a link for this purpose; a link that leads nowhere, or what is refused on the way, is
    said in words."""
    try:
        link = open_link(token, services.keyring, purpose)
        found = await in_thread(lambda: _read(services, link, read))
        return await answer(LinkVisit(request, services, link, found))
    except DomainError as error:
        return gone(error)


def ticket_of_link(connection: Connection, link: SignedLink) -> RowMapping:
    """The ticket behind a link; raises ``link-expired`` when it is gone."""
    row = tickets.get(connection, link.ticket_id)
    if row is None or not link.subject:
        raise DomainError("link-expired")
    return row
