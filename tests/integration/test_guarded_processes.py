"""A guarded process ends with whoever started it, however that one ends, and says why it failed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ticketos.dev.processes import Command, ManagedProcess, StackError, free_port, port_answers

PARENT = """
import sys, time
from pathlib import Path
from ticketos.dev.processes import Command, ManagedProcess
child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
process = ManagedProcess(Command("child", child, Path(sys.argv[1])))
process.wait_until(lambda: process.log_tail().strip().isdigit(), 20)
print(process.pid, process.log_tail().strip(), flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_ended(pid: int) -> None:
    deadline = time.monotonic() + 15
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def python(tmp_path: Path, code: str, **options: float) -> ManagedProcess:
    argv = [sys.executable, "-c", code]
    return ManagedProcess(Command("the child", argv, tmp_path / "child.log", **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("victim", ["parent", "guard"])
def test_killing_the_parent_or_the_guard_ends_the_child(tmp_path: Path, victim: str) -> None:
    if victim == "guard" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a child that its parent died")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        guard, child = (int(word) for word in parent.stdout.readline().split())
        assert is_running(child)
        os.kill(parent.pid if victim == "parent" else guard, signal.SIGKILL)
        wait_ended(child)
        wait_ended(guard)
        parent.kill()


def test_stop_sends_the_stop_signal_and_returns_the_exit_code(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nprint('up', flush=True)\ntime.sleep(600)"
    )
    process = python(tmp_path, code)
    process.wait_until(lambda: "up" in process.log_tail(), 20)
    assert process.stop() == 7
    assert process.stop() == 7


def test_a_process_that_ignores_the_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    process = python(tmp_path, STUBBORN, grace_seconds=0.3)
    process.wait_until(lambda: "up" in process.log_tail(), 20)
    assert process.stop() == 128 + signal.SIGKILL


def test_children_of_the_child_end_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(p.pid, flush=True)\nsys.exit(0)"
    )
    process = python(tmp_path, code)
    with pytest.raises(StackError):
        process.wait_until(lambda: False, 20)
    wait_ended(int(process.log_tail()))
    process.stop()


def test_a_process_that_ends_while_awaited_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "child.log").write_text("an older run\n")
    process = python(tmp_path, "print('no disk left'); raise SystemExit(3)")
    with pytest.raises(StackError, match=r"exit code 3[\s\S]*no disk left") as told:
        process.wait_until(lambda: False, 20)
    assert "an older run" not in str(told.value)
    process.stop()


def test_a_taken_port_is_not_handed_out() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port_answers(port)
        assert free_port(port) != port
    assert free_port(port) == port
