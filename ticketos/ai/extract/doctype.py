"""What kind of paper it is: by its title, the labels of its number, and the look of a till roll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import median

from rapidfuzz import fuzz

from schemas.extraction import DocumentType
from ticketos.ai.extract import unbooked
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.unbooked import Unbooked
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Cell

_TITLES: tuple[tuple[DocumentType, float, str], ...] = (
    (
        "credit_note",
        3.2,
        r"credit note|credit memo|credit invoice|gutschrift|rechnungskorrektur|stornorechnung|avoir"
        r"|note de credit|facture d avoir|factura rectificativa|abono|nota de credito|nota (?:di )?credito",
    ),
    (
        "purchase_order",
        3.0,
        r"purchase order|bestellung|bon de commande|einkaufsbestellung|orden de compra"
        r"|pedido de compra|ordine (?:di acquisto|d acquisto|fornitore)",
    ),
    # A word that many papers hold; as a heading of its own it names the paper.
    ("purchase_order", 2.2, r"order|p o|auftrag|commande|pedido|ordine"),
    (
        "goods_receipt",
        3.2,
        r"goods receipt(?: note)?|goods received note|goods receiving (?:note|report)|grn|receiving report"
        r"|material receipt(?: note)?|wareneingang(?:sschein)?|bon de reception|reception de marchandises?"
        r"|albaran de entrada|recepcion de mercancia"
        r"|ricevimento merce|bolla di entrata",
    ),
    (
        "inventory",
        3.0,
        r"inventory(?: list| report| count)?|(?:physical )?stock (?:list|count(?: sheet)?|statement|report|summary|sheet)"
        r"|inventurliste|inventur|bestandsliste|lagerbestand|inventaire|etat des stocks|inventario"
        r"|listado de existencias|elenco giacenze",
    ),
    (
        "receipt",
        2.0,
        r"receipt|cash receipt|sales receipt|official receipt|cash bill|cash sales?|quittung|kassenbon"
        r"|kassenbeleg|recu|ticket de caisse|ticket de compra|factura simplificada|scontrino|ricevuta(?: fiscale)?"
        r"|documento commerciale",
    ),
    (
        "invoice",
        3.0,
        r"(?:tax |simplified tax |commercial |sales )?invoice"
        r"|(?!pro ?forma)[a-z]*rechnung|facture|bill of supply|factura(?: de venta)?|fattura(?: di vendita| accompagnatoria)?",
    ),
)
_PATTERNS = [
    (kind, weight, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")) for kind, weight, words in _TITLES
]
_BY_NUMBER: tuple[tuple[DocumentType, str, float], ...] = (
    ("invoice", "invoice_number", 2.0),
    ("credit_note", "credit_number", 2.2),
    ("goods_receipt", "grn_number", 2.2),
    ("purchase_order", "po_number", 0.6),
    ("receipt", "receipt_number", 0.6),
)
ISSUED_BY_BUYER: tuple[DocumentType, ...] = ("purchase_order", "goods_receipt", "inventory")
"""Types whose letterhead is the buyer's; whom such a paper is addressed to, or whose goods it names, is the supplier."""
_LEAST = 1.2
_UNBOOKED = [(kind, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")) for kind, words in unbooked.TITLES]
_WEIGHT = 3.3
_HEADING = 1.25
"""As large, against usual words, a heading is that goes on with its number."""
_REFERRING = 0.45
_HIGH = 0.92
_NEAR = 0.75
"""Against its best other type, how strong a title of what nobody books makes a person look."""
_TILL_ROLL = 1.75
_TITLE_ROWS = 45
_SHORTEST, _LONGEST, _ALIKE = 8, 30, 86.0
_LOOKS_LIKE = str.maketrans("015", "ols")


def type_of(paper: Paper) -> tuple[DocumentType, float]:
    """The type and the probability that it is right; `unknown` when nothing on the paper says, or when it calls itself
    something that nobody books (`unbooked_as`)."""
    scores = _scores(paper)
    best = max(scores.values(), default=0.0)
    if best < _LEAST or _unbooked(paper, best) is not None:
        return "unknown", 0.5
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0], min(0.99, 0.6 + 0.4 * (ranked[0][1] - second) / ranked[0][1])


def unbooked_as(paper: Paper) -> Unbooked | None:
    """What a paper of no known type calls itself, where that is something nobody books."""
    return _unbooked(paper, max(_scores(paper).values(), default=0.0))


def _scores(paper: Paper) -> dict[DocumentType, float]:
    """What speaks for each type."""
    scores: dict[DocumentType, float] = {}
    for kind, weight in _titles(paper):
        scores[kind] = max(scores.get(kind, 0.0), weight)
    for kind, field, weight in _BY_NUMBER:
        if any(place.label.strength > 0.9 for place in paper.places(field)):
            scores[kind] = scores.get(kind, 0.0) + weight
    if _is_till_roll(paper):
        # Till receipts call themselves tax invoice, bill or nothing at all.
        scores["receipt"] = scores.get("receipt", 0.0) + 3.0 + scores.get("invoice", 0.0)
    return scores


def _unbooked(paper: Paper, best: float) -> Unbooked | None:
    """The strongest title of what nobody books, where it is about as strong as the best of the other types."""
    found: dict[Unbooked, float] = {}
    optical = bool(paper.pages) and paper.pages[0].source == "ocr"
    for text, cell, size, top in _headings(paper):
        for kind, pattern in _UNBOOKED:
            match = pattern.search(text)
            if match is None:
                continue
            weight = _WEIGHT * _standing(match, text, size, top)
            # "Lieferschein Nr. 88" in the data of an invoice refers to another paper; a heading is larger, or higher up.
            goes_on = text[match.end() :] and top < _HIGH
            if size < _HEADING and (goes_on or cell.text.rstrip().endswith(":")):
                weight *= _REFERRING
            found[kind] = max(found.get(kind, 0.0), weight)
        misread = _misread(text) if optical else None
        if misread is not None:
            found[misread] = max(found.get(misread, 0.0), _WEIGHT * top * size)
    called = max(found, key=lambda it: found[it], default=None)
    return called if called and found[called] >= max(_LEAST, _NEAR * best) else None


def _misread(text: str) -> Unbooked | None:
    """What a heading says but for a letter or a blank."""
    words = (word for word in text.split() if sum(map(str.isdigit, word)) < 2)
    letters = re.sub(r"[^a-z]", "", "".join(words).translate(_LOOKS_LIKE))
    if not _SHORTEST <= len(letters) <= _LONGEST:
        return None
    alike = (
        (fuzz.ratio(letters, name), kind)
        for kind, names in unbooked.SPELT
        for name in names.split()
        if abs(len(name) - len(letters)) <= 2
    )
    score, kind = max(alike, key=lambda it: it[0], default=(0.0, None))
    return kind if score >= _ALIKE else None


def names_a_paper(text: str) -> bool:
    """Whether a text is what papers of a type are called, and nothing else."""
    words = " ".join(re.findall(r"[a-z0-9]+", fold(text)))
    return any(pattern.fullmatch(words) for _, pattern in (*_UNBOOKED, *((k, p) for k, _, p in _PATTERNS)))


def _titles(paper: Paper) -> list[tuple[DocumentType, float]]:
    """Title words on the first page, weighed by size, by height on the page and by standing alone."""
    found: list[tuple[DocumentType, float]] = []
    for text, _, size, top in _headings(paper):
        for kind, weight, pattern in _PATTERNS:
            match = pattern.search(text)
            if match:
                found.append((kind, weight * _standing(match, text, size, top)))
    return found


def _headings(paper: Paper) -> Iterator[tuple[str, Cell, float, float]]:
    """The cells of the first page that could be a title: folded words, size against the usual, weight of the height."""
    if not paper.pages:
        return
    first = paper.pages[0]
    usual = median([word.height for word in first.words] or [1.0])
    for row in first.rows:
        if row.index > _TITLE_ROWS:
            break
        for cell in row.cells:
            text = " ".join(re.findall(r"[a-z0-9]+", fold(cell.text)))
            top = 1.0 - 0.5 * min(cell.y0 / max(first.height, 1.0), 1.0)
            yield text, cell, min(cell.height / usual, 2.0), top


def _standing(match: re.Match[str], text: str, size: float, top: float) -> float:
    """How much like a title a word stands: by itself, first, large and high."""
    alone = len(match[0]) / max(len(text), 1)
    return top * size * (1.0 if match.start() == 0 else 0.4) * (0.35 + 0.65 * alone)


def _is_till_roll(paper: Paper) -> bool:
    page = paper.pages[0] if paper.pages else None
    if page is None:
        return False
    narrow = page.height / max(page.width, 1.0) > _TILL_ROLL
    paid = any(True for _ in paper.places("cash")) and any(True for _ in paper.places("change"))
    return paid or (narrow and len(paper.pages) == 1)
