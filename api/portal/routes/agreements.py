"""Contracts and working calendars of a client, as forms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping, Table
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.deps import etag
from api.portal import chips
from api.portal.agreement import (
    TERMS,
    day_rows,
    grouped,
    hours_of,
    other_terms,
    terms_of,
    typed_hours,
    typed_terms,
)
from api.portal.parts import Choice, Crumb, Notice
from api.portal.stale import differences
from api.portal.viewer import Company, zone_named
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import agreements as v1
from schemas.admin import EditCalendar, EditContract, NewCalendar, NewContract
from ticketos.db.repositories import contracts, model_calls, persons
from ticketos.db.repositories.contracts import CALENDAR, CONTRACT
from ticketos.domain import ai_policy, engines
from ticketos.domain.errors import DomainError
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/contracts/new"): as_page(ROUTES["POST", "/v1/contracts"]),
    ("POST", "/contracts"): as_page(ROUTES["POST", "/v1/contracts"]),
    ("GET", "/contracts/{contract_id}"): as_page(ROUTES["GET", "/v1/contracts/{contract_id}"]),
    ("POST", "/contracts/{contract_id}"): as_page(ROUTES["PATCH", "/v1/contracts/{contract_id}"]),
    ("GET", "/calendars/new"): as_page(ROUTES["POST", "/v1/calendars"]),
    ("POST", "/calendars"): as_page(ROUTES["POST", "/v1/calendars"]),
    ("GET", "/calendars/{calendar_id}"): as_page(ROUTES["GET", "/v1/calendars/{calendar_id}"]),
    ("POST", "/calendars/{calendar_id}"): as_page(ROUTES["PATCH", "/v1/calendars/{calendar_id}"]),
}
PLAIN = ("number", "name", "service_line", "kind", "status", "starts_on", "ends_on", "calendar_id")
STATUSES = ("draft", "active", "suspended", "ended")
HOURS = (*(f"day_{n}" for n in range(7)), "zone", "always")
WEEK = "09:00–18:00"
LISTS = frozenset(term.name for term in TERMS if term.kind in ("lines", "limits", "list"))
LONG = 10_000
"""Characters of a field that holds a list."""


def _company(visit: Visit, slug: str) -> Company:
    found = next((one for one in visit.viewer.companies.values() if one.slug == slug), None)
    if found is None or found.id not in visit.principal.clients_with(visit.call.rule.roles):
        raise DomainError("client-unknown")
    return found


def _get(visit: Visit, table: Table, row_id: UUID) -> Any:
    def read(connection: Connection) -> RowMapping:
        return visit.call.found(contracts.get(connection, table, row_id), table.name)

    return visit.read(read)


# --- contracts --------------------------------------------------------------------------------------------------------


async def _contract(
    visit: Visit, company: Company, typed: dict[str, str], status: int = 200, **more: Any
) -> Response:
    t = visit.portal.texts
    calendars = await visit.read(
        lambda connection: contracts.listed(connection, CALENDAR, [company.id], limit=1_000)
    )
    return visit.page(
        "contracts/form",
        status,
        **{"row": None, "version": None, "stale": [], **more},
        typed=typed,
        standing=_standing(visit, company, more.get("row")),
        company=company,
        groups=grouped(),
        modes=[
            (term.name, [Choice(one, t.word("ai_mode", one), one == typed[term.name]) for one in allowed])
            for term in TERMS
            if term.kind == "mode"
            for allowed in (ai_policy.ALLOWED[term.path[-1]],)
        ],
        engines=[
            (term.name, [Choice(one, t.word("ai_engine", one), one == typed[term.name]) for one in allowed])
            for term in TERMS
            if term.kind == "engine"
            for allowed in (engines.ENGINES[term.path[-1]],)
        ],
        spent=await _spent(visit, more.get("row")),
        thresholds=[
            term for term in TERMS if term.path[0] == "ai" and term.kind == "percent" and len(term.path) == 2
        ],
        answers=await _answers(visit, typed["accountable"]),
        lines=[Choice(line.key, line.title, line.key == typed["service_line"]) for line in LINES],
        statuses=[Choice(one, t.word("client_status", one), one == typed["status"]) for one in STATUSES],
        calendars=[
            Choice("", t("contracts.always"), not typed["calendar_id"]),
            *(
                Choice(str(one["id"]), one["name"], str(one["id"]) == typed["calendar_id"])
                for one in calendars
            ),
        ],
        may="admin" in visit.viewer.roles,
        crumbs=[
            Crumb(t("clients.title"), "/clients"),
            Crumb(company.name, f"/clients/{company.id}"),
            Crumb(typed["number"] or t("contracts.add")),
        ],
    )


async def _answers(visit: Visit, accountable: str) -> str:
    """Who answers for AI, by name where the address is somebody's whom the viewer may see."""
    if "@" not in accountable:
        return accountable
    found = await visit.read(lambda connection: persons.person_at(connection, accountable))
    return f"{found['name']} ({accountable})" if found else accountable


async def _spent(visit: Visit, row: RowMapping | None) -> Sequence[RowMapping]:
    """What models outside cost under a kept contract, by month."""
    return (
        ()
        if row is None
        else await visit.read(lambda connection: model_calls.by_month(connection, row["id"]))
    )


def _standing(visit: Visit, company: Company, row: RowMapping | None) -> str:
    """How a kept contract stands on the client's day of today."""
    if row is None:
        return ""
    return chips.contract(row, _today(visit, company), visit.portal.texts)


def _today(visit: Visit, company: Company) -> date:
    """The client's day."""
    return visit.call.now.astimezone(zone_named(company.zone) or visit.viewer.zone).date()


def _shown(row: RowMapping) -> dict[str, str]:
    return {
        **{name: "" if row[name] is None else str(row[name]) for name in PLAIN},
        **typed_terms(row["terms"]),
        "other": other_terms(row["terms"]),
    }


def _typed(visit: Visit) -> dict[str, str]:
    names = (*PLAIN, *(term.name for term in TERMS))
    return {
        **{name: visit.form.text(name, LONG if name in LISTS else 500) for name in names},
        "other": visit.form.text("other", 100_000),
    }


def _body(visit: Visit, typed: dict[str, str], kind: Any, names: tuple[str, ...], **more: Any) -> Any:
    optional = ("ends_on", "calendar_id")
    values = {name: (typed[name] or None) if name in optional else typed[name] for name in names}
    return visit.body(kind, **values, terms=terms_of(typed, typed["other"]), **more)


@router.get("/contracts/new")
async def compose_contract(visit: VisitDep, client: str = "") -> Response:
    """The form of a new contract."""
    company = _company(visit, client)
    first = {
        **dict.fromkeys(PLAIN, ""),
        "service_line": LINES[0].key,
        "kind": "transaction",
        "status": "active",
        "starts_on": _today(visit, company).replace(day=1).isoformat(),
        **typed_terms({}),
        "currency": company.currency,
        "other": '{"pricing": {"kind": "flat"}}',
    }
    return await _contract(visit, company, first)


@router.post("/contracts")
async def create_contract(visit: PostDep) -> Response:
    """Add a contract."""
    typed, company = _typed(visit), _company(visit, visit.form.text("client", 60))

    async def work() -> Response:
        return await v1.create_contract(
            visit.call, _body(visit, typed, NewContract, PLAIN, client_id=company.id)
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _contract(visit, company, typed, status, notice=notice)

    return await visit.act(
        work, to=f"/clients/{company.id}", said="contracts.added", again=again, number=typed["number"]
    )


@router.get("/contracts/{contract_id}")
async def contract(visit: VisitDep, contract_id: UUID) -> Response:
    """One contract."""
    row = await _get(visit, CONTRACT, contract_id)
    company = visit.viewer.companies[row["client_id"]]
    return await _contract(visit, company, _shown(row), row=row, version=row["row_version"])


@router.post("/contracts/{contract_id}")
async def edit_contract(visit: PostDep, contract_id: UUID) -> Response:
    """Keep new terms; tickets read them from their next step on."""
    typed, version = _typed(visit), visit.form.version
    row = await _get(visit, CONTRACT, contract_id)
    company = visit.viewer.companies[row["client_id"]]

    async def work() -> Response:
        names = tuple(name for name in PLAIN if name not in ("number", "service_line"))
        body = _body(visit, typed, EditContract, names)
        return await v1.edit_contract(
            visit.call, contract_id, body, etag(version) if version is not None else None
        )

    async def again(notice: Notice, status: int) -> Response:
        now = await _get(visit, CONTRACT, contract_id)
        fixed = {"number": now["number"], "service_line": now["service_line"]}
        mine = {**typed, **fixed}
        stale = differences(visit.portal.texts, "contracts", _shown(now), mine) if status == 412 else []
        return await _contract(
            visit, company, mine, status, notice=notice, row=now, version=now["row_version"], stale=stale
        )

    return await visit.act(
        work, to=f"/clients/{company.id}", said="contracts.kept", again=again, number=row["number"]
    )


# --- calendars --------------------------------------------------------------------------------------------------------


def _calendar(
    visit: Visit, company: Company, typed: dict[str, str], status: int = 200, **more: Any
) -> Response:
    t = visit.portal.texts
    zones = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
    return visit.page(
        "calendars/form",
        status,
        **{"row": None, "version": None, "stale": [], **more},
        typed=typed,
        rows=day_rows(typed),
        company=company,
        zones=[Choice(name, name, name == typed["zone"]) for name in zones],
        may=bool(visit.viewer.roles & RULES["POST", "/calendars"].roles),
        crumbs=[
            Crumb(t("clients.title"), "/clients"),
            Crumb(company.name, f"/clients/{company.id}"),
            Crumb(typed["name"] or t("calendars.add")),
        ],
    )


def _typed_calendar(visit: Visit) -> dict[str, str]:
    """The form as it is kept typed: the days that stand in controls of their own are put together, one per line."""
    form = visit.form
    pairs = zip(form.texts("special_day"), form.texts("special_hours"), strict=False)
    lines = (f"{day} {hours}".strip() for day, hours in pairs)
    return {
        **{name: form.text(name, 20_000) for name in ("name", *HOURS)},
        "holidays": "\n".join(filter(None, form.texts("holidays")))[:20_000],
        "special": "\n".join(filter(None, lines))[:20_000],
    }


@router.get("/calendars/new")
async def compose_calendar(visit: VisitDep, client: str = "") -> Response:
    """The form of a new calendar: weekdays from nine to six to begin with."""
    company = _company(visit, client)
    first = {
        "name": "",
        **dict.fromkeys((*HOURS, "holidays", "special"), ""),
        **{f"day_{n}": WEEK for n in range(5)},
        "zone": company.zone,
    }
    return _calendar(visit, company, first)


@router.post("/calendars")
async def create_calendar(visit: PostDep) -> Response:
    """Add a calendar."""
    typed, company = _typed_calendar(visit), _company(visit, visit.form.text("client", 60))

    async def work() -> Response:
        body = visit.body(NewCalendar, client_id=company.id, name=typed["name"], definition=hours_of(typed))
        return await v1.create_calendar(visit.call, body)

    async def again(notice: Notice, status: int) -> Response:
        return _calendar(visit, company, typed, status, notice=notice)

    return await visit.act(
        work, to=f"/clients/{company.id}", said="calendars.added", again=again, name=typed["name"]
    )


@router.get("/calendars/{calendar_id}")
async def calendar(visit: VisitDep, calendar_id: UUID) -> Response:
    """One calendar."""
    row = await _get(visit, CALENDAR, calendar_id)
    company = visit.viewer.companies[row["client_id"]]
    shown = {"name": row["name"], **typed_hours(row["definition"])}
    return _calendar(visit, company, shown, row=row, version=row["row_version"])


@router.post("/calendars/{calendar_id}")
async def edit_calendar(visit: PostDep, calendar_id: UUID) -> Response:
    """Keep new hours."""
    typed, version = _typed_calendar(visit), visit.form.version
    row = await _get(visit, CALENDAR, calendar_id)
    company = visit.viewer.companies[row["client_id"]]

    async def work() -> Response:
        body = visit.body(EditCalendar, name=typed["name"], definition=hours_of(typed))
        return await v1.edit_calendar(
            visit.call, calendar_id, body, etag(version) if version is not None else None
        )

    async def again(notice: Notice, status: int) -> Response:
        now = await _get(visit, CALENDAR, calendar_id)
        kept = {"name": now["name"], **typed_hours(now["definition"])}
        stale = differences(visit.portal.texts, "calendars", kept, typed) if status == 412 else []
        return _calendar(
            visit, company, typed, status, notice=notice, row=now, version=now["row_version"], stale=stale
        )

    return await visit.act(
        work, to=f"/clients/{company.id}", said="calendars.kept", again=again, name=typed["name"]
    )
