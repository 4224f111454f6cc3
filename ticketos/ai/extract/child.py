"""The process inside the sandbox: bounds itself, then answers one document after another until its pipe
closes.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import traceback
from datetime import date
from typing import Any, BinaryIO

from schemas.extraction import Extraction
from ticketos.ai.extract import look
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.reader import Reader, quarantine
from ticketos.ai.extract.sandbox import OUT_OF_MEMORY
from ticketos.ai.ocr.engines import Tesseract

_LENGTH = struct.Struct(">II")
_LARGEST_FILE = 64 * 1024 * 1024


def main() -> int:
    """Serve requests from stdin to the original stdout; libraries that print do so to stderr."""
    settings = json.loads(sys.argv[1])
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    _bound(settings["bounds"]["memory_bytes"])
    second = Tesseract() if settings["bounds"]["second_reader"] else None
    reader = Reader(Limits(**settings["limits"]), second=second)
    return _serve(reader, requests, answers)


def _bound(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    # macOS refuses to bound the address space; there the wall clock alone holds.
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _serve(reader: Reader, requests: BinaryIO, answers: BinaryIO) -> int:
    while True:
        prefix = requests.read(_LENGTH.size)
        if len(prefix) < _LENGTH.size:
            return 0
        head_size, data_size = _LENGTH.unpack(prefix)
        head = json.loads(requests.read(head_size))
        data = requests.read(data_size)
        _bound_processor(head["timeout_s"])
        try:
            body, blob = _looked(data, head, reader) if head.get("look") else (_read(reader, data, head), b"")
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        answers.write(_LENGTH.pack(len(body), len(blob)) + body + blob)
        answers.flush()


def _looked(data: bytes, head: dict[str, Any], reader: Reader) -> tuple[bytes, bytes]:
    """Something to see of a document; ``refused`` names why there is nothing."""
    filename, number, blob = head["filename"] or "", int(head.get("page") or 1), b""
    try:
        if head["look"] == "picture":
            found, blob = look.picture(data, filename, number, reader.limits)
        elif head["look"] == "reading":
            found = look.reading(data, filename, reader.limits, reader.ocr)
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


def _read(reader: Reader, data: bytes, head: dict[str, Any]) -> bytes:
    return _extraction(reader, data, head).model_dump_json().encode()


def _extraction(reader: Reader, data: bytes, head: dict[str, Any]) -> Extraction:
    filename = head["filename"] or ""
    today = date.fromisoformat(head["today"]) if head["today"] else None
    try:
        return reader.read(data, filename, today)
    except Exception:  # noqa: BLE001
        # The edge of the sandbox: whatever a broken file makes a parser raise is a damaged file. The log
        # has it.
        traceback.print_exc(file=sys.stderr)
        return quarantine(filename, "unreadable")


def _bound_processor(seconds: float) -> None:
    """Processor time counts from the child's birth, so each document moves the bound."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, hard))


if __name__ == "__main__":
    sys.exit(main())
