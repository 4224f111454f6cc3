"""The portal: pages rendered here, on the API's own app, over the same acts and rows as ``/v1``.

A page is a module in ``routes`` (its noun), templates in ``templates/<noun>`` and texts in
``texts/<locale>/<noun>.toml``. A module brings ``router``, ``RULES`` (its lines of the access table) and, where
it adds to the menu, ``NAV``; what it offers to the palette is ``COMMANDS``. It is named once, here.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.access import Rule
from api.portal.parts import Command, NavItem
from api.portal.routes import (
    account,
    agreements,
    approvals,
    assets,
    audit,
    billing,
    book_months,
    books,
    bulk,
    chart,
    clients,
    coding_rules,
    disputes,
    document_list,
    documents,
    held,
    home,
    insight_rows,
    insights,
    invoices,
    live,
    notices,
    oidc,
    overview,
    palette,
    people,
    preferences,
    quality,
    renewals,
    requests,
    review,
    schedules,
    session,
    statement,
    tasks,
    ticket,
    tickets,
    validation,
    vendors,
    views,
    wall,
    welcome,
    work,
)

_PAGES = (
    assets,
    session,
    oidc,
    home,
    work,
    tasks,
    notices,
    tickets,
    bulk,
    ticket,
    validation,
    review,
    quality,
    renewals,
    account,
    preferences,
    palette,
    live,
    overview,
    requests,
    approvals,
    document_list,
    documents,
    invoices,
    disputes,
    statement,
    insights,
    insight_rows,
    wall,
    schedules,
    audit,
    people,
    clients,
    agreements,
    billing,
    held,
    books,
    vendors,
    coding_rules,
    chart,
    book_months,
    views,
    welcome,
)

PORTAL_ROUTERS: tuple[APIRouter, ...] = tuple(page.router for page in _PAGES)
PORTAL_RULES: dict[tuple[str, str], Rule] = {key: rule for page in _PAGES for key, rule in page.RULES.items()}
NAV: tuple[NavItem, ...] = tuple(item for page in _PAGES for item in getattr(page, "NAV", ()))
COMMANDS: tuple[Command, ...] = tuple(one for page in _PAGES for one in getattr(page, "COMMANDS", ()))
