"""What else each field could be: offered to the person who looks, never taken by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.taxid import tax_ids
from ticketos.ai.extract.values import amounts, currency_codes
from ticketos.ai.ocr.page import Cell, enclosing
from ticketos.lines.data_entry.rules import AMOUNTS

MOST_CANDIDATES = 6


def candidates(offered: Offered) -> dict[str, list[dict[str, Any]]]:
    """Values each field could have, the likeliest first; amounts that play no such part come after those that do."""
    paper = offered.paper
    cells = [cell for row in paper.rows for cell in row.cells]
    sums = list(_sums(cells))
    found = {name: _kept([*_best(name, offered, offered.amounts), *sums]) for name in AMOUNTS}
    for options, fields in (
        (offered.days, ("issue_date", "due_date")),
        (offered.numbers, ("number", "po_number")),
        ([one.option for one in offered.names], ("supplier_name", "buyer_name")),
    ):
        found |= {name: _kept(_best(name, offered, options)) for name in fields}
    taxes = [_at(cell, one.start, one.end, one.value) for cell in cells for one in tax_ids(cell.text)]
    found["supplier_tax_id"] = found["buyer_tax_id"] = _kept(taxes)
    found["currency"] = _kept(
        [_at(cell, 0, len(cell.text), code) for cell in cells for code in currency_codes(cell.text)]
    )
    return {name: values for name, values in found.items() if values}


def _best(name: str, offered: Offered, options: list[Option]) -> list[dict[str, Any]]:
    best = offered.ranked(name, options)[:12]
    return [{"value": it.value, "page": it.page, "box": enclosing(it.words)} for it in best]


def _sums(cells: Iterable[Cell]) -> Iterator[dict[str, Any]]:
    """Every amount with decimals, the largest first: a total is seldom a small one."""
    seen = [
        (abs(one.value), _at(cell, one.start, one.end, f"{one.value:f}"))
        for cell in cells
        for one in amounts(cell.text)
        if one.money and not one.percent and one.value != Decimal(0)
    ]
    return (value for _, value in sorted(seen, key=lambda pair: -pair[0]))


def _at(cell: Cell, start: int, end: int, value: str) -> dict[str, Any]:
    return {"value": value, "page": cell.page, "box": enclosing(cell.words_between(start, end))}


def _kept(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    unique: dict[str, dict[str, Any]] = {}
    for one in found:
        unique.setdefault(one["value"], one)
    return list(unique.values())[:MOST_CANDIDATES]
