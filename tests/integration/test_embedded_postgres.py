"""The embedded PostgreSQL: starts, holds data, recovers from the hardest end, and keeps others out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import PostgresCluster
from ticketos.dev.database import APP, OWNER, SYSTEM, Passwords, prepare_database
from ticketos.dev.postgres import EmbeddedPostgres
from ticketos.dev.processes import StackError

STARTER = """
import json, sys, time
from pathlib import Path
from ticketos.dev.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=True, ephemeral=sys.argv[2] == "ephemeral")
urls = server.start()
print(json.dumps({"owner": urls.owner, "guard": server.guard_pid}), flush=True)
time.sleep(600)
"""


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return  # a zombie whose parent (pid 1) has not collected it yet
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def killed_owner(home: Path, kind: str = "kept") -> dict[str, str]:
    """Start a cluster in another process, create a table in it, and kill that process outright."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home), kind], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        facts: dict[str, str] = json.loads(owner.stdout.readline())
        with connect(facts["owner"]) as connection:
            connection.execute("create table kept (a int)")
            connection.execute("insert into kept values (42)")
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    return facts


def test_roles_can_neither_bypass_row_security_nor_act_as_superuser(
    postgres_cluster: PostgresCluster,
) -> None:
    urls = postgres_cluster.empty_database()
    with connect(urls.superuser) as connection:
        rows = connection.execute(
            "select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
            " from pg_roles where rolname = any(%s) order by 1",
            [[OWNER, APP, SYSTEM]],
        ).fetchall()
    assert rows == [(name, True, False, False, False, False) for name in sorted((OWNER, APP, SYSTEM))]


def test_each_url_signs_in_as_its_role_and_a_wrong_password_is_refused(
    postgres_cluster: PostgresCluster,
) -> None:
    urls = postgres_cluster.empty_database()
    for url, role in ((urls.owner, OWNER), (urls.app, APP), (urls.system, SYSTEM)):
        with connect(url) as connection:
            assert connection.execute("select current_user").fetchone() == (role,)
    wrong = urls.app.replace(postgres_cluster.passwords.app, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_the_owner_makes_tables_and_the_app_role_may_not(postgres_cluster: PostgresCluster) -> None:
    urls = postgres_cluster.empty_database()
    with connect(urls.owner) as connection:
        connection.execute("create table made (a int)")
    with connect(urls.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create table made_by_app (a int)")


def test_preparing_a_database_twice_keeps_its_data(postgres_cluster: PostgresCluster) -> None:
    first = postgres_cluster.empty_database()
    with connect(first.owner) as connection:
        connection.execute("create table kept (a int)")
    again = prepare_database(
        postgres_cluster.superuser_url, first.owner.rsplit("/", 1)[1], passwords=postgres_cluster.passwords
    )
    with connect(again.owner) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_passwords_and_urls_do_not_show_in_print() -> None:
    passwords = Passwords.random()
    assert passwords.owner not in repr(passwords)


def test_a_stopped_cluster_starts_again_with_its_data(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False)
    try:
        with server as urls, connect(urls.owner) as connection:
            connection.execute("create table kept (a int)")
        with server as urls, connect(urls.owner) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
    finally:
        EmbeddedPostgres(tmp_path, ephemeral=True).delete()


def test_a_second_start_on_the_same_home_is_refused_in_words(tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path, durable=False, ephemeral=True),
        pytest.raises(StackError, match="Another TicketingOS is running"),
    ):
        EmbeddedPostgres(tmp_path, durable=False, lock_seconds=0.3).start()


def test_a_killed_owner_leaves_no_server_and_the_next_start_has_all_committed_rows(tmp_path: Path) -> None:
    facts = killed_owner(tmp_path)
    wait_gone(int(facts["guard"]))
    with pytest.raises(psycopg.OperationalError):
        connect(facts["owner"])
    with EmbeddedPostgres(tmp_path, ephemeral=True) as urls, connect(urls.owner) as connection:
        assert connection.execute("select a from kept").fetchall() == [(42,)]


def test_a_start_right_after_the_kill_waits_for_the_old_server_to_be_gone(tmp_path: Path) -> None:
    killed_owner(tmp_path)
    with EmbeddedPostgres(tmp_path, ephemeral=True) as urls, connect(urls.owner) as connection:
        assert connection.execute("select a from kept").fetchall() == [(42,)]


def test_a_stale_pid_file_naming_a_living_process_does_not_block_the_start(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False, ephemeral=True)
    try:
        server.start()
        data = server.data_folder
        pid_file = (data / "postmaster.pid").read_text().splitlines()
        server.kill()
        (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *pid_file[1:]]) + "\n")
        with connect(server.start().owner) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()


def test_an_ephemeral_cluster_whose_owner_was_killed_is_deleted_by_the_next_one(tmp_path: Path) -> None:
    facts = killed_owner(tmp_path / "killed", "ephemeral")
    wait_gone(int(facts["guard"]))
    location = tmp_path / "killed" / "postgres" / "location"
    if not location.exists():
        pytest.skip("only root keeps data outside the home folder")
    left = Path(location.read_text().strip())
    assert left.exists()
    with EmbeddedPostgres(tmp_path / "next", durable=False, ephemeral=True):
        assert not left.exists()


def test_data_belong_to_the_system_user_alone_and_the_parents_stay_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "home", durable=False, ephemeral=True) as urls:
        assert closed.stat().st_mode & 0o777 == 0o700
        with connect(urls.superuser) as connection:
            row = connection.execute("show data_directory").fetchone()
        assert row is not None
        data = Path(str(row[0]))
        assert data.stat().st_mode & 0o777 == 0o700
        assert data.stat().st_uid != 0
        assert (closed / "home" / "postgres" / "passwords.json").stat().st_mode & 0o777 == 0o600
