"""A list on paper, in words: what its columns are called, what it was narrowed to, codes and instants as pages write them.
CSV and workbooks keep the names and values of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.spans import lenient

_ROWS = "rows-"
"""Begins the name of a file of the rows of a measure."""
_CODES: Mapping[str, tuple[str, ...]] = {
    "service_line": ("line",),
    "stage": ("stage",),
    "state": ("state", "document", "paper", "version", "dispute_state"),
    "sla_state": ("sla",),
    "channel": ("channel",),
    "fate": ("fate",),
}
"""Columns of codes, and the groups of words that may have one for it."""
_DAYS = ("_at", "_on", "_date")
_DAY = frozenset({"at", "on", "day"})
"""Columns of days and instants: what people write elsewhere is never taken for one."""


def title(t: Texts, name: str) -> str:
    """What the list is called."""
    measure = f"measures.{name.removeprefix(_ROWS)}.name"
    if name.startswith(_ROWS) and t.has(measure):
        return t("insights.rows_title", name=t(measure))
    return t.word("file", name)


def narrowed(f: Formats, asked: Iterable[tuple[str, str]]) -> list[str]:
    """What an address narrows a list to."""
    t = f.texts

    def said(name: str, value: str) -> str:
        if name == "measure" and t.has(f"measures.{value}.name"):
            return t(f"measures.{value}.name")
        found = lenient(value) if name.endswith(("since", "until")) else None
        return f.full_text(found) if isinstance(found, datetime) else f.said(value)

    return [
        f"{t.column(name)}: {said(name, value)}"
        for name, value in asked
        if value and name not in ("as", "cursor")
    ]


def line(f: Formats, head: Sequence[str], values: Iterable[object]) -> list[object]:
    """A line of the list as people read it; instants in the viewer's zone."""
    return [_said(f, name, value) for name, value in zip(head, values, strict=True)]


def _said(f: Formats, name: str, value: object) -> object:
    if not isinstance(value, str | date):
        return value
    for group in _CODES.get(name, ()):
        if value and f.texts.has(f"words.{group}.{value}"):
            return f.texts.word(group, value)
    if name in _DAY or name.endswith(_DAYS):
        found = value if isinstance(value, date) else lenient(value)
        if isinstance(found, datetime):
            return f.short_text(found)
        return f.said(found.isoformat()) if found else value
    return value
