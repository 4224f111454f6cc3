"""Reading in child processes that may be killed: what a hostile file can do ends with the child.

A child has its own bounds on memory, processor time and file size, an environment without secrets, and one
pipe
in and out that carries length-prefixed JSON and bytes (never pickles: a taken-over child must not be able
to make the parent run anything). The parent alone keeps the wall clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from queue import LifoQueue
from typing import IO, Any

from pydantic import ValidationError

from schemas.extraction import Extraction
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.reader import quarantine

_LENGTH = struct.Struct(">II")
_LARGEST_ANSWER = 64 * 1024 * 1024
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TESSDATA_PREFIX", "VIRTUAL_ENV", "PYTHONWARNINGS")


@dataclass(frozen=True, slots=True)
class ChildBounds:
    """What one child may use: address space in bytes, documents before it is replaced."""

    memory_bytes: int = 4 * 1024**3
    documents: int = 500
    second_reader: bool = False


class SandboxedReader:
    """A small pool of reading processes, started when first needed. Safe to call from many threads.

    A child that crashes, runs too long or asks for too much memory is killed and replaced; its document comes
    back quarantined and the others are not touched.
    """

    def __init__(
        self, processes: int = 1, limits: Limits | None = None, bounds: ChildBounds | None = None
    ) -> None:
        if processes < 1:
            raise ValueError("a reader needs at least one process")
        self._limits = limits or Limits()
        self._bounds = bounds or ChildBounds()
        self._seats: LifoQueue[_Child | None] = LifoQueue()
        for _ in range(processes):
            self._seats.put(None)
        self._processes = processes
        self._lock = threading.Lock()
        self._running: set[_Child] = set()
        self._closed = False

    def read(
        self, data: bytes, filename: str, timeout_s: float = 60.0, today: date | None = None
    ) -> Extraction:
        """Read one document; waits for a free process, then at most `timeout_s` seconds for the answer."""
        if len(data) > self._limits.bytes:
            return quarantine(filename, "too-large")
        with self._seated() as child:
            return child.ask(data, filename, timeout_s, today)

    def look(
        self, what: str, data: bytes, filename: str, asked: Mapping[str, object], timeout_s: float = 30.0
    ) -> tuple[dict[str, Any], bytes]:
        """See something of a document (``ticketos.ai.extract.look``): facts and, for a picture, its PNG.
        ``refused`` among the facts is a key of REASONS."""
        if len(data) > self._limits.bytes:
            return {"refused": "too-large"}, b""
        with self._seated() as child:
            return child.look({"look": what, "filename": filename, **asked}, data, timeout_s)

    @contextlib.contextmanager
    def _seated(self) -> Iterator[_Child]:
        """A child of our own for one document; it is kept for the next one while it is well."""
        child = self._seats.get()
        keep: _Child | None = None
        try:
            if child is None or not child.usable:
                if child is not None:
                    self._end(child)
                child = self._start()
            yield child
            keep = child if child.usable else None
        finally:
            if keep is None and child is not None:
                self._end(child)
            self._seats.put(keep)

    def close(self) -> None:
        """End every child; readings under way come back quarantined."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for child in running:
            self._end(child)

    def __enter__(self) -> SandboxedReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> _Child:
        with self._lock:
            if self._closed:
                raise RuntimeError("the reader is closed")
            child = _Child(self._limits, self._bounds)
            self._running.add(child)
            return child

    def _end(self, child: _Child) -> None:
        child.end()
        with self._lock:
            self._running.discard(child)


class _Child:
    """One reading process and its pipes."""

    def __init__(self, limits: Limits, bounds: ChildBounds) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # One thread each: two readers with two threads on two cores are slower than one.
        environment |= {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        settings = json.dumps({"limits": asdict(limits), "bounds": asdict(bounds)})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ticketos.ai.extract.child", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._left = bounds.documents
        self._overdue = False

    @property
    def usable(self) -> bool:
        return self._left > 0 and not self._overdue and self._process.poll() is None

    def ask(self, data: bytes, filename: str, timeout_s: float, today: date | None) -> Extraction:
        head = {"filename": filename, "timeout_s": timeout_s, "today": today.isoformat() if today else None}
        answer: Extraction | None = None
        if (said := self._exchange(head, data, timeout_s)) is not None:
            try:
                answer = Extraction.model_validate_json(said[0])
            except ValidationError:
                self._left = 0
        if answer is None:
            return quarantine(filename, self._cause())
        if answer.reason == "too-heavy":
            # What a memory blow-up left behind is not worth trusting with the next document.
            self._left = 0
        # The name is the parent's: a child that was taken over must not answer for another file.
        return answer.model_copy(update={"file": filename})

    def look(self, head: dict[str, Any], data: bytes, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        said = self._exchange({**head, "timeout_s": timeout_s}, data, timeout_s)
        if said is None:
            return {"refused": self._cause()}, b""
        try:
            found = json.loads(said[0])
        except ValueError:
            found = None
        if not isinstance(found, dict):
            self._left = 0
            return {"refused": "unreadable"}, b""
        return found, said[1]

    def _exchange(self, head: dict[str, Any], data: bytes, timeout_s: float) -> tuple[bytes, bytes] | None:
        """Head and bytes there, an answer and bytes back; None when none came in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._left -= 1
        watch = threading.Timer(timeout_s, self._too_late)
        watch.daemon = True
        watch.start()
        asked = json.dumps(head).encode()
        try:
            self._process.stdin.write(_LENGTH.pack(len(asked), len(data)) + asked)
            self._process.stdin.write(data)
            self._process.stdin.flush()
            size, more = _LENGTH.unpack(_exactly(self._process.stdout, _LENGTH.size))
            if size + more > _LARGEST_ANSWER:
                raise EOFError("answer too large")
            return _exactly(self._process.stdout, size), _exactly(self._process.stdout, more)
        except (OSError, EOFError):
            self._left = 0
            return None
        finally:
            watch.cancel()

    def _too_late(self) -> None:
        self._overdue = True
        self._kill()

    def _cause(self) -> str:
        """Why there was no answer: out of time, memory or processor is `too-heavy`, a crash is
        `unreadable`.
        """
        if self._overdue:
            return "too-heavy"
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "unreadable"
        heavy = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ, OUT_OF_MEMORY)
        return "too-heavy" if code in heavy else "unreadable"

    def _kill(self) -> None:
        # The group, so that a tesseract the child started goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill the process group, reap the child and close the pipes."""
        if self._process.poll() is None:
            self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


OUT_OF_MEMORY = 77


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data
