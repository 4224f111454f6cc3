"""What kind of paper it is: by its title, the labels of its number, and the look of a till roll."""

from __future__ import annotations

import re
from statistics import median

from schemas.extraction import DocumentType
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.values import fold

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
        r"purchase order|bestellung|bon de commande|einkaufsbestellung|order confirmation|orden de compra"
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
        r"(?:tax |simplified tax |proforma |commercial |sales )?invoice"
        r"|[a-z]*rechnung|facture|bill of supply|factura(?: de venta)?|fattura(?: di vendita| accompagnatoria)?",
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
_TILL_ROLL = 1.75


def type_of(paper: Paper) -> tuple[DocumentType, float]:
    """The type and the probability that it is right; `unknown` when nothing on the paper says."""
    scores: dict[DocumentType, float] = {}
    for kind, weight in _titles(paper):
        scores[kind] = max(scores.get(kind, 0.0), weight)
    for kind, field, weight in _BY_NUMBER:
        if any(place.label.strength > 0.9 for place in paper.places(field)):
            scores[kind] = scores.get(kind, 0.0) + weight
    if _is_till_roll(paper):
        # Till receipts call themselves tax invoice, bill or nothing at all.
        scores["receipt"] = scores.get("receipt", 0.0) + 3.0 + scores.get("invoice", 0.0)
    if not scores or max(scores.values()) < _LEAST:
        return "unknown", 0.5
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0], min(0.99, 0.6 + 0.4 * (ranked[0][1] - second) / ranked[0][1])


def _titles(paper: Paper) -> list[tuple[DocumentType, float]]:
    """Title words on the first page, weighed by size, by height on the page and by standing alone."""
    if not paper.pages:
        return []
    first = paper.pages[0]
    usual = median([word.height for word in first.words] or [1.0])
    found: list[tuple[DocumentType, float]] = []
    for row in first.rows:
        if row.index > 45:
            break
        for cell in row.cells:
            text = " ".join(re.findall(r"[a-z0-9]+", fold(cell.text)))
            for kind, weight, pattern in _PATTERNS:
                match = pattern.search(text)
                if not match:
                    continue
                alone = len(match[0]) / max(len(text), 1)
                top = 1.0 - 0.5 * min(cell.y0 / max(first.height, 1.0), 1.0)
                size = min(cell.height / usual, 2.0)
                starts = 1.0 if match.start() == 0 else 0.4
                found.append((kind, weight * top * size * starts * (0.35 + 0.65 * alone)))
    return found


def _is_till_roll(paper: Paper) -> bool:
    page = paper.pages[0] if paper.pages else None
    if page is None:
        return False
    narrow = page.height / max(page.width, 1.0) > _TILL_ROLL
    paid = any(True for _ in paper.places("cash")) and any(True for _ in paper.places("change"))
    return paid or (narrow and len(paper.pages) == 1)
