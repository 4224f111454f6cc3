"""From words on pages to fields: what each field is, where it stands and how likely it is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from schemas.extraction import DocumentType, ExtractedField, ExtractedLine, Source
from ticketos.ai.extract import doctype, parties, tables, totals
from ticketos.ai.extract.candidates import candidates as candidates_of
from ticketos.ai.extract.einvoice import EInvoice
from ticketos.ai.extract.find import Candidate, Paper, dates, numbers
from ticketos.ai.extract.labels import Language
from ticketos.ai.extract.values import amounts, currency_codes, days, fold
from ticketos.ai.ocr.page import Page, Word, enclosing, plain_text

_NUMBER_LABELS: dict[DocumentType, tuple[str, ...]] = {
    "invoice": ("invoice_number",),
    "credit_note": ("credit_number", "invoice_number"),
    "receipt": ("receipt_number", "invoice_number"),
    "purchase_order": ("po_number",),
    "goods_receipt": ("grn_number",),
    "inventory": (),
    "unknown": ("invoice_number", "credit_number", "receipt_number"),
}
_ISSUER_SOFTWARE = 0.99
_UNLABELLED_DATE = 0.7
_CAP = 0.985
_AMOUNTS = ("net_total", "tax_total", "total", "amount_due")


@dataclass
class Findings:
    """What was found on one document, before the checks decide what may skip a person."""

    type: DocumentType = "unknown"
    fields: dict[str, ExtractedField] = field(default_factory=dict)
    lines: tuple[ExtractedLine, ...] = ()
    language: Language | None = None
    text: str = ""
    on_page: bool | None = None
    """For an e-invoice with pages: whether its total is printed on them."""
    candidates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def analyse(pages: list[Page]) -> Findings:
    """Read the fields of a document from its words."""
    paper = Paper(pages)
    lines = tables.read_lines(paper)
    kind, _ = doctype.type_of(paper)
    found = Findings(kind, language=paper.language, text=plain_text(pages))
    found.lines = tuple(line.values for line in lines)
    found.candidates = candidates_of(paper)
    candidates = _names_and_numbers(paper, kind) | _dates(paper, kind)
    for name, candidate in candidates.items():
        if candidate is not None:
            found.fields[name] = _field(paper, candidate)
    for name, total in totals.resolve(paper, kind).items():
        found.fields[name] = _amount(paper, total)
    currency = _currency(paper)
    if currency:
        found.fields["currency"] = _field(paper, currency)
    return found


def _names_and_numbers(paper: Paper, kind: DocumentType) -> dict[str, Candidate | None]:
    supplier, address = parties.supplier(paper, kind)
    found: dict[str, Candidate | None] = {
        "supplier_name": supplier,
        "supplier_address": address,
        "buyer_name": parties.buyer(paper, kind),
        "number": next(iter(numbers(paper, *_NUMBER_LABELS[kind])), None),
    }
    if kind not in ("purchase_order", "inventory"):
        found["po_number"] = next(iter(numbers(paper, "po_number")), None)
        if found["po_number"] and found["number"] and found["po_number"].words == found["number"].words:
            found["po_number"] = None
    return found | parties.tax_identifiers(paper)


def _dates(paper: Paper, kind: DocumentType) -> dict[str, Candidate | None]:
    fields = (
        ("order_date", "issue_date")
        if kind in ("purchase_order", "goods_receipt", "inventory")
        else ("issue_date",)
    )
    issued = dates(paper, *fields)
    due = dates(paper, "due_date")
    return {
        "issue_date": issued[0] if issued else _unlabelled_date(paper, kind),
        "due_date": due[0] if due else None,
    }


def _unlabelled_date(paper: Paper, kind: DocumentType) -> Candidate | None:
    """The first date that no other label claims; on receipts it is nearly always the one."""
    claimed = {it.words for it in dates(paper, "due_date", "-date", "order_date")}
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            if any(mention.of("due_date", "-date") for mention in paper.found[index][position]):
                continue
            for day in days(cell.text, paper.order):
                words = cell.words_between(day.start, day.end)
                if words in claimed:
                    continue
                probability = 0.88 if kind == "receipt" else _UNLABELLED_DATE
                probability *= 1.0 if day.certain else 0.85
                return Candidate(day.value.isoformat(), probability, words, cell.page, index)
    return None


def _currency(paper: Paper) -> Candidate | None:
    """The labelled currency, else the one most amounts carry, else the one of an Indian tax identifier."""
    seen: Counter[str] = Counter()
    first: dict[str, Candidate] = {}
    labelled = {(place.row, place.cell) for place in paper.places("currency")}
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            near = (index, position) in labelled or (index, position - 1) in labelled
            for code in currency_codes(cell.text):
                seen[code] += 20 if near else 1
                first.setdefault(code, Candidate(code, 0.0, cell.words, cell.page, index))
    if seen:
        code, votes = seen.most_common(1)[0]
        share = votes / seen.total()
        certain = 0.97 if votes > 1 else 0.92
        best = first[code]
        return Candidate(code, certain * share, best.words, best.page, best.row)
    for name in ("supplier_tax_id", "buyer_tax_id"):
        identifier = parties.tax_identifiers(paper).get(name)
        if identifier and len(identifier.value) == 15 and identifier.value[:2].isdigit():
            return Candidate("INR", 0.85, identifier.words, identifier.page, identifier.row)
    return None


def _source(paper: Paper, page: int) -> Source:
    return next((it.source for it in paper.pages if it.number == page), "text")


def _field(paper: Paper, candidate: Candidate) -> ExtractedField:
    return ExtractedField(
        value=candidate.value,
        confidence=round(min(candidate.probability * candidate.legibility, _CAP), 3),
        page=candidate.page,
        box=enclosing(candidate.words),
        source=_source(paper, candidate.page),
    )


def _amount(paper: Paper, total: totals.Total) -> ExtractedField:
    confidence = round(min(total.probability, _CAP), 3)
    if total.candidate is None:
        return ExtractedField(value=f"{total.value:f}", confidence=confidence, source="rule")
    return ExtractedField(
        value=f"{total.value:f}",
        confidence=confidence,
        page=total.candidate.page,
        box=enclosing(total.candidate.words),
        source=_source(paper, total.candidate.page),
    )


def from_einvoice(invoice: EInvoice, pages: list[Page]) -> Findings:
    """The issuer's own data, with the place on the page where each value is printed, if it is."""
    found = Findings(invoice.type, lines=tuple(invoice.lines), text=invoice.text)
    if pages:
        found.text = plain_text(pages)
        found.language = Paper(pages).language
    for name, value in invoice.fields.items():
        page, words = _printed(pages, name, value)
        found.fields[name] = ExtractedField(
            value=value, confidence=_ISSUER_SOFTWARE, page=page, box=enclosing(words), source="xml"
        )
    if pages and "total" in found.fields:
        printed = [found.fields[name].page for name in ("total", "amount_due") if name in found.fields]
        found.on_page = any(page is not None for page in printed)
    return found


def _printed(pages: list[Page], name: str, value: str) -> tuple[int | None, tuple[Word, ...]]:
    """Where a value stands on the pages; sums are looked for from the end, the rest from the start."""
    cells = [cell for page in pages for row in page.rows for cell in row.cells]
    for cell in reversed(cells) if name in _AMOUNTS else cells:
        if name in _AMOUNTS:
            spans = [(it.start, it.end) for it in amounts(cell.text) if abs(it.value) == abs(Decimal(value))]
        elif name.endswith("_date"):
            spans = [(it.start, it.end) for it in days(cell.text) if it.value.isoformat() == value]
        else:
            start = fold(cell.text).find(fold(value))
            spans = [(start, start + len(value))] if start >= 0 else []
        if spans:
            return cell.page, cell.words_between(*spans[0])
    return None, ()
