"""What a page's route gets: the caller, the viewer, the form, and the way to act and to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from api.access import Rule
from api.deps import Call, ServicesDep, checked_key
from api.errors import status_of
from api.failures import Model, as_domain_error, checked
from api.portal.formats import Formats
from api.portal.forms import Form, posted
from api.portal.page import Portal, redirect, session_of
from api.portal.parts import Notice
from api.portal.viewer import Viewer, viewer_of
from api.principal import Principal
from api.refusals import record_refusal
from api.services import Services
from api.v1.notices import reader_of, since
from ticketos.db.repositories import notices
from ticketos.domain.errors import DomainError

Result = TypeVar("Result")


class Visit:
    """One request of a person's browser, signed in. ``form`` is filled on POST, after its token was checked."""

    def __init__(
        self, request: Request, portal: Portal, call: Call, viewer: Viewer, form: Form | None
    ) -> None:
        self.request, self.portal, self.call, self.viewer = request, portal, call, viewer
        self._form = form

    @property
    def form(self) -> Form:
        """What was posted."""
        assert self._form is not None, "a page that is read has no form"
        return self._form

    @property
    def principal(self) -> Principal:
        """Who is asking."""
        return self.call.principal

    @property
    def services(self) -> Services:
        """What the app was built with."""
        return self.call.services

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in one transaction that sees the caller's clients. What waits in the inbox is counted with it,
        unless it was a moment ago."""
        inboxes, me = self.portal.inboxes, self.principal.user_id
        if not self.viewer.inbox or inboxes.fresh(me):
            return await self.call.read(work)

        def both(connection: Connection) -> Result:
            result = work(connection)
            inboxes.keep(me, notices.unread(connection, reader_of(self.principal), since(self.call.now)))
            return result

        return await self.call.read(both)

    @property
    def formats(self) -> Formats:
        """How this viewer reads numbers, days and months."""
        return Formats(self.portal.texts, self.viewer.zone, self.call.now)

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The page ``templates/<name>.html``."""
        viewer = replace(self.viewer, unread=self.portal.inboxes.last(self.principal.user_id))
        drawn = int(self.call.now.timestamp() * 1000)
        return self.portal.render(self.request, viewer, name, status, **{"drawn": drawn, **values})

    def may(self, rule: Rule, client_id: UUID) -> bool:
        """Whether the caller holds a role of that rule over this very client: only then a page offers to change
        something of it."""
        return bool(self.principal.roles_over(client_id) & rule.roles)

    def body(self, kind: type[Model], /, **values: Any) -> Model:
        """What was typed as the API's own body, so that one schema judges both. Raises ``request-invalid``."""
        return checked(kind, **values)

    async def act(
        self,
        work: Callable[[], Awaitable[Any]],
        *,
        to: str | Callable[[Any], str],
        said: str | Callable[[Any], tuple[str, Mapping[str, object]]],
        again: Callable[[Notice, int], Awaitable[Response]] | None = None,
        follow: tuple[str, str] | None = None,
        **facts: object,
    ) -> Response:
        """Do something, then go on to ``to`` (of the answer, where it is a function) and say so there (``said`` is a key
        of the catalogue, or gives one and its facts of the answer). An act that is not confirmed in time says that it is
        being applied. A refusal shows the page ``again``, with what was
        typed, or stands as a page of its own. ``follow`` (a key and an address) is offered beside what is said."""
        try:
            answer = await work()
        except Exception as error:
            known = as_domain_error(error)
            if known is None:
                raise
            return await self.refused(known, again)
        response = redirect(to(answer) if callable(to) else to)
        if getattr(answer, "status_code", 200) == 202:
            self.portal.guard.say(response, "info", "shell.being_applied", follow=follow, **facts)
            return response
        key, more = said(answer) if callable(said) else (said, {})
        self.portal.guard.say(response, "good", key, follow=follow, **facts, **more)
        return response

    async def refused(
        self, error: DomainError, again: Callable[[Notice, int], Awaitable[Response]] | None = None
    ) -> Response:
        """Answer a refusal, which is in the trail as everywhere."""
        await record_refusal(self.services, self.request.scope, error)
        if again is None:
            return self.portal.refusal(self.request, self.principal, error, self.viewer.companies)
        return await again(self.portal.problem(error), status_of(error.code))


async def portal_of(request: Request) -> Portal:
    """The portal of the app."""
    portal: Portal = request.app.state.portal
    return portal


PortalDep = Annotated[Portal, Depends(portal_of)]


async def visit_of(request: Request, services: ServicesDep, portal: PortalDep) -> Visit:
    """A page that is read."""
    return await _visit(request, services, portal, None)


async def posting_of(request: Request, services: ServicesDep, portal: PortalDep) -> Visit:
    """A form that was sent."""
    principal: Principal | None = request.state.principal
    return await _visit(
        request, services, portal, await posted(request, services, portal.guard, session_of(principal))
    )


async def _visit(request: Request, services: Services, portal: Portal, form: Form | None) -> Visit:
    principal: Principal | None = request.state.principal
    if principal is None:
        raise DomainError("unauthenticated")
    viewer = viewer_of(request, principal, await portal.companies.of(principal))
    key = checked_key(form.key) if form is not None else None
    return Visit(request, portal, Call(request, services, principal, request.state.rule, key), viewer, form)


VisitDep = Annotated[Visit, Depends(visit_of)]
PostDep = Annotated[Visit, Depends(posting_of)]
