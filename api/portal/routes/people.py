"""People with a login: who they are, their roles, what they can do. The provider's administrators keep everybody;
a client's administrator its own people."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from api.access import ROUTES, Rule, as_page
from api.deps import etag
from api.portal.listing import LIMIT, address, sheet
from api.portal.parts import Choice, Command, Crumb, Empty, Filter, NavItem, Notice
from api.portal.stale import differences
from api.portal.visit import PostDep, Visit, VisitDep
from api.principal import CLIENT_ROLES
from api.v1 import users as v1
from api.v1.parameters import id_cursor
from schemas.accounts import EditUser, Grant, NewUser, Role
from ticketos.db.repositories import credentials, persons
from ticketos.domain.errors import DomainError
from ticketos.lines import LINES

router = APIRouter(include_in_schema=False)
_READ = as_page(ROUTES["GET", "/v1/users"])
_CREATE = as_page(ROUTES["POST", "/v1/users"])
_EDIT = as_page(ROUTES["PATCH", "/v1/users/{user_id}"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/people"): _READ,
    ("GET", "/people.csv"): _READ,
    ("GET", "/people/new"): _CREATE,
    ("POST", "/people"): _CREATE,
    ("GET", "/people/{user_id}"): _READ,
    ("POST", "/people/{user_id}"): _EDIT,
}
NAV = (
    NavItem(
        text="people.title",
        href="/people",
        icon="people",
        roles=_READ.roles,
        section="office",
        key="p",
        order=80,
    ),
)
COMMANDS = (Command("people.add", "/people/new", "plus", _CREATE.roles),)
SKILLS = tuple(dict.fromkeys((*(line.skill for line in LINES), "triage", "contract", "qa", "lead")))
"""What tasks ask for: the skill of each line, and those of the desks."""
EVERYWHERE = "*"


def _companies(visit: Visit) -> list[tuple[str, str, UUID]]:
    """Short name, name and id of the companies whose people the caller keeps, the provider's own included."""
    seen = set(visit.principal.clients_with(visit.call.rule.roles))
    known = [one for one in visit.viewer.companies.values() if one.id in seen]
    ordered = sorted(known, key=lambda one: (one.kind != "provider", one.name.casefold()))
    return [(one.slug, one.name, one.id) for one in ordered]


def _listed(
    connection: Connection, visit: Visit, client: str, limit: int, after: UUID | None
) -> tuple[list[RowMapping], dict[UUID, list[credentials.Grant]]]:
    seen = [one for slug, _, one in _companies(visit) if not client or slug == client]
    rows = list(persons.users(connection, seen, limit=limit, after=after))
    return rows, persons.grants_of(connection, [row["id"] for row in rows])


@router.get("/people")
async def show(visit: VisitDep, client: str = "", cursor: str | None = None) -> Response:
    """The list."""

    def read(
        connection: Connection,
    ) -> tuple[list[RowMapping], dict[UUID, list[credentials.Grant]], dict[UUID, int]]:
        rows, grants = _listed(connection, visit, client, LIMIT + 1, id_cursor(cursor or None))
        return rows, grants, persons.open_loads(connection, [row["id"] for row in rows if row["skills"]])

    rows, grants, loads = await visit.read(read)
    t, companies = visit.portal.texts, _companies(visit)
    choices = [
        Choice("", t("shell.any")),
        *(Choice(slug, name, slug == client) for slug, name, _ in companies),
    ]
    following = str(rows[LIMIT - 1]["id"]) if len(rows) > LIMIT else None
    return visit.page(
        "people/list",
        rows=rows[:LIMIT],
        grants=grants,
        loads=loads,
        skilled=any(row["skills"] for row in rows),
        filters=[Filter("client", t("people.company"), choices, client)] if len(companies) > 1 else [],
        may_add=bool(visit.viewer.roles & _CREATE.roles),
        file=address("/people.csv", {"client": client}),
        more=address("/people", {"client": client, "cursor": following}) if following else None,
        first=address("/people", {"client": client}) if cursor else None,
        empty=Empty(t("people.empty"), t("people.empty_text"), "people"),
    )


@router.get("/people.csv")
async def export(visit: VisitDep, client: str = "") -> Response:
    """Everybody as a file (10,000 at most)."""
    rows, grants = await visit.read(lambda connection: _listed(connection, visit, client, 10_000, None))
    head = ("company", "name", "email", "roles", "skills", "active", "available", "capacity", "created_at")
    lines = [
        [
            *(visit.viewer.company(row["client_id"]), row["name"], row["email"]),
            "; ".join(sorted({grant.role for grant in grants.get(row["id"], [])})),
            "; ".join(row["skills"]),
            *(row["active"], row["available"], row["capacity"], row["created_at"].isoformat()),
        ]
        for row in rows
    ]
    return await sheet(visit, "people", head, lines)


def _values(row: RowMapping | None, grants: list[credentials.Grant]) -> dict[str, Any]:
    """A person as the form shows them."""
    if row is None:
        return {"name": "", "email": "", "active": True, "available": True, "level": "agent", "capacity": 50,
                "skills": [], "certifications": {}, "grants": []}  # fmt: skip
    return {
        **{name: row[name] for name in ("name", "email", "active", "available", "level", "capacity")},
        "skills": list(row["skills"]),
        "certifications": dict(row["certifications"]),
        "grants": [f"{one.role}:{one.client_id or EVERYWHERE}" for one in grants],
    }


def _form(visit: Visit, values: dict[str, Any], status: int = 200, **more: Any) -> Response:
    t, companies = visit.portal.texts, _companies(visit)
    row = more.get("row")
    company = str(row["client_id"]) if row is not None else values.get("company", "")
    provider = {one.id for one in visit.viewer.companies.values() if one.kind == "provider"}
    of_client = row is not None and row["client_id"] not in provider
    admin = "admin" in visit.viewer.roles
    roles = [role for role in get_args(Role) if (admin and not of_client) or role in CLIENT_ROLES]
    scopes = [(str(one), name) for _, name, one in companies if not of_client or str(one) == company]
    if admin and not of_client and any(g.client_id is None for g in visit.principal.caller.grants):
        scopes.insert(0, (EVERYWHERE, t("people.everywhere")))
    return visit.page(
        "people/form",
        status,
        **{"row": None, "version": None, "stale": [], **more},
        values=values,
        staff_person=(row["client_id"] in provider)
        if row is not None
        else bool(provider & {c for *_, c in companies}),
        skills=list(dict.fromkeys((*SKILLS, *values["skills"]))),
        companies=[Choice(str(one), name, str(one) == company) for _, name, one in companies],
        roles=[Choice(role, t.word("role", role)) for role in roles],
        scopes=[Choice(value, name) for value, name in scopes],
        held=[(value, _grant_words(visit, value)) for value in values["grants"]],
        may_edit=row is None or visit.may(_EDIT, row["client_id"]),
        crumbs=[Crumb(t("people.title"), "/people"), Crumb(values["name"] or t("people.add"))],
    )


def _grant_words(visit: Visit, value: str) -> str:
    role, _, scope = value.partition(":")
    t = visit.portal.texts
    where = t("people.everywhere") if scope == EVERYWHERE else visit.viewer.company(UUID(scope)) or scope
    return f"{t.word('role', role)} · {where}"


@router.get("/people/new")
async def compose(visit: VisitDep) -> Response:
    """The form of a new person."""
    return _form(visit, _values(None, []))


@router.get("/people/{user_id}")
async def one(visit: VisitDep, user_id: UUID) -> Response:
    """One person."""
    row, grants = await _one(visit, user_id)
    return _form(visit, _values(row, grants), row=row, version=row["row_version"])


async def _one(visit: Visit, user_id: UUID) -> tuple[RowMapping, list[credentials.Grant]]:
    def read(connection: Connection) -> tuple[RowMapping, list[credentials.Grant]]:
        row = v1.one(connection, visit.call, user_id)
        return row, persons.grants_of(connection, [user_id]).get(user_id, [])

    return await visit.read(read)


def _typed(visit: Visit) -> dict[str, Any]:
    """What was typed, as ``_values`` shows it."""
    form = visit.form
    grants = [one for one in form.texts("grants") if ":" in one]
    if form.text("role") and form.text("scope"):
        grants.append(f"{form.text('role')}:{form.text('scope')}")
    skills = [one for one in form.texts("skills") if one]
    return {
        "name": form.text("name", 500),
        "email": form.text("email", 300),
        "company": form.text("company", 40),
        "active": form.text("active") == "on",
        "available": form.text("available") == "on",
        "level": form.text("level") or "agent",
        "capacity": form.text("capacity") or "50",
        "skills": skills,
        "certifications": {skill: form.text(f"until_{skill}", 10) or None for skill in skills},
        "grants": list(dict.fromkeys(grants)),
    }


def _body(visit: Visit, typed: dict[str, Any], kind: Any, **more: Any) -> Any:
    certified = {}
    for skill, day in typed["certifications"].items():
        try:
            certified[skill] = date.fromisoformat(day) if day else None
        except ValueError as error:
            raise DomainError("date-unreadable", field=f"until_{skill}", given=day) from error
    grants = [
        visit.body(Grant, role=role, client_id=None if scope == EVERYWHERE else scope)
        for role, _, scope in (one.partition(":") for one in typed["grants"])
    ]
    password = str(visit.form.data.get("password") or "")[:200]
    # People of a client do no tasks: their form has no such part, and nothing of it is changed.
    work = {}
    if visit.form.text("capacity"):
        work = {name: typed[name] for name in ("level", "capacity", "skills")} | {"certifications": certified}
    return visit.body(
        kind,
        name=typed["name"],
        grants=grants,
        **work,
        **({"password": password} if password else {}),
        **more,
    )


@router.post("/people")
async def create(visit: PostDep) -> Response:
    """Add a person."""
    typed = _typed(visit)

    async def work() -> Response:
        company = typed["company"] or None
        return await v1.create_user(
            visit.call, _body(visit, typed, NewUser, email=typed["email"], client_id=company)
        )

    async def again(notice: Notice, status: int) -> Response:
        return _form(visit, typed, status, notice=notice)

    return await visit.act(work, to="/people", said="people.added", again=again, name=typed["name"])


@router.post("/people/{user_id}")
async def edit(visit: PostDep, user_id: UUID) -> Response:
    """Keep new values of a person. Changed meanwhile: both are shown, and what was typed stays."""
    typed, version = _typed(visit), visit.form.version
    await _one(visit, user_id)

    async def work() -> Response:
        body = _body(
            visit,
            typed,
            EditUser,
            active=typed["active"],
            available=typed["available"],
        )
        return await v1.edit_user(visit.call, user_id, body, etag(version) if version is not None else None)

    async def again(notice: Notice, status: int) -> Response:
        row, grants = await _one(visit, user_id)
        stale = (
            differences(visit.portal.texts, "people", _values(row, grants), typed) if status == 412 else []
        )
        return _form(
            visit,
            {**typed, "email": row["email"]},
            status,
            notice=notice,
            row=row,
            version=row["row_version"],
            stale=[one for one in stale if one.now or one.typed],
        )

    return await visit.act(work, to="/people", said="people.kept", again=again, name=typed["name"])
