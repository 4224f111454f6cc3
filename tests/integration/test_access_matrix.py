"""Who may call what, proven for every route × role × {own client, another client, nobody}.

The cases come from the access table and the app's own routes; a route that is not listed, or for which this
file knows no valid body, fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter

from api.access import ALL, ROUTES, Rule, allow
from api.app import MONEY_RULES, UnlistedRouteError, create_app_with, routes_of
from api.portal import PORTAL_RULES
from api.principal import CLIENT_ROLES
from tests.support.api import Person, World, world_on
from ticketos.db.ids import new_id
from ticketos.db.repositories.credentials import login_of
from ticketos.dev.database import PostgresUrls
from ticketos.domain.state import SYSTEM

Body = Callable[["Rows"], dict[str, Any]]

VERSION = "v" * 64
CALENDAR = {"zone": "Asia/Kolkata", "weekly": [[["09:00", "17:30"]]] * 5 + [[], []]}


class Rows:
    """Fresh rows of Acme, made when a path or body asks for them."""

    def __init__(self, world: World, owner: Person) -> None:
        self.world, self.owner = world, owner

    def ticket_id(self) -> UUID:
        ticket_id = self.world.ticket(self.world.acme)
        self.world.approval(self.world.acme, ticket_id)
        return ticket_id

    def document_id(self) -> UUID:
        return self.world.document(self.world.acme, self.world.ticket(self.world.acme))

    def task_id(self) -> UUID:
        return self.world.task(self.world.acme, self.world.ticket(self.world.acme))

    def notice_id(self) -> UUID:
        ticket_id = self.world.ticket(self.world.acme)
        about = {"ticket_id": ticket_id, "recipient_id": self.owner.id, "at": datetime.now(UTC)}
        return self._new("notice", key=new_id().hex, kind="breached", desk="ops", **about)

    def client_id(self) -> UUID:
        return self.world.acme

    def month(self) -> str:
        return "2026-11"

    def measure(self) -> str:
        return "delivered"

    def kind(self) -> str:
        return "renewal"

    def contract_id(self) -> UUID:
        return self._new(
            "contract", number=new_id().hex, name="SOW", service_line="data_entry", starts_on=date(2026, 4, 1)
        )

    def calendar_id(self) -> UUID:
        return self._new("calendar", name=new_id().hex, definition=CALENDAR)

    def user_id(self) -> UUID:
        return self.world.person(self.world.acme, ("client_user", self.world.acme)).id

    def key_id(self) -> UUID:
        self.world.key(self.owner, "tickets:read")
        rows = self.world.sql(
            self.owner.client_id,
            "select id from api_key where user_id = %s order by id desc",
            (self.owner.id,),
        )
        key_id: UUID = rows[0].id
        return key_id

    def calibration_id(self) -> UUID:
        return self._new("calibration_session", week=new_id().hex[-8:], seed="s", drawn_at=datetime.now(UTC))

    def unit_id(self) -> UUID:
        ticket_id = self.world.ticket(self.world.acme)
        return self._new(
            "calibration_unit",
            session_id=self.calibration_id(),
            ticket_id=ticket_id,
            document_id=self.world.document(self.world.acme, ticket_id),
            reviewer_id=new_id(),
            questions=["total"],
        )

    def session_id(self) -> UUID:
        caller, now = self.owner, datetime.now(UTC)
        with self.world.services.database.transaction([caller.client_id]) as connection:
            login = login_of(connection, caller.email)
            assert login is not None
            self.world.services.accounts.begin_session(connection, login, now=now, actor=SYSTEM, agent=None)
        rows = self.world.sql(
            caller.client_id,
            "select id from user_session where user_id = %s order by created_at desc",
            (caller.id,),
        )
        session_id: UUID = rows[0].id
        return session_id

    def page(self) -> int:
        return 1

    def token(self) -> str:
        return "not-a-token"

    def _new(self, table: str, **values: Any) -> UUID:
        row_id = new_id()
        self.world._insert(table, self.world.acme, {"id": row_id, "client_id": self.world.acme, **values})
        return row_id


BODIES: dict[tuple[str, str], Body] = {
    ("POST", "/v1/sessions"): lambda _: {"email": "nobody@x.example", "password": "wrong"},
    ("POST", "/v1/api-keys"): lambda _: {"name": "n", "scopes": ["admin:write"]},
    ("POST", "/v1/tickets"): lambda _: {"client": "acme", "subject": "s"},
    ("PATCH", "/v1/tickets/{ticket_id}"): lambda _: {"subject": "s"},
    ("POST", "/v1/schedules/{client_id}/{kind}/run"): lambda _: {},
    ("POST", "/v1/tickets/{ticket_id}/pause"): lambda _: {"reason": "r"},
    ("POST", "/v1/tickets/{ticket_id}/resume"): lambda _: {},
    ("POST", "/v1/tickets/{ticket_id}/cancel"): lambda _: {"reason": "r"},
    ("POST", "/v1/tickets/{ticket_id}/priority"): lambda _: {"priority": "P1"},
    ("POST", "/v1/tickets/{ticket_id}/retry"): lambda _: {},
    ("POST", "/v1/tickets/{ticket_id}/reopen"): lambda _: {"reason": "r"},
    ("POST", "/v1/tickets/{ticket_id}/links"): lambda rows: {"other": str(rows.ticket_id())},
    ("POST", "/v1/tickets/{ticket_id}/notes"): lambda _: {"text": "t"},
    ("POST", "/v1/tickets/{ticket_id}/replies"): lambda _: {"text": "t"},
    ("POST", "/v1/tickets/{ticket_id}/classification"): lambda _: {"event": 1, "priority": "P1"},
    ("POST", "/v1/tickets/{ticket_id}/ai-reviews"): lambda _: {"event": 1, "verdict": "approved"},
    ("POST", "/v1/tickets/bulk"): lambda rows: {
        "tickets": [str(rows.ticket_id())],
        "act": "pause",
        "reason": "r",
    },
    ("POST", "/v1/tickets/{ticket_id}/approval"): lambda _: {"version": VERSION, "decision": "accept"},
    ("POST", "/v1/approvals"): lambda rows: {
        "approvals": [{"ticket_id": str(rows.ticket_id()), "version": VERSION, "decision": "accept"}]
    },
    ("POST", "/v1/documents/{document_id}/password"): lambda _: {"leave_out": True},
    ("POST", "/v1/calibration-units/{unit_id}/scores"): lambda _: {"verdict": "pass"},
    ("POST", "/v1/tasks/{task_id}/claim"): lambda _: {},
    ("POST", "/v1/tasks/{task_id}/accept"): lambda _: {},
    ("POST", "/v1/tasks/{task_id}/refuse"): lambda _: {"reason": "r"},
    ("POST", "/v1/tasks/{task_id}/assign"): lambda _: {"user_id": None},
    ("POST", "/v1/tasks/{task_id}/complete"): lambda _: {},
    ("POST", "/v1/notices/read"): lambda _: {"client": "acme"},
    ("POST", "/v1/notices/{notice_id}/read"): lambda _: {},
    ("POST", "/v1/clients"): lambda _: {"slug": f"c{new_id().hex[-20:]}", "prefix": _prefix(), "name": "n"},
    ("PATCH", "/v1/clients/{client_id}"): lambda _: {"name": "Acme"},
    ("POST", "/v1/contracts"): lambda rows: {
        "client_id": str(rows.client_id()),
        "number": new_id().hex,
        "name": "n",
        "service_line": "data_entry",
        "starts_on": "2026-04-01",
    },
    ("PATCH", "/v1/contracts/{contract_id}"): lambda _: {"name": "n"},
    ("POST", "/v1/calendars"): lambda rows: {
        "client_id": str(rows.client_id()),
        "name": new_id().hex,
        "definition": CALENDAR,
    },
    ("PATCH", "/v1/calendars/{calendar_id}"): lambda _: {"name": new_id().hex},
    ("POST", "/v1/users"): lambda rows: {
        "client_id": str(rows.client_id()),
        "email": f"{new_id().hex}@x.example",
        "name": "n",
    },
    ("PATCH", "/v1/users/{user_id}"): lambda _: {"name": "n"},
    ("POST", "/v1/audit-verifications"): lambda _: {"client": "acme"},
    ("POST", "/a/{token}"): lambda _: {},
    ("POST", "/s/{token}"): lambda _: {},
    ("POST", "/r/{token}"): lambda _: {},
    ("POST", "/p/{token}"): lambda _: {},
}

OWN_ACCOUNT = {
    "/v1/sessions",
    "/v1/sessions/current",
    "/v1/sessions/{session_id}",
    "/v1/me",
    "/v1/api-keys",
    "/v1/api-keys/{key_id}",
}
"""Routes about the caller alone: no client's row is in question."""

NARROWER = {
    ("POST", "/v1/clients"): {"forbidden"},  # an administrator of one client makes no others
    ("POST", "/v1/schedules/{client_id}/{kind}/run"): {"forbidden"},  # each kind of run has its own roles
    ("POST", "/v1/tasks/{task_id}/complete"): {"not-allowed"},  # each kind of task has its own roles
}
"""Refusals beyond the role that the fullest role would not meet."""


def _prefix() -> str:
    number = new_id().int
    return "C" + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number // 26**place % 26] for place in range(7))


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("api")
    with world_on(database, folder) as made:
        yield made


@pytest.fixture(scope="module")
def people(world: World) -> Callable[[str, UUID], Person]:
    """The person with one role over one client: of that client for client roles, else of the provider."""
    known: dict[tuple[str, UUID], Person] = {}

    def person(role: str, client_id: UUID) -> Person:
        if (role, client_id) not in known:
            home = client_id if role in CLIENT_ROLES else world.provider
            known[role, client_id] = world.person(home, (role, client_id))
        return known[role, client_id]

    return person


async def _send(
    world: World, http: httpx2.AsyncClient, key: tuple[str, str], rows: Rows, headers: dict[str, str]
) -> httpx2.Response:
    method, template = key
    path = template
    while "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        path = path.replace("{" + name + "}", str(getattr(rows, name)()), 1)
    body = BODIES[key](rows) if method in ("POST", "PATCH") else None
    return await http.request(method, path, json=body, headers=headers)


CASES = sorted(ROUTES.items())


@pytest.mark.parametrize(("key", "rule"), CASES, ids=[f"{m} {p}" for (m, p), _ in CASES])
async def test_every_role_gets_what_the_table_says(
    world: World, people: Callable[[str, UUID], Person], key: tuple[str, str], rule: Rule
) -> None:
    async with world.http() as http:
        nobody = await _send(world, http, key, Rows(world, people("client_admin", world.acme)), {})
        if rule.public:
            assert nobody.status_code not in (403, 405)
            return
        assert nobody.status_code == 401
        assert nobody.json()["code"] == "unauthenticated"
        for role in sorted(ALL):
            own, foreign = people(role, world.acme), people(role, world.beta)
            if key[1] == "/v1/sessions/current":  # it ends the session it is called with
                own, foreign = (
                    world.person(p.client_id, (role, c))
                    for p, c in ((own, world.acme), (foreign, world.beta))
                )
            inside = await _send(world, http, key, Rows(world, own), own.headers)
            outside = await _send(world, http, key, Rows(world, own), foreign.headers)
            if role not in rule.roles:
                assert (inside.status_code, outside.status_code) == (403, 403), (
                    role,
                    inside.text,
                    outside.text,
                )
                continue
            code = inside.json().get("code") if inside.status_code >= 400 else None
            assert inside.status_code not in (401, 404, 405, 500), (role, inside.text)
            assert code != "request-invalid", (role, inside.text)
            assert inside.status_code != 403 or code in NARROWER.get(key, ()), (role, inside.text)
            _check_outside(world, key, role, outside)


def _check_outside(world: World, key: tuple[str, str], role: str, answer: httpx2.Response) -> None:
    """A caller of another client learns nothing: not the row, not even that it exists."""
    if key[1] in OWN_ACCOUNT and "{" not in key[1]:
        assert answer.status_code < 300
    elif key in (("POST", "/v1/approvals"), ("POST", "/v1/tickets/bulk")):
        assert [(one["status"], one["code"]) for one in answer.json()["results"]] == [
            ("refused", "not-found")
        ]
    elif key == ("POST", "/v1/clients"):
        assert answer.status_code == 403
    elif key[0] == "GET" and ("{" not in key[1] or key[1] == "/v1/measures/{measure}/rows"):  # a list too
        assert answer.status_code == 200
        assert str(world.acme) not in answer.text
    else:
        assert answer.status_code == 404, (role, answer.status_code, answer.text)


MONEY_CASES = sorted(MONEY_RULES.items())


@pytest.mark.parametrize(("key", "rule"), MONEY_CASES, ids=[f"{m} {p}" for (m, p), _ in MONEY_CASES])
async def test_money_is_asked_for_by_its_roles_alone(
    world: World, people: Callable[[str, UUID], Person], key: tuple[str, str], rule: Rule
) -> None:
    """Rows of money have tests of their own; here every role knocks at every door."""
    path = re.sub(r"\{[^}]+\}", lambda _: str(new_id()), key[1])
    async with world.http() as http:
        nobody = await http.request(key[0], path, json={})
        assert nobody.status_code == 401
        for role in sorted(ALL):
            answer = await http.request(key[0], path, json={}, headers=people(role, world.acme).headers)
            if role in rule.roles:
                assert answer.status_code not in (401, 403, 405, 500), (role, answer.text)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (role, answer.text)


async def test_a_foreign_row_and_an_unknown_one_look_the_same(
    world: World, people: Callable[[str, UUID], Person]
) -> None:
    foreign, mine = people("client_admin", world.beta), people("client_admin", world.acme)
    rows = Rows(world, mine)
    async with world.http() as http:
        for key, rule in CASES:
            if key[0] != "GET" or rule.public or "client_admin" not in rule.roles or "_id}" not in key[1]:
                continue
            name = key[1][key[1].index("{") + 1 : key[1].index("}")]
            real, unknown = getattr(rows, name)(), new_id()
            answers = [
                await http.get(
                    key[1]
                    .replace("{" + name + "}", str(one))
                    .replace("{page}", "1")
                    .replace("{month}", "2026-01"),
                    headers=foreign.headers,
                )
                for one in (real, unknown)
            ]
            assert [a.status_code for a in answers] == [404, 404], key
            first, second = (a.json() | {"instance": "", "trace_id": ""} for a in answers)
            assert first == second, key


def test_every_route_the_app_serves_is_in_the_table(world: World) -> None:
    assert set(routes_of(world.app)) == set(ROUTES) | set(MONEY_RULES) | set(PORTAL_RULES)
    assert {key for key in ROUTES if key[0] in ("POST", "PATCH")} == set(BODIES)


def test_an_unlisted_route_stops_the_app_and_a_listed_one_does_not(world: World) -> None:
    extra = APIRouter()

    @extra.get("/v1/extra")
    def extra_route() -> dict[str, str]:
        return {}

    with pytest.raises(UnlistedRouteError, match="/v1/extra"):
        create_app_with(world.services, routers=[extra])
    create_app_with(world.services, routers=[extra], rules={("GET", "/v1/extra"): allow("ops")})
    with pytest.raises(UnlistedRouteError, match="/v1/idle"):
        create_app_with(world.services, rules={("GET", "/v1/idle"): allow("ops")})


async def test_a_key_does_no_more_than_its_scopes(
    world: World, people: Callable[[str, UUID], Person]
) -> None:
    owner = people("client_admin", world.acme)
    async with world.http() as http:
        for key, rule in CASES:
            if rule.public or rule.scope is None or "client_admin" not in rule.roles:
                continue
            rows = Rows(world, owner)
            wrong = "tickets:read" if rule.scope != "tickets:read" else "tasks:read"
            refused = await _send(world, http, key, rows, world.key(owner, wrong))
            allowed = await _send(world, http, key, rows, world.key(owner, rule.scope))
            assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing"), key
            assert allowed.status_code not in (401, 404), (key, allowed.text)
            assert allowed.status_code != 403, (key, allowed.text)
