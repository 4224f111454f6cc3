"""Pages: the templates with all they may use, a strict content policy, and how a refusal looks.

A page loads its own styles and scripts and nothing else; it names no other host.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.errors import retry_after, status_of, words_of
from api.portal import icons
from api.portal.assets import Assets
from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.forms import FLASH_COOKIE, SEED_COOKIE, Guard, Said, new_seed
from api.portal.inbox import Inboxes
from api.portal.live import Live
from api.portal.parts import Command, NavItem, Notice
from api.portal.viewer import YEAR_S, Companies, Viewer, viewer_of
from api.principal import Principal
from api.services import Services
from ticketos.domain.errors import DomainError

_TEMPLATES = Path(__file__).parent / "templates"
_SMALL = 1_024


class Portal:
    """What every page shares; one per process."""

    def __init__(
        self, services: Services, nav: Sequence[NavItem] = (), commands: Sequence[Command] = ()
    ) -> None:
        self.services, self.commands = services, tuple(commands)
        self.nav = tuple(sorted(nav, key=lambda item: item.order))
        self.texts = Texts()
        self.guard = Guard(services.keyring, secure=services.options.secure_cookies)
        self.assets = Assets()
        self.companies = Companies(services)
        self.inboxes = Inboxes()
        self.live = Live(services, self.inboxes)
        self._pages = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.globals.update(icon=icons.icon, asset=self.assets.url)

    def render(
        self, request: Request, viewer: Viewer, name: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """The page ``templates/<name>.html`` for this viewer."""
        nonce = secrets.token_urlsafe(16)
        seed = request.cookies.get(SEED_COOKIE) or new_seed()
        session = session_of(viewer.principal)
        formats = Formats(self.texts, viewer.zone, self.services.now())
        flash = self.guard.said(request)
        notice: Notice | None = values.pop("notice", None)
        if notice is None and flash is not None and self.texts.has(flash.key):
            notice = self._told(flash)
        given: dict[str, Any] = {
            "t": self.texts,
            "word": self.texts.word,
            "f": formats,
            "viewer": viewer,
            "nonce": nonce,
            "nav": [item for item in self.nav if viewer.roles & item.roles],
            "path": request.url.path,
            "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            "query": request.query_params,
            "notice": notice,
            "hidden": self._hidden(seed, session),
            "token": lambda: self.guard.token(seed, session),
            "live_topic": None,
            **values,
        }
        html = self._pages.get_template(f"{name}.html").render(given)
        response = _answer(request, html, status, nonce)
        if SEED_COOKIE not in request.cookies:
            response.set_cookie(
                SEED_COOKIE,
                seed,
                max_age=YEAR_S,
                httponly=True,
                samesite="strict",
                secure=self.services.options.secure_cookies,
                path="/",
            )
        if flash is not None:
            response.delete_cookie(FLASH_COOKIE, path="/")
        return response

    def _told(self, said: Said) -> Notice:
        link = (self.texts(said.follow[0]), said.follow[1]) if said.follow else None
        return Notice(said.tone, self.texts(said.key, **said.facts), link=link)  # type: ignore[arg-type]

    async def close(self) -> None:
        """Let go of what watches."""
        await self.live.close()

    def _hidden(self, seed: str, session: str) -> Any:
        def hidden(version: object = None, key: str | None = None) -> Markup:
            """The hidden fields of a form. The key is what a repeat of the same form is known by."""
            fields = [
                ("_csrf", self.guard.token(seed, session)),
                ("_key", key or str(self.services.new_id())),
                *([("_version", str(version))] if version is not None else []),
            ]
            return Markup("").join(
                Markup('<input type="hidden" name="{}" value="{}">').format(*field) for field in fields
            )

        return hidden

    def problem(self, error: DomainError) -> Notice:
        """A refusal in words a person can act on."""
        errors = [(one.pointer.strip("/"), one.detail) for one in getattr(error, "errors", ())]
        return Notice("bad", *self.words(error), errors)

    def words(self, error: DomainError) -> tuple[str, str]:
        """Title and detail of a refusal: the portal's own words where it has some, else the API's."""
        key = f"errors.{error.code}"
        if self.texts.has(f"{key}.title"):
            facts = {name: _shown(value) for name, value in error.params.items()}
            return self.texts(f"{key}.title"), self.texts(f"{key}.text", **facts or {"_": ""})
        return words_of(error.code, error.params)

    def refusal(
        self,
        request: Request,
        principal: Principal | None,
        error: DomainError,
        companies: Mapping[Any, Any] | None = None,
    ) -> HTMLResponse:
        """A refusal as a page of its own: no permission, not found, busy, our own failure."""
        status = status_of(error.code)
        title, detail = self.words(error)
        viewer = viewer_of(request, principal, companies)
        kind = {401: "lock", 403: "lock", 404: "search"}.get(status, "alert")
        response = self.render(
            request,
            viewer,
            "shell/refusal",
            status,
            title=title,
            detail=detail,
            kind=kind,
            code=error.code,
            trace=getattr(request.state, "trace_id", ""),
        )
        if (wait := retry_after(error)) is not None:
            response.headers["Retry-After"] = str(wait)
        return response


def session_of(principal: Principal | None) -> str:
    """What a form's token is bound to besides the browser."""
    return "" if principal is None else str(principal.caller.credential_id)


def _shown(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else value


def policy(nonce: str) -> str:
    """The content policy of a page: our own files by nonce, pictures and data from here, nothing else."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; report-uri /csp"
    )


def _answer(request: Request, html: str, status: int, nonce: str) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": policy(nonce),
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Encoding",
    }
    content = html.encode()
    if len(content) > _SMALL and "gzip" in request.headers.get("accept-encoding", ""):
        return HTMLResponse(
            gzip.compress(content, 5, mtime=0), status, headers | {"Content-Encoding": "gzip"}
        )
    return HTMLResponse(content, status, headers)


def redirect(to: str) -> Response:
    """After an act: another page, by GET."""
    return Response(status_code=303, headers={"Location": to, "Cache-Control": "no-store"})
