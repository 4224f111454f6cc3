"""Migrations up, down and up again, without drift, on the PostgreSQL versions we promise."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.support.databases import PostgresCluster
from ticketos.db import migrate, tables
from ticketos.dev.database import Passwords, PostgresUrls, prepare_database
from ticketos.dev.machine import service_user
from ticketos.dev.processes import free_port

DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def _system_cluster(version: int) -> Iterator[PostgresUrls]:
    """A throw-away cluster of the system's own PostgreSQL, run by the system user when we are root."""
    binaries = DEBIAN / str(version) / "bin"
    if not (binaries / "initdb").exists():
        pytest.skip(f"PostgreSQL {version} is not installed in {binaries}")
    user = service_user()
    owner = {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="ticketos-pg"))
    passwords, port = Passwords.random(), free_port()
    try:
        secret = folder / "secret"
        secret.write_text(passwords.superuser)
        if user is not None:
            for path in (folder, secret):
                os.chown(path, user.uid, user.gid)
        initdb = [
            str(binaries / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", **owner)  # type: ignore[call-overload]
        options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off"
        control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        subprocess.run(
            [*control, "-l", str(folder / "log"), "-o", options, "start"],
            check=True,
            cwd="/",  # type: ignore[call-overload]
            stdout=subprocess.DEVNULL,
            **owner,
        )
        try:
            dsn = f"postgresql+psycopg://postgres:{passwords.superuser}@127.0.0.1:{port}/postgres"
            yield prepare_database(dsn, f"t_{secrets.token_hex(4)}", passwords=passwords)
        finally:
            subprocess.run(
                [*control, "-m", "immediate", "stop"],
                check=True,
                cwd="/",  # type: ignore[call-overload]
                stdout=subprocess.DEVNULL,
                **owner,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _up_down_up(urls: PostgresUrls) -> None:
    assert migrate.current(urls.owner) is None
    migrate.upgrade(urls.owner)
    migrate.upgrade(urls.owner)
    assert migrate.current(urls.owner) == migrate.head()
    assert migrate.check(urls.owner) == []
    migrate.downgrade(urls.owner, "base")
    with psycopg.connect(urls.owner.replace("+psycopg", "", 1)) as connection:
        left = connection.execute(
            "select relname from pg_class where relnamespace in (select oid from pg_namespace"
            " where nspname in ('public', 'search')) and relkind in ('r', 'v', 'S')"
        ).fetchall()
        functions = connection.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        ).fetchall()
    assert left == [("alembic_version",)]
    assert functions == []
    migrate.upgrade(urls.owner)
    assert migrate.check(urls.owner) == []


def test_migrations_go_up_down_and_up_without_drift_on_postgresql_18(
    postgres_cluster: PostgresCluster,
) -> None:
    urls = postgres_cluster.empty_database()
    _up_down_up(urls)
    postgres_cluster.drop(urls)


def test_migrations_go_up_down_and_up_without_drift_on_postgresql_15() -> None:
    with _system_cluster(15) as urls:
        _up_down_up(urls)
        with psycopg.connect(urls.app.replace("+psycopg", "", 1)) as connection:
            connection.execute(
                "select set_config('app.clients', '{01900000-0000-7000-8000-000000000001}', true)"
            )
            for table in tables.OWNED:
                assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
            assert connection.execute(
                "select count(*) from search_ticket(array[]::uuid[], 'é ä 26')"
            ).fetchone() == (0,)


def test_a_difference_between_tables_and_database_is_told(postgres_cluster: PostgresCluster) -> None:
    urls = postgres_cluster.migrated_database()
    assert migrate.check(urls.owner) == []
    for change, word in (
        ("alter table survey add column mood text", "mood"),
        ("drop index ix_message_ticket", "ix_message_ticket"),
        ("alter table notice no force row level security", "notice: no forced row-level policy"),
        ("alter table task alter column kind type integer using 0", "kind"),
    ):
        with psycopg.connect(urls.owner.replace("+psycopg", "", 1)) as connection:
            connection.execute(change)
        assert any(word in found for found in migrate.check(urls.owner)), change
    postgres_cluster.drop(urls)


def test_a_migration_that_touches_guarded_rows_without_its_bracket_is_an_error(
    postgres_cluster: PostgresCluster,
) -> None:
    urls = postgres_cluster.migrated_database()
    engine = create_engine(urls.owner)
    with engine.begin() as connection:
        assert connection.execute(text("update ticket set state = 'open'")).rowcount == 0
    with engine.connect() as connection:
        connection.execute(text("set local row_security = off"))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text("update ticket set state = 'open'"))
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
    with engine.begin() as connection:
        connection.execute(text("set local row_security = off"))
        connection.execute(text("alter table ticket no force row level security"))
        connection.execute(text("update ticket set state = 'open'"))
        connection.execute(text("alter table ticket force row level security"))
    engine.dispose()
    postgres_cluster.drop(urls)


def test_the_clients_of_a_transaction_are_parsed_once_a_query_in_older_databases_too(
    postgres_cluster: PostgresCluster,
) -> None:
    """A cast beside the question, instead of in it, would be done for every row: 9 µs each."""
    urls = postgres_cluster.empty_database()
    engine = create_engine(urls.owner)

    def rules() -> dict[str, tuple[str, str]]:
        with engine.connect() as connection:
            asked = text("select tablename, qual, with_check from pg_policies where policyname = 'app'")
            return {row[0]: (row[1], row[2]) for row in connection.execute(asked)}

    migrate.upgrade(urls.owner)
    fresh = rules()
    assert len(fresh) > 50
    assert all("''::text))::uuid[]" in qual and qual == check for qual, check in fresh.values())
    migrate.downgrade(urls.owner, "handed_on")
    assert {name for name, (qual, _) in rules().items() if "''::text))::uuid[]" not in qual} == set(fresh)
    migrate.upgrade(urls.owner)
    assert rules() == fresh
    engine.dispose()
    postgres_cluster.drop(urls)


def test_every_migration_file_is_dated_and_limits_its_wait_for_locks() -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    files = sorted((folder / "versions").glob("*.py"))
    assert len(files) >= 4
    for path in [*files, folder / "script.py.mako"]:
        assert path.read_text().count("lock_timeout") == 2, path
    for path in files:
        assert path.name[:16].replace("_", "").isdigit(), path
