"""Find the Temporal programs, or build them once into the project's cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ticketos.dev import machine
from ticketos.dev.machine import Say
from ticketos.dev.processes import StackError

OLDEST_SERVER = (1, 28)  # update-with-start and task priorities
BUILD_SECONDS = 1200.0


@dataclass(frozen=True)
class GoTool:
    """A program the Go tool chain can install. `built` is the name `go install` gives it."""

    name: str
    package: str
    release: str
    built: str

    @property
    def module(self) -> str:
        """What `go install` takes."""
        return f"{self.package}@{self.release}"


TEMPORAL_CLI = GoTool("temporal", "github.com/temporalio/cli/cmd/temporal", "v1.5.1", "temporal")
TEMPORAL_SERVER = GoTool("temporal-server", "go.temporal.io/server/cmd/server", "v1.29.1", "server")
TEMPORAL_SQL = GoTool("temporal-sql-tool", "go.temporal.io/server/cmd/tools/sql", "v1.29.1", "sql")


def known_temporal() -> Path | None:
    """The `temporal` program when it is there already (PATH first, then the cache), without building."""
    on_path = shutil.which("temporal")
    if on_path is not None and _recent_enough(Path(on_path)):
        return Path(on_path)
    cached = machine.tool_cache() / TEMPORAL_CLI.name
    return cached if cached.exists() else None


def find_temporal(say: Say = machine.silent) -> Path:
    """The `temporal` program: PATH, the cache, built with Go, or fetched by the Temporal SDK."""
    known = known_temporal()
    if known is not None:
        return known
    if shutil.which("go") is not None:
        return build(TEMPORAL_CLI, say)
    say("Go is not installed: asking the Temporal SDK to fetch its development server")
    return _fetch_with_sdk()


def build(tool: GoTool, say: Say = machine.silent) -> Path:
    """`tool` from the cache, built there first when missing; progress goes to `say`."""
    cache = machine.tool_cache()
    target = cache / tool.name
    if target.exists():
        return target
    go = shutil.which("go")
    if go is None:
        raise StackError(
            f"{tool.name} is missing and Go, which builds it, is not installed. See https://go.dev/dl"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with machine.locked(
        cache / f"{tool.name}.lock", BUILD_SECONDS, f"Another process builds {tool.name} for too long."
    ):
        if target.exists():
            return target
        say(f"Building {tool.name} {tool.release} with Go, once: this takes two to four minutes")
        with tempfile.TemporaryDirectory(dir=cache, prefix=".build-") as folder:
            _go_install(go, tool, Path(folder), say)
            (Path(folder) / tool.built).replace(target)
    return target


def _go_install(go: str, tool: GoTool, into: Path, say: Say) -> None:
    log = into / "log"
    env = os.environ | {"GOBIN": str(into), "CGO_ENABLED": "0", "GO111MODULE": "on"}
    started = time.monotonic()
    told = started
    with log.open("wb") as output:
        process = subprocess.Popen(
            [go, "install", "-v", "-trimpath", "-ldflags=-s -w", tool.module],
            env=env,
            cwd=into,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                now = time.monotonic()
                if now - started > BUILD_SECONDS:
                    raise StackError(
                        f"Building {tool.name} took longer than {BUILD_SECONDS / 60:.0f} minutes."
                    )
                if now - told >= 15:
                    told = now
                    say(f"  still building: {_packages(log)} packages compiled after {now - started:.0f} s")
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])
        raise StackError(f"Building {tool.name} failed. `go install {tool.module}` said:\n{tail}")
    say(f"  built in {time.monotonic() - started:.0f} s")


def _packages(log: Path) -> int:
    lines = log.read_text("utf-8", "replace").splitlines()
    return sum(1 for line in lines if not line.startswith("go: "))


def _recent_enough(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.search(r"Server (\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_SERVER


def _fetch_with_sdk() -> Path:
    """Let the SDK download its own server, in a process of its own, and keep it in the cache."""
    cache = machine.tool_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "ticketos.dev.sdk_download", folder, TEMPORAL_CLI.release],
            capture_output=True,
            text=True,
            timeout=300,
        )
        fetched = [path for path in Path(folder).iterdir() if path.name.startswith("temporal")]
        if done.returncode != 0 or len(fetched) != 1:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise StackError(
                "No Temporal server here: `temporal` is not on PATH, Go is not installed, and the SDK's own"
                f" download failed ({said}).\nInstall Go (https://go.dev/dl) and run this again, or set"
                " TEMPORAL_ADDRESS to a server you have."
            )
        target = cache / TEMPORAL_CLI.name
        fetched[0].chmod(0o755)
        fetched[0].replace(target)
    return target


def main() -> int:
    """`python -m ticketos.dev.tools`: make sure `temporal` is there; progress and reasons go to stderr."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        find_temporal(say)
    except StackError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
