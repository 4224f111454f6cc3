"""Reading in child processes that may be killed: what a hostile file can do ends with the child.

A child has its own bounds on memory, processor time and file size, an environment without secrets, and one
pipe
in and out that carries length-prefixed JSON and bytes (never pickles: a taken-over child must not be able
to make the parent run anything). The parent alone keeps the wall clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from queue import LifoQueue
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from schemas.extraction import Extraction
from ticketos.ai.extract.answers import alone, quarantine
from ticketos.ai.extract.limits import Limits
from ticketos.domain.ports import NO_VENDORS, VendorList

MOST_LISTS = 4
"""Vendor lists a child keeps: one of 5,000 takes it some ten megabytes."""
DECIDED_S = 28.0
"""Seconds for a document by default: with what the killing of a child takes, it is decided within half a minute."""
_LENGTH = struct.Struct(">II")
_PARTS = TypeAdapter(list[Extraction])
_LARGEST_ANSWER = 64 * 1024 * 1024
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TESSDATA_PREFIX", "VIRTUAL_ENV", "PYTHONWARNINGS")


@dataclass(frozen=True, slots=True)
class ChildBounds:
    """What one child may use, sizes in bytes.

    `memory_bytes` bounds its address space, `resident_bytes` what of it is really in memory (the parent looks
    every `watch_s` seconds), `parsing_bytes` what a parser may add to either while it has foreign bytes in hand, and
    `parsing_s` the processor seconds that one step of parsing (opening, a page's text, its picture) may take.
    Seconds are those in which the child computed or waited for something; it may wait for a processor beyond them.
    `second_reader` names the languages of tesseract (``eng+hin``), asked where the first reader is unsure.
    A page read optically buys a file `page_s` seconds beyond the time for a document, up to `longest_s` in all.
    A child that still holds more than `kept_bytes` after a document is replaced, since what a parser may add comes on
    top. One that has read a page optically keeps its networks and must stay below this, or each scan would load them.
    """

    memory_bytes: int = 4 * 1024**3
    resident_bytes: int = 1150 * 1024**2
    kept_bytes: int = 800 * 1024**2
    parsing_bytes: int = 488 * 1024**2  # what is asked is 512 at the most; the parent looks 20 times a second
    parsing_s: int = 10
    documents: int = 500
    second_reader: str = ""
    page_s: float = 15.0
    longest_s: float = 240.0
    watch_s: float = 0.05


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
        self,
        data: bytes,
        filename: str,
        timeout_s: float = DECIDED_S,
        today: date | None = None,
        password: str | None = None,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = NO_VENDORS,
    ) -> Extraction:
        """Read one document; of a file that holds several, the first with a failed check."""
        return alone(self.read_all(data, filename, timeout_s, today, password, memory, scorer, vendors))

    def read_all(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = DECIDED_S,
        today: date | None = None,
        password: str | None = None,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = NO_VENDORS,
    ) -> list[Extraction]:
        """Read every document of a file; waits for a free process, then at most `timeout_s` seconds for the
        answer, or longer while one page after another is being read.

        The password goes to the child through its pipe and is kept nowhere. `memory` is what corrections taught
        of suppliers, as ``SupplierMemory.as_json`` wrote it; `scorer` the client's own (``Scorer.from_model``), `vendors`
        its own list.
        """
        if len(data) > self._limits.bytes:
            return [quarantine(filename, "too-large")]
        with self._seated() as child:
            return child.ask(data, _Question(filename, timeout_s, today, password), memory, scorer, vendors)

    def look(
        self, what: str, data: bytes, filename: str, asked: Mapping[str, object], timeout_s: float = DECIDED_S
    ) -> tuple[dict[str, Any], bytes]:
        """See something of a document (``ticketos.ai.extract.look``): facts and, for a picture, its PNG.
        ``refused`` among the facts is a key of REASONS."""
        if len(data) > self._limits.bytes:
            return {"refused": "too-large"}, b""
        with self._seated() as child:
            return child.look({"look": what, "filename": filename, **asked}, data, timeout_s)

    def unlock(
        self, data: bytes, filename: str, password: str, timeout_s: float = DECIDED_S
    ) -> tuple[str | None, bytes]:
        """A protected PDF as bytes that open without a password; or the key of REASONS why there are none. The
        password goes to the child through its pipe and is kept nowhere."""
        facts, copy = self.look("unlocked", data, filename, {"password": password}, timeout_s)
        return facts.get("refused"), copy

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

    def prepare(self) -> None:
        """Start a child where none runs yet, and do not wait for it: it loads what reading needs while there is nothing to
        read, so the first document does not wait for that. Its networks it loads with the first scan."""
        child = self._seats.get()
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            child = child or self._start()
        self._seats.put(child)

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


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about some bytes. Without a representation: the password must reach no log."""

    filename: str
    timeout_s: float
    today: date | None
    password: str | None

    def __repr__(self) -> str:
        return f"_Question({self.filename!r})"

    def head(self, news: Mapping[str, Any]) -> bytes:
        """The question as it is sent; `news` is what the child was not told before."""
        return json.dumps(
            {
                **news,
                "filename": self.filename,
                "timeout_s": self.timeout_s,
                "today": self.today.isoformat() if self.today else None,
                "password": self.password,
            }
        ).encode()


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
        self._bounds = bounds
        self._left = bounds.documents
        self._overdue = False
        self._told = {"memory": _digest([]), "scorer": _digest({})}
        self._lists = [NO_VENDORS.mark]

    @property
    def usable(self) -> bool:
        return (
            self._left > 0
            and not self._overdue
            and self._process.poll() is None
            and _resident(self._process.pid) <= self._bounds.kept_bytes
        )

    def ask(
        self,
        data: bytes,
        question: _Question,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = NO_VENDORS,
    ) -> list[Extraction]:
        answer: list[Extraction] | None = None
        head = question.head(self._news({"memory": list(memory), "scorer": dict(scorer or {})}, vendors))
        if (said := self._exchange(head, data, question.timeout_s)) is not None:
            try:
                answer = _PARTS.validate_json(said[0]) or None
            except ValidationError:
                self._left = 0
        if answer is None:
            return [quarantine(question.filename, self._cause())]
        if any(part.reason == "too-heavy" for part in answer):
            # What a memory blow-up left behind is not worth trusting with the next document.
            self._left = 0
        # The name is the parent's: a child that was taken over must not answer for another file.
        return [part.model_copy(update={"file": question.filename}) for part in answer]

    def _news(self, known: Mapping[str, Any], vendors: VendorList) -> dict[str, Any]:
        """Of what the child is to know, what it was not told the same last: another client's replaces it whole."""
        digests = {name: _digest(value) for name, value in known.items()}
        news = {name: value for name, value in known.items() if self._told.get(name) != digests[name]}
        self._told = digests
        return {**news, "vendors": self._listed(vendors)}

    def _listed(self, vendors: VendorList) -> dict[str, Any]:
        """The vendor list by its mark, whole where the child has it no more, and the marks it shall keep."""
        new = vendors.mark not in self._lists
        others = [mark for mark in self._lists if mark != vendors.mark]
        self._lists = [*others[-MOST_LISTS + 1 :], vendors.mark]
        return {
            "mark": vendors.mark,
            "list": list(vendors.vendors) if new else None,
            "kept": list(self._lists),
        }

    def look(self, head: dict[str, Any], data: bytes, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        said = self._exchange(json.dumps({**head, "timeout_s": timeout_s}).encode(), data, timeout_s)
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

    def _exchange(self, head: bytes, data: bytes, timeout_s: float) -> tuple[bytes, bytes] | None:
        """Head and bytes there, an answer and bytes back; None when none came in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._left -= 1
        watch = _Watch(self._process.pid, timeout_s, self._bounds, self._too_much)
        watch.start()
        try:
            self._process.stdin.write(_LENGTH.pack(len(head), len(data)) + head)
            self._process.stdin.write(data)
            self._process.stdin.flush()
            while True:
                size, more = _LENGTH.unpack(_exactly(self._process.stdout, _LENGTH.size))
                if size == 0:
                    watch.alive(more)
                    continue
                if size + more > _LARGEST_ANSWER:
                    raise EOFError("answer too large")
                return _exactly(self._process.stdout, size), _exactly(self._process.stdout, more)
        except (OSError, EOFError):
            self._left = 0
            return None
        finally:
            watch.stop()

    def _too_much(self) -> None:
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


class _Watch(threading.Thread):
    """Ends a child that is out of time or holds too much memory; each page it reports buys it time. Time in which it was
    ready and no processor was free is not the document's: on a crowded machine a good one would be put aside."""

    def __init__(
        self,
        pid: int,
        timeout_s: float,
        bounds: ChildBounds,
        too_much: Callable[[], None],
        starved: Callable[[int], float] | None = None,
    ) -> None:
        super().__init__(daemon=True, name="reader-watch")
        self._pid = pid
        self._bounds = bounds
        self._too_much = too_much
        self._stopped = threading.Event()
        now = time.monotonic()
        self._due = now + timeout_s
        self._latest = now + max(bounds.longest_s, timeout_s)
        self._page = 0
        self._starved = starved or starved_s
        self._before = self._starved(pid)

    def alive(self, page: int) -> None:
        """Page `page` was read. Pages only count upwards, so that none buys time twice."""
        if page > self._page:
            self._page = page
            self._due = min(max(self._due, time.monotonic() + self._bounds.page_s), self._latest)

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        while not self._stopped.wait(self._bounds.watch_s):
            if self._late(time.monotonic()) or _resident(self._pid) > self._bounds.resident_bytes:
                self._too_much()
                return

    def _late(self, now: float) -> bool:
        return now > self._due and now > min(
            self._due + self._starved(self._pid) - self._before, self._latest
        )


def _digest(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value).encode()).digest()


def starved_s(pid: int) -> float:
    """Seconds for which a process was ready to compute and got no processor: the most of any of its threads, since its
    start. 0 where the system does not tell (macOS)."""
    waited = [0.0]
    for told in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            waited.append(int(told.read_text().split()[1]) / 1e9)
    return max(waited)


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory; 0 where the system does not tell (macOS: the clock alone holds)."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0


OUT_OF_MEMORY = 77


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data
