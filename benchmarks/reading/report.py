"""The worst documents of a scoring run as one HTML file: pages with boxes beside what is true and what was read."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.reading.folders import Case
from benchmarks.reading.measures import Verdict
from schemas.extraction import Extraction
from ticketos.ai.extract.render import pictures

_WIDTH = 700
_STYLE = (
    "<style>body{font:14px sans-serif;margin:2em}section{display:flex;gap:2em;margin-bottom:3em}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:3px 6px;text-align:left;vertical-align:top}"
    ".wrong{background:#fdd}img{max-width:700px;border:1px solid #888}</style>"
)


@dataclass(frozen=True)
class Shown:
    """One document that was scored."""

    case: Case
    data: bytes
    read: Extraction
    verdicts: tuple[Verdict, ...]

    @property
    def harm(self) -> tuple[int, int]:
        """How bad: first what passed without a person and is wrong, then what is wrong at all."""
        wrong = [it for it in self.verdicts if not it.right]
        return sum(it.auto for it in wrong), len(wrong)


def worst_as_html(shown: Sequence[Shown], most: int) -> str:
    """The `most` worst documents, the worst first."""
    worst = [it for it in sorted(shown, key=lambda it: it.harm, reverse=True) if it.harm > (0, 0)][:most]
    body = "".join(_section(it) for it in worst) or "<p>Nothing was wrong.</p>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Worst read</title>{_STYLE}{body}</html>\n"
    )


def _section(it: Shown) -> str:
    rows = "".join(
        f"<tr class={'right' if verdict.right else 'wrong'}><td>{html.escape(verdict.field)}"
        f"<td>{html.escape(verdict.true or '')}<td>{html.escape(verdict.read or '')}<td>{verdict.confidence:.3f}"
        f"<td>{'auto' if verdict.auto else html.escape(', '.join(verdict.blocked_by))}"
        for verdict in it.verdicts
    )
    head = "<tr><th>field<th>true<th>read<th>confidence<th>passed"
    images = "".join(f"<img alt='' src='{_inline(picture)}'>" for picture in _pages(it))
    return (
        f"<h2>{html.escape(it.case.name)}: {it.read.type}, {it.read.status}</h2>"
        f"<section><div>{images}</div><table>{head}{rows}</table></section>"
    )


def _pages(it: Shown) -> list[bytes]:
    found = []
    for image in pictures(it.data, it.case.filename, it.read)[:2]:
        image.thumbnail((_WIDTH, 4 * _WIDTH))
        target = io.BytesIO()
        image.convert("RGB").save(target, "JPEG", quality=70)
        found.append(target.getvalue())
    return found


def _inline(picture: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode()
