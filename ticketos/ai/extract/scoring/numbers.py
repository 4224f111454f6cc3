"""Every identifier on the paper that could be the document's number or the order's."""

from __future__ import annotations

import re
from collections import Counter

from schemas.extraction import DocumentType
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.scoring.spots import Spot, labels_near, strength
from ticketos.ai.extract.taxid import tax_ids
from ticketos.ai.extract.values import days, identifiers

NUMBER_LABELS: dict[DocumentType, tuple[str, ...]] = {
    "invoice": ("invoice_number",),
    "credit_note": ("credit_number", "invoice_number"),
    "receipt": ("receipt_number", "invoice_number"),
    "purchase_order": ("po_number",),
    # "Document No", "Belegnummer": the plain word for whatever the paper is.
    "goods_receipt": ("grn_number", "invoice_number"),
    "inventory": ("list_number",),
    "unknown": ("invoice_number", "credit_number", "receipt_number"),
}
_DOCUMENT = ("invoice_number", "credit_number", "receipt_number", "po_number", "grn_number", "list_number")
_MONEY = re.compile(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}")
_MOST = 160
_NUMBERED = re.compile(r"(?:(?<![a-z])(?:no|nr|num|number|nummer|numero|id)|n[°º]|#)[\s.:]*$", re.IGNORECASE)
_PREFIX = re.compile(r"(?:^|[\s:#])([A-Z]{1,5})\s$")


def number_options(paper: Paper, kind: DocumentType) -> list[Option]:
    """One candidate per token with a digit that is no date, amount, tax identifier or address."""
    found: list[tuple[str, Spot, str]] = []
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            text = cell.text
            taken = [(it.start, it.end) for it in days(text)] + [(it.start, it.end) for it in tax_ids(text)]
            for start, end, token in identifiers(text):
                if any(a < end and start < b for a, b in taken) or _MONEY.fullmatch(token):
                    continue
                prefix = _PREFIX.search(text[:start])
                if prefix and len(token) >= 3 and not paper_mentions(paper, index, position, start):
                    value, begin = f"{prefix[1]} {token}", start - len(prefix[1]) - 1
                    found.append((value, Spot(index, position, begin, end), text))
                found.append((token, Spot(index, position, start, end), text))
    counts = Counter(value for value, _, _ in found)
    height = {page.number: max(page.height, 1.0) for page in paper.pages}
    options = []
    for value, spot, text in found[: 10 * _MOST]:
        near = labels_near(paper, spot)
        mine = strength(near, *NUMBER_LABELS[kind])
        anyone = strength(near, *_DOCUMENT)
        cell = paper.rows[spot.row].cells[spot.cell]
        if anyone == 0.0 and (near or cell.y0 > 0.4 * height[cell.page]):
            continue
        gap = min((_between(text, it.mention.end, spot.start) for it in near if it.side == "left"), default=0)
        digits = sum(it.isdigit() for it in value)
        features: dict[str, float] = {
            "mine": mine,
            "any": anyone,
            "foreign": strength(near, *(it for it in _DOCUMENT if it not in NUMBER_LABELS[kind])),
            "invoice": strength(near, "invoice_number"),
            "credit": strength(near, "credit_number"),
            "receipt_no": strength(near, "receipt_number"),
            "po": strength(near, "po_number"),
            "grn": strength(near, "grn_number"),
            "list": strength(near, "list_number"),
            "other": strength(near, "-other"),
            "date_label": strength(near, "issue_date", "due_date", "-date", "order_date"),
            "nearest_document": bool(near) and near[0].mention.of(*_DOCUMENT) is not None,
            "nearest_mine": bool(near) and near[0].mention.of(*NUMBER_LABELS[kind]) is not None,
            "nearest_other": bool(near) and near[0].mention.of("-other") is not None,
            "above": bool(near) and near[0].side == "above",
            "unlabelled": not near,
            "numbered": bool(_NUMBERED.search(text[: spot.start])),
            "gap": min(gap, 6),
            # Beyond a few, how many there are is the habit of whoever numbers.
            "digits": min(digits, 3),
            "length": min(len(value), 5),
            "very_long": len(value) > 20,
            "letters": min(sum(it.isalpha() for it in value), 12),
            "marks": min(sum(it in "-/_#." for it in value), 4),
            "lower": any(it.islower() for it in value),
            "prefix": " " in value,
            "prefix_beside": " " not in value and bool(_PREFIX.search(text[: spot.start])),
            "year": bool(re.fullmatch(r"(?:19|20)\d{2}", value)),
            "postcode": bool(re.fullmatch(r"\d{5,6}", value)) and bool(says.PLACE.search(text.lower())),
            "repeats": min(counts[value], 4),
            "top": cell.y0 / height[cell.page],
            "page": min(cell.page, 4),
            "first_in_cell": not any(it.isalnum() for it in text[: spot.start]),
            "last_in_cell": not any(it.isalnum() for it in text[spot.end :]),
            "contact": bool(says.CONTACT.search(text.lower())),
            "in_table": any(0 < spot.row - header < 25 for header in paper.headers),
            "by_buyer": kind in ISSUED_BY_BUYER,
            "receipt": kind == "receipt",
            "credit_note": kind == "credit_note",
            "optical": paper.pages[0].source == "ocr",
        }
        options.append(Option(value, features, spot.words(paper), cell.page, spot.row))
    return options[:_MOST]


def paper_mentions(paper: Paper, row: int, cell: int, start: int) -> bool:
    """Whether a label ends right before these characters: "Invoice No 12" has no prefix "No"."""
    return any(it.start < start and start - it.end <= 1 for it in paper.found[row][cell])


def _between(text: str, start: int, end: int) -> int:
    """How many words stand between a label and a value on its line."""
    return len(re.findall(r"\w+", text[start:end])) if start <= end else 0
