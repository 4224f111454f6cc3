"""A client's own list as a file: what each row says, or in words why it cannot be taken. Pure.

The first row names the columns. A column that is not there leaves its values as they are. What the rows of one kind of
list must hold, its own module says (``vendor_file``, ``account_file``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketos.domain.errors import DomainError

MOST_BYTES = 4 * 1024 * 1024

_YES, _NO = frozenset(("yes", "y", "true", "1", "active")), frozenset(("no", "n", "false", "0", "inactive"))
_NEUTRAL = re.compile(r"^'(?=[=+\-@\t\r\n＝＋－＠])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Layout:
    """One kind of list: its ``noun``, with which the codes of its refusals begin; its columns, of which ``required``
    must be there; most characters of a value; most rows; other names of columns."""

    noun: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    longest: Mapping[str, int]
    most: int
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A row that cannot be taken: its line in the file, its code where it has one, why in words."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True)
class ListFile:
    """What a file says: values by column for each good row, and the rows refused."""

    rows: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[Refused, ...] = ()


class WrongRowError(ValueError):
    """Why a row cannot be taken, in words."""


def read(content: bytes, layout: Layout, values: Callable[[Mapping[str, str]], dict[str, Any]]) -> ListFile:
    """Every row of a file; ``values`` makes of a row's cells what they mean, or raises ``WrongRowError``. Refused as a
    whole (``<noun>-file-…``): what is no text, lacks a required column, names one that is not known, or has more rows
    than are taken at once."""
    text = _text(content, layout)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        named = _columns(next(reader, []), layout)
        good: list[Mapping[str, Any]] = []
        bad: list[Refused] = []
        lines: dict[str, int] = {}
        begins = reader.line_num + 1
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(good) + len(bad) >= layout.most:
                raise DomainError(f"{layout.noun}-file-too-long", limit=layout.most)
            row = dict(zip(named, (_clean(cell) for cell in cells), strict=False))
            code = row.get("code", "")[: layout.longest["code"]]
            try:
                over = len(cells) - len(named)
                if over > 0:
                    raise WrongRowError(
                        f"the row has {over} cells more than there are columns; quote cells with commas"
                    )
                found = values(row)
                if code in lines:
                    raise WrongRowError(f"code {code} stands on line {lines[code]} already")
            except WrongRowError as error:
                bad.append(Refused(line, code, str(error)))
                continue
            lines[code] = line
            good.append(found)
    except csv.Error as error:
        raise DomainError(f"{layout.noun}-file-unreadable", line=reader.line_num) from error
    return ListFile(tuple(good), tuple(bad))


def require_short(name: str, text: str, layout: Layout) -> None:
    """A value of a row is not too long. Raises ``WrongRowError``."""
    if len(text) > layout.longest[name]:
        raise WrongRowError(f"{name} is longer than {layout.longest[name]} characters")


def require_filled(values: Mapping[str, Any], layout: Layout) -> None:
    """What is required is not empty. Raises ``WrongRowError``."""
    for name in layout.required:
        if not values.get(name):
            raise WrongRowError(f"{name} is empty")


def active(cell: str) -> bool:
    """Whether a row is in use; an empty cell says it is. Raises ``WrongRowError``."""
    word = cell.casefold()
    if word and word not in _YES | _NO:
        raise WrongRowError(f"active is “{cell[:20]}”; write yes or no")
    return word not in _NO


def _text(content: bytes, layout: Layout) -> str:
    if len(content) > MOST_BYTES:
        raise DomainError(f"{layout.noun}-file-too-large", limit_mb=MOST_BYTES // 1024 // 1024)
    try:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DomainError(f"{layout.noun}-file-no-text") from error


def _delimiter(text: str) -> str:
    """What parts the names in the first row: spreadsheets of some countries write a semicolon."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(head: Sequence[str], layout: Layout) -> list[str]:
    names = [re.sub(r"[\s\-]+", "_", cell.strip().casefold()) for cell in head]
    names = [layout.also.get(name, name) for name in names]
    while names and not names[-1]:
        names.pop()
    unknown = [name[:40] for name in names if name not in layout.columns]
    missing = [name for name in layout.required if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if missing or unknown or twice:
        raise DomainError(
            f"{layout.noun}-file-columns",
            missing=missing or ["none"],
            unknown=unknown[:10] or ["none"],
            twice=twice or ["none"],
            columns=list(layout.columns),
        )
    return names


def _clean(cell: str) -> str:
    """A cell as it is meant: what our own export put before a formula taken away again."""
    return _NEUTRAL.sub("", _CONTROL.sub("", cell).encode("utf-8", "replace").decode().strip())
