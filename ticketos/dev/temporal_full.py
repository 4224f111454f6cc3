"""The real Temporal server on a full PostgreSQL, for load and fault tests: one process, all services."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from ticketos.dev import machine
from ticketos.dev.machine import Say
from ticketos.dev.postgres import EmbeddedPostgres, system_binaries
from ticketos.dev.processes import Command, ManagedProcess, StackError, free_ports, port_answers
from ticketos.dev.temporal import (
    DYNAMIC_CONFIG,
    NAMESPACE,
    TemporalAddress,
    cli_environment,
    is_serving,
    prepare_namespace,
)
from ticketos.dev.tools import TEMPORAL_SERVER, TEMPORAL_SQL, build, find_temporal

START_SECONDS = 120.0
SHARDS = 4
STORES = {"temporal": "postgresql/v12/temporal", "temporal_visibility": "postgresql/v12/visibility"}
SERVICES = ("frontend", "history", "matching", "worker")


@dataclass(frozen=True)
class Programs:
    """The three programs a full server needs; built with Go on first use."""

    server: Path
    sql_tool: Path
    cli: Path

    @classmethod
    def ready(cls, say: Say = machine.silent) -> Programs:
        """Find or build them; minutes on the first call."""
        return cls(build(TEMPORAL_SERVER, say), build(TEMPORAL_SQL, say), find_temporal(say))


class FullServer:
    """Temporal 1.29 on the system's PostgreSQL (its visibility schema needs `btree_gin`).

    The cluster is private to `folder`; `database` gives its application URLs too, so a benchmark can keep
    tickets and Temporal on the same full PostgreSQL. `kill_server()` and `start_server()` play a crash.
    """

    def __init__(self, folder: Path, *, ephemeral: bool = True, say: Say = machine.silent) -> None:
        self._folder = folder
        self._say = say
        self.database = EmbeddedPostgres(folder, binaries=system_binaries(), ephemeral=ephemeral)
        self._programs: Programs | None = None
        self._process: ManagedProcess | None = None
        self._store: URL | None = None
        self._ports: list[int] = []

    def start(self) -> TemporalAddress:
        """Start PostgreSQL, make Temporal's two databases, start the server, prepare the namespace."""
        self._programs = programs = Programs.ready(self._say)
        machine.own_folder(self._folder, None, 0o700)
        try:
            urls = self.database.start()
            self._store = _make_stores(urls.superuser, self.database.passwords.owner)
            for database, schema in STORES.items():
                _apply_schema(programs.sql_tool, self._store, database, schema)
            self._ports = free_ports(len(SERVICES) * 2)
            address = self.start_server()
            prepare_namespace(programs.cli, address.grpc, NAMESPACE)
        except BaseException:
            self.stop()
            raise
        return address

    def start_server(self) -> TemporalAddress:
        """Start the server process on the ports it had and wait until it serves."""
        if self._programs is None or self._store is None:
            raise StackError("Start the whole with start() first.")
        root = machine.own_folder(self._folder / "temporal", None, 0o700)
        configuration = root / "config" / "full.yaml"
        configuration.parent.mkdir(exist_ok=True)
        configuration.touch(mode=0o600)
        dynamic = root / "dynamic.yaml"
        dynamic.write_text(
            json.dumps({name: [{"value": json.loads(value)}] for name, value in DYNAMIC_CONFIG.items()})
        )
        # JSON is YAML too, and needs no quoting rules.
        configuration.write_text(json.dumps(_configuration(self._store, self._ports, dynamic), indent=1))
        program = str(self._programs.server)
        command = Command(
            name="The Temporal server",
            argv=[
                program,
                "--root",
                str(root),
                "--config",
                "config",
                "--env",
                "full",
                "--allow-no-auth",
                "start",
            ],
            log=self._folder / "logs" / "temporal.log",
            env=cli_environment(),
            grace_seconds=20,
        )
        self._process = ManagedProcess(command)
        port, cli = self._ports[0], self._programs.cli
        address = f"127.0.0.1:{port}"
        self._process.wait_until(lambda: port_answers(port), START_SECONDS)
        self._process.wait_until(lambda: is_serving(cli, address), START_SECONDS, pause=0.3)
        return TemporalAddress(address, None)

    def kill_server(self) -> None:
        """End the server process as a lost machine would; PostgreSQL stays."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def stop(self) -> None:
        """End both. Safe to call twice."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self.database.stop()

    def __enter__(self) -> TemporalAddress:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _make_stores(superuser_url: str, password: str) -> URL:
    """Role `temporal` and its two databases, made when missing; returns the role's URL."""
    url = make_url(superuser_url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        if connection.execute("select 1 from pg_roles where rolname = 'temporal'").fetchone() is None:
            connection.execute("create role temporal login")
        connection.execute(sql.SQL("alter role temporal password {}").format(sql.Literal(password)))
        for database in STORES:
            known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
            if known is None:
                connection.execute(
                    sql.SQL("create database {} owner temporal").format(sql.Identifier(database))
                )
    return url.set(username="temporal", password=password)


def _apply_schema(tool: Path, store: URL, database: str, schema: str) -> None:
    """Set the versioned schema up and bring it to the release's version; repeating changes nothing."""
    url = store.set(database=database).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        fresh = connection.execute("select to_regclass('schema_version')").fetchone() == (None,)
    where = [str(tool), "--plugin", "postgres12", "--endpoint", str(store.host), "--port", str(store.port)]
    where += ["--user", str(store.username), "--database", database]
    steps = [["update-schema", "--schema-name", schema]]
    if fresh:
        steps.insert(0, ["setup-schema", "-v", "0.0"])
    for step in steps:
        done = subprocess.run(
            [*where, *step],
            env=cli_environment() | {"SQL_PASSWORD": str(store.password)},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()[-3:]
            raise StackError(f"Temporal's schema {schema} could not be set up:\n" + "\n".join(said))


def _configuration(store: URL, ports: list[int], dynamic: Path) -> dict[str, object]:
    """The server's configuration: everything on loopback, both stores in one PostgreSQL."""

    def datastore(database: str, connections: int) -> dict[str, object]:
        return {
            "sql": {
                "pluginName": "postgres12",
                "databaseName": database,
                "connectAddr": f"{store.host}:{store.port}",
                "connectProtocol": "tcp",
                "user": store.username,
                "password": store.password,
                "maxConns": connections,
                "maxIdleConns": connections,
                "maxConnLifetime": "1h",
            }
        }

    services = {
        name: {
            "rpc": {
                "grpcPort": ports[2 * index],
                "membershipPort": ports[2 * index + 1],
                "bindOnLocalHost": True,
            }
        }
        for index, name in enumerate(SERVICES)
    }
    frontend = f"127.0.0.1:{ports[0]}"
    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "defaultStore": "main",
            "visibilityStore": "visibility",
            "numHistoryShards": SHARDS,
            "datastores": {
                "main": datastore("temporal", 20),
                "visibility": datastore("temporal_visibility", 10),
            },
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}},
        "services": services,
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": frontend,
                }
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "publicClient": {"hostPort": frontend},
        "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
    }
