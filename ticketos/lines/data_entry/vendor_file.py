"""A client's vendor list as a file. Lists within a cell are parted by ``;`` or ``|``. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ticketos.domain.chart import ANY, Chart
from ticketos.lines.data_entry import list_file
from ticketos.lines.data_entry.list_file import Layout, ListFile, WrongRowError
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
LAYOUT = Layout(
    "vendor",
    COLUMNS,
    ("code", "name"),
    LONGEST,
    MOST,
    {"cost_center": "cost_centre", "tax_id": "tax_ids"},
)

_WHY = {
    "account-unknown": "account {account} is not in the chart of accounts",
    "account-inactive": "account {account} is switched off in the chart of accounts",
}


def read(content: bytes, chart: Chart = ANY, held: Collection[tuple[str, str]] = ()) -> ListFile:
    """Every row of a file; ``list_file.read`` says what is refused as a whole. ``held`` are the codes of vendors with an
    account that they have already, whatever became of it since: to leave it as it is refuses no row."""

    def values(row: Mapping[str, str]) -> dict[str, Any]:
        found = _values(row)
        account = found.get("account", "")
        error = chart.refusal(account)
        if error is not None and (found["code"], account) not in held:
            raise WrongRowError(_WHY[error.code].format(account=account))
        return found

    return list_file.read(content, LAYOUT, values)


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in row.items():
        if name == "active":
            values[name] = list_file.active(cell)
            continue
        parts = _list(cell) if name in ("tax_ids", "aliases") else [cell]
        for part in parts:
            list_file.require_short(name, part, LAYOUT)
        if len(parts) > MOST_VALUES:
            raise WrongRowError(f"{name} holds more than {MOST_VALUES} values")
        values[name] = parts if name in ("tax_ids", "aliases") else cell
    list_file.require_filled(values, LAYOUT)
    return values


def _list(cell: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in re.split(r"[;|\n]", cell) if part.strip()))
