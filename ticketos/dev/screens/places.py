"""What is pictured: which pages, and through whose eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROLES: Mapping[str, str] = {
    "agent": "meera.nair@provider.example",
    "qa": "lena.hoffmann@provider.example",
    "lead": "anita.rao@provider.example",
    "desk": "sam.okafor@provider.example",
    "finance": "nadia.haddad@provider.example",
    "admin": "admin@provider.example",
    "client_admin": "asha.rao@kaveri.example",
    "ops": "tara.menon@provider.example",
    "sme": "vivek.iyer@provider.example",
    "wfm": "ines.costa@provider.example",
    "hr": "grace.obi@provider.example",
    "success": "marco.rossi@provider.example",
    "auditor": "ulrike.stein@provider.example",
    "client_user": "dev.patel@kaveri.example",
}
"""Who shows what a role sees: people of the demo day, and after the first seven those who come for the pictures."""

COMING: Mapping[str, str] = {
    "ops": "Tara Menon",
    "sme": "Vivek Iyer",
    "wfm": "Ines Costa",
    "hr": "Grace Obi",
    "success": "Marco Rossi",
    "auditor": "Ulrike Stein",
    "client_user": "Dev Patel",
}

WORK: Mapping[str, Mapping[str, Any]] = {
    "sme": {
        "skills": ["data_entry", "finance_accounting"],
        "certifications": {"data_entry": None, "finance_accounting": None},
        "level": "sme",
    }
}
"""What those who come can be given, as ``POST /v1/users`` takes it."""

Accounts = Mapping[str, tuple[str, str]]
"""Role → address and password."""


@dataclass(frozen=True)
class Place:
    """One page beyond the menu: where it is, or the list to open and the link to follow from there (a CSS selector;
    the first that is there is followed, and followed again by the next of ``then``)."""

    name: str
    role: str
    path: str
    follow: tuple[str, ...] = ()


_ROW = "main [data-row]"
_CLIENT = "main a[href^='/clients/']:has-text('Kaveri')"
"""Of the companies, one that buys: the provider has no contracts."""
PLACES: tuple[Place, ...] = (
    Place("login", "", "/login"),
    Place("link-approval", "", "/a/{approval}"),
    Place("link-paper", "", "/a/{approval}", ("main .unit b a",)),
    Place("link-survey", "", "/s/{survey}"),
    Place("link-repeat", "", "/r/{repeat}"),
    Place("link-password", "", "/p/{password}"),
    Place("link-expired", "", "/a/expired"),
    Place("ticket", "ops", "/tickets?q=Scanned", (_ROW,)),
    Place("ticket-closed", "ops", "/tickets?state=closed", (_ROW,)),
    Place("ticket-paused", "lead", "/tickets?state=paused", (_ROW,)),
    Place("tickets-chosen", "lead", "/tickets?chosen=all"),
    Place("tickets-none", "lead", "/tickets?q=nothing-like-it"),
    Place("work-queue", "lead", "/work?scope=all"),
    Place("validate", "lead", "/work?scope=all&kind=keying", ("main a[href^='/validate/']",)),
    Place("review", "qa", "/work?scope=mine&kind=qa_review", ("main a[href^='/review/']",)),
    Place("task", "desk", "/work?scope=all&kind=triage", ("main a[href^='/tasks/']",)),
    Place("document", "ops", "/documents?state=posted&kind=receipt", ("main a[href^='/documents/']",)),
    Place("document-locked", "ops", "/documents?state=quarantined", ("main a[href^='/documents/']",)),
    Place("request", "client_admin", "/requests?view=all", (_ROW,)),
    Place("request-new", "client_admin", "/requests/new"),
    Place("approval", "client_admin", "/approvals", ("main a[href^='/approvals/']",)),
    Place("approvals-decided", "client_admin", "/approvals?view=decided"),
    Place("invoice", "client_admin", "/invoices", ("main [data-row]",)),
    Place("invoice-line", "finance", "/invoices", ("main [data-row]", "main a[href*='/lines/']")),
    Place("invoice-line-client", "client_admin", "/invoices", ("main [data-row]", "main a[href*='/lines/']")),
    Place("dispute", "finance", "/disputes?state=open", ("main a[href^='/disputes/']",)),
    Place("dispute-refused", "client_admin", "/disputes?state=refused", ("main a[href^='/disputes/']",)),
    Place("book-client", "finance", "/books?book=kaveri"),
    Place("book-month", "finance", "/books?book=kaveri", ("main a[href^='/books/month']",)),
    Place("held-unit", "finance", "/billing", ("main a[href^='/billing/held/']:not([href$='.csv'])",)),
    Place("person", "admin", "/people", ("main a[href^='/people/']:not([href$='/new'])",)),
    Place("person-new", "admin", "/people/new"),
    Place("client", "admin", "/clients", (_CLIENT,)),
    Place("client-new", "admin", "/clients/new"),
    Place(
        "contract",
        "admin",
        "/clients",
        (_CLIENT, "main a[href^='/contracts/']:not([href*='/new'])"),
    ),
    Place(
        "contract-to-read",
        "success",
        "/clients",
        (_CLIENT, "main a[href^='/contracts/']:not([href*='/new'])"),
    ),
    Place("contract-new", "admin", "/contracts/new?client=kaveri"),
    Place("calendar-new", "admin", "/calendars/new?client=kaveri"),
    Place("vendor", "finance", "/vendors", ("main [data-row][href^='/vendors/']",)),
    Place("vendor-new", "finance", "/vendors/new?client=kaveri"),
    Place("vendor-import", "finance", "/vendors/import"),
    Place("vendors-none", "finance", "/vendors?q=nothing-like-it"),
    Place("coding-rule", "finance", "/coding-rules?client=kaveri", ("main a[href^='/coding-rules/']",)),
    Place("chart", "finance", "/chart-of-accounts?client=kaveri&kind=expense"),
    Place(
        "chart-account",
        "finance",
        "/chart-of-accounts?q=Freight",
        ("main [data-row][href^='/chart-of-accounts/']",),
    ),
    Place("chart-account-new", "finance", "/chart-of-accounts/new?client=kaveri"),
    Place("chart-import", "finance", "/chart-of-accounts/import?client=kaveri"),
    Place("chart-none", "finance", "/chart-of-accounts?q=nothing-like-it"),
    Place("calendar", "admin", "/calendars/{calendar}"),
    Place("account", "agent", "/account"),
    Place("factor", "agent", "/account/factor"),
    Place("insights-weeks", "lead", "/insights?grain=week&by=agent"),
    Place("insights-rows", "lead", "/insights/rows?measure=delivered"),
    Place("find", "ops", "/find?q=scan"),
    Place("keys", "ops", "/help/keys"),
    Place("refused", "agent", "/quality"),
    Place("not-found", "ops", "/tickets/0198c0de-6c1f-7d3e-9a55-3f1e2d4c5b6a"),
)

NOT_PICTURED: Mapping[str, str] = {
    "/": "leads to everybody's first page",
    "/login/code": "asks whoever switched a second factor on",
    "/login/oidc": "leads to the identity provider",
    "/login/oidc/back": "leads back from it",
    "/login/oidc/out": "signs out there too",
    "/live": "a stream",
    "/palette": "lines of the palette",
    "/static/{mark}/{name:path}": "files",
}
"""Addresses without a picture of their own, and why."""

SHOWN: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "validation": ("lead", "/work?scope=all&kind=keying", ("main a[href^='/validate/']",)),
    "ticket": ("ops", "/tickets?q=Scanned", (_ROW,)),
    "client": ("client_admin", "/overview", ()),
}
"""The pictures of README and docs: file name → role, page, links to follow."""
