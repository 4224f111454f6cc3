"""A client's chart of accounts as a file. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ticketos.domain import chart
from ticketos.domain.chart import KINDS, Account
from ticketos.domain.errors import DomainError
from ticketos.lines.data_entry import list_file
from ticketos.lines.data_entry.list_file import Layout, ListFile, WrongRowError

COLUMNS = ("code", "name", "kind", "active")
LONGEST: Mapping[str, int] = {
    "code": chart.LONGEST_CODE,
    "name": chart.LONGEST_NAME,
    "kind": 20,
}
LAYOUT = Layout(
    "account",
    COLUMNS,
    ("code", "name"),
    LONGEST,
    chart.MOST,
    {"account": "code", "account_code": "code", "account_name": "name", "type": "kind"},
)

_WHY = {
    "account-code-invalid": "code may hold letters, digits and . - _ / between them, at most {limit}",
    "account-needed": "account {account} is needed: entries go to it by themselves, so it cannot be switched off",
    "account-kind-fixed": "account {account} has entries as {kind}; its kind stays",
}


def read(
    content: bytes, known: Mapping[str, Account], needed: Mapping[str, str], booked: Collection[str]
) -> ListFile:
    """Every row of a file; ``list_file.read`` says what is refused as a whole. ``known`` are the client's accounts by
    code, ``needed`` those that entries go to by themselves and what for, ``booked`` those with entries."""

    def values(row: Mapping[str, str]) -> dict[str, Any]:
        found = _values(row)
        code = found["code"]
        if code not in known:
            _require(chart.code_refused(code))
            if "kind" not in found:
                raise WrongRowError(f"kind is empty; a new account is one of {', '.join(KINDS)}")
        before = known.get(code) or Account(code, "", found["kind"])
        _require(chart.change_refused(before, found, needed, code in booked))
        return found

    return list_file.read(content, LAYOUT, values)


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in row.items():
        if name == "active":
            values[name] = list_file.active(cell)
            continue
        list_file.require_short(name, cell, LAYOUT)
        if name == "kind":
            if kind := cell.casefold():
                if kind not in KINDS:
                    raise WrongRowError(f"kind is “{cell}”; write one of {', '.join(KINDS)}")
                values[name] = kind
        else:
            values[name] = cell
    list_file.require_filled(values, LAYOUT)
    return values


def _require(error: DomainError | None) -> None:
    if error is not None:
        raise WrongRowError(_WHY[error.code].format(**error.params))
