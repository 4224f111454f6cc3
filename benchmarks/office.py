"""Clients, contracts and people of a benchmark, furnished through the public API by an administrator."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.installation import Installation
from ticketos.dev.first_run import first_account
from ticketos.dev.sim.api import Person
from ticketos.dev.sim.documents import SampleDocument, generate

PRICING = {"kind": "flat", "data": {"unit_price": "3.50"}, "currency": "EUR", "tax_rate": "0"}

KEYED: Mapping[str, Any] = {
    "pricing": PRICING,
    "ai": {"straight_through": False},
    "qa": {"sample_rate": "1"},
    "survey": {"ask": False},
}
"""Everything is confirmed by one person, reviewed by a second and signed off by the client."""
STRAIGHT: Mapping[str, Any] = {
    "pricing": PRICING,
    "ai": {"straight_through": True},
    "qa": {"sample_rate": "0"},
    "approval": {"required": False},
    "survey": {"ask": False},
}
"""What reads well needs nobody."""

STAFF: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "agent": ("agent", ("data_entry",)),
    "reviewer": ("qa", ("qa",)),
    "desk": ("desk", ("triage", "contract")),
    "lead": ("lead", ("lead",)),
}
"""Key → role and skills of the provider's people."""


@dataclass
class Company:
    """A client and the one who speaks for it."""

    slug: str
    id: str
    speaker: Person


@dataclass
class Office:
    """Everybody signed in."""

    admin: Person
    staff: dict[str, Person] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)


async def furnish(
    found: Installation, terms: Mapping[str, Mapping[str, Any]], stack: AsyncExitStack
) -> Office:
    """Make the provider's people and a client per entry of ``terms`` (short name → terms of its contract)."""
    account = first_account(found.urls, found.home)
    assert account is not None, "a fresh installation has no provider yet"
    admin = await stack.enter_async_context(Person(found.portal, "Admin", account.email, account.password))
    office = Office(admin)
    for key, (role, skills) in STAFF.items():
        grants: list[dict[str, str | None]] = [{"role": role, "client_id": None}]
        more = {"skills": list(skills), "certifications": dict.fromkeys(skills), "capacity": 1_000}
        office.staff[key] = await _person(office, stack, f"{key}@provider.example", grants, more)
    for slug, chosen in terms.items():
        office.companies[slug] = await _company(office, stack, slug, chosen)
    return office


async def _company(office: Office, stack: AsyncExitStack, slug: str, terms: Mapping[str, Any]) -> Company:
    made = await office.admin.post(
        "/v1/clients",
        {
            "slug": slug,
            "prefix": slug.upper()[:8],
            "name": f"{slug.title()} GmbH",
            "zone": "Europe/Berlin",
            "currency": "EUR",
            "country": "DE",
            "tax_id": "DE136695976",
            "approver_email": f"boss@{slug}.example",
        },
    )
    client_id = str(made["id"])
    since = (datetime.now(UTC).date() - timedelta(days=180)).isoformat()
    await office.admin.post(
        "/v1/contracts",
        {
            "client_id": client_id,
            "number": f"{slug.upper()}-1",
            "name": "Entry of purchase documents",
            "service_line": "data_entry",
            "starts_on": since,
            "terms": dict(terms),
        },
    )
    grants: list[dict[str, str | None]] = [{"role": "client_admin", "client_id": client_id}]
    speaker = await _person(office, stack, f"boss@{slug}.example", grants, {"client_id": client_id})
    return Company(slug, client_id, speaker)


async def _person(
    office: Office,
    stack: AsyncExitStack,
    email: str,
    grants: list[dict[str, str | None]],
    more: Mapping[str, Any],
) -> Person:
    password, name = secrets.token_urlsafe(15), email.partition("@")[0].title()
    await office.admin.post(
        "/v1/users", {"email": email, "name": name, "password": password, "grants": grants, **more}
    )
    return await stack.enter_async_context(Person(office.admin.base, name, email, password))


def cheap(number: int) -> SampleDocument:
    """The ``number``-th e-invoice (CII XML: no page to draw or to read). All differ."""
    return generate("invoice", 1_000 + number, country="DE", form="einvoice_xml_cii", vendor_seed=number % 40)
