"""The whole product on one machine: database, Temporal, API and worker, started and ended together."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from ticketos.dev import attach, machine
from ticketos.dev.database import PostgresUrls
from ticketos.dev.machine import Say
from ticketos.dev.postgres import EmbeddedPostgres
from ticketos.dev.processes import Command, ManagedProcess, StackError, free_port
from ticketos.dev.temporal import DevServer
from ticketos.settings import Settings, ensure_master_key

READY_SECONDS = 90.0
WORKER_GRACE_SECONDS = 40.0  # the worker itself gives running activities 30
API_GRACE_SECONDS = 15.0
MAIL_PORT = 2525
_RESTARTS = 5
_RESTART_WINDOW_SECONDS = 600.0


@dataclass(frozen=True)
class StackUrls:
    """Where the running parts answer. URLs with passwords are in `database`; keep that out of print."""

    portal: str
    temporal: str
    temporal_ui: str | None
    database: PostgresUrls
    home: Path
    mail_port: int
    codec_port: int = 0
    codec_path: str = field(default="", repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment for further commands against this stack, passwords included."""


class Stack:
    """Context manager: everything runs inside the block and nothing of it is left after.

    Services the settings name (`DATABASE_URL`, `TEMPORAL_ADDRESS`) are used as they are, not started.
    `temporary=True` puts the home into a new folder that is deleted at the end.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        temporary: bool = False,
        web_ui: bool = True,
        say: Say = machine.silent,
    ) -> None:
        given = settings or Settings()
        if temporary:
            folder = Path(tempfile.mkdtemp(prefix="ticketos-"))
            given = given.model_copy(update={"home": folder, "objects_url": (folder / "objects").as_uri()})
        self._settings = given
        self._temporary = temporary
        self._web_ui = web_ui
        self._say = say
        self._exit = ExitStack()
        self._children: dict[str, ManagedProcess] = {}
        self._restarted: dict[str, list[float]] = {}

    def __enter__(self) -> StackUrls:
        try:
            return self._start()
        except StackError as error:
            kept = self._keep_logs()
            self.stop()
            raise StackError(f"{error}\nThe logs are kept in {kept}") if kept else error from None
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def children(self) -> dict[str, ManagedProcess]:
        """Our own running processes by name: api, worker."""
        return dict(self._children)

    def wait(self) -> None:
        """Return never while all is well: a part of ours that ends is started again, a few times."""
        while True:
            time.sleep(1)
            for name, process in list(self._children.items()):
                if process.exit_code is not None:
                    self._restart(name, process)

    def stop(self) -> None:
        """End every part in the reverse order of starting. Safe to call twice; Ctrl-C cannot cut it."""
        with _interrupts_ignored():
            for child in self._children.values():
                child.ask_to_stop()
            for child in self._children.values():
                child.stop()
            self._children.clear()
            self._exit.close()
            if self._temporary:
                shutil.rmtree(self._settings.home, ignore_errors=True)

    def _keep_logs(self) -> Path | None:
        """A temporary home is deleted; the logs of a failed start are what its reader needs."""
        logs = self._settings.home / "logs"
        if not self._temporary or not logs.exists():
            return None
        kept = Path(tempfile.mkdtemp(prefix="ticketos-logs-"))
        shutil.copytree(logs, kept, dirs_exist_ok=True)
        return kept

    def _start(self) -> StackUrls:
        settings = self._settings
        machine.own_folder(settings.home, None, 0o700)
        ensure_master_key(settings.home)
        database = self._start_database()
        self._migrate(database)
        codec_port, codec_path = free_port(), secrets.token_urlsafe(18)
        temporal, ui_url = self._start_temporal(f"http://localhost:{codec_port}/{codec_path}")
        port = free_port(0 if self._temporary else settings.port)
        if settings.port and port != settings.port and not self._temporary:
            self._say(f"Port {settings.port} is taken, using {port}")
        moved = port != settings.port or "public_url" not in settings.model_fields_set
        portal = f"http://localhost:{port}" if moved else settings.public_url
        mail_port = settings.smtp_port or free_port(0 if self._temporary else MAIL_PORT)
        env = self._environment(database, temporal, ui_url) | {
            "TICKETOS_PORT": str(port),
            "TICKETOS_PUBLIC_URL": portal,
        }
        # What listens on a port of its own lives in one process alone: the API's.
        listening = {
            "TICKETOS_SMTP_PORT": str(mail_port),
            "TICKETOS_CODEC_PORT": str(codec_port),
            "TICKETOS_CODEC_PATH": codec_path,
        }
        self._say("Starting the API and the worker")
        self._child("worker", env, WORKER_GRACE_SECONDS)
        api = self._child("api", env | listening, API_GRACE_SECONDS)
        api.wait_until(lambda: _answers(f"http://127.0.0.1:{port}/readyz"), READY_SECONDS)
        worker = self._children["worker"]
        worker.wait_until(lambda: worker.exit_code is None, 1)
        attach.leave(settings.home, database, temporal)
        self._exit.callback(attach.forget, settings.home)
        return StackUrls(
            portal, temporal, ui_url, database, settings.home, mail_port, codec_port, codec_path, env
        )

    def _start_database(self) -> PostgresUrls:
        settings = self._settings
        if settings.database_url is not None:
            self._say("Using the database of DATABASE_URL")
            return PostgresUrls(settings.owner_url, settings.app_url, settings.system_url, superuser="")
        self._say("Starting PostgreSQL")
        server = EmbeddedPostgres(settings.home, durable=not self._temporary, ephemeral=self._temporary)
        self._exit.callback(server.stop)
        return server.start()

    def _migrate(self, database: PostgresUrls) -> None:
        from ticketos.db.migrate import upgrade  # the database layer takes a second to import

        self._say("Bringing the database schema up to date")
        upgrade(database.owner)

    def _start_temporal(self, codec_endpoint: str) -> tuple[str, str | None]:
        settings = self._settings
        if "temporal_address" in settings.model_fields_set:
            self._say("Using the Temporal server of TEMPORAL_ADDRESS")
            return settings.temporal_address, settings.temporal_ui_url
        self._say("Starting Temporal")
        server = DevServer(
            log=settings.home / "logs" / "temporal.log",
            db_file=settings.home / "temporal" / "temporal.db",
            ui=self._web_ui,
            codec_endpoint=codec_endpoint,
            say=self._say,
        )
        self._exit.callback(server.stop)
        address = server.start()
        return address.grpc, address.ui_url

    def _environment(self, database: PostgresUrls, temporal: str, ui_url: str | None) -> dict[str, str]:
        """What a child needs to know. The owner's URL stays out: nothing but a migration may use it."""
        settings = self._settings
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL",)}
        kept.pop("TICKETOS_DATABASE_URL", None)
        for name in settings.model_fields_set:  # what a caller set in code must reach the children too
            value = getattr(settings, name)
            if value is not None and name != "database_url":
                kept[f"TICKETOS_{name.upper()}"] = (
                    value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                )
        return kept | {
            "TICKETOS_HOME": str(settings.home),
            "TICKETOS_APP_DATABASE_URL": database.app,
            "TICKETOS_SYSTEM_DATABASE_URL": database.system,
            "TICKETOS_OBJECTS_URL": settings.objects_url,
            "TEMPORAL_ADDRESS": temporal,
            "TICKETOS_TEMPORAL_ADDRESS": temporal,
            "TICKETOS_TEMPORAL_UI_URL": ui_url or "",
            "TICKETOS_HOST": settings.host,
            "PYTHONUNBUFFERED": "1",
        }

    def _child(self, name: str, env: dict[str, str], grace: float) -> ManagedProcess:
        command = Command(
            name=f"The {name}",
            argv=[sys.executable, "-m", "ticketos.cli", name],
            log=self._settings.home / "logs" / f"{name}.log",
            env=env,
            grace_seconds=grace,
        )
        process = self._children[name] = ManagedProcess(command)
        return process

    def _restart(self, name: str, process: ManagedProcess) -> None:
        now = time.monotonic()
        recent = [at for at in self._restarted.get(name, []) if now - at < _RESTART_WINDOW_SECONDS]
        words = f"The {name} ended (exit code {process.exit_code})"
        if len(recent) >= _RESTARTS:
            raise StackError(f"{words} for the {len(recent) + 1}th time.\n{process.log_tail()}")
        self._say(f"{words}; starting it again. Its log: {process.command.log}")
        process.stop()
        time.sleep(len(recent))
        self._restarted[name] = [*recent, now]
        self._children[name] = ManagedProcess(process.command)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own loopback URL
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ctrl-C pressed twice must not leave half of the stack running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
