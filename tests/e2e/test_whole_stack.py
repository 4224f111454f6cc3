"""`ticketos up` as a person runs it: links that answer, Ctrl-C that ends everything, state that stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ticketos.dev.postgres import EmbeddedPostgres
from ticketos.dev.processes import free_port

START_SECONDS = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all: a start that finds the state of the one before is what people have every morning."""
    folder = tmp_path_factory.mktemp("stack") / "home"
    yield folder
    EmbeddedPostgres(folder).delete()


def start(home: Path, port: int) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Run `ticketos up` and return it with the links it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "ticketos.cli", "up", "--port", str(port)],
        env=kept | {"TICKETOS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    links: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        name, _, value = line.strip().partition("  ")
        links[name] = value.strip()
        if name == "State":
            return process, links
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def processes_of(home: Path) -> list[str]:
    """Command lines of running processes that know this home folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"TICKETOS_HOME={home}".encode() in environment or str(home).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.mark.timeout(300)
def test_up_serves_its_links_and_ctrl_c_leaves_nothing_running(home: Path) -> None:
    port = free_port()
    process, links = start(home, port)
    try:
        assert links["API"] == f"http://localhost:{port}/openapi.json"
        for url in (f"http://127.0.0.1:{port}/readyz", links["Temporal"]):
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.status == 200
    finally:
        interrupted(process, home)


@pytest.mark.timeout(300)
def test_up_finds_its_state_again_after_a_ctrl_c_and_after_a_kill(home: Path) -> None:
    port = free_port()
    process, _ = start(home, port)
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 60
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(home) == []
    process, links = start(home, port)
    interrupted(process, home)
    assert links["State"] == str(home)


def interrupted(process: subprocess.Popen[str], home: Path) -> None:
    """Ctrl-C: it ends well and leaves no process of this home."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert processes_of(home) == []
