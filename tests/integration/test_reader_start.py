"""A reading process that was started before there was anything to read."""

from __future__ import annotations

from ticketos.ai.extract.sandbox import SandboxedReader


def pids(reader: SandboxedReader) -> set[int]:
    return {child._process.pid for child in reader._running}


def test_a_prepared_process_is_the_one_that_reads() -> None:
    with SandboxedReader() as reader:
        assert not pids(reader)
        reader.prepare()
        started = pids(reader)
        assert len(started) == 1
        assert reader.read(b"", "nothing.pdf").status == "quarantined"
        assert pids(reader) == started
        reader.prepare()
        assert pids(reader) == started


def test_a_closed_reader_prepares_nothing() -> None:
    reader = SandboxedReader()
    reader.close()
    reader.prepare()
    assert not pids(reader)
