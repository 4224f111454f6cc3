"""The process inside the sandbox: bounds itself, then answers one document after another until its pipe
closes.
"""

from __future__ import annotations

import gc
import json
import math
import os
import resource
import struct
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, BinaryIO

from schemas.extraction import Extraction
from ticketos.ai.extract import look
from ticketos.ai.extract.answers import quarantine
from ticketos.ai.extract.limits import Guard, Limits, Quarantined
from ticketos.ai.extract.memory import SupplierMemory
from ticketos.ai.extract.paper import paper
from ticketos.ai.extract.reader import Reader
from ticketos.ai.extract.sandbox import OUT_OF_MEMORY
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.suppliers import NOBODY, KnownSupplier, SupplierIndex
from ticketos.ai.ocr.engines import Tesseract

_LENGTH = struct.Struct(">II")
_LARGEST_FILE = 64 * 1024 * 1024
_OBJECTS_BETWEEN_SEARCHES = 50_000
"""New objects until Python looks for cycles among them. A page's words and candidates hold none, and at Python's own 700
the search through them, and through all that was imported, takes a fifth of the reading of a text page."""


def main() -> int:
    """Serve requests from stdin to the original stdout; libraries that print do so to stderr."""
    settings = json.loads(sys.argv[1])
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    _bound(settings["bounds"]["memory_bytes"])
    languages = settings["bounds"]["second_reader"]
    second = Tesseract(languages.split("+")) if languages else None
    guard = _Guard(settings["bounds"]["parsing_bytes"], settings["bounds"]["parsing_s"], answers)
    reader = Reader(Limits(**settings["limits"]), second=second, guard=guard)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
    return _serve(reader, requests, answers, settings["bounds"]["longest_s"])


class _Guard(Guard):
    """Bounds what a parser may add to the address space and how long it may compute, and tells the parent of
    every page.
    """

    def __init__(self, parsing_bytes: int, parsing_s: int, answers: BinaryIO) -> None:
        self._parsing = parsing_bytes
        self._seconds = parsing_s
        self._answers = answers

    @contextmanager
    def parsing(self) -> Iterator[None]:
        if sys.platform == "darwin":
            yield
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        with open("/proc/self/statm", "rb") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        least = now + self._parsing
        resource.setrlimit(resource.RLIMIT_AS, (least if hard < 0 else min(least, hard), hard))
        whole, never = resource.getrlimit(resource.RLIMIT_CPU)
        step = math.ceil(_processor_s()) + self._seconds
        resource.setrlimit(resource.RLIMIT_CPU, (step if whole < 0 else min(step, whole), never))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
            resource.setrlimit(resource.RLIMIT_CPU, (whole, never))

    def page_done(self, number: int) -> None:
        self._answers.write(_LENGTH.pack(0, number))
        self._answers.flush()


def _bound(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    # macOS refuses to bound the address space; there the wall clock alone holds.
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _serve(reader: Reader, requests: BinaryIO, answers: BinaryIO, longest_s: float) -> int:
    known = _Known()
    while True:
        prefix = requests.read(_LENGTH.size)
        if len(prefix) < _LENGTH.size:
            return 0
        head_size, data_size = _LENGTH.unpack(prefix)
        head = json.loads(requests.read(head_size))
        data = requests.read(data_size)
        _bound_processor(max(head["timeout_s"], longest_s))
        try:
            body, blob = (
                _looked(data, head, reader) if head.get("look") else (_read(reader, data, head, known), b"")
            )
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        answers.write(_LENGTH.pack(len(body), len(blob)) + body + blob)
        answers.flush()


class _Known:
    """The suppliers and the scorer the parent told of last, which it sends again only when they changed; and the vendor
    lists of the last few clients, since they are long."""

    def __init__(self) -> None:
        self.suppliers: list[SupplierMemory] = []
        self.lists: dict[str, SupplierIndex] = {"": NOBODY}
        self.vendors = NOBODY
        self.scorer = SHIPPED

    def told(self, head: dict[str, Any]) -> None:
        if head.get("memory") is not None:
            self.suppliers = [SupplierMemory.from_json(it) for it in head["memory"]]
        told = head["vendors"]
        if told["list"] is not None:
            self.lists[told["mark"]] = SupplierIndex([KnownSupplier.from_list(it) for it in told["list"]])
        self.lists = {mark: it for mark, it in self.lists.items() if mark in told["kept"]}
        self.vendors = self.lists[told["mark"]]
        if head.get("scorer") is not None:
            self.scorer = Scorer.from_model(head["scorer"] or None)


def _looked(data: bytes, head: dict[str, Any], reader: Reader) -> tuple[bytes, bytes]:
    """Something to see of a document; ``refused`` names why there is nothing."""
    filename, number, blob = head["filename"] or "", int(head.get("page") or 1), b""
    try:
        if head["look"] == "picture":
            found, blob = look.picture(data, filename, number, reader.limits)
        elif head["look"] == "reading":
            first, last = int(head.get("first") or 1), head.get("last")
            found = look.reading(data, filename, reader.limits, reader.ocr, first, last)
        elif head["look"] == "paper":
            found = paper(data, filename, reader.limits)
        elif head["look"] == "unlocked":
            found, blob = {}, look.unlocked(data, filename, head["password"], reader.limits)
        else:
            left, top, right, bottom = (float(edge) for edge in head["box"])
            found = look.region(data, filename, number, (left, top, right, bottom), reader.limits, reader.ocr)
    except Quarantined as refusal:
        found = {"refused": refusal.code}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as below: a damaged file, and the log has it
        traceback.print_exc(file=sys.stderr)
        found = {"refused": "unreadable"}
    return json.dumps(found).encode(), blob


def _read(reader: Reader, data: bytes, head: dict[str, Any], known: _Known) -> bytes:
    known.told(head)
    found = _documents(reader, data, head, known)
    return b"[" + b",".join(part.model_dump_json().encode() for part in found) + b"]"


def _documents(reader: Reader, data: bytes, head: dict[str, Any], known: _Known) -> list[Extraction]:
    filename = head["filename"] or ""
    today = date.fromisoformat(head["today"]) if head["today"] else None
    try:
        return reader.read_all(
            data, filename, today, head.get("password"), known.suppliers, known.scorer, known.vendors
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        # The edge of the sandbox: whatever a broken file makes a parser raise is a damaged file. The log
        # has it.
        traceback.print_exc(file=sys.stderr)
        return [quarantine(filename, "unreadable")]


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _bound_processor(seconds: float) -> None:
    """Processor time counts from the child's birth, so each document moves the bound."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(_processor_s() + seconds) + 2, hard))


if __name__ == "__main__":
    sys.exit(main())
