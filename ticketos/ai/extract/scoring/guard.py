"""Generated papers that ship with the reader: what retraining holds on to, and what it must not get worse at.

    python -m ticketos.ai.extract.scoring.guard FOLDER… [--out FILE]

The folders are as `train` takes them, of seeds that nothing was trained or calibrated on. Half of the papers are
anchors, which a challenger learns beside a client's corrections; on the other half it is judged.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from ticketos.ai.extract.memory.paper import packed, pages_of
from ticketos.ai.extract.scoring.examples import Truth, labelled
from ticketos.ai.ocr.page import Page

FILE = Path(__file__).with_name("guard.jsonl.gz")


@dataclass(frozen=True)
class Known:
    """A paper and what it truly says."""

    pages: list[Page]
    truth: Truth


def anchors() -> Iterator[Known]:
    """The papers that are learnt beside corrections."""
    return (_paper(line) for line in _lines()[::2])


def judges() -> Iterator[Known]:
    """The papers nobody learns from."""
    return (_paper(line) for line in _lines()[1::2])


@cache
def _lines() -> tuple[str, ...]:
    # Kept packed: as pages they would take a hundred times the room.
    return tuple(gzip.decompress(FILE.read_bytes()).decode().splitlines())


def _paper(line: str) -> Known:
    stored = json.loads(line)
    return Known(pages_of(stored["pages"]), stored["fields"])


def main(argv: Sequence[str] | None = None) -> int:
    """Pack the folders; exit code 2 when they hold nothing labelled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args(argv)
    lines = []
    for pages, truth in chain.from_iterable(labelled(folder) for folder in asked.folders):
        fields = {name: value for name, value in truth.items() if name != "type"}
        lines.append(
            json.dumps({"pages": packed(pages), "fields": fields}, ensure_ascii=False, separators=(",", ":"))
        )
    if not lines:
        print("no labelled documents there", file=sys.stderr)
        return 2
    asked.out.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    print(f"{len(lines)} papers, {asked.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
