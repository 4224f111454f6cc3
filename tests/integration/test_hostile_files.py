"""Hostile files: each is decided within the time, in words a client understands, and the service lives on."""

from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.extraction import Extraction
from tests.support.hostile import KINDS, Case, hostile_files, invoice_pdf
from ticketos.ai.extract.limits import REASONS
from ticketos.ai.extract.sandbox import ChildBounds, SandboxedReader

COUNT = int(os.environ.get("TICKETOS_HOSTILE_FILES", "500"))
SEED = int(os.environ.get("TICKETOS_HOSTILE_SEED", "1"))
LONGEST_S = 60.0
"""The service decides by the bound of a child; the rest is starting and ending one while others start theirs."""
OCR_BYTES = 1200 * 1024**2
# Shorter than in service, so that the bombs that run into the bounds do not make the suite slow.
BOUNDS = ChildBounds(parsing_s=2)


class Memory(threading.Thread):
    """The most that any child of this process has held, while it lives."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.05):
            self.most = max(self.most, _readers("VmHWM"))

    def end(self) -> None:
        self._done.set()
        self.join()


def _readers(what: str) -> int:
    """The largest of a line of /proc/PID/status over the reading processes, in bytes. A child that has not yet
    become one still counts its parent's memory as its own, and is left out.
    """
    pids = [pid for task in Path("/proc/self/task").iterdir() for pid in _read(task / "children").split()]
    readers = [pid for pid in pids if "ticketos.ai.extract.child" in _read(Path(f"/proc/{pid}/cmdline"))]
    lines = [line for pid in readers for line in _read(Path(f"/proc/{pid}/status")).splitlines()]
    return max((int(line.split()[1]) * 1024 for line in lines if line.startswith(what)), default=0)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.mark.timeout(max(300, COUNT))
def test_hostile_files_are_decided_in_time_and_none_harms_the_service() -> None:
    cases = list(hostile_files(COUNT, SEED))
    memory = Memory()
    memory.start()

    with SandboxedReader(processes=2, bounds=BOUNDS) as reader, ThreadPoolExecutor(2) as threads:

        def judged(case: Case) -> tuple[Case, Extraction, float]:
            started = time.monotonic()
            return case, reader.read(case.data, case.filename), time.monotonic() - started

        answers = list(threads.map(judged, cases))
        after = reader.read(invoice_pdf(), "good.pdf")
    memory.end()

    slowest, (kind, reason) = max((spent, (case.kind, found.reason)) for case, found, spent in answers)
    print(
        f"{len(answers)} hostile files decided; slowest {slowest:.1f} s ({kind}, {reason});"
        f" largest reading process {memory.most / 2**20:.0f} MB"
    )
    slow = [(case, spent) for case, _, spent in answers if spent > LONGEST_S]
    assert not slow
    unsaid = [
        (case, found)
        for case, found, _ in answers
        if found.status == "quarantined" and found.reason_text != REASONS[found.reason or ""]
    ]
    assert not unsaid
    believed = [case for case, found, _ in answers if found.status == "read" and not case.legible]
    assert not believed
    assert (after.status, after.fields["total"].value) == ("read", "12.00")
    assert memory.most <= OCR_BYTES


def test_every_kind_of_hostile_file_is_among_the_first_round() -> None:
    assert {case.kind for case in hostile_files(len(KINDS), SEED)} == set(KINDS)
    assert [case.data for case in hostile_files(5, 7)] == [case.data for case in hostile_files(5, 7)]


@pytest.mark.parametrize(
    "kind", ["unpacking_bomb", "picture_bomb", "circles", "attached", "entities", "font_bomb"]
)
def test_a_parser_adds_at_most_half_a_gigabyte(kind: str) -> None:
    """Without the optical reader, so that what is measured is the parsers' own."""
    rng = random.Random(SEED)
    with SandboxedReader(bounds=BOUNDS) as reader:
        assert reader.read(invoice_pdf(), "good.pdf").status == "read"
        idle = _readers("VmRSS")
        memory = Memory()
        memory.start()
        for _ in range(3):
            name, data, _ = KINDS[kind](rng)
            reader.read(data, name)
        memory.end()
    assert memory.most - idle <= 512 * 1024**2
