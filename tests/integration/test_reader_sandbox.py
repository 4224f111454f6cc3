"""The sandbox: what cannot be read is quarantined with its reason, and the pool lives on."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typer
import weasyprint
from PIL import Image
from typer.testing import CliRunner

from ticketos.ai.extract.cli import extract
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.sandbox import ChildBounds, SandboxedReader, _Watch, starved_s
from ticketos.ai.extract.scoring.trees import fingerprint
from ticketos.dev.sim.documents import generate
from ticketos.domain.ports import NO_VENDORS, VendorList


def pdf(pages: int = 1) -> bytes:
    body = "<h1>Invoice</h1><p>Invoice No: A-{n}</p><p>Invoice Date: 2026-02-01</p><p>Total: EUR 12.00</p>"
    html = '<p style="page-break-after:always"></p>'.join(body.format(n=n) for n in range(100, 100 + pages))
    made: Any = weasyprint.HTML(string=html).write_pdf()
    return bytes(made)


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("secret", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def png(width: int, height: int) -> bytes:
    """A tiny file that unpacks to width × height pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(b"\x00" * ((width + 7) // 8 + 1) * height, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    target = io.BytesIO()
    Image.effect_noise((400, 400), 60).convert("RGB").save(target, "JPEG")
    return target.getvalue()


@pytest.fixture(scope="module")
def reader() -> Iterator[SandboxedReader]:
    with SandboxedReader(limits=Limits(pages=3)) as made:
        yield made


def children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def test_a_document_is_read_in_another_process(reader: SandboxedReader) -> None:
    found = reader.read(pdf(), "a.pdf")
    assert (found.status, found.file, found.pages) == ("read", "a.pdf", 1)
    assert found.fields["number"].value == "A-100"
    assert found.fields["total"].value == "12.00"


def test_one_clients_scorer_is_not_used_for_the_next_clients_document() -> None:
    own = {"version": 5, "payload": {"base": fingerprint(), "fields": {}}}
    foreign = {"version": 6, "payload": {"base": "learnt beside other weights", "fields": {}}}
    with SandboxedReader() as reader:
        versions = [
            reader.read(pdf(), "a.pdf", scorer=scorer).versions.get("scorer")
            for scorer in (own, own, None, foreign)
        ]
    assert versions == ["5", "5", None, None]


def test_each_client_is_compared_with_its_own_vendors_however_they_alternate() -> None:
    """More lists than a child keeps: one that was dropped is sent again."""
    html = "<h2>Harapan Paper Sdn Bhd</h2><p>12 Jalan Meranti</p><h1>Invoice</h1><p>Invoice No: A-1</p><p>Total: EUR 12.00</p>"
    content: Any = weasyprint.HTML(string=html).write_pdf()
    plain = {"aliases": [], "tax_ids": [], "address": ""}
    lists = [
        VendorList(f"client-{n}", ({**plain, "name": name},))
        for n, name in enumerate(
            ("HARAPAN PAPER", "Harapan PAPER", "HARAPAN paper Sdn Bhd", "Other", "Harapan-Paper", "Another")
        )
    ]
    wanted = [*lists, lists[0], lists[5], NO_VENDORS, lists[1], lists[1]]
    with SandboxedReader() as reader:
        found = [reader.read(content, "a.pdf", vendors=one).fields["supplier_name"].value for one in wanted]
    as_printed = "Harapan Paper Sdn Bhd"
    names = [one.vendors[0]["name"] if one.vendors else as_printed for one in wanted]
    assert found == [as_printed if name in ("Other", "Another") else name for name in names]


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (encrypted, "a.pdf", "encrypted"),
        (lambda: b"", "a.pdf", "empty"),
        (lambda: pdf()[:-800], "a.pdf", "truncated"),
        (lambda: b"%PDF-1.7\n" + os.urandom(4000) + b"\n%%EOF\n", "a.pdf", "unreadable"),
        (lambda: pdf(4), "a.pdf", "too-many-pages"),
        (lambda: png(30_000, 30_000), "a.png", "too-heavy"),
        (lambda: jpeg()[:3000], "a.jpg", "truncated"),
        (jpeg, "a.pdf", "wrong-type"),
        (lambda: png(200, 200), "blank.png", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_quarantined_and_the_next_is_read(
    reader: SandboxedReader, make: Any, name: str, reason: str
) -> None:
    found = reader.read(make(), name)
    assert (found.status, found.reason) == ("quarantined", reason)
    assert found.reason_text
    assert reader.read(pdf(3), "a.pdf").status == "read"


def test_a_reading_that_takes_too_long_is_killed_and_the_same_file_with_time_is_read() -> None:
    with SandboxedReader() as reader:
        content = pdf()
        started = time.monotonic()
        assert reader.read(content, "a.pdf", timeout_s=0.02).reason == "too-heavy"
        assert time.monotonic() - started < 20
        assert reader.read(pdf(), "a.pdf").status == "read"


def test_a_file_that_needs_more_memory_than_a_child_has_is_quarantined() -> None:
    big = png(9_000, 8_000)
    roomy = Limits(pixels=100_000_000)
    with SandboxedReader(limits=roomy, bounds=ChildBounds(parsing_bytes=64 * 1024**2)) as reader:
        assert reader.read(big, "a.png").reason == "too-heavy"
        assert reader.read(pdf(), "a.pdf").status == "read"


def test_a_child_that_dies_is_replaced() -> None:
    before = children()
    with SandboxedReader() as reader:
        assert reader.read(pdf(), "a.pdf").status == "read"
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # dead, and left for the reader to notice
        assert reader.read(pdf(), "a.pdf").status == "read"
        assert children() - before != {child}
    assert children() <= before


def test_a_child_that_keeps_too_much_is_replaced_and_a_light_one_stays() -> None:
    before = children()
    with SandboxedReader() as light:
        light.read(pdf(), "a.pdf")
        (first,) = children() - before
        light.read(pdf(), "a.pdf")
        assert children() - before == {first}
    with SandboxedReader(bounds=ChildBounds(kept_bytes=20 * 1024**2)) as heavy:
        heavy.read(pdf(), "a.pdf")
        assert not children() - before, "what a parser may add would come on top of what it keeps"
        assert heavy.read(pdf(), "a.pdf").status == "read"


def test_a_child_that_has_read_a_scan_stays_for_the_next_one() -> None:
    before = children()
    scan = generate("invoice", 5, form="scan_pdf")
    with SandboxedReader() as reader:
        for _ in range(2):
            assert reader.read(scan.content, "a.pdf").status == "read"
            assert len(children() - before) == 1, "each scan would load the networks anew"


def test_a_crash_in_the_middle_of_a_document_quarantines_that_document_alone() -> None:
    before = children()
    with SandboxedReader() as reader:
        content = pdf()
        reader.read(content, "a.pdf")
        (child,) = children() - before
        os.kill(child, signal.SIGSTOP)
        crash = threading.Timer(1.0, os.kill, (child, signal.SIGSEGV))
        wake = threading.Timer(1.2, os.kill, (child, signal.SIGCONT))
        crash.start()
        wake.start()
        found = reader.read(content, "a.pdf")
        crash.join()
        wake.join()
        assert (found.status, found.reason) == ("quarantined", "unreadable")
        assert reader.read(pdf(), "a.pdf").status == "read"


def test_many_threads_share_the_pool_and_each_gets_its_own_answer() -> None:
    names = [f"{n}.pdf" for n in range(12)]
    with SandboxedReader(processes=2) as reader, ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda name: reader.read(pdf(1), name), names))
    assert [it.file for it in found] == names
    assert {it.status for it in found} == {"read"}


def test_a_closed_reader_refuses_and_leaves_no_process() -> None:
    before = children()
    reader = SandboxedReader()
    assert reader.read(pdf(), "a.pdf").status == "read"
    reader.close()
    assert children() <= before
    with pytest.raises(RuntimeError, match="closed"):
        reader.read(pdf(), "a.pdf")


def test_a_childs_environment_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/db")
    before = children()
    with SandboxedReader() as reader:
        reader.read(pdf(), "a.pdf")
        (child,) = children() - before
        environment = Path(f"/proc/{child}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"secret" not in environment
    assert b"OMP_THREAD_LIMIT=1" in environment


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(extract)
    return made


def test_the_command_prints_one_object_per_file_in_order_and_fails_for_an_unread_one(
    app: typer.Typer, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(pdf())
    bad.write_bytes(encrypted())
    ran = CliRunner().invoke(app, ["--json", str(bad), str(good)])
    assert ran.exit_code == 1
    first, second = (json.loads(line) for line in ran.stdout.splitlines())
    assert (first["status"], first["reason"], second["status"]) == ("quarantined", "encrypted", "read")
    assert "password" in ran.stderr
    assert CliRunner().invoke(app, ["--json", str(good)]).exit_code == 0


def test_the_command_shows_a_table_without_json(app: typer.Typer, tmp_path: Path) -> None:
    good = tmp_path / "good.pdf"
    good.write_bytes(pdf())
    ran = CliRunner().invoke(app, [str(good)])
    assert ran.exit_code == 0
    assert "A-100" in ran.stdout
    assert "invoice" in ran.stdout


def test_a_path_that_does_not_exist_is_wrong_usage(app: typer.Typer, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["--json", str(tmp_path / "absent.pdf")]).exit_code == 2


def test_what_cannot_be_used_is_told_in_words_before_anything_is_read(
    app: typer.Typer, tmp_path: Path
) -> None:
    good, taken = tmp_path / "good.pdf", tmp_path / "taken"
    good.write_bytes(pdf())
    taken.write_text("a file")
    for arguments, words in (
        ([str(tmp_path)], "a folder"),
        (["--render", str(taken), str(good)], "is a file"),
        (["--render", str(taken / "below"), str(good)], "cannot be made"),
        (["--second-reader", "eng+xyz", str(good)], "has no xyz"),
    ):
        ran = CliRunner().invoke(app, arguments)
        assert (ran.exit_code, ran.stdout) == (2, ""), arguments
        assert words in " ".join(ran.stderr.replace("│", " ").split()), arguments


def test_pictures_are_made_of_each_documents_own_pages_and_of_protected_files(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*_: object) -> None:
        raise AssertionError("foreign bytes are opened in the reading process alone")

    monkeypatch.setattr("ticketos.ai.extract.render._pages", here)
    first, turn = (
        "<h1>INVOICE</h1><p>Invoice No: A-100</p>",
        "<div style='page-break-before:always'>&nbsp;</div>",
    )
    paper: Any = weasyprint.HTML(string=f"{first}{turn}{turn}{first.replace('100', '200')}").write_pdf()
    stack, locked = tmp_path / "stack.pdf", tmp_path / "locked.pdf"
    stack.write_bytes(paper)
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("Lotus-77", algorithm="AES-256")
    writer.write(locked)
    other = tmp_path / "again" / "stack.pdf"
    other.parent.mkdir()
    other.write_bytes(pdf())
    key = tmp_path / "key"
    key.write_text("Lotus-77\n")
    shown = tmp_path / "shown"
    ran = CliRunner().invoke(
        app,
        ["--json", "--render", str(shown), "--password-file", str(key), str(stack), str(locked), str(other)],
    )
    assert ran.exit_code == 0, ran.stderr
    read = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [it.get("page_range") for it in read] == [[1, 1], [3, 3], None, None]
    names = {path.name: path for path in shown.iterdir()}
    assert set(names) == {"stack.pdf-1.png", "stack.pdf-3.png", "locked.pdf-1.png", "stack.pdf~2-1.png"}
    for path in names.values():
        with Image.open(path) as image:
            colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
        assert colours & {(0, 130, 60), (205, 95, 0)}, f"no box on {path.name}"


def watched(starved: Iterator[float], timeout_s: float = 0.2, longest_s: float = 30.0) -> bool:
    """Whether a watch over this very process ends it within a second; `starved` is what it is told each time it asks."""
    ended = threading.Event()
    bounds = ChildBounds(resident_bytes=2**62, longest_s=longest_s, watch_s=0.01)
    watch = _Watch(os.getpid(), timeout_s, bounds, ended.set, lambda _: next(starved))
    watch.start()
    late = ended.wait(1.0)
    watch.stop()
    return late


def test_a_child_out_of_time_is_ended_though_the_machine_was_crowded_before() -> None:
    assert watched(repeat(500.0))


def test_waiting_for_a_processor_is_not_the_documents_time() -> None:
    assert not watched(count(500.0, 5.0))


def test_nobody_waits_longer_than_the_longest() -> None:
    assert watched(count(0.0, 5.0), longest_s=0.3)


def test_the_system_tells_how_long_a_process_was_kept_waiting() -> None:
    if not Path("/proc/self/schedstat").is_file():
        pytest.skip("this system does not tell")
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        time.sleep(1.5)
        assert sum(starved_s(one.pid) for one in busy) > 0.2
    finally:
        for one in busy:
            one.kill()
            one.wait()
