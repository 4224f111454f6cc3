"""Setting the stage: the first administrator, then everything else as an administrator does it, by API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from ticketos.dev.database import PostgresUrls
from ticketos.dev.processes import StackError
from ticketos.dev.sim.api import Person
from ticketos.dev.sim.clients import PROVIDER, STAFF, Company, Staff, contract_body
from ticketos.dev.sim.live import Day

ADMIN_EMAIL = "admin@provider.example"
_CONTRACTS_SINCE = timedelta(days=180)
Grant = dict[str, str | None]


def first_administrator(database: PostgresUrls, home: Path) -> tuple[str, str]:
    """The first administrator of an empty installation: address and password, which is kept nowhere else.

    Raises ``StackError`` when the installation already has a provider: the day must not mix with real work.
    """
    from ticketos.dev.first_run import first_account

    made = first_account(database, home, email=ADMIN_EMAIL)
    if made is None:
        raise StackError("There is work in this home already; the demo day needs an empty one.")
    return made.email, made.password


async def set_stage(
    day: Day,
    account: tuple[str, str],
    stack: AsyncExitStack,
    first: Callable[[Day, AsyncExitStack], Awaitable[None]] | None = None,
) -> None:
    """Sign the administrator in and make clients, contracts and people; everybody is signed in afterwards. ``first``
    comes as soon as the administrator is there."""
    admin = await stack.enter_async_context(Person(day.base, "Administrator", *account))
    day.people["admin"] = admin
    provider = next(c for c in (await admin.get("/v1/clients"))["items"] if c["kind"] == "provider")
    day.client_ids[str(provider["slug"])] = str(provider["id"])
    await admin.patch(f"/v1/clients/{provider['id']}", PROVIDER)
    if first is not None:
        await first(day, stack)
    for staff in STAFF:
        grants: list[Grant] = [{"role": staff.role, "client_id": None}]
        skills: dict[str, Any] = {
            "skills": list(staff.skills),
            "capacity": staff.capacity,
            "certifications": dict.fromkeys(staff.skills),
        }
        await make_person(day, stack, staff, str(provider["id"]), grants, skills)
    for company in day.companies.values():
        day.client_ids[company.slug] = await make_company(day, company)
    for company in day.companies.values():
        client_id, (name, email) = day.client_ids[company.slug], company.speaker
        grants = [{"role": "client_admin", "client_id": client_id}]
        speaker = Staff(f"client:{company.slug}", name, "client_admin")
        await make_person(day, stack, speaker, client_id, grants, {}, email=email)


async def make_company(day: Day, company: Company) -> str:
    """A client with the contracts it begins with; returns its id."""
    admin = day.people["admin"]
    made = await admin.post("/v1/clients", company.body())
    if company.chart:
        await admin.send(
            "POST",
            f"/v1/clients/{made['id']}/ledger-accounts/import",
            content=company.chart_file(),
            headers={"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())},
        )
    for contract in company.contracts:
        await admin.post("/v1/contracts", contract_body(contract, str(made["id"]), since()))
    return str(made["id"])


async def make_person(
    day: Day,
    stack: AsyncExitStack,
    who: Staff,
    company: str,
    grants: list[Grant],
    more: dict[str, Any],
    email: str = "",
) -> Person:
    """Somebody with a login at ``company``, signed in for as long as ``stack`` is open and known to the day by their
    key. ``email`` is needed where they do not work for the provider."""
    address = email or who.email
    body = {
        "client_id": company,
        "name": who.name,
        "email": address,
        "password": day.password,
        "grants": grants,
        **more,
    }
    await day.people["admin"].post("/v1/users", body)
    made = await stack.enter_async_context(Person(day.base, who.name, address, day.password))
    day.people[who.key] = made
    return made


def since() -> date:
    """The day the contracts began: well before today in every client's zone."""
    return datetime.now(UTC).date() - _CONTRACTS_SINCE
