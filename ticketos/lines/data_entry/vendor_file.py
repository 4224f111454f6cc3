"""A client's vendor list as a file: what each row says, or in words why it cannot be taken. Pure.

The first row names the columns; lists within a cell are parted by ``;`` or ``|``. A column that is not there leaves its
values as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry.vendors import MOST

COLUMNS = (
    "code",
    "name",
    "tax_ids",
    "aliases",
    "address",
    "account",
    "cost_centre",
    "tax_code",
    "active",
)
LONGEST: Mapping[str, int] = {
    "code": 60,
    "name": 300,
    "tax_ids": 40,
    "aliases": 300,
    "address": 2_000,
    "account": 40,
    "cost_centre": 40,
    "tax_code": 40,
}
"""Most characters of a value, of each one of a list."""
MOST_VALUES = 20
"""Tax numbers or other names of one vendor."""
MOST_BYTES = 4 * 1024 * 1024

_YES, _NO = frozenset(("yes", "y", "true", "1", "active")), frozenset(("no", "n", "false", "0", "inactive"))
_NEUTRAL = re.compile(r"^'(?=[=+\-@\t\r\n＝＋－＠])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Refused:
    """A row that cannot be taken: its line in the file, its code where it has one, why in words."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True)
class VendorFile:
    """What a file says: values by column for each good row, and the rows refused."""

    rows: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[Refused, ...] = ()


def read(content: bytes, chart: Collection[str] = ()) -> VendorFile:
    """Every row of a file. Refused as a whole (``vendor-file-…``): what is no text, names no column ``code`` and
    ``name``, names a column that is not known, or has more rows than are taken at once. ``chart`` are the client's
    accounts; where there are none, any account is taken."""
    text = _text(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        head = next(reader, [])
        named = _columns(head)
        good: list[Mapping[str, Any]] = []
        bad: list[Refused] = []
        lines: dict[str, int] = {}
        begins = reader.line_num + 1
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(good) + len(bad) >= MOST:
                raise DomainError("vendor-file-too-long", limit=MOST)
            row = dict(zip(named, (_clean(cell) for cell in cells), strict=False))
            code = row.get("code", "")[: LONGEST["code"]]
            try:
                values = _values(row, len(cells) - len(named))
                account = values.get("account", "")
                if not in_chart(account, chart):
                    raise _WrongRowError(f"account {account} is not in the chart of accounts")
                if code in lines:
                    raise _WrongRowError(f"code {code} stands on line {lines[code]} already")
            except _WrongRowError as error:
                bad.append(Refused(line, code, str(error)))
                continue
            lines[code] = line
            good.append(values)
    except csv.Error as error:
        raise DomainError("vendor-file-unreadable", line=reader.line_num) from error
    return VendorFile(tuple(good), tuple(bad))


def in_chart(account: str, chart: Collection[str]) -> bool:
    """Whether an account may be named: none, one of the client's chart, or any where the client has no chart."""
    return not account or not chart or account in chart


class _WrongRowError(ValueError):
    pass


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise DomainError("vendor-file-too-large", limit_mb=MOST_BYTES // 1024 // 1024)
    try:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DomainError("vendor-file-no-text") from error


def _delimiter(text: str) -> str:
    """What parts the names in the first row: spreadsheets of some countries write a semicolon."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(head: Sequence[str]) -> list[str]:
    names = [re.sub(r"[\s\-]+", "_", cell.strip().casefold()) for cell in head]
    names = [{"cost_center": "cost_centre", "tax_id": "tax_ids"}.get(name, name) for name in names]
    while names and not names[-1]:
        names.pop()
    unknown = [name[:40] for name in names if name not in COLUMNS]
    missing = [name for name in ("code", "name") if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if missing or unknown or twice:
        raise DomainError(
            "vendor-file-columns",
            missing=missing or ["none"],
            unknown=unknown[:10] or ["none"],
            twice=twice or ["none"],
            columns=list(COLUMNS),
        )
    return names


def _clean(cell: str) -> str:
    """A cell as it is meant: what our own export put before a formula taken away again."""
    return _NEUTRAL.sub("", _CONTROL.sub("", cell).encode("utf-8", "replace").decode().strip())


def _values(row: Mapping[str, str], over: int) -> dict[str, Any]:
    if over > 0:
        raise _WrongRowError(f"the row has {over} cells more than there are columns; quote cells with commas")
    values: dict[str, Any] = {}
    for name, cell in row.items():
        if name == "active":
            values[name] = _active(cell)
            continue
        parts = _list(cell) if name in ("tax_ids", "aliases") else [cell]
        if any(len(part) > LONGEST[name] for part in parts):
            raise _WrongRowError(f"{name} is longer than {LONGEST[name]} characters")
        if len(parts) > MOST_VALUES:
            raise _WrongRowError(f"{name} holds more than {MOST_VALUES} values")
        values[name] = parts if name in ("tax_ids", "aliases") else cell
    for name in ("code", "name"):
        if not values.get(name):
            raise _WrongRowError(f"{name} is empty")
    return values


def _list(cell: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in re.split(r"[;|\n]", cell) if part.strip()))


def _active(cell: str) -> bool:
    word = cell.casefold()
    if word and word not in _YES | _NO:
        raise _WrongRowError(f"active is “{cell[:20]}”; write yes or no")
    return word not in _NO
