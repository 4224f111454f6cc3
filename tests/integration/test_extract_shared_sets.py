"""E-invoices and invoices made by others, against the truth that came with them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz import fuzz

from schemas.extraction import ExtractedLine
from ticketos.ai.extract.einvoice import parse_xml, read_einvoice
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.tables import read_lines, read_tax_rows
from ticketos.ai.ocr.page import Page

DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = ("xrechnung_testsuite", "en16931", "peppol_bis_invoice", "zugferd_corpus")
pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_dir() for name in SETS),
    reason="the shared e-invoice sets are not on this machine",
)
LEAST_LINES_F1 = 0.60
Truth = dict[str, Any]


def structured(name: str) -> Iterator[tuple[Path, Truth]]:
    """Every XML of a set with its truth, where the truth says anything."""
    for path in sorted((DATA / name).rglob("*.truth.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        stem = str(path).removesuffix(".truth.json")
        found = next(
            (Path(stem + end) for end in (".embedded.xml", ".xml") if Path(stem + end).exists()), None
        )
        if found is not None and truth["number"] is not None:
            yield found, truth


def number(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def one_line(text: str | None) -> str | None:
    return " ".join(text.split()) if text else None


def differences(path: Path, truth: Truth) -> list[str]:
    """What was read otherwise than the truth says; what the truth leaves open is not asked."""
    found = read_einvoice(parse_xml(path.read_bytes()))
    if found is None:
        return [f"{path.name}: not recognised"]
    fields = found.fields
    texts = {"number": "number", "issue_date": "issue_date", "due_date": "due_date", "currency": "currency"}
    texts |= {"order_ref": "po_number", "seller": "supplier_name", "buyer": "buyer_name"}
    wrong = [
        f"{theirs}: {truth[theirs]!r} {fields.get(ours)!r}"
        for theirs, ours in texts.items()
        if truth[theirs] is not None and one_line(truth[theirs]) != fields.get(ours)
    ]
    for role, name in (("seller", "supplier_tax_id"), ("buyer", "buyer_tax_id")):
        if truth[f"{role}_tax_ids"] and fields.get(name) not in truth[f"{role}_tax_ids"]:
            wrong.append(f"{name}: {fields.get(name)!r}")
    sums = {"net_total": fields.get("net_total"), "tax_total": fields.get("tax_total")}
    sums |= {"gross_total": fields.get("total"), "payable": fields.get("amount_due", fields.get("total"))}
    wrong += [
        f"{name}: {truth[name]} {ours}"
        for name, ours in sums.items()
        if truth[name] and number(truth[name]) != number(ours)
    ]
    taxes = [
        (number(it["rate"]), number(it["taxable"]), number(it["tax"]), it["category"])
        for it in truth["tax_breakdown"]
    ]
    if taxes != [(number(it.rate), number(it.base), number(it.amount), it.category) for it in found.tax_rows]:
        wrong.append("tax rows")
    lines = [
        (one_line(it["name"]), number(it["qty"]), it["unit"], number(it["net"]), number(it["rate"]))
        for it in truth["lines"]
        if it["qty"] is not None or it["net"] is not None
    ]
    ours = [
        (it.description, number(it.quantity), it.unit, number(it.net), number(it.tax_rate))
        for it in found.lines
    ]
    if lines != ours:
        wrong.append("lines")
    return [f"{path.name}: {it}" for it in wrong]


@pytest.mark.parametrize("name", SETS)
def test_every_structured_invoice_is_read_exactly(name: str) -> None:
    cases = list(structured(name))
    assert cases
    assert [it for path, truth in cases for it in differences(path, truth)] == []


def letters(text: str | None) -> str:
    plain = unicodedata.normalize("NFKD", text or "")
    return " ".join(
        "".join(c.lower() if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split()
    )


def alike(one: str | None, other: str | None) -> bool:
    a, b = letters(one), letters(other)
    return bool(a and b) and (a in b or b in a or fuzz.token_set_ratio(a, b) >= 70)


def matched(truth: Sequence[Truth], lines: Sequence[ExtractedLine]) -> int:
    """How many lines are the same by name, quantity and amount."""
    rest, hits = list(lines), 0
    for line in truth:
        for other in rest:
            same = number(line["qty"]) == number(other.quantity) and number(line["net"]) == number(other.net)
            if same and alike(line["name"], other.description):
                rest.remove(other)
                hits += 1
                break
    return hits


def pages_of(path: Path) -> list[Page]:
    file = PdfFile(path.read_bytes(), Limits())
    try:
        return [page for n in range(1, file.pages + 1) if (page := file.text_page(n)) is not None]
    finally:
        file.close()


def test_lines_and_tax_rows_are_found_in_the_text_of_invoices_without_their_xml() -> None:
    hits = told = found = taxes = taxes_told = 0
    for path in sorted((DATA / "zugferd_corpus").rglob("*.pdf")):
        beside = path.with_suffix(".truth.json")
        truth = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
        if not truth.get("lines"):
            continue
        paper = Paper(pages_of(path))
        lines = read_lines(paper)
        hits += matched(truth["lines"], [line.values for line in lines])
        told, found = told + len(truth["lines"]), found + len(lines)
        ours = [(number(it.rate), number(it.base), number(it.amount)) for it in read_tax_rows(paper, lines)]
        rows = [
            (number(it["rate"]), number(it["taxable"]), number(it["tax"])) for it in truth["tax_breakdown"]
        ]
        taxes, taxes_told = taxes + sum(row in ours for row in rows), taxes_told + len(rows)
    assert told
    assert 2 * hits / (told + found) >= LEAST_LINES_F1
    assert taxes / taxes_told >= LEAST_LINES_F1
