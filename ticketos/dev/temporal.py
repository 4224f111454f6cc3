"""The Temporal development server: one process, a database file or memory, the Web UI beside it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ticketos.dev import machine
from ticketos.dev.machine import Say
from ticketos.dev.processes import Command, ManagedProcess, StackError, free_port, port_answers
from ticketos.dev.tools import find_temporal

SEARCH_ATTRIBUTES = {
    "TicketClient": "Keyword",
    "TicketLine": "Keyword",
    "TicketStage": "Keyword",
    "TicketPriority": "Int",
    "TicketSla": "Keyword",
    "TicketAssigned": "Keyword",
}
NAMESPACE = "default"
RETENTION_DAYS = 30
START_SECONDS = 60.0

# Without the newer matcher this server release ignores the priority of a task.
DYNAMIC_CONFIG = {"matching.useNewMatcher": "true"}


@dataclass(frozen=True)
class TemporalAddress:
    """Where the server answers: gRPC as host:port, and the Web UI's URL (None: none was asked for)."""

    grpc: str
    ui_url: str | None


class DevServer:
    """`temporal server start-dev` on free loopback ports, with our search attributes and retention."""

    def __init__(
        self,
        *,
        log: Path,
        db_file: Path | None = None,
        ui: bool = True,
        codec_endpoint: str | None = None,
        preferred_port: int = 0,
        program: Path | None = None,
        say: Say = machine.silent,
    ) -> None:
        self._log = log
        self._db_file = db_file
        self._ui = ui
        self._codec_endpoint = codec_endpoint
        self._preferred_port = preferred_port
        self._program = program
        self._say = say
        self._process: ManagedProcess | None = None

    def start(self) -> TemporalAddress:
        """Start it and wait until it is healthy; StackError with the end of its log otherwise."""
        program = self._program or find_temporal(self._say)
        port = free_port(self._preferred_port)
        ui_port = free_port(port + 1000 if self._preferred_port and port < 64000 else 0) if self._ui else 0
        if self._db_file is not None:
            machine.own_folder(self._db_file.parent, None, 0o700)
        command = Command(
            name="Temporal",
            argv=[str(program), "server", "start-dev", *self._options(port, ui_port)],
            log=self._log,
            env=cli_environment(),
            grace_seconds=10,
        )
        self._process = ManagedProcess(command)
        address = f"127.0.0.1:{port}"
        try:
            self._process.wait_until(lambda: port_answers(port), START_SECONDS)
            self._process.wait_until(lambda: is_serving(program, address), START_SECONDS, pause=0.2)
            prepare_namespace(program, address, NAMESPACE)
        except BaseException:
            self.stop()
            raise
        return TemporalAddress(address, f"http://localhost:{ui_port}" if self._ui else None)

    def stop(self) -> None:
        """End it. Safe to call twice."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def ask_to_stop(self) -> None:
        """Begin the stop without waiting."""
        if self._process is not None:
            self._process.ask_to_stop()

    def __enter__(self) -> TemporalAddress:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _options(self, port: int, ui_port: int) -> list[str]:
        options = ["--ip", "127.0.0.1", "--port", str(port), "--log-level", "error", "--log-format", "json"]
        options += ["--ui-port", str(ui_port), "--ui-ip", "127.0.0.1"] if self._ui else ["--headless"]
        if self._ui and self._codec_endpoint:
            options += ["--ui-codec-endpoint", self._codec_endpoint]
        if self._db_file is not None:
            options += ["--db-filename", str(self._db_file)]
        for name, kind in SEARCH_ATTRIBUTES.items():
            options += ["--search-attribute", f"{name}={kind}"]
        for name, value in DYNAMIC_CONFIG.items():
            options += ["--dynamic-config-value", f"{name}={value}"]
        return options


def cli_environment() -> dict[str, str]:
    """The environment without TEMPORAL_* variables and profiles, which would bend the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return kept | {"TEMPORAL_DISABLE_CONFIG_FILE": "1", "NO_COLOR": "1"}


NAMESPACE_SECONDS = 40.0
"""A server reads its list of namespaces anew every ten seconds, a busy one a little later."""


def is_serving(program: Path, address: str) -> bool:
    """True when the server's frontend says it serves."""
    return _cli(program, address, "operator", "cluster", "health").returncode == 0


def prepare_namespace(program: Path, address: str, namespace: str) -> None:
    """Create the namespace when missing, set its retention, and add the search attributes it lacks."""
    retention = f"{RETENTION_DAYS}d"
    named = ("--namespace", namespace)
    if _cli(program, address, "operator", "namespace", "describe", *named).returncode != 0:
        _must(program, address, "operator", "namespace", "create", *named, "--retention", retention)
    else:
        _must(program, address, "operator", "namespace", "update", *named, "--retention", retention)
    listed = _must(program, address, "operator", "search-attribute", "list", *named, "-o", "json")
    known = _names_in(json.loads(listed))
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
    if missing:
        asked = [part for name, kind in missing.items() for part in ("--name", name, "--type", kind)]
        _must(program, address, "operator", "search-attribute", "create", *named, *asked)


def _names_in(listing: object) -> set[str]:
    """Attribute names wherever the listing keeps them: its layout differs between releases."""
    names: set[str] = set()
    if isinstance(listing, dict):
        for key, value in listing.items():
            names.add(str(key))
            names |= _names_in(value)
    elif isinstance(listing, list):
        for value in listing:
            names |= _names_in(value)
    elif isinstance(listing, str):
        names.add(listing)
    return names


def _cli(program: Path, address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(program), *arguments, "--address", address, "--command-timeout", "10s"]
    return subprocess.run(command, env=cli_environment(), capture_output=True, text=True)


def _must(program: Path, address: str, *arguments: str) -> str:
    """Run it, again for a while when it fails: a fresh server learns of its own namespaces with a delay."""
    done = _cli(program, address, *arguments)
    deadline = time.monotonic() + NAMESPACE_SECONDS
    while done.returncode != 0 and time.monotonic() < deadline:
        time.sleep(0.5)
        done = _cli(program, address, *arguments)
    if done.returncode == 0:
        return done.stdout
    raise StackError(f"`temporal {' '.join(arguments)}` failed: {(done.stderr or done.stdout).strip()}")
