"""What this machine gives us: the unprivileged user, folders, and the cache of built tools."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketos.dev.processes import StackError, SystemUser

SERVICE_USER = "ticketos-db"
SERVICE_FOLDER = Path("/var/lib/ticketos")

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing: for callers that do not show progress."""


def service_user() -> SystemUser | None:
    """The system user the database runs as when we are root (created on first use), else None.

    PostgreSQL refuses to run as root, and a process that parses strangers' SQL should not.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        _create_service_user()
        entry = pwd.getpwnam(SERVICE_USER)
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_service_user() -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise StackError(
            "Running as root needs a system user for the database, and `useradd` is missing here.\n"
            f"Create a user named {SERVICE_USER}, or run as an ordinary user."
        )
    done = subprocess.run(
        [
            *(useradd, "--system", "--user-group", "--no-create-home"),
            *("--home-dir", str(SERVICE_FOLDER), "--shell", "/usr/sbin/nologin", SERVICE_USER),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 9):  # 9: another process was first
        raise StackError(f"The system user {SERVICE_USER} could not be created: {done.stderr.strip()}")


def own_folder(path: Path, user: SystemUser | None, mode: int) -> Path:
    """Create `path` with `mode`, owned by `user` (None: by us); parents stay as they are."""
    path.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(path, user.uid, user.gid)
    path.chmod(mode)
    return path


def service_folder(*parts: str) -> Path:
    """A root-owned folder under /var/lib/ticketos that the service user may pass through but not change."""
    path = SERVICE_FOLDER
    for part in ("", *parts):
        path = path / part
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
    return path


def tool_cache() -> Path:
    """Where tools we built are kept between runs: ~/.cache/ticketos/bin, by the platform's convention."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "ticketos" / "bin"


def take_lock(path: Path, seconds: float, complaint: str) -> int:
    """Lock `path` and return the open descriptor; StackError(complaint) when others hold on to it.

    The lock belongs to the open file, so every process that inherits the descriptor keeps it held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StackError(complaint) from None
            time.sleep(0.1)


@contextmanager
def locked(path: Path, seconds: float, complaint: str) -> Iterator[None]:
    """Hold the lock of `take_lock` for a block."""
    descriptor = take_lock(path, seconds, complaint)
    try:
        yield
    finally:
        os.close(descriptor)
