"""Child processes that never outlive us, loopback ports, and waiting in words."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
_PORTS = range(20_000, 32_768)
_LOG_KEPT_BYTES = 10 * 1024 * 1024


class StackError(Exception):
    """A part of the embedded stack could not start or work; the text is meant for a person."""


@dataclass(frozen=True)
class SystemUser:
    """The unprivileged user a process runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """What to run. `keep` is a file descriptor the process holds open for its whole life (a lock)."""

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0
    user: SystemUser | None = None
    keep: int | None = None
    cwd: Path | None = None


class ManagedProcess:
    """One running command under its guard (`guard.py`): it ends when we end, whatever ends us."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._lifeline = -1
        command.log.parent.mkdir(parents=True, exist_ok=True)
        if command.log.exists() and command.log.stat().st_size > _LOG_KEPT_BYTES:
            command.log.replace(command.log.with_suffix(".log.1"))
        user = command.user
        guard = [
            *(sys.executable, "-I", "-S", str(GUARD)),
            *(str(int(command.stop_signal)), str(command.grace_seconds)),
            *(("-", "-") if user is None else (str(user.uid), str(user.gid))),
            "-" if command.keep is None else str(command.keep),
            "--",
        ]
        reader, self._lifeline = os.pipe()
        try:
            with command.log.open("ab") as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    [*guard, *command.argv],
                    stdin=reader,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=None if command.env is None else dict(command.env),
                    cwd=command.cwd,
                    pass_fds=() if command.keep is None else (command.keep,),
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(reader)

    @property
    def pid(self) -> int:
        """Process id of the guard; the command is its only child."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def log_tail(self, lines: int = 12) -> str:
        """The last lines this run wrote to its log."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode("utf-8", "replace")
        return "\n".join(line[:300] for line in text.splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], seconds: float, pause: float = 0.1) -> None:
        """Block until `ready()`; StackError with the end of the log when it ends or is late."""
        deadline = time.monotonic() + seconds
        while not ready():
            code = self.exit_code
            if code is not None:
                raise StackError(
                    f"{self.command.name} ended at once (exit code {code}).\n{self._log_words()}"
                )
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.command.name} was not ready after {seconds:.0f} s.\n{self._log_words()}"
                )
            time.sleep(pause)

    def _log_words(self) -> str:
        return f"Its log, {self.command.log}, ends with:\n{self.log_tail()}"

    def ask_to_stop(self) -> None:
        """Begin the stop without waiting, so that several processes can end side by side."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def stop(self) -> int:
        """End it: the stop signal, then after the grace time SIGKILL. Safe to call twice."""
        self.ask_to_stop()
        try:
            return self._process.wait(self.command.grace_seconds * 2 + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def kill(self) -> None:
        """End it at once, without the stop signal. For tests of recovery."""
        self._process.send_signal(signal.SIGUSR1)  # the guard's word for SIGKILL
        self._process.wait(10)
        self.ask_to_stop()


def free_ports(count: int) -> list[int]:
    """`count` different loopback TCP ports nobody listens on.

    They lie below the range the system gives to outgoing connections, which could take one in the meantime,
    and below 32768, since Temporal keeps its own in two signed bytes.
    """
    found: list[int] = []
    for port in random.sample(_PORTS, k=len(_PORTS)):
        if _is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise StackError("No free port on 127.0.0.1.")


def free_port(preferred: int = 0) -> int:
    """A loopback TCP port nobody listens on: `preferred` when it is one."""
    return preferred if preferred and _is_free(preferred) else free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_answers(port: int, host: str = "127.0.0.1") -> bool:
    """True when something accepts TCP connections there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False
