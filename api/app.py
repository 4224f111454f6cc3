"""The HTTP API put together. ``create_app`` is for a process, ``create_app_with`` for tests and other
compositions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api import health
from api.access import LINK, ROUTES, AccessTable, Rule
from api.acts import TemporalActs
from api.documentation import describe
from api.edge import Edge
from api.errors import problem
from api.failures import as_domain_error
from api.links import approval, papers, password, repeat, survey
from api.links.pages import gone
from api.machinery import TemporalMachinery
from api.mailbox import Mailbox
from api.period_runs import TemporalPeriodRuns
from api.portal import COMMANDS, NAV, PORTAL_ROUTERS, PORTAL_RULES
from api.portal.page import Portal
from api.portal.service_report import composed
from api.refusals import record_refusal
from api.services import Options, Services
from api.smtp import SmtpEdge
from api.v1 import (
    acts,
    agreements,
    ai_reviews,
    api_keys,
    approvals,
    audit,
    board,
    book_months,
    bulk,
    calibrations,
    chart,
    clients,
    coding_rules,
    disputes,
    documents,
    invoices,
    ledger,
    measures,
    messages,
    notices,
    operations,
    pages,
    passwords,
    periods,
    raising,
    reconciliations,
    renewals,
    schedules,
    service_reports,
    sessions,
    statements,
    steps,
    tasks,
    tickets,
    usage,
    users,
    vendors,
)
from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.objects import ObjectStore
from ticketos.db.session import Database
from ticketos.domain.errors import DomainError
from ticketos.settings import Settings, master_keys

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    sessions.router,
    api_keys.router,
    raising.router,
    tickets.router,
    steps.router,
    bulk.router,
    messages.router,
    ai_reviews.router,
    acts.router,
    approvals.router,
    tasks.router,
    notices.router,
    documents.router,
    pages.router,
    passwords.router,
    clients.router,
    agreements.contract_router,
    agreements.calendar_router,
    users.router,
    approval.router,
    papers.router,
    survey.router,
    repeat.router,
    password.router,
    operations.router,
    calibrations.router,
    renewals.router,
    board.router,
    schedules.router,
    measures.router,
    service_reports.router,
    audit.router,
)
"""Every router of the core, in the order of the documentation."""

MONEY_ROUTERS: tuple[APIRouter, ...] = (
    invoices.router,
    disputes.router,
    statements.router,
    ledger.router,
    book_months.router,
    reconciliations.router,
    usage.router,
    periods.router,
    vendors.router,
    chart.router,
    coding_rules.router,
)
MONEY_RULES: dict[tuple[str, str], Rule] = {
    **invoices.RULES,
    **disputes.RULES,
    **statements.RULES,
    **ledger.RULES,
    **book_months.RULES,
    **reconciliations.RULES,
    **usage.RULES,
    **periods.RULES,
    **vendors.RULES,
    **chart.RULES,
    **coding_rules.RULES,
}
"""What comes after the ticket: invoices, books, reconciliation, and whom a client buys from."""

POOL = 24
"""Database connections of one API process."""


class UnlistedRouteError(RuntimeError):
    """A route and the access table disagree; the app must not run."""


def create_app_with(
    services: Services,
    *,
    routers: Sequence[APIRouter] = (),
    rules: Mapping[tuple[str, str], Rule] | None = None,
    smtp: SmtpEdge[Any] | None = None,
) -> FastAPI:
    """The app on given services. ``routers`` and ``rules`` add parts (portal, billing) with their access
    lines.

    Raises ``UnlistedRouteError`` when a route has no access line, or a line no route.
    """
    access = AccessTable({**ROUTES, **(rules or {})})

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.starter.attach(asyncio.get_running_loop())
        if smtp is not None:
            smtp.start()
        try:
            yield
        finally:
            if smtp is not None:
                await asyncio.to_thread(smtp.stop)
            await app.state.portal.close()
            await services.starter.drain()
            await services.acts.close()
            await asyncio.to_thread(services.pictures.close)
            services.database.dispose()

    app = FastAPI(
        title="TicketingOS",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.services, app.state.access = services, access
    portal = app.state.portal = Portal(services, NAV, COMMANDS)
    app.state.composed = composed
    for router in (*ROUTERS, *routers):
        app.include_router(router)
    _handle_errors(app)
    _check_listed(app, access)
    describe(app, access)

    async def refusing(scope: Scope, error: DomainError) -> Response:
        return await _page_of(portal, Request(scope), error)

    app.add_middleware(Edge, services=services, access=access, refusing=refusing)
    return app


async def _page_of(portal: Portal, request: Request, error: DomainError) -> Response:
    """A refusal as a page. Where even that fails (the database is away), the page knows no company's name."""
    if request.state.rule is LINK:
        return gone(error)
    principal = request.state.principal
    try:
        companies = await portal.companies.of(principal) if principal is not None else {}
    except (SQLAlchemyError, DomainError):
        companies = {}
    return portal.refusal(request, principal, error, companies)


def create_app(settings: Settings) -> FastAPI:
    """The app of a process, with everything it needs opened on first use."""
    keyring = Keyring(*master_keys(settings))
    database = Database(settings.app_url, settings.system_url, app_pool=POOL)
    temporal = TemporalActs(_connector(settings, keyring))
    services = Services(
        database=database,
        keyring=keyring,
        objects=ObjectStore(keyring, database, settings.objects_url),
        audit=AuditTrail(keyring, new_id),
        acts=temporal,
        machinery=TemporalMachinery(temporal.ready),
        runs=TemporalPeriodRuns(temporal.ready),
        now=utc_now,
        new_id=new_id,
        options=Options(
            public_url=settings.public_url,
            max_upload_bytes=settings.max_upload_bytes,
            mail_domain=settings.mail_domain,
            temporal_ui_url=settings.temporal_ui_url,
            temporal_namespace=settings.temporal_namespace,
            secure_cookies=settings.public_url.startswith("https://"),
        ),
    )
    services.oidc = _provider(settings, keyring)
    smtp = None
    if settings.smtp_port:
        mailbox = Mailbox(services)
        smtp = SmtpEdge(
            settings.smtp_host,
            settings.smtp_port,
            domain=settings.mail_domain,
            accept=mailbox.accept,
            resolve=mailbox.resolve,
            clock=utc_now,
        )
    return create_app_with(
        services,
        routers=(*MONEY_ROUTERS, *PORTAL_ROUTERS),
        rules={**MONEY_RULES, **PORTAL_RULES},
        smtp=smtp,
    )


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def _connector(settings: Settings, keyring: Keyring) -> Any:
    async def connect() -> Any:
        from ticketos.temporal import connect as connected  # the SDK is heavy; the first act pays for it

        return await connected(settings.temporal_address, settings.temporal_namespace, keyring)

    return connect


def _provider(settings: Settings, keyring: Keyring) -> Any:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    from api.oidc import Provider, Registration  # only who has one pays for loading it

    secret = settings.oidc_client_secret
    return Provider(
        Registration(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            secret=secret.get_secret_value() if secret else None,
            name=settings.oidc_name,
            trust_factor=settings.oidc_trust_factor,
        ),
        keyring,
        utc_now,
        settings.public_url,
    )


def _handle_errors(app: FastAPI) -> None:
    async def refuse(request: Request, error: Exception) -> Response:
        known = as_domain_error(error)
        if known is None:
            raise error
        await record_refusal(request.app.state.services, request.scope, known)
        if _page_asked(request):
            return await _page_of(request.app.state.portal, request, known)
        return problem(known, request.url.path, request.state.trace_id)

    for kind in (DomainError, HTTPException, RequestValidationError, SQLAlchemyError):
        app.add_exception_handler(kind, refuse)


def _page_asked(request: Request) -> bool:
    """Whether a person's browser asked for a page; an address nobody serves is one when it is outside the API."""
    rule: Rule | None = request.state.rule
    if rule is not None:
        return rule.page
    asked = "text/html" in request.headers.get("accept", "")
    return asked and request.method == "GET" and not request.url.path.startswith("/v1")


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path template of every route the app serves."""
    for found in iter_route_contexts(app.router.routes):
        path: str | None = getattr(found, "path", None)
        methods: set[str] = getattr(found, "methods", None) or set()
        if path is None:
            raise UnlistedRouteError(f"a route without a path: {found!r}")
        for method in sorted(methods - {"HEAD"}) or ["GET"]:
            yield method, path


def _check_listed(app: FastAPI, access: AccessTable) -> None:
    served, listed = set(routes_of(app)), set(access.rules)
    if missing := sorted(served - listed):
        raise UnlistedRouteError(f"without an access line: {missing}")
    if idle := sorted(listed - served):
        raise UnlistedRouteError(f"access lines without a route: {idle}")
