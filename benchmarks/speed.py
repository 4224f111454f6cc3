"""How many pages a processor reads, and how soon a worker and its reader are there.

    python -m benchmarks.speed [--text FOLDER] [--scans FOLDER] [--most N] [--record]

Folders are labelled ones as `benchmarks.extraction` takes them; without, samples of our own making are written and
read. Text PDFs lose what is attached to them; where the folder of scans holds PDFs, their pages are made pictures of 200
dpi beforehand. Every page goes through the sandboxed reading process, one of them, on one thread, as in a worker. Pages
per processor second count what that process and its parent used, so that a busy machine spoils them less than pages per
second; `load` is the number of processes that wanted to run when it began.
The first documents of each kind start the process and load its networks: `first_text_s` and `first_scan_s` say how
long those took, and their pages are not counted. A worker is ready when it says so in its log, on a database and a
Temporal server of its own; the slowest of its starts counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cpu
from benchmarks.figures import Asked, Figure, arguments, finish, say
from benchmarks.installation import Installation
from benchmarks.reading.folders import cases
from ticketos.ai.extract.sandbox import SandboxedReader
from ticketos.dev.sim.documents.composed.training import write_folder
from ticketos.dev.sim.documents.truth import KINDS, Form

TEXT_PER_S, SCANS_PER_S, WORKER_S = 15.0, 0.6, 5.0
UNCOUNTED = 3
"""Documents read before the clock starts: what is loaded and compiled once in a process's life is then there."""
STARTS = 3
_SEED = 5
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Document:
    """A file as it arrives."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Pace:
    """What reading some documents took after the first ones; `first_s` the very first, the start of the process included."""

    pages: int
    wall_s: float
    cpu_s: float
    first_s: float
    quarantined: int

    @property
    def per_s(self) -> float:
        """Pages a second of the clock."""
        return self.pages / max(self.wall_s, 1e-9)

    @property
    def per_cpu_s(self) -> float:
        """Pages a processor second."""
        return self.pages / max(self.cpu_s, 1e-9)


def pace(documents: Sequence[Document]) -> Pace:
    """Read documents one after the other in a reading process of their own."""
    counted, quarantined = 0, 0
    with SandboxedReader() as reader:
        began = wall = time.perf_counter()
        spent = _processor_s()
        first = 0.0
        for index, document in enumerate(documents):
            if index == UNCOUNTED:
                wall, spent = time.perf_counter(), _processor_s()
            found = reader.read(document.data, document.name, _PATIENCE_S)
            if index == 0:
                first = time.perf_counter() - began
            if index >= UNCOUNTED:
                counted += max(found.pages, 1)
                quarantined += found.status == "quarantined"
        return Pace(counted, time.perf_counter() - wall, _processor_s() - spent, first, quarantined)


def _processor_s() -> float:
    """Of this process and all it started."""
    return cpu.seconds({"all": os.getpid()}).get("all", time.process_time())


def worker_starts(times: int) -> list[tuple[float, float]]:
    """Seconds and processor seconds from the start of a worker until it is ready, for each of some starts."""
    found: list[tuple[float, float]] = []
    with Installation() as installed:
        for _ in range(times):
            (installed.home / "logs" / "worker.log").unlink(missing_ok=True)
            began = time.perf_counter()
            installed.start_worker()
            installed.wait_for_log("worker", "worker.ready")
            found.append((time.perf_counter() - began, installed.cpu_seconds().get("worker", 0.0)))
            installed.stop("worker")
    return found


def documents(folder: Path | None, form: Form, most: int, scratch: Path) -> list[Document]:
    """The files of a labelled folder, or samples written into `scratch`."""
    if folder is None:
        folder = scratch / form
        write_folder(folder, most, _SEED, KINDS, form)
    pdfs = form != "text_pdf" and any(folder.rglob("*.pdf"))
    found = cases(folder, "text" if form == "text_pdf" else "rendered" if pdfs else "as_is")
    read = [Document(case.filename, case.load()) for _, case in zip(range(most), found, strict=False)]
    if len(read) <= UNCOUNTED:
        raise ValueError(f"{folder} holds {len(read)} documents; more than {UNCOUNTED} are needed")
    return read


def measure(options_text: Path | None, options_scans: Path | None, most: int) -> dict[str, Figure]:
    """Text, scans, worker, one after the other."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="ticketos-speed-") as made:
        text = pace(documents(options_text, "text_pdf", 4 * most, Path(made)))
        say(f"  text: {text.pages} pages, {text.per_cpu_s:.1f} a processor second")
        scans = pace(documents(options_scans, "image_jpeg", most, Path(made)))
        say(f"  scans: {scans.pages} pages, {scans.per_cpu_s:.2f} a processor second")
    starts = worker_starts(STARTS)
    return {
        "text_per_cpu_s": round(text.per_cpu_s, 2),
        "text_per_s": round(text.per_s, 2),
        "scans_per_cpu_s": round(scans.per_cpu_s, 3),
        "scans_per_s": round(scans.per_s, 3),
        "worker_ready_s": round(max(wall for wall, _ in starts), 2),
        "worker_ready_cpu_s": round(max(spent for _, spent in starts), 2),
        "first_text_s": round(text.first_s, 2),
        "first_scan_s": round(scans.first_s, 2),
        "text": options_text.name if options_text else "generated",
        "scans": options_scans.name if options_scans else "generated",
        "pages": [text.pages, scans.pages],
        "quarantined": text.quarantined + scans.quarantined,
        "load": round(load, 2),
        "cores": os.cpu_count() or 1,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 1 when a promise is missed, 2 for a folder without documents."""
    parser = arguments(__doc__)
    parser.add_argument("--text", type=Path, metavar="FOLDER", help="PDFs with a text layer")
    parser.add_argument("--scans", type=Path, metavar="FOLDER", help="pictures of pages")
    parser.add_argument(
        "--most", type=int, default=30, metavar="N", help="scans, and a quarter of the texts (default 30)"
    )
    options = parser.parse_args(argv)
    try:
        figures = measure(options.text, options.scans, options.most)
    except (ValueError, OSError) as error:
        say(str(error))
        return 2
    asked = [
        Asked(
            "text pages a processor second", float(str(figures["text_per_cpu_s"])), TEXT_PER_S, at_least=True
        ),
        Asked(
            "scanned pages a processor second",
            float(str(figures["scans_per_cpu_s"])),
            SCANS_PER_S,
            at_least=True,
        ),
        Asked("seconds until a worker is ready", float(str(figures["worker_ready_s"])), WORKER_S),
    ]
    return finish("speed", figures, asked, keep=options.record)


if __name__ == "__main__":
    sys.exit(main())
