"""What the database refuses: other clients' rows, changes to what is written for ever, unbalanced books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb
from sqlmodel import AutoString, SQLModel

from ticketos.db import tables
from ticketos.db.ids import new_id
from ticketos.db.session import Database, driver
from ticketos.dev.database import PostgresUrls

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

FOREVER = (
    "audit_event",
    "audit_seal",
    "calibration_score",
    "renewal",
    "correction",
    "journal",
    "money_link",
    "posting",
    "qa_check",
    "step_result",
)

REFUSED = (errors.InsufficientPrivilege, errors.CheckViolation)
"""By policy; for a grant the trigger that keeps roles at home speaks before it."""

DEFINER_FUNCTIONS = {
    "all_clients", "auth_api_key", "auth_by_email", "auth_session", "client_by_address", "grants_of",
    "keep_document", "keep_ticket", "last_done", "open_load", "provider_client", "search_document", "search_ticket",
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A provider, two clients, and in every owned table one row of each client."""

    urls: PostgresUrls
    app: Database
    provider: UUID
    ours: UUID
    theirs: UUID


@pytest.fixture(scope="module")
def world(database: PostgresUrls) -> Iterator[World]:
    app = Database(database.app, database.system)
    provider, ours, theirs = new_id(), new_id(), new_id()
    with _superuser(database) as sql:
        _client(sql, provider, "provider", kind="provider")
        for client, slug in ((ours, "acme"), (theirs, "globex")):
            _client(sql, client, slug)
            _fill(sql, client)
    yield World(database, app, provider, ours, theirs)
    app.dispose()


@contextmanager
def _connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        yield connection


@contextmanager
def _superuser(urls: PostgresUrls) -> Iterator[psycopg.Connection[Any]]:
    """Sets the scene: makes rows the policies would not let one role make all of."""
    with _connection(urls.superuser) as connection:
        yield connection


def _insert(sql: psycopg.Connection[Any], table: str, **given: Any) -> None:
    """A row of `table`: the given values, and something of the right type for what else must be there."""
    values: dict[str, Any] = {}
    for column in SQLModel.metadata.tables[table].columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif not column.nullable and column.server_default is None and column.identity is None:
            values[column.name] = _anything(column.type, column.name)
    wrapped = [Jsonb(v) if isinstance(v, dict | list) and k != "events" else v for k, v in values.items()]
    sql.execute(
        f"insert into {table} ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
        wrapped,
    )


def _anything(kind: Any, name: str) -> Any:
    known: dict[type, Any] = {
        UUID: new_id(), int: 1, bool: True, Decimal: Decimal(1), datetime: NOW, date: NOW.date(),
        bytes: new_id().bytes, dict: {}, list: [],
    }  # fmt: skip
    python = str if isinstance(kind, AutoString) else kind.python_type
    if python is str:
        length = kind.length or 60
        return (
            new_id().hex[-length:] if name in ("key", "number", "slug", "prefix", "email") else "x"[:length]
        )
    return known[python]


def _client(sql: psycopg.Connection[Any], client: UUID, slug: str, kind: str = "client") -> None:
    _insert(
        sql, "client", id=client, slug=slug, prefix=slug[:8].upper(), kind=kind, status="active", zone="UTC"
    )


def _fill(sql: psycopg.Connection[Any], client: UUID) -> None:
    """One row in every owned table. References that the helper cannot guess are the client's own rows."""
    of: dict[str, UUID] = {
        name: new_id() for name in ("app_user", "ticket", "document", "journal", "invoice", "invoice_line",
                                    "usage_event", "calendar", "contract", "audit_event",
                                    "calibration_session", "calibration_unit", "vendor", "notice")
    }  # fmt: skip
    user, ticket = {"user_id": of["app_user"]}, {"ticket_id": of["ticket"]}
    given: dict[str, dict[str, Any]] = {
        "user_grant": {**user, "scope_client_id": client, "role": "client_user"},
        "user_session": user, "api_key": user, "saved_view": user,
        "ticket": {"root_id": of["ticket"], "kind": "request", "progress": 0},
        "ticket_link": {**ticket, "other_id": of["ticket"]},
        "correction": {"document_id": of["document"]},
        "qa_check": {**ticket, "document_id": of["document"]},
        "posting": {"journal_id": of["journal"], "amount": Decimal("5.00"), "currency": "INR"},
        "notice_read": {"notice_id": of["notice"]},
        "invoice_line": {"invoice_id": of["invoice"]},
        "invoice_dispute": {
            "invoice_id": of["invoice"], "line_id": of["invoice_line"], "usage_id": of["usage_event"],
            "credit_note_id": of["invoice"],
        },
        "invoice_line_usage": {"line_id": of["invoice_line"], "usage_id": of["usage_event"]},
        "renewal": {"contract_id": of["contract"]},
        "model_call": {"contract_id": of["contract"]},
        "calibration_unit": {"session_id": of["calibration_session"]},
        "calibration_score": {"unit_id": of["calibration_unit"]},
        "vendor_sign": {"vendor_id": of["vendor"]},
        "book_month": {"period": "2020-01", "state": "open"},
        "payout": {"invoice_id": of["invoice"]},
        "money_link": {"event_id": of["audit_event"]},
        "audit_seal": {"events": [of["audit_event"]]},
    }  # fmt: skip
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in tables.OWNED:
            continue
        row = {"client_id": client, **given.get(table.name, {})}
        if table.name in of:
            row["id"] = of[table.name]
        if "ticket_id" in table.columns:
            row.setdefault("ticket_id", of["ticket"])
        if "document_id" in table.columns:
            row.setdefault("document_id", of["document"])
        _insert(sql, table.name, **row)
    _insert(
        sql, "posting", client_id=client, journal_id=of["journal"], amount=Decimal("-5.00"), currency="INR"
    )


def _count(connection: psycopg.Connection[Any], table: str, where: str = "true", *values: Any) -> int:
    row = connection.execute(f"select count(*) from {table} where {where}", values).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("table", tables.OWNED)
def test_a_transaction_sees_the_rows_of_its_clients_and_no_others(world: World, table: str) -> None:
    with world.app.transaction({world.ours, world.theirs}) as connection:
        assert _count(driver(connection), table, "client_id = %s", world.theirs) >= 1
    with world.app.transaction({world.ours}) as connection:
        assert _count(driver(connection), table, "client_id = %s", world.ours) >= 1
        assert _count(driver(connection), table, "client_id <> %s", world.ours) == 0
    with world.app.transaction(()) as connection:
        assert _count(driver(connection), table) == 0
    with _connection(world.urls.app) as bare:
        assert _count(bare, table) == 0
    with _connection(world.urls.owner) as owner:
        assert _count(owner, table) == 0


def test_a_client_row_is_seen_by_its_own_clients_alone(world: World) -> None:
    with world.app.transaction({world.ours}) as connection:
        assert driver(connection).execute("select id from client").fetchall() == [(world.ours,)]
    with _connection(world.urls.app) as bare, _connection(world.urls.owner) as owner:
        assert _count(bare, "client") == 0
        assert _count(owner, "client") == 0


@pytest.mark.parametrize("table", tables.OWNED)
def test_a_row_cannot_be_written_for_another_client(world: World, table: str) -> None:
    columns = ", ".join(c.name for c in SQLModel.metadata.tables[table].columns if c.identity is None)
    moved = columns.replace("client_id", "%s::uuid", 1)
    with pytest.raises(REFUSED), _as_app(world, world.ours) as sql:
        sql.execute(f"insert into {table} ({columns}) select {moved} from {table} limit 1", [world.theirs])


@pytest.mark.parametrize("table", sorted({*tables.OWNED} - {*FOREVER, "usage_event"}))
def test_a_row_of_another_client_is_not_changed_and_none_is_given_away(world: World, table: str) -> None:
    with _as_app(world, world.ours) as sql:
        found = sql.execute(f"update {table} set client_id = client_id where client_id = %s", [world.theirs])
        assert found.rowcount == 0
        found = sql.execute(f"update {table} set client_id = client_id where client_id = %s", [world.ours])
        assert found.rowcount >= 1
    with pytest.raises(REFUSED), _as_app(world, world.ours) as sql:
        sql.execute(f"update {table} set client_id = %s", [world.theirs])


@contextmanager
def _as_app(world: World, *clients: UUID) -> Iterator[psycopg.Connection[Any]]:
    """The app's own role without our session code; everything is rolled back."""
    with psycopg.connect(world.urls.app.replace("+psycopg", "", 1)) as sql:
        sql.execute("select set_config('app.clients', %s, true)", ["{" + ",".join(map(str, clients)) + "}"])
        yield sql
        sql.rollback()


def test_every_owned_table_is_guarded_and_so_is_one_that_is_added(world: World) -> None:
    with _superuser(world.urls) as sql:
        named = {
            row[0]
            for row in sql.execute(
                "select table_name from information_schema.columns where table_schema = 'public' and"
                " column_name = 'client_id'"
            )
        }
        forced = {
            row[0]
            for row in sql.execute(
                "select relname from pg_class where relrowsecurity and relforcerowsecurity and"
                " relnamespace = 'public'::regnamespace"
            )
        }
    assert named == set(tables.OWNED)
    assert forced == {"client", *tables.OWNED}


@pytest.mark.parametrize("table", FOREVER)
@pytest.mark.parametrize(
    "act", ["update {} set client_id = client_id", "delete from {}", "truncate {} cascade"]
)
def test_what_is_written_for_ever_is_changed_by_nobody(world: World, table: str, act: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege), _as_app(world, world.ours) as sql:
        sql.execute(act.format(table))
    for url in (world.urls.owner, world.urls.superuser):
        with pytest.raises(errors.RestrictViolation, match="append-only"), _connection(url) as sql:
            sql.execute(act.format(table))


def test_of_a_usage_event_only_the_state_changes(world: World) -> None:
    with _as_app(world, world.ours) as sql:
        assert sql.execute("update usage_event set state = 'invoiced'").rowcount == 1
    with pytest.raises(errors.InsufficientPrivilege), _as_app(world, world.ours) as sql:
        sql.execute("update usage_event set quantity = 2")
    with _superuser(world.urls) as sql:
        sql.execute("update usage_event set state = 'invoiced'")
        sql.rollback()
        with pytest.raises(errors.RestrictViolation):
            sql.execute("update usage_event set quantity = 2")
    for act in ("delete from usage_event", "truncate usage_event cascade"):
        with pytest.raises(errors.RestrictViolation), _connection(world.urls.owner) as sql:
            sql.execute(act)


def test_the_system_role_sees_across_clients_only_what_its_work_needs(world: World) -> None:
    allowed = {"client", "outbox", "ticket", "audit_event", "audit_seal", "money_link"}
    with world.app.system() as connection:
        for table in allowed:
            assert _count(driver(connection), table) >= 2
    for table in sorted({*tables.OWNED} - allowed):
        with pytest.raises(errors.InsufficientPrivilege), _connection(world.urls.system) as sql:
            sql.execute(f"select * from {table}")
    with world.app.system() as connection:
        assert (
            driver(connection).execute("update outbox set state = 'done' where kind = 'none'").rowcount == 0
        )
        assert {row[0] for row in driver(connection).execute("select id from all_clients()")} == {
            world.provider, world.ours, world.theirs}  # fmt: skip
    with pytest.raises(errors.InsufficientPrivilege), _connection(world.urls.system) as sql:
        sql.execute("update ticket set state = 'closed'")
    with pytest.raises(errors.InsufficientPrivilege), _as_app(world, world.ours) as sql:
        sql.execute("select * from all_clients()")


def _journal(sql: psycopg.Connection[Any], client: UUID, *sides: tuple[str, str]) -> None:
    journal = new_id()
    _insert(sql, "journal", id=journal, client_id=client)
    for amount, currency in sides:
        _insert(
            sql, "posting", client_id=client, journal_id=journal, amount=Decimal(amount), currency=currency
        )


@pytest.mark.parametrize(
    ("sides", "word"),
    [
        ([], "fewer than two"),
        ([("0", "INR")], "fewer than two"),
        ([("10", "INR"), ("-9.9999", "INR")], "off by INR 0.0001"),
        ([("10", "INR"), ("-10", "USD")], "off by"),
    ],
)
def test_a_journal_that_does_not_balance_is_refused_at_commit(
    world: World, sides: list[tuple[str, str]], word: str
) -> None:
    with _as_app(world, world.ours) as sql:
        _journal(sql, world.ours, ("10", "INR"), ("-4", "INR"), ("-6", "INR"), ("3", "USD"), ("-3", "USD"))
        sql.execute("set constraints all immediate")
    with _as_app(world, world.ours) as sql:
        _journal(sql, world.ours, *sides)
        with pytest.raises(errors.CheckViolation, match=word):
            sql.commit()


def test_a_posting_added_later_is_checked_too(world: World) -> None:
    with _as_app(world, world.ours) as sql:
        row = sql.execute("select id from journal limit 1").fetchone()
        assert row is not None
        _insert(sql, "posting", client_id=world.ours, journal_id=row[0], amount=Decimal(1), currency="INR")
        with pytest.raises(errors.CheckViolation):
            sql.commit()


def test_signing_in_finds_a_person_and_their_clients_before_any_client_is_set(world: World) -> None:
    staff, guest, token, secret = new_id(), new_id(), b"t" * 32, b"s" * 32
    with _superuser(world.urls) as sql:
        _insert(
            sql, "app_user", id=staff, client_id=world.provider, email="Asha@Provider.example", active=True
        )
        _insert(sql, "user_grant", client_id=world.provider, user_id=staff, role="ops", scope_client_id=None)
        _insert(
            sql,
            "user_session",
            client_id=world.provider,
            user_id=staff,
            token_hash=token,
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        _insert(sql, "app_user", id=guest, client_id=world.ours, email="g@acme.example", active=True)
        _insert(
            sql,
            "user_grant",
            client_id=world.ours,
            user_id=guest,
            role="client_user",
            scope_client_id=world.ours,
        )
        _insert(
            sql, "api_key", client_id=world.ours, user_id=guest, secret_hash=secret, scopes=["tickets:write"]
        )
    with _connection(world.urls.app) as sql:
        found = sql.execute(
            "select user_id, client_id, active from auth_by_email('asha@provider.EXAMPLE')"
        ).fetchall()
        assert found == [(staff, world.provider, True)]
        everyone = sorted([world.provider, world.ours, world.theirs])
        ask = "select user_id, roles, clients, scopes, grants from "
        assert sql.execute(ask + "auth_session(%s)", [token]).fetchall() == [
            (staff, ["ops"], everyone, [], [{"role": "ops", "client": None}])
        ]  # fmt: skip
        assert sql.execute(ask + "auth_api_key(%s)", [secret]).fetchall() == [
            (guest, ["client_user"], [world.ours], ["tickets:write"],
             [{"role": "client_user", "client": str(world.ours)}])
        ]  # fmt: skip
        found = sql.execute(
            "select client_by_address('ACME'), client_by_address('nobody'), provider_client()"
        ).fetchall()
        assert found == [(world.ours, None, world.provider)]
        assert _count(sql, "app_user") == 0
        for call in ("select * from grants_of(%s)", "select * from search.ticket where id = %s"):
            with pytest.raises(errors.InsufficientPrivilege):
                sql.execute(call, [staff])
            sql.rollback()
    with _superuser(world.urls) as sql:
        sql.execute("update user_session set ended_at = now() where token_hash = %s", [token])
        sql.execute("update api_key set revoked_at = now() where secret_hash = %s", [secret])
    with _connection(world.urls.app) as sql:
        assert sql.execute("select * from auth_session(%s)", [token]).fetchall() == []
        assert sql.execute("select * from auth_api_key(%s)", [secret]).fetchall() == []


def test_a_client_cannot_grant_a_role_over_another_client_or_over_all(world: World) -> None:
    person = new_id()
    with _superuser(world.urls) as sql:
        _insert(sql, "app_user", id=person, client_id=world.ours)
    grant = {"client_id": world.ours, "user_id": person, "role": "client_admin"}
    with _as_app(world, world.ours) as sql:
        _insert(sql, "user_grant", **grant, scope_client_id=world.ours)
    for scope in (world.theirs, None):
        with pytest.raises(errors.CheckViolation), _as_app(world, world.ours, world.theirs) as sql:
            _insert(sql, "user_grant", **grant, scope_client_id=scope)


def test_search_answers_for_clients_that_are_both_asked_for_and_granted(world: World) -> None:
    found = {}
    with _superuser(world.urls) as sql:
        for client in (world.ours, world.theirs):
            found[client] = new_id()
            _insert(
                sql,
                "ticket",
                id=found[client],
                root_id=found[client],
                client_id=client,
                kind="request",
                progress=0,
                number=f"ACME-26-{found[client].hex[-6:]}",
                subject="Rechnung für Müller/Söhne",
                requester_email="jane.doe@acme.example",
                received_at=NOW,
            )

    def search(granted: list[UUID], asked: list[UUID], text: str) -> set[UUID]:
        with world.app.transaction(granted) as connection:
            rows = driver(connection).execute("select id from search_ticket(%s, %s)", [asked, text])
            return {row[0] for row in rows}

    mine = {found[world.ours]}
    assert search([world.ours], [world.ours], "müller rech") == mine
    assert search([world.ours], [world.ours, world.theirs], "jane.doe@acme") == mine
    assert search([world.ours, world.theirs], [world.ours, world.theirs], "söhne") == set(found.values())
    assert search([world.ours], [world.ours], f"ACME-26-{found[world.ours].hex[-6:]}") == mine
    for granted, asked, text in (
        ([world.ours], [world.theirs], "söhne"),
        ([], [world.ours], "söhne"),
        ([world.ours], [world.ours], "  "),
        ([world.ours], [world.ours], "' | ! & :* ()"),
        ([world.ours], [world.ours], str(world.ours)),
    ):
        assert search(granted, asked, text) == set()
    with _as_app(world, world.ours) as sql:
        sql.execute("update ticket set subject = 'erased' where id = %s", [found[world.ours]])
        assert sql.execute("select id from search_ticket(%s, 'söhne')", [[world.ours]]).fetchall() == []


def test_load_counts_a_persons_open_tasks_of_all_clients_and_tells_nothing_else(world: World) -> None:
    person = new_id()
    with _superuser(world.urls) as sql:
        for client in (world.ours, world.theirs, world.theirs):
            ticket = sql.execute("select id from ticket where client_id = %s limit 1", [client]).fetchone()
            assert ticket is not None
            _insert(sql, "task", client_id=client, ticket_id=ticket[0], state="open", assigned_to=person)
    with _as_app(world, world.ours) as sql:
        assert _count(sql, "task", "assigned_to = %s", person) == 1
        assert sql.execute("select * from open_load(%s)", [[person]]).fetchall() == [(person, 3)]


def test_the_owners_functions_are_the_known_ones_and_no_view_looks_past_the_policies(world: World) -> None:
    with _superuser(world.urls) as sql:
        found = sql.execute(
            "select p.proname, p.proconfig, has_function_privilege('public', p.oid, 'execute') from pg_proc p"
            " join pg_namespace n on n.oid = p.pronamespace where p.prosecdef and n.nspname in"
            " ('public', 'search')"
        ).fetchall()
        views = sql.execute(
            "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where"
            " relkind in ('v', 'm')"
            " and nspname in ('public', 'search') and not coalesce(reloptions::text like"
            " '%security_invoker=%', false)"
        )
        assert views.fetchall() == []
    assert {row[0] for row in found} == DEFINER_FUNCTIONS
    assert all(row[1] == ["search_path=pg_catalog, pg_temp"] for row in found)
    assert {row[0] for row in found if row[2]} <= {"keep_document", "keep_ticket"}
