"""A browser for tests over ASGI: keeps cookies, reads pages as people see them, sends forms with what is hidden
in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from lxml import html

from tests.support.api import PASSWORD, Person, World

BASE = "http://localhost:8080"
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}


class Page:
    """An answer, parsed."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer, self.status = answer, answer.status_code
        self.tree = html.fromstring(answer.text) if answer.text.strip() else html.fromstring("<html></html>")

    @property
    def text(self) -> str:
        """What a person reads on the page itself."""
        page = self.tree.xpath("//main")
        return " ".join((page[0] if page else self.tree).text_content().split())

    @property
    def to(self) -> str:
        """Where a redirect leads."""
        return str(self.answer.headers.get("location", ""))

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form that is sent to ``action``, as the page filled them."""
        found = self.tree.xpath(f"//form[@action='{action}']")
        (form, *_) = [one for one in found if one.get("method") == "post"] or found or [None]
        assert form is not None, (action, self.tree.xpath("//form/@action"))
        return {name: value for name, value in form.form_values() if isinstance(value, str)}

    def all(self, path: str) -> list[str]:
        """Whatever an XPath finds, as text."""
        return [
            str(one) if isinstance(one, str) else " ".join(one.text_content().split())
            for one in self.tree.xpath(path)
        ]


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    def becomes(self, person: Person | None) -> None:
        """Forget who was signed in, and be that person, or nobody."""
        self.client.cookies.clear()
        if person is not None:
            self.client.cookies.set("tos_session", person.token)

    async def get(self, path: str, **headers: str) -> Page:
        """Open an address; redirects are not followed."""
        return Page(await self.client.get(path, headers=headers))

    async def post(self, path: str, fields: Mapping[str, Any], **headers: str) -> Page:
        """Send fields as a form of our own page does."""
        return Page(await self.client.post(path, data=dict(fields), headers={**SAME_SITE, **headers}))

    async def submit(self, page: str, action: str, **fields: Any) -> Page:
        """Open a page and send one of its forms with these fields filled in."""
        return await self.post(action, {**(await self.get(page)).form(action), **fields})

    async def sign_in(self, person: Person, password: str = PASSWORD, to: str = "/") -> Page:
        """Through the sign-in page."""
        page = await self.get(f"/login?next={to}")
        return await self.post("/login", {**page.form("/login"), "email": person.email, "password": password})


@asynccontextmanager
async def browsing(world: World, person: Person | None = None) -> AsyncIterator[Browser]:
    """A browser, signed in as that person."""
    async with world.app.router.lifespan_context(world.app):
        transport = httpx2.ASGITransport(app=world.app)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            browser = Browser(client)
            browser.becomes(person)
            yield browser
