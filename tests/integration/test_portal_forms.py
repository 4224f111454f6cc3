"""Every form of the app, found by walking its routes: what another client's ids do in it (nothing), what fields it was
never meant to take do (nothing), and where it may lead (to a page of ours). A new form, a new field or a new kind of id
must be named here, or a test fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import SQLModel

import api.portal
from api.access import STAFF, Rule
from api.app import routes_of
from tests.support.api import Person, World, world_on
from tests.support.books import accepted, contract, held_unit, settle
from tests.support.machine import Machine
from tests.support.planted import billing
from tests.support.portal import Browser, browsing
from ticketos.db.ids import new_id
from ticketos.db.repositories.credentials import caller_of, login_of
from ticketos.dev.database import PostgresUrls
from ticketos.domain.state import SYSTEM

pytestmark = pytest.mark.timeout(240)

SECRET = "beta-secret-never-shown"
POISON, POISON_ID, POISON_NUMBER = "zz-poison", "dddddddd-dddd-7ddd-8ddd-dddddddddddd", "999777"
EVIL = ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example")
VERSION = "ab" * 32
AFTER = {"/logout"}
"""Forms that end the session they are sent in."""

PLAIN = frozenset(
    {
        *(
            "_csrf",
            "_version",
            "_key",
            "act",
            "active",
            "address",
            "answer",
            "approver_email",
            "available",
            "began",
            "capacity",
        ),
        *(
            "code",
            "coding_left",
            "place_was",
            "until",
            "comment",
            "country",
            "currency",
            "day",
            "decision",
            "defect",
            "desk",
            "doc_type",
            "email",
            "expires",
        ),
        *(
            "kind",
            "level",
            "lines",
            "list",
            "look",
            "mine",
            "name",
            "number",
            "offer",
            "override",
            "password",
            "period",
            "prefix",
        ),
        *(
            "priority",
            "reason",
            "reject_note",
            "reject_reason",
            "remove",
            "review",
            "role",
            "scopes",
            "service_line",
        ),
        *(
            "shared",
            "shortcuts",
            "skills",
            "slug",
            "state_code",
            "subject",
            "tax_id",
            "tax_rate",
            "theme",
            "text",
        ),
        *("choice", "unit_price", "verdict", "version", "zone", "ticket_type", "note", "files"),
        *("account", "aliases", "cost_centre", "dry_run", "pattern", "place", "tax_code", "tax_ids"),
        *("field_", "line_", "seen_", "category_", "coding_", "comment_", "place_", "severity_", "until_"),
        *("expected_", "holidays", "special_day", "special_hours"),
    }
)
"""Fields that name no row."""
LEADS = frozenset({"next", "query", "back"})
"""Fields that say where to go on."""


@dataclass
class Rows:
    """One of everything a form can name, of one client."""

    ids: dict[str, UUID] = field(default_factory=dict)

    def named(self, slug: str, client: UUID) -> dict[str, str]:
        """The fields that name a row, filled with these."""
        ids = self.ids
        return {
            "after": str(ids["task_id"]),
            "chosen": f"{ids['ticket_id']}:{VERSION}",
            "client": slug,
            "company": str(client),
            "contract_id": str(ids["contract_id"]),
            "user_id": str(ids["user_id"]),
            "usage_id": str(ids["usage_id"]),
            "ticket": str(ids["ticket_id"]),
            "grants": f"client_admin:{client}",
            "other": str(ids["ticket_id"]),
            "scope": str(client),
            "unit_": str(ids["document_id"]),
        }


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        made.services.machinery = Machine()
        for company in (made.provider, made.acme, made.beta):
            settle(made, company)
        yield made


def _rows(world: World, client: UUID, who: Person, words: str) -> Rows:
    now, made = datetime.now(UTC), Rows()
    ids = made.ids
    ids["ticket_id"] = world.ticket(
        client, subject=words, stage="approval", reason=words, requester_name=words
    )
    ids["document_id"] = world.document(
        client, ids["ticket_id"], filename=words, state="posted", doc_type="invoice"
    )
    ids["task_id"] = world.task(
        client, ids["ticket_id"], kind="keying", subject_id=ids["document_id"], assigned_to=who.id
    )
    world.approval(client, ids["ticket_id"], VERSION, deemed_at=now + timedelta(days=2), reason=words)
    ids["contract_id"] = contract(world, client, name=words)
    accepted(world, client, ids["contract_id"], 2, period=f"{now:%Y-%m}")
    ids["usage_id"], _ = held_unit(world, client)
    ids["calendar_id"], ids["invoice_id"], ids["line_id"] = new_id(), new_id(), new_id()
    world._insert(
        "calendar", client, {"id": ids["calendar_id"], "client_id": client, "name": words, "definition": {}}
    )
    world._insert(
        "invoice",
        client,
        {
            "id": ids["invoice_id"], "client_id": client, "contract_id": ids["contract_id"], "period": "2026-01",
            "currency": "INR", "net": 1, "tax": 0, "total": 1, "reason": words, "state": "cancelled",
            "snapshot": {"internal": billing(ids["contract_id"], client, words)},
        },
    )  # fmt: skip
    world._insert(
        "invoice_line",
        client,
        {
            "id": ids["line_id"], "client_id": client, "invoice_id": ids["invoice_id"], "position": 1, "code": "units",
            "description": words, "quantity": 1, "unit_price": 1, "amount": 1,
        },
    )  # fmt: skip
    ids["dispute_id"] = new_id()
    world._insert(
        "invoice_dispute",
        client,
        {
            "id": ids["dispute_id"], "client_id": client, "invoice_id": ids["invoice_id"], "line_id": ids["line_id"],
            "reason": words, "net": 1, "total": 1, "currency": "INR", "raised_by": who.id, "raised_at": now,
            "due_at": now,
        },
    )  # fmt: skip
    ids["vendor_id"], ids["rule_id"] = new_id(), new_id()
    world._insert(
        "vendor",
        client,
        {
            "id": ids["vendor_id"], "client_id": client, "code": words, "name": words, "vendor_key": words,
            "updated_at": now,
        },
    )  # fmt: skip
    world._insert(
        "coding_rule",
        client,
        {"id": ids["rule_id"], "client_id": client, "pattern": words, "account": "6000"},
    )
    ids["account_id"] = new_id()
    named = {"id": ids["account_id"], "client_id": client, "code": words.replace(" ", "-"), "name": words}
    world._insert("ledger_account", client, {**named, "kind": "expense", "updated_at": now})
    ids["user_id"], ids["client_id"] = who.id, client
    ids["notice_id"] = new_id()
    world._insert(
        "notice",
        client,
        {
            "id": ids["notice_id"], "client_id": client, "ticket_id": ids["ticket_id"], "key": str(ids["notice_id"]),
            "kind": "breached", "desk": "ops", "recipient_id": who.id, "at": now,
        },
    )  # fmt: skip
    world._insert(
        "saved_view",
        client,
        {
            "id": new_id(),
            "client_id": client,
            "user_id": who.id,
            "page": "work",
            "name": words,
            "query": "/work",
        },
    )
    world.key(who, "tickets:read")
    with world.services.database.transaction([who.client_id]) as connection:  # one more session, to be ended
        login = login_of(connection, who.email)
        assert login is not None
        token, _ = world.services.accounts.begin_session(
            connection, login, now=now, actor=SYSTEM, agent=words
        )
        caller = caller_of(connection, token)
        assert caller is not None
        ids["session_id"] = caller.credential_id
    for name, table in (("view_id", "saved_view"), ("key_id", "api_key")):
        ids[name] = world.sql(client, f"select id from {table} where user_id = %s limit 1", (who.id,))[0].id
    return made


@dataclass
class Case:
    """Who attacks, with rows of their own and of the client they have no role over."""

    person: Person
    own: Rows
    foreign: Rows


@pytest.fixture(scope="module")
def cases(world: World) -> list[Case]:
    victim = world.person(world.beta, ("client_admin", world.beta), name=SECRET)
    foreign = _rows(world, world.beta, victim, SECRET)
    staff = world.person(world.provider, *((role, world.acme) for role in sorted(STAFF)))
    client = world.person(world.acme, ("client_admin", world.acme), ("client_user", world.acme))
    return [
        Case(one, _rows(world, world.acme, client, f"own {n}"), foreign)
        for n, one in enumerate((staff, client))
    ]


def forms(world: World) -> list[tuple[str, Rule]]:
    """Every POST route that a page sends, with its rule."""
    rules = world.app.state.access.rules
    return [
        (path, rules["POST", path])
        for method, path in routes_of(world.app)
        if method == "POST" and not path.startswith("/v1/") and not rules["POST", path].public
    ]


def read_fields() -> set[str]:
    """The names of all fields that any page's route reads, from their source."""
    found = set()
    for file in Path(api.portal.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            of = ast.unparse(node.func.value)
            if node.func.attr not in ("text", "texts", "files", "prefixed", "get", "getlist") or not (
                of == "form" or of.endswith((".form", ".form.data", "form.data"))
            ):
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
            elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                found.add(str(first.values[0].value))
    return found - {""}


def test_every_field_a_form_reads_is_known_here(world: World, cases: list[Case]) -> None:
    known = PLAIN | LEADS | set(cases[0].own.named("acme", world.acme))
    assert read_fields() - known == set()


NAMED = {"kind": "renewal"}
"""Parts of addresses that are words."""


def _path(path: str, ids: Mapping[str, UUID]) -> str:
    """The address with these rows; an id of a kind that is not known here is an error."""
    return re.sub(r"\{([^}:]+)[^}]*\}", lambda found: str({**ids, **NAMED}[found[1]]), path)


def _filled(rows: Rows, slug: str, client: UUID, **more: str) -> dict[str, str]:
    given = {name: "x" for name in PLAIN if not name.startswith("_")}
    return {
        **given, "decision": "accept", "priority": "P1", "role": "client_admin", "verdict": "pass",
        "doc_type": "invoice", "version": VERSION, "kind": "related", "period": "2026-01", "day": "2026-01-01",
        "email": f"{new_id().hex}@x.example", "capacity": "5", "scopes": "tickets:read", "zone": "Asia/Kolkata",
        **rows.named(slug, client), f"unit_{rows.ids['document_id']}": "return", **more,
    }  # fmt: skip


async def _token(browser: Browser) -> dict[str, str]:
    return {"_csrf": (await browser.get("/account")).form("/logout")["_csrf"], "_key": str(new_id())}


def _state(world: World, client: UUID) -> dict[str, str]:
    """A fingerprint of every row of a client, but for the trail of refusals and last-seen instants."""
    parts = []
    for name, table in SQLModel.metadata.tables.items():
        column = "id" if name == "client" else "client_id"
        if column in table.c and name not in ("audit_event", "subject_key", "audit_seal", "step_result"):
            parts.append(
                f"select '{name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as mark"
                f' from "{name}" t where {column} = %(client)s'
            )
    return {row.name: row.mark for row in world.sql(client, " union all ".join(parts), {"client": client})}


async def test_another_clients_ids_do_nothing_in_any_form(world: World, cases: list[Case]) -> None:
    """In the address, and in every field that names a row while the address is one's own."""
    before, sent = _state(world, world.beta), 0
    wrong: list[tuple[object, ...]] = []
    for case in cases:
        async with browsing(world, case.person) as browser:
            held = _roles(world, case.person)
            for path, rule in forms(world):
                if path in AFTER or not held & rule.roles:
                    continue
                tries = [(_path(path, case.own.ids), _filled(case.foreign, "beta", world.beta))]
                if "{" in path:
                    tries.append((_path(path, case.foreign.ids), _filled(case.own, "acme", world.acme)))
                for at, (address, fields) in enumerate(tries):
                    answer = await browser.post(address, {**fields, **await _token(browser)})
                    sent += 1
                    if answer.status >= 500 or (at == 1 and answer.status not in (403, 404)):
                        wrong.append((address, at, answer.status, answer.text[:200]))
                    if SECRET in answer.answer.text and at == 1:
                        wrong.append((address, at, "shows what is not theirs"))
                if (after := _state(world, world.beta)) != before:
                    wrong.append((path, [name for name in after if after[name] != before[name]]))
                    before = after
    assert wrong == []
    assert sent > 100
    touched = [target.workflow_id for target, _, _ in world.acts.sent]
    assert not any(str(cases[0].foreign.ids["ticket_id"]) in one for one in touched), touched


def _roles(world: World, person: Person) -> set[str]:
    rows = world.sql(person.client_id, "select role from user_grant where user_id = %s", (person.id,))
    return {row.role for row in rows}


async def test_fields_that_no_form_has_change_nothing(world: World, cases: list[Case]) -> None:
    """Every column of every table is sent along with every form; none of it is in any row afterwards."""
    readable = read_fields()
    extra: dict[str, str] = {"is_admin": POISON, "roles": POISON, "_method": POISON}
    for table in SQLModel.metadata.tables.values():
        for column in table.c:
            kind = str(column.type).lower()
            if column.name not in readable:
                extra[column.name] = (
                    POISON_ID if "uuid" in kind else POISON_NUMBER if _number(kind) else POISON
                )
    assert {"client_id", "password_hash", "row_version", "totp_secret", "state", "total"} <= extra.keys()
    done, wrong = set(), []
    for case in cases:
        async with browsing(world, case.person) as browser:
            held = _roles(world, case.person)
            for path, rule in forms(world):
                if path in AFTER or not held & rule.roles:
                    continue
                mine = {
                    **_filled(case.own, "acme", world.acme),
                    "grants": f"client_user:{world.acme}",
                    "scope": str(world.acme),
                }
                address = _path(path, case.own.ids)
                answer = await browser.post(address, {**extra, **mine, **await _token(browser)})
                if answer.status >= 500:
                    wrong.append((address, answer.status))
                if answer.status in (200, 201, 303):
                    done.add(path)
    assert wrong == []
    assert len(done) >= 12, sorted(done)  # they were no refusals all
    for name in SQLModel.metadata.tables:
        for client in (world.provider, world.acme, world.beta):
            found = world.sql(
                client,
                f"select count(*) as n from \"{name}\" t where t::text ~ '{POISON}|{POISON_ID}|\\m{POISON_NUMBER}\\M'",
            )
            if found[0].n:
                wrong.append((name, found[0].n))
    assert wrong == []


def _number(kind: str) -> bool:
    return any(one in kind for one in ("int", "numeric", "float"))


def test_bodies_of_the_api_take_no_field_they_do_not_name(world: World) -> None:
    """The same of ``/v1``: every body, and every object in it, refuses what it does not know."""
    document = world.app.openapi()
    schemas, seen, open_ones = document["components"]["schemas"], set(), []

    def walk(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        made = schemas[name]
        if (
            made.get("type") == "object"
            and "properties" in made
            and made.get("additionalProperties") is not False
        ):
            open_ones.append(name)
        for ref in re.findall(r"#/components/schemas/([\w-]+)", str(made)):
            walk(ref)

    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                content = operation["requestBody"]["content"]
                for ref in re.findall(
                    r"#/components/schemas/([\w-]+)", str(content.get("application/json", ""))
                ):
                    walk(ref)
    assert len(seen) > 15
    assert open_ones == []


async def test_no_form_and_no_page_leads_to_another_host(world: World, cases: list[Case]) -> None:
    case, wrong = cases[0], []

    def ours(to: str) -> bool:
        return to == "" or (to.startswith("/") and not to.startswith(("//", "/\\")) and "\t" not in to)

    async with browsing(world, case.person) as browser:
        for evil in EVIL:
            for path, rule in forms(world):
                if (
                    path in AFTER
                    or not _roles(world, case.person) & rule.roles
                    or (evil != EVIL[1] and "{" in path)
                ):
                    continue
                fields = {**_filled(case.own, "acme", world.acme), **dict.fromkeys(LEADS, evil)}
                more = dict.fromkeys(("to", "back", "return_to", "redirect", "url", "goto", "path"), evil)
                answer = await browser.post(
                    _path(path, case.own.ids), {**more, **fields, **await _token(browser)}
                )
                if not ours(answer.to):
                    wrong.append((path, evil, answer.to))
            for method, path in routes_of(world.app):
                if method != "GET" or path.startswith(
                    ("/v1", "/static", "/live", "/a/", "/s/", "/r/", "/p/")
                ):
                    continue
                got = await browser.client.get(
                    _path(path, case.own.ids), params=dict.fromkeys(("next", "to", "back", "url"), evil)
                )
                if not ours(got.headers.get("location", "")):
                    wrong.append((path, evil, got.headers["location"]))
                if evil != EVIL[0]:
                    break  # one page is enough for the other spellings; all were tried with the first
    assert wrong == []


async def test_a_token_belongs_to_one_session(world: World, cases: list[Case]) -> None:
    """Somebody's own valid token in somebody else's browser, for every form."""
    other = world.person(world.acme, ("client_admin", world.acme))
    async with browsing(world, other) as browser:
        theirs = await _token(browser)
    for case in cases:
        async with browsing(world, case.person) as browser:
            await browser.get("/account")
            held = _roles(world, case.person)
            for path, rule in forms(world):
                if held & rule.roles:
                    answer = await browser.post(_path(path, case.own.ids), theirs)
                    assert (answer.status, "This form has expired" in answer.text) == (403, True), path


async def test_no_act_of_the_api_is_taken_from_another_sites_page(world: World, cases: list[Case]) -> None:
    """A browser sends its cookie along; where the request came from decides."""
    refused = 0
    async with browsing(world, cases[0].person) as browser:
        for method, path in routes_of(world.app):
            rule = world.app.state.access.rules[method, path]
            if method == "GET" or rule.public or not path.startswith("/v1/"):
                continue
            for headers in (
                {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
                {"Origin": "null"},
                {},
            ):
                address = re.sub(r"\{[^}]+\}", str(new_id()), path)
                answer = await browser.client.request(method, address, json={}, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request"), (
                    method,
                    path,
                )
                refused += 1
    assert refused > 60
