"""The product on a full Temporal server and PostgreSQL of its own: every part a process that can be killed
and started again at the address it had."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import psycopg
from pydantic import SecretStr

from benchmarks import cpu
from benchmarks.figures import ROOT, say
from ticketos.db.migrate import upgrade
from ticketos.dev.database import Passwords, PostgresUrls
from ticketos.dev.postgres import EmbeddedPostgres, system_binaries
from ticketos.dev.processes import Command, ManagedProcess, SystemUser, free_port
from ticketos.dev.temporal_full import FullServer
from ticketos.settings import Settings, ensure_master_key

READY_S = 90.0
WORKER_GRACE_S = 40.0
API_GRACE_S = 15.0
NAMESPACE = "default"


class SteadyPostgres(EmbeddedPostgres):
    """A cluster that comes back on the port it had, as a server does that crashed and was started again."""

    urls: PostgresUrls
    _command: Command | None = None
    _port = 0

    def start(self) -> PostgresUrls:
        """Start the server and keep what it answered in ``urls``."""
        self.urls = super().start()
        return self.urls

    def _run(
        self, binaries: Path, place: object, user: SystemUser | None, lock: int, passwords: Passwords
    ) -> int:
        if self._command is None:
            self._port = super()._run(binaries, place, user, lock, passwords)  # type: ignore[arg-type]
            assert self._process is not None
            self._command = self._process.command
            return self._port
        self._process = process = ManagedProcess(replace(self._command, keep=lock))
        dsn = f"postgresql://postgres:{passwords.superuser}@127.0.0.1:{self._port}/postgres"
        process.wait_until(lambda: _accepts(dsn), READY_S)
        return self._port


class SteadyServer(FullServer):
    """The Temporal server on such a cluster; what it wrote stays when it is killed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ephemeral=False, say=say)
        self.database = self.cluster = SteadyPostgres(folder, binaries=system_binaries())

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the guards of what runs now."""
        server = None if self._process is None else self._process.pid
        known = {"temporal": server, "postgres": self.database.guard_pid}
        return {name: pid for name, pid in known.items() if pid is not None}


class Installation:
    """Context manager. Database and Temporal run after entering, worker and API once they are started.

    All lives in a temporary folder and is gone afterwards; of a block that failed the logs are kept.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ticketos-bench-"))
        self._server = SteadyServer(self.home)
        self._children: dict[str, ManagedProcess] = {}
        self._env: dict[str, str] = {}
        self.urls = PostgresUrls("", "", "", "")
        self.temporal = ""
        self.portal = ""

    def __enter__(self) -> Installation:
        signal.signal(signal.SIGTERM, _as_interrupt)  # so that being told to end ends what was started, too
        try:
            return self._start()
        except BaseException:
            self._close(failed=True)
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        self._close(failed=kind is not None)

    def _start(self) -> Installation:
        say("Starting PostgreSQL and the Temporal server")
        ensure_master_key(self.home)
        self.temporal = self._server.start().grpc
        self.urls = self._server.cluster.urls
        upgrade(self.urls.owner)
        port = free_port()
        self.portal = f"http://127.0.0.1:{port}"
        self._env = self._environment(port)
        return self

    @property
    def dsn(self) -> str:
        """The database as its superuser, who sees every client's rows: for counting and for watching."""
        return self.urls.superuser.replace("+psycopg", "", 1)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the superuser to the application's database."""
        return psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)

    def settings(self) -> Settings:
        """What a process of ours would read from its environment."""
        return Settings(
            home=self.home,
            app_database_url=SecretStr(self.urls.app),
            system_database_url=SecretStr(self.urls.system),
            temporal_address=self.temporal,
            objects_url=(self.home / "objects").as_uri(),
        )

    # --- our own processes ---

    def start_worker(self, queues: Sequence[str] = ()) -> None:
        """`ticketos worker`, of all queues by default."""
        chosen = [part for queue in queues for part in ("--queue", queue)]
        self.start("worker", [sys.executable, "-m", "ticketos.cli", "worker", *chosen], WORKER_GRACE_S)

    def start_api(self) -> None:
        """`ticketos api`, ready to answer."""
        api = self.start("api", [sys.executable, "-m", "ticketos.cli", "api"], API_GRACE_S)
        api.wait_until(lambda: _answers(f"{self.portal}/healthz"), READY_S)

    def start(
        self, name: str, argv: Sequence[str], grace_s: float = 10.0, env: Mapping[str, str] | None = None
    ) -> ManagedProcess:
        """Any other process of a benchmark, in the same environment and ``env``; it ends with this block."""
        command = Command(
            name=f"The {name}",
            argv=list(argv),
            log=self.home / "logs" / f"{name}.log",
            env={**self._env, **(env or {})},
            grace_seconds=grace_s,
            cwd=ROOT,
        )
        process = self._children[name] = ManagedProcess(command)
        return process

    def wait_for_log(self, name: str, words: str) -> None:
        """Until the log of a child holds these words."""
        process = self._children[name]
        process.wait_until(lambda: words in process.log_tail(50), READY_S)

    def log(self, name: str) -> str:
        """All that a child has written so far, over every start of it."""
        return self._children[name].command.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, name: str) -> None:
        """End one of our processes in good order."""
        self._children.pop(name).stop()

    def cpu_seconds(self) -> dict[str, float]:
        """Processor seconds used so far by database, Temporal, our children and this process (``driver``)."""
        roots = {name: child.pid for name, child in self._children.items()}
        return cpu.seconds(roots | self._server.pids) | {"driver": time.process_time()}

    def fallen(self) -> list[str]:
        """Our own processes that ended without being told to."""
        return [name for name, child in self._children.items() if child.exit_code is not None]

    # --- faults ---

    def kill(self, part: str) -> None:
        """kill -9 of ``worker``, ``api``, ``temporal`` or ``postgres``."""
        match part:
            case "temporal":
                self._server.kill_server()
            case "postgres":
                self._server.cluster.kill()
            case _:
                self._children[part].kill()

    def start_again(self, part: str) -> None:
        """Bring a killed part back at its old address; returns once it serves (a worker: once it runs)."""
        match part:
            case "temporal":
                self._server.start_server()
            case "postgres":
                self._server.cluster.start()
            case "worker":
                self.start_worker()
            case "api":
                self.start_api()

    # --- the end ---

    def _close(self, *, failed: bool) -> None:
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.stop()
        self._children.clear()
        self._server.stop()
        if failed and (self.home / "logs").exists():
            kept = Path(tempfile.mkdtemp(prefix="ticketos-bench-logs-"))
            shutil.copytree(self.home / "logs", kept, dirs_exist_ok=True)
            say(f"The logs are kept in {kept}")
        self._server.cluster.delete()
        shutil.rmtree(self.home, ignore_errors=True)

    def _environment(self, port: int) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TICKETOS_", "TEMPORAL_")) and name != "DATABASE_URL"
        }
        return kept | {
            "TICKETOS_HOME": str(self.home),
            "TICKETOS_APP_DATABASE_URL": self.urls.app,
            "TICKETOS_SYSTEM_DATABASE_URL": self.urls.system,
            "TICKETOS_OBJECTS_URL": (self.home / "objects").as_uri(),
            "TICKETOS_TEMPORAL_ADDRESS": self.temporal,
            "TICKETOS_PORT": str(port),
            "TICKETOS_PUBLIC_URL": self.portal,
            "PYTHONUNBUFFERED": "1",
        }


def _as_interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _accepts(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own loopback URL
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
