"""Lists and reports as PDF: tagged for screen readers (PDF/UA-1), searchable, with page numbers. A paper loads nothing
from anywhere; its charts are handed over with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcherResponse

MEDIA = "application/pdf"
MOST_ROWS = 1_000
MOST_CELLS = 6_000
"""What a printed list takes: the longest takes some seconds of one core (``python -m benchmarks.printing``). More is a
file for a spreadsheet."""
_APART = 1_500
"""Cells from which on a list is made in a process of its own, so that nobody's page waits for it meanwhile."""
_LONGEST_S = 120
_ONE = Lock()
"""Long lists are made one after another: a machine of two cores keeps one for pages."""
_WIDE = 8
"""From so many columns on a list lies on its side."""
_CHART = "chart:"
_INK = """<style>
text { fill: #475569; font: 11px "Noto Sans", "DejaVu Sans", sans-serif; stroke: none }
.axis { stroke: #e2e8f0 } .base { stroke: #94a3b8 } .target { stroke: #8a5300; stroke-dasharray: 4 4 }
.s0 { fill: #3b4fd8; stroke: #3b4fd8 } .s1 { fill: #146c43; stroke: #146c43 }
.s2 { fill: #8a5300; stroke: #8a5300 } .s3 { fill: #b42318; stroke: #b42318 }
.line { fill: none; stroke-width: 2 } .column { stroke: none }
</style>"""
"""A drawing has its own ink: the styles of a page do not reach into it."""


@dataclass(frozen=True)
class Drawn:
    """A chart with its table: the drawing as SVG, the table's head and lines as text, and what its colours mean."""

    title: str
    svg: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    legend: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """A table of a report; ``empty`` is said where it has no line. Columns from ``numbers`` on stand to the right."""

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    empty: str = ""
    note: str = ""
    numbers: int = 99


@dataclass(frozen=True)
class Report:
    """A report on paper: whose it is, of when, its tables and charts in their order."""

    title: str
    subject: str
    made: str
    parts: Sequence[Table | Drawn] = field(default_factory=tuple)
    page_words: tuple[str, str] = ("Page", "of")
    language: str = "en-IN"


def report(one: Report) -> bytes:
    """The report as PDF; takes some tenths of a second."""
    drawings = [part.svg for part in one.parts if isinstance(part, Drawn)]
    numbered = {id(part): n for n, part in enumerate(p for p in one.parts if isinstance(p, Drawn))}
    html = (
        _pages()
        .get_template("report.html")
        .render(r=one, drawn=lambda part: numbered.get(id(part)), wide=False)
    )
    return pdf(html, drawings)


@dataclass(frozen=True)
class Heading:
    """What stands above a list: what it is, and when it was made and how it was narrowed."""

    title: str
    about: str


def most_rows(columns: int) -> int:
    """How many lines of so many columns a printed list takes."""
    return min(MOST_ROWS, MOST_CELLS // max(columns, 1))


def listing(heading: Heading, head: Sequence[str], lines: Iterable[Iterable[object]]) -> bytes:
    """A list as PDF: its head on every page. Numbers stand to the right, and nothing in a cell is markup."""
    rows = [[(_text(value), _numeric(value)) for value in line] for line in lines]
    numbers = [any(line[at][1] for line in rows) for at in range(len(head))]
    html = (
        _pages()
        .get_template("listing.html")
        .render(
            heading=heading, head=list(zip(head, numbers, strict=True)), rows=rows, wide=len(head) >= _WIDE
        )
    )
    return pdf(html, ()) if len(head) * len(rows) < _APART else _apart(html)


def _apart(html: str) -> bytes:
    """The same made by a process of its own. Raises ``ChildProcessError``, ``subprocess.TimeoutExpired``."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with _ONE:
        done = subprocess.run(
            [sys.executable, "-m", "ticketos.reports.printer"],
            input=html.encode(),
            capture_output=True,
            timeout=_LONGEST_S,
            env=environment,
        )
    if done.returncode:
        raise ChildProcessError(done.stderr.decode(errors="replace")[-500:])
    return done.stdout


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return str(format_decimal(value, locale="en_IN", decimal_quantization=False))
    return str(value)


def _numeric(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def pdf(html: str, drawings: Sequence[str] = ()) -> bytes:
    """A paper, with the drawings that came with it."""
    # Loaded at the first paper: it needs system libraries that a process without papers can do without.
    from weasyprint import HTML

    known = {f"{_CHART}{n}": _own_ink(svg).encode() for n, svg in enumerate(drawings)}
    document: bytes = HTML(string=html, url_fetcher=lambda url: held(url, known)).write_pdf(
        pdf_variant="pdf/ua-1", pdf_tags=True
    )
    return document


def held(url: str, known: Mapping[str, bytes]) -> URLFetcherResponse:
    """A drawing that came with the paper. Raises ``ValueError`` for anything else: a paper loads nothing."""
    from weasyprint.urls import URLFetcherResponse

    if url not in known:
        raise ValueError(f"a paper loads nothing: {url[:80]}")
    return URLFetcherResponse(url, known[url], {"Content-Type": "image/svg+xml"})


def _own_ink(svg: str) -> str:
    head, _, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{_INK}{rest}'


@cache
def _pages() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["margin"] = _margin
    return made


def _margin(text: Any) -> str:
    """Words that stand in a margin box, where CSS takes them as a string."""
    return " ".join(str(text).replace("\\", " ").replace('"', " ").replace("<", " ").split())
