"""Run one command for as long as whoever asked for it lives.

Run as a file, on the standard library alone, so it starts in milliseconds:

    python -I -S guard.py STOP_SIGNAL GRACE_SECONDS UID GID KEEP_FD -- command …

Standard input is a pipe whose other end the parent holds. When the parent ends, however hard, the pipe
closes, and the command gets STOP_SIGNAL and, GRACE_SECONDS later, SIGKILL. SIGUSR1 to the guard means
SIGKILL at once. UID, GID and KEEP_FD are "-" when not wanted. Should the guard itself be killed, the kernel
passes STOP_SIGNAL on (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def _die_with_parent(stop: int) -> Callable[[], None] | None:
    """What the child does before exec. The guard has one thread, so parent thread and parent are one."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    guard = os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop)
        if os.getppid() != guard:
            os._exit(1)

    return prepare


def _wait(child: subprocess.Popen[bytes], stop: int, grace: float, wakeups: int) -> None:
    """Return once the child has ended (not yet reaped), asking it to end when the time has come."""
    deadline: float | None = None
    watched = [0, wakeups]
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(watched, [], [], left)
        end = False
        if wakeups in ready:
            numbers = set(os.read(wakeups, 512)) - {signal.SIGCHLD}
            if signal.SIGUSR1 in numbers:
                os.kill(child.pid, signal.SIGKILL)
            end = bool(numbers - {signal.SIGUSR1})
        if 0 in ready and not os.read(0, 512):
            watched.remove(0)
            end = True
        if end and deadline is None:
            os.kill(child.pid, stop)
            deadline = time.monotonic() + grace
        elif deadline is not None and time.monotonic() >= deadline:
            os.kill(child.pid, signal.SIGKILL)
            deadline = time.monotonic() + grace


def main(arguments: list[str]) -> int:
    """Run the command; the exit code is the command's, 128 + n for signal n."""
    cut = arguments.index("--")
    stop, grace, uid, gid, keep = arguments[:cut]
    wakeups, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(
        arguments[cut + 1 :],
        stdin=subprocess.DEVNULL,
        user=None if uid == "-" else int(uid),
        group=None if gid == "-" else int(gid),
        extra_groups=None if uid == "-" else [],
        pass_fds=() if keep == "-" else (int(keep),),
        preexec_fn=_die_with_parent(int(stop)),
        process_group=0,
    )
    _wait(child, int(stop), float(grace), wakeups)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # Before reaping, while the number cannot be anyone else's: sweep up what the command left behind.
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
