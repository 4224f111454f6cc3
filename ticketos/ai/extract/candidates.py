"""What else each field could be: offered to the person who looks, never taken by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from ticketos.ai.extract import parties
from ticketos.ai.extract.find import Candidate, Paper, dates, money, numbers
from ticketos.ai.extract.taxid import tax_ids
from ticketos.ai.extract.values import amounts, currency_codes, days, identifiers
from ticketos.ai.ocr.page import Cell, enclosing
from ticketos.lines.data_entry.rules import AMOUNTS

MOST_CANDIDATES = 6


def candidates(paper: Paper) -> dict[str, list[dict[str, Any]]]:
    """Values each field could have: those behind its labels first, then everything of its kind on the paper."""
    cells = [cell for row in paper.rows for cell in row.cells]
    sums = list(_sums(cells))
    found: dict[str, list[dict[str, Any]]] = {}
    for name in AMOUNTS:
        found[name] = _kept([*(_shown(one) for one in money(paper, name)), *sums])
    all_days = [
        _at(cell, day.start, day.end, day.value.isoformat())
        for cell in cells
        for day in days(cell.text, paper.order)
    ]
    for name, labels in (("issue_date", ("issue_date", "order_date")), ("due_date", ("due_date",))):
        found[name] = _kept([*(_shown(one) for one in dates(paper, *labels)), *all_days])
    tokens = [
        _at(cell, start, end, text)
        for cell in cells
        for start, end, text in identifiers(cell.text)
        if len(text) > 3
    ]
    own = ("invoice_number", "credit_number", "receipt_number", "grn_number", "po_number")
    found["number"] = _kept([*(_shown(one) for one in numbers(paper, *own)), *tokens])
    found["po_number"] = _kept([*(_shown(one) for one in numbers(paper, "po_number")), *tokens])
    taxes = [_at(cell, one.start, one.end, one.value) for cell in cells for one in tax_ids(cell.text)]
    found["supplier_tax_id"] = found["buyer_tax_id"] = _kept(taxes)
    found["currency"] = _kept(
        [_at(cell, 0, len(cell.text), code) for cell in cells for code in currency_codes(cell.text)]
    )
    heads = [_at(cell, 0, len(cell.text), cell.text) for cell in cells[:14] if _is_wordy(cell.text)]
    supplier, address = parties.supplier(paper, "invoice")
    found["supplier_name"] = _kept([*_one(supplier), *heads])
    found["supplier_address"] = _kept(_one(address))
    found["buyer_name"] = _kept([*_one(parties.buyer(paper, "invoice")), *heads])
    return {name: values for name, values in found.items() if values}


def _sums(cells: Iterable[Cell]) -> Iterator[dict[str, Any]]:
    """Every amount with decimals, the largest first: a total is seldom a small one."""
    seen = [
        (abs(one.value), _at(cell, one.start, one.end, f"{one.value:f}"))
        for cell in cells
        for one in amounts(cell.text)
        if one.money and not one.percent and one.value != Decimal(0)
    ]
    return (value for _, value in sorted(seen, key=lambda pair: -pair[0]))


def _is_wordy(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return letters >= 3 and letters * 2 > len(text) and len(text) <= 80


def _one(candidate: Candidate | None) -> list[dict[str, Any]]:
    return [] if candidate is None else [_shown(candidate)]


def _shown(candidate: Candidate) -> dict[str, Any]:
    return {"value": candidate.value, "page": candidate.page, "box": enclosing(candidate.words)}


def _at(cell: Cell, start: int, end: int, value: str) -> dict[str, Any]:
    return {"value": value, "page": cell.page, "box": enclosing(cell.words_between(start, end))}


def _kept(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    unique: dict[str, dict[str, Any]] = {}
    for one in found:
        unique.setdefault(one["value"], one)
    return list(unique.values())[:MOST_CANDIDATES]
