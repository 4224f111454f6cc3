"""Setting the stage: the first administrator, then everything else as an administrator does it, by API."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from ticketos.dev.database import PostgresUrls
from ticketos.dev.processes import StackError
from ticketos.dev.sim.api import Person
from ticketos.dev.sim.clients import PROVIDER, STAFF, Company, contract_body
from ticketos.dev.sim.live import Day

ADMIN_EMAIL = "admin@provider.example"
_CONTRACTS_SINCE = timedelta(days=180)


def first_administrator(database: PostgresUrls, home: Path) -> tuple[str, str]:
    """The first administrator of an empty installation: address and password, which is kept nowhere else.

    Raises ``StackError`` when the installation already has a provider: the day must not mix with real work.
    """
    from ticketos.dev.first_run import first_account

    made = first_account(database, home, email=ADMIN_EMAIL)
    if made is None:
        raise StackError("There is work in this home already; the demo day needs an empty one.")
    return made.email, made.password


async def set_stage(day: Day, account: tuple[str, str], stack: AsyncExitStack) -> None:
    """Sign the administrator in and make clients, contracts and people; everybody is signed in afterwards."""
    admin = await stack.enter_async_context(Person(day.base, "Administrator", *account))
    day.people["admin"] = admin
    provider = next(c for c in (await admin.get("/v1/clients"))["items"] if c["kind"] == "provider")
    day.client_ids[str(provider["slug"])] = str(provider["id"])
    await admin.patch(f"/v1/clients/{provider['id']}", PROVIDER)
    for staff in STAFF:
        grants = [{"role": staff.role, "client_id": None}]
        skills: dict[str, Any] = {
            "skills": list(staff.skills),
            "capacity": staff.capacity,
            "certifications": dict.fromkeys(staff.skills),
        }
        await _person(day, stack, staff.key, staff.name, staff.email, str(provider["id"]), grants, skills)
    for company in day.companies.values():
        await _company(day, company)
    for company in day.companies.values():
        client_id, (name, email) = day.client_ids[company.slug], company.speaker
        grants = [{"role": "client_admin", "client_id": client_id}]
        await _person(day, stack, f"client:{company.slug}", name, email, client_id, grants, {})


async def _company(day: Day, company: Company) -> None:
    admin = day.people["admin"]
    made = await admin.post("/v1/clients", company.body())
    day.client_ids[company.slug] = str(made["id"])
    if company.chart:
        await admin.send(
            "POST",
            f"/v1/clients/{made['id']}/ledger-accounts/import",
            content=company.chart_file(),
            headers={"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())},
        )
    for contract in company.contracts:
        await admin.post("/v1/contracts", contract_body(contract, str(made["id"]), since()))


async def _person(
    day: Day,
    stack: AsyncExitStack,
    key: str,
    name: str,
    email: str,
    company: str,
    grants: list[dict[str, str | None]],
    more: dict[str, Any],
) -> None:
    password = secrets.token_urlsafe(15)
    body = {
        "client_id": company,
        "name": name,
        "email": email,
        "password": password,
        "grants": grants,
        **more,
    }
    await day.people["admin"].post("/v1/users", body)
    day.people[key] = await stack.enter_async_context(Person(day.base, name, email, password))


def since() -> date:
    """The day the contracts began: well before today in every client's zone."""
    return datetime.now(UTC).date() - _CONTRACTS_SINCE
