"""The first five minutes of an empty installation: the company, its first client, a contract, somebody who works,
a document to try it with. What is done already is read from the data, so nobody is asked twice."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, allow
from api.portal.parts import Choice, NavItem, Notice
from api.portal.visit import PostDep, Visit, VisitDep
from api.services import in_thread
from api.v1 import agreements, raising, users
from api.v1 import clients as companies
from schemas.accounts import EditUser, Grant, NewUser
from schemas.admin import EditClient, NewClient, NewContract
from schemas.requests import NewTicket
from ticketos.db.repositories import clients, credentials, persons, standing
from ticketos.domain.errors import DomainError
from ticketos.domain.intake_types import Attachment
from ticketos.domain.naming import short_names
from ticketos.lines import LINES
from ticketos.reports import sample

router = APIRouter(include_in_schema=False)
_OWNER = allow("admin", page=True)
STEPS = ("company", "client", "contract", "people", "document")
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/welcome"): _OWNER,
    **{("POST", f"/welcome/{step}"): _OWNER for step in STEPS},
}
NAV = (
    NavItem(
        text="welcome.title", href="/welcome", icon="flag", roles=_OWNER.roles, section="office", order=90
    ),
)
UNNAMED = "Provider"
"""What the provider is called before anybody named it."""
REVIEWER = ("qa", "triage", "contract", "lead", "finance")
"""Skills an owner takes on who reviews and decides in the beginning."""


@dataclass(frozen=True)
class Progress:
    """What there is: the provider's row, the first client and its contract, who works, the newest request."""

    provider: dict[str, Any]
    client: dict[str, Any] | None
    contract: UUID | None
    agents: int
    ticket: UUID | None

    @property
    def done(self) -> dict[str, bool]:
        """Each step, and whether it is behind."""
        return {
            "company": self.provider["name"] != UNNAMED,
            "client": self.client is not None,
            "contract": self.contract is not None,
            "people": self.agents > 0,
            "document": self.ticket is not None,
        }

    @property
    def next(self) -> str | None:
        """The first step that is not done; None when all are."""
        return next((step for step in STEPS if not self.done[step]), None)


def progress(connection: Connection, visit: Visit) -> Progress:
    """How far the installation is."""
    found = standing.first_steps(connection)
    provider = clients.get(connection, found["provider"])
    if provider is None:
        raise DomainError("not-found", what="provider")
    client = clients.get(connection, found["client"]) if found["client"] else None
    return Progress(
        dict(provider), dict(client) if client else None, found["contract"], found["agents"], found["ticket"]
    )


@router.get("/welcome")
async def show(visit: VisitDep) -> Response:
    """The steps; the first that is not done is open."""
    return await _show(visit)


async def _show(
    visit: Visit, status: int = 200, typed: dict[str, str] | None = None, **more: Any
) -> Response:
    now = await visit.read(lambda connection: progress(connection, visit))
    typed = typed or {}
    zone = typed.get("zone") or (now.client or now.provider)["zone"]
    return visit.page(
        "welcome/steps",
        status,
        **more,
        steps=STEPS,
        done=now.done,
        open_step=now.next,
        provider=now.provider,
        client=now.client,
        ticket=now.ticket,
        behind=_behind(visit, now),
        typed={"password": secrets.token_urlsafe(12), **typed},
        zones=[
            Choice(name, name, name == zone)
            for name in sorted(available_timezones())
            if "/" in name or name == "UTC"
        ],
        lines=[
            Choice(line.key, line.title, line.key == typed.get("service_line", LINES[0].key))
            for line in LINES
        ],
    )


def _behind(visit: Visit, now: Progress) -> dict[str, tuple[str, str]]:
    """What each step that is done left behind: what to call it, and where it is changed."""
    t, provider, client = visit.portal.texts, now.provider, now.client
    return {
        "company": (provider["name"], f"/clients/{provider['id']}"),
        "client": (client["name"], f"/clients/{client['id']}") if client else ("", "/clients"),
        "contract": (t("welcome.behind_contract"), f"/contracts/{now.contract}"),
        "people": (t("welcome.behind_people", n=now.agents), "/people"),
        "document": (t("welcome.behind_document"), f"/tickets/{now.ticket}"),
    }


async def _step(visit: Visit, work: Any, said: str, **facts: Any) -> Response:
    typed = {name: value for name, value in visit.form.prefixed("") if not name.startswith("_")}

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, status, typed, notice=notice)

    async def act() -> Any:
        answer = await work()
        visit.portal.companies.forget()
        return answer

    return await visit.act(act, to="/welcome", said=said, again=again, **facts)


@router.post("/welcome/company")
async def name_company(visit: PostDep) -> Response:
    """Name the provider; its state and tax id stand on every invoice."""
    form = visit.form

    async def work() -> Response:
        now = await visit.read(lambda connection: progress(connection, visit))
        body = visit.body(
            EditClient,
            name=form.text("name", 500),
            zone=form.text("zone", 64),
            currency=form.text("currency", 3),
            country=form.text("country", 2),
            state_code=form.text("state_code", 2) or None,
            tax_id=form.text("tax_id") or None,
            address=form.text("address"),
        )
        if body.name == UNNAMED:
            raise DomainError("name-needed")
        return await companies.edit_client(visit.call, now.provider["id"], body)

    return await _step(visit, work, "welcome.company_kept")


@router.post("/welcome/client")
async def add_client(visit: PostDep) -> Response:
    """The first company that buys work."""
    form = visit.form

    async def work() -> Response:
        name, slug, prefix = form.text("name", 500), form.text("slug", 40), form.text("prefix", 8)
        if name and not (slug and prefix):
            made = short_names(name)
            slug, prefix = slug or made[0], prefix or made[1]
        body = visit.body(
            NewClient,
            name=name,
            slug=slug,
            prefix=prefix,
            zone=form.text("zone", 64),
            currency=form.text("currency", 3),
            country=form.text("country", 2),
            state_code=form.text("state_code", 2) or None,
            approver_email=form.text("approver_email", 300) or None,
        )
        return await companies.create_client(visit.call, body)

    return await _step(visit, work, "welcome.client_kept", name=form.text("name", 200))


@router.post("/welcome/contract")
async def add_contract(visit: PostDep) -> Response:
    """What it buys, and at what price."""
    form = visit.form

    async def work() -> Response:
        now = await visit.read(lambda connection: progress(connection, visit))
        if now.client is None:
            raise DomainError("client-unknown")
        price = form.text("unit_price", 30)
        try:
            if not Decimal(price) > 0:
                raise InvalidOperation
        except InvalidOperation as error:
            raise DomainError("terms-invalid", section="pricing", cause=price or "–") from error
        line, today = form.text("service_line", 40), visit.call.now.astimezone(visit.viewer.zone).date()
        body = visit.body(
            NewContract,
            client_id=now.client["id"],
            number=form.text("number", 60) or f"{now.client['prefix']}-{today.year}-01",
            name=next((one.title for one in LINES if one.key == line), line),
            service_line=line,
            starts_on=date(today.year, today.month, 1),
            terms={
                "pricing": {
                    "kind": "flat",
                    "currency": now.client["currency"],
                    "tax_rate": form.text("tax_rate", 10) or "18",
                    "data": {"unit_price": price},
                }
            },
        )
        return await agreements.create_contract(visit.call, body)

    return await _step(visit, work, "welcome.contract_kept")


@router.post("/welcome/people")
async def add_people(visit: PostDep) -> Response:
    """Somebody who works; the owner reviews and decides, where they choose to."""
    form = visit.form

    async def work() -> Response:
        skills = [line.skill for line in LINES]
        body = visit.body(
            NewUser,
            name=form.text("name", 500),
            email=form.text("email", 300),
            password=form.text("password", 200),
            grants=[Grant(role="agent", client_id=None)],
            skills=skills,
            certifications=dict.fromkeys(skills),
        )
        answer = await users.create_user(visit.call, body)
        if form.text("review") == "on":
            visit.call.key = None  # the form's key belongs to the act before
            await _take_on(visit)
        return answer

    return await _step(
        visit, work, "welcome.people_kept", name=form.text("name", 200), email=form.text("email", 300)
    )


async def _take_on(visit: Visit) -> None:
    """The owner reviews quality, classifies, clears contracts and decides escalations for now."""
    me = visit.principal.user_id

    def read(connection: Connection) -> tuple[Any, list[credentials.Grant]]:
        return persons.user(connection, me), persons.grants_of(connection, [me]).get(me, [])

    row, held = await visit.read(read)
    roles = {(one.role, one.client_id) for one in held} | {
        (role, None) for role in ("qa", "desk", "lead", "finance")
    }
    skills = sorted({*row["skills"], *REVIEWER})
    body = visit.body(
        EditUser,
        grants=[{"role": role, "client_id": client} for role, client in sorted(roles, key=str)],
        skills=skills,
        certifications={**dict.fromkeys(skills), **row["certifications"]},
    )
    await users.edit_user(visit.call, me, body)


@router.post("/welcome/document")
async def send_document(visit: PostDep) -> Response:
    """Send a document through: one of one's own, or the invoice we make up."""
    form = visit.form

    async def work() -> Response:
        now = await visit.read(lambda connection: progress(connection, visit))
        client = now.client
        if client is None:
            raise DomainError("client-unknown")
        files = await raising.attachments(form.files("files"), visit.services.options.max_upload_bytes)
        if not files:
            today = visit.call.now.astimezone(visit.viewer.zone).date()
            number = f"MST-{visit.services.new_id().hex[-6:].upper()}"
            made = await in_thread(
                lambda: sample.invoice(client["name"], client["address"], client["currency"], today, number)
            )
            files = (Attachment(f"{number}.pdf", "application/pdf", made),)
        asked = visit.body(
            NewTicket,
            client=client["slug"],
            subject=visit.portal.texts("welcome.first_subject"),
            text=visit.portal.texts("welcome.first_text"),
        )
        return await raising.accepted(visit.call, asked, files, asked.model_dump_json().encode())

    return await _step(visit, work, "welcome.document_kept")
