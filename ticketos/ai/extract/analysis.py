"""From words on pages to fields: what each field is, where it stands and how likely it is right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from schemas.extraction import DocumentType, ExtractedField, ExtractedLine, Source, TaxRow
from ticketos.ai.extract import doctype, grounding, parties, tables, totals
from ticketos.ai.extract.blocks import Blocks
from ticketos.ai.extract.candidates import candidates as candidates_of
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.einvoice import EInvoice
from ticketos.ai.extract.find import Candidate, Paper
from ticketos.ai.extract.labels import Language
from ticketos.ai.extract.scoring.addresses import address_lines, best_run
from ticketos.ai.extract.scoring.calibration import ink
from ticketos.ai.extract.scoring.names import NameOption, turned
from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.option import Option, chosen, log_odds
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.scoring.spelling import straight
from ticketos.ai.extract.suppliers import KnownSuppliers, normal, squeezed
from ticketos.ai.extract.taxid import checksum_right
from ticketos.ai.extract.unbooked import Unbooked
from ticketos.ai.extract.values import currency_codes, fold
from ticketos.ai.ocr.page import Page, enclosing, plain_text

_ISSUER_SOFTWARE = 0.99
_CAP = 0.995
# Below this a candidate is a guess that would cost a person more than an empty field.
_LEAST = 0.12
# Fields a person must see anyway: the best guess, told as one, is quicker to correct than an empty box.
_LIKELY_DUE = 0.35
_ANNOUNCED, _ANOTHERS = 0.5, 0.9
_GUESSED = {"supplier_name": 0.01, "issue_date": 0.03, "number": 0.06, "buyer_name": 0.06}


@dataclass
class Findings:
    """What was found on one document, before the checks decide what may skip a person."""

    type: DocumentType = "unknown"
    fields: dict[str, ExtractedField] = field(default_factory=dict)
    lines: tuple[ExtractedLine, ...] = ()
    tax_rows: tuple[TaxRow, ...] = ()
    language: Language | None = None
    text: str = ""
    on_page: bool | None = None
    """For an e-invoice with pages: whether its total is printed on them."""
    evidence: dict[str, dict[str, float]] = field(default_factory=dict)
    """Per field what speaks for its value, as `scoring.calibration` weighs it; none for what an issuer's software wrote."""
    words: tuple[dict[str, Any], ...] = ()
    """The words of the pages, packed for learning."""
    unaided: dict[str, str | None] = field(default_factory=dict)
    """The values before supplier memory spoke."""
    memory: dict[str, Any] | None = None
    """What supplier memory did, as plain values."""
    unbooked: Unbooked | None = None
    """What a paper of unknown type calls itself, where that is something nobody books."""
    rounding: Decimal | None = None
    """The step this supplier is known to round its totals to."""
    candidates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scorer: str = ""
    """The version of the client's own scorer that chose, if one did."""


def analyse(pages: list[Page], known: KnownSuppliers | None = None, scorer: Scorer = SHIPPED) -> Findings:
    """Read the fields of a document from its words; `known` are suppliers of this client, `scorer` chooses."""
    paper = Paper(pages)
    lines = tables.read_lines(paper)
    offered = offered_by(paper, lines, known)
    offered.score_by(scorer)
    found = choose(offered)
    found.text = plain_text(pages)
    found.lines = tuple(line.values for line in lines)
    found.tax_rows = tuple(tables.read_tax_rows(paper, lines))
    if paper.rows:
        found.candidates = candidates_of(offered)
    return found


def offered_by(paper: Paper, lines: Sequence[tables.Line], known: KnownSuppliers | None = None) -> Offered:
    """Every candidate of a paper with the lines of its table."""
    kind, _ = doctype.type_of(paper)
    return Offered(
        paper,
        kind,
        [Decimal(line.values.net) for line in lines if line.values.net],
        known or KnownSuppliers(),
    )


def choose(offered: Offered) -> Findings:
    """The fields, of what a paper offers: type, values and what speaks for them."""
    paper, known = offered.paper, offered.known
    found = Findings(offered.kind, language=paper.language, scorer=offered.scorer.version)
    if offered.kind == "unknown":
        found.unbooked = doctype.unbooked_as(paper)
    if not paper.rows:
        return found
    options, writer, addressee = _parties(offered)
    written = options.get(turned(offered.kind, "supplier_name"))
    options |= _numbers(offered) | _dates(offered)
    for name, option in options.items():
        if option is not None and option.probability >= _GUESSED.get(name, _LEAST):
            found.fields[name] = _field(paper, name, option)
            found.evidence[name] = {
                "score": option.score,
                "legible": ink(option.legibility),
                "guessed_day": _guessed(paper, name, option),
                "torn": name == "number" and _goes_before(paper, option),
                "once": name in _NAMES and found.fields[name].source == "ocr" and _stands_once(paper, option),
                **_witnesses(turned(offered.kind, name), option),
            }
    tax_ids = parties.tax_identifiers(
        Blocks(
            offered.layout,
            writer,
            addressee,
            _cells_of(offered, options.get("supplier_address")),
            offered.kind in ISSUED_BY_BUYER,
            written is not None and written.probability >= _WRITER,
        ),
        offered.kind,
        known.client,
    )
    for name, candidate in tax_ids.items():
        found.fields[name] = _candidate(paper, candidate)
        found.evidence[name] = {
            "score": log_odds(candidate.probability),
            "legible": ink(candidate.legibility),
        }
    for name, total in totals.resolve(offered).items():
        found.fields[name] = _amount(paper, total)
        found.evidence[name] = {
            "score": log_odds(total.own),
            "legible": ink(total.option.legibility) if total.option else 0.0,
            "agrees": total.agreed is True,
            "disagrees": total.agreed is False,
            "derived": total.option is None,
            "turned": total.turned,
            "backed": total.backed,
            **(_witnesses(name, total.option) if total.option else {}),
        }
    _recognise(found, known)
    currency = _currency(paper, tax_ids)
    if currency:
        found.fields["currency"] = _candidate(paper, currency)
        found.evidence["currency"] = {
            "score": log_odds(currency.probability),
            "legible": ink(currency.legibility),
        }
    return found


def _parties(
    offered: Offered,
) -> tuple[dict[str, Option | None], NameOption | None, NameOption | None]:
    """Supplier with address, and buyer, one name not being both; and which of the names wrote and is addressed."""
    by, to = turned(offered.kind, "supplier_name"), turned(offered.kind, "buyer_name")
    writers, found = _scored(offered, by), dict[str, Option | None]()
    writer = writers[0] if writers else None
    found[by] = chosen([it for it, _ in writers])
    others = [
        it
        for it in _scored(offered, to)
        if writer is None or squeezed(it[0].value) != squeezed(writer[0].value)
    ]
    if offered.kind == "inventory":  # addressed to nobody: a supplier is one that is called so
        others = [it for it in others if it[0].features["buyer"]]
    found[to] = chosen([it for it, _ in others])
    addressee = others[0] if others else None
    supplier = writer if by == "supplier_name" else addressee
    if supplier is not None and offered.kind != "inventory":
        address = best_run(address_lines(offered.layout, supplier[1]), offered.scorer)
        if address is not None:
            found["supplier_address"] = Option(
                address.value, {}, address.words, address.page, address.row, log_odds(address.probability)
            )
    sure = addressee is not None and addressee[0].probability >= _ADDRESSED
    return found, writer[1] if writer else None, addressee[1] if addressee and sure else None


def _cells_of(offered: Offered, address: Option | None) -> frozenset[tuple[int, int]]:
    """The cells of the supplier's address, where the supplier wrote the paper."""
    if address is None or offered.kind in ISSUED_BY_BUYER:
        return frozenset()
    words = {id(word) for word in address.words}
    return frozenset(
        (index, place)
        for index, row in enumerate(offered.paper.rows)
        for place, cell in enumerate(row.cells)
        if any(id(word) in words for word in cell.words)
    )


_NAMES = ("supplier_name", "buyer_name")
_BLIND = 4.0
"""How much more a guess weighs where nothing on the paper tells whether day or month stands first."""


def _guessed(paper: Paper, name: str, option: Option) -> float:
    """How much of the date is a guess of day and month."""
    if not name.endswith("_date") or not option.features.get("unsure"):
        return 0.0
    return 1.0 if paper.ordered else _BLIND


def _stands_once(paper: Paper, option: Option) -> bool:
    """Whether no other place on the paper spells a value the same: a letter may be misread without a doubt."""
    spelt = "".join(option.value.casefold().split())
    lines = ("".join(row.text.casefold().split()) for row in paper.rows)
    return sum(line.count(spelt) for line in lines) < _TWICE


def _goes_before(paper: Paper, option: Option) -> bool:
    """Whether figures stand right before a number, a blank apart: they may be its first part."""
    cell = next((it for it in paper.rows[option.row].cells if option.words[0] in it.words), None)
    place = cell.words.index(option.words[0]) if cell and option.words else 0
    before = cell.words[place - 1].text if cell and place else ""
    return before.isdigit() and " " not in option.value


_TWICE = 2
_ADDRESSED = 0.1
_WRITER = 0.2
"""Below this the writer is a guess, and what hangs on it is for a person."""
_RECOGNISED = 3.0
_KNOWN_NUMBER = 0.96
_SAME_PLACE, _SAME_NUMBER = 80.0, 85.0


def _recognise(found: Findings, known: KnownSuppliers) -> None:
    """Compare with the suppliers this client has: their spelling of the name, and of an address or number that is theirs.

    What the paper says differently stays as it says: a new address or bank of a known name is for a person.
    """
    name, number = found.fields.get("supplier_name"), found.fields.get("supplier_tax_id")
    hit = known.supplier_of(
        name.value if name else None,
        [number.value] if number and number.value else [],
    )
    if hit is None or name is None:
        return
    supplier, sure = hit
    near = [it for it in supplier.tax_ids if number and number.value and _near(it, number.value)]
    if sure < 1.0 and number and number.value and supplier.tax_ids and not near:
        return  # a name merely like it, and a number that is not: another supplier
    if number and number.value and squeezed(number.value) in map(squeezed, supplier.tax_ids):
        sure_enough = max(number.confidence, _KNOWN_NUMBER)
        found.fields["supplier_tax_id"] = number.model_copy(update={"confidence": sure_enough})
    _respell(found, "supplier_name", supplier.name)
    address = found.fields.get("supplier_address")
    if address and _same_place(address.value, supplier.address):
        _respell(found, "supplier_address", supplier.address or "")
    if number and number.value and not checksum_right(number.value) and len(near) == 1:
        _respell(found, "supplier_tax_id", near[0])


def _near(known: str, read: str) -> bool:
    return fuzz.ratio(squeezed(known), squeezed(read)) >= _SAME_NUMBER


def _same_place(read: str | None, known: str | None) -> bool:
    return (
        bool(read and known) and fuzz.token_sort_ratio(normal(read or ""), normal(known or "")) >= _SAME_PLACE
    )


def _respell(found: Findings, field: str, value: str) -> None:
    evidence = found.evidence.setdefault(field, {"score": 0.0})
    found.fields[field] = found.fields[field].model_copy(update={"value": value})
    found.evidence[field] = evidence | {"score": max(evidence["score"], 0.0) + _RECOGNISED}


def _scored(offered: Offered, field: str) -> list[tuple[Option, NameOption]]:
    """Names with the scores of a field, the likeliest first."""
    whose = {id(it.option.features): it for it in offered.names}
    return [(it, whose[id(it.features)]) for it in offered.ranked(field)]


def _numbers(offered: Offered) -> dict[str, Option | None]:
    kind = offered.kind
    number = chosen(_own(offered.ranked("number")))
    orders = offered.ranked("po_number")
    if number is not None and number.probability >= _LEAST:
        orders = [it for it in orders if it.value != number.value]
    order = None if kind in ("purchase_order", "inventory") else chosen(orders)
    return {"number": number, "po_number": order if order and order.probability > 0.3 else None}


def _own(numbers: list[Option]) -> list[Option]:
    """Without those announced as another document's alone, where one is announced as this document's."""
    if not any(it.features["mine"] >= _ANNOUNCED for it in numbers):
        return numbers
    return [
        it for it in numbers if it.features["mine"] or it.features["foreign"] < _ANOTHERS or it.spoken_for
    ]


def _dates(offered: Offered) -> dict[str, Option | None]:
    due = chosen(offered.ranked("due_date"))
    return {
        "issue_date": chosen(offered.ranked("issue_date")),
        "due_date": due if due and due.probability > _LIKELY_DUE else None,
    }


_AMERICAN = re.compile(
    r"USD|US ?\$|U\.?S\.? ?dollar|\bU\.?S\.?A\b|United States|\b[A-Z]{2}[ ,]+\d{5}(?:-\d{4})?\b"
)
_CAPITAL = re.compile(
    r"(?<![a-z])(?:cap(?:itale)?\.? soc|capital (?:social|de)|au capital|stammkapital|share capital)"
)
_SOME_DOLLAR = 0.85
"""A bare $ is also Singapore's, Australia's and Canada's."""


def _currency(paper: Paper, tax_ids: Mapping[str, Candidate]) -> Candidate | None:
    """The labelled currency, else the one most amounts carry, else the one of an Indian tax identifier."""
    seen: Counter[str] = Counter()
    first: dict[str, Candidate] = {}
    labelled = {(place.row, place.cell) for place in paper.places("currency")}
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            if _CAPITAL.search(fold(cell.text)):
                continue  # what a company is worth says nothing of what is paid in
            near = (index, position) in labelled or (index, position - 1) in labelled
            for code in currency_codes(cell.text):
                seen[code] += 20 if near else 1
                first.setdefault(code, Candidate(code, 0.0, cell.words, cell.page, index))
    if seen:
        code, votes = seen.most_common(1)[0]
        share = votes / seen.total()
        certain = 0.97 if votes > 1 else 0.92
        if code == "USD" and not any(_AMERICAN.search(cell.text) for row in paper.rows for cell in row.cells):
            certain = _SOME_DOLLAR
        best = first[code]
        return Candidate(code, certain * share, best.words, best.page, best.row)
    for name in ("supplier_tax_id", "buyer_tax_id"):
        identifier = tax_ids.get(name)
        if identifier and len(identifier.value) == 15 and identifier.value[:2].isdigit():
            return Candidate("INR", 0.85, identifier.words, identifier.page, identifier.row)
    return None


def _source(paper: Paper, page: int) -> Source:
    return next((it.source for it in paper.pages if it.number == page), "text")


_ANNOUNCING = {
    "issue_date": "issue",
    "due_date": "due",
    "number": "mine",
    "po_number": "po",
    "supplier_name": "supplier",
    "buyer_name": "buyer",
    "total": "total",
    "net_total": "net",
    "tax_total": "tax_sum",
    "amount_due": "due",
}
_COUNTED_ITSELF = {"issue_date", "due_date", "number", "po_number"}


def _witnesses(name: str, option: Option) -> dict[str, float]:
    """What speaks for a value besides its score: a label of its own, and that it stands there more than once."""
    seen = option.features.get("repeats", option.features.get("printed", 1) - 1)
    again = seen - 1 if name in _COUNTED_ITSELF else seen
    return {
        "announced": float(option.features.get(_ANNOUNCING.get(name, ""), 0.0)),
        "repeated": float(min(max(again, 0), 2)),
    }


_SPELT = {"supplier_name", "supplier_address", "buyer_name"}


def _field(paper: Paper, name: str, option: Option) -> ExtractedField:
    return ExtractedField(
        value=straight(option.value, paper) if name in _SPELT else option.value,
        confidence=round(min(option.probability * option.legibility, _CAP), 4),
        page=option.page,
        box=enclosing(option.words),
        source=_source(paper, option.page),
    )


def _candidate(paper: Paper, candidate: Candidate) -> ExtractedField:
    return ExtractedField(
        value=candidate.value,
        confidence=round(min(candidate.probability * candidate.legibility, _CAP), 4),
        page=candidate.page,
        box=enclosing(candidate.words),
        source=_source(paper, candidate.page),
    )


def _amount(paper: Paper, total: totals.Total) -> ExtractedField:
    confidence = round(min(total.probability, _CAP), 3)
    if total.option is None:
        return ExtractedField(value=f"{total.value:f}", confidence=confidence, source="rule")
    return ExtractedField(
        value=f"{total.value:f}",
        confidence=confidence,
        page=total.option.page,
        box=enclosing(total.option.words),
        source=_source(paper, total.option.page),
    )


def from_einvoice(invoice: EInvoice, pages: list[Page]) -> Findings:
    """The issuer's own data, with the place on the page where each value is printed, if it is."""
    found = Findings(invoice.type, lines=tuple(invoice.lines), text=invoice.text)
    found.tax_rows = tuple(invoice.tax_rows)
    if pages:
        found.text = plain_text(pages)
        found.language = Paper(pages).language
    for name, value in invoice.fields.items():
        page, words = grounding.printed(pages, name, value)
        found.fields[name] = ExtractedField(
            value=value, confidence=_ISSUER_SOFTWARE, page=page, box=enclosing(words), source="xml"
        )
    if pages and "total" in found.fields:
        printed = [found.fields[name].page for name in ("total", "amount_due") if name in found.fields]
        found.on_page = any(page is not None for page in printed)
    return found
