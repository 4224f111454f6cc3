"""Every date on the paper as a candidate for the dates a document has."""

from __future__ import annotations

import re
from datetime import date

from schemas.extraction import DocumentType
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.scoring.spots import Spot, labels_near, strength
from ticketos.ai.extract.values import Day, days, torn_days

_TIME = re.compile(
    r"(?<![\d.])\d{1,2}(?::\d{2}){1,2}|(?<![\d.])\d{1,2}\.\d{2}\s*(?:[ap]m|uhr)\b", re.IGNORECASE
)


def day_options(paper: Paper, kind: DocumentType) -> list[Option]:
    """One candidate per place a date stands at."""
    found: list[tuple[Day, Spot, str]] = []
    torn: set[tuple[int, int]] = set()
    optical = {page.number for page in paper.pages if page.source == "ocr"}
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            if sum(character.isdigit() for character in cell.text) < 3:
                continue
            found += [
                (day, Spot(index, position, day.start, day.end), cell.text)
                for day in days(cell.text, paper.order)
            ]
            if row.page in optical:
                lost = torn_days(cell.text, paper.order)
                torn |= {(index, position) for _ in lost}
                found += [(day, Spot(index, position, day.start, day.end), cell.text) for day in lost]
    if not found:
        return []
    values = sorted({day.value for day, _, _ in found})
    height = {page.number: max(page.height, 1.0) for page in paper.pages}
    options = []
    for order, (day, spot, text) in enumerate(found):
        near = labels_near(paper, spot)
        cell = paper.rows[spot.row].cells[spot.cell]
        words = spot.words(paper)
        rest = text[: day.start] + text[day.end :]
        features: dict[str, float] = {
            "issue": strength(near, "issue_date"),
            "order_date": strength(near, "order_date"),
            "due": strength(near, "due_date"),
            "not": strength(near, "-date"),
            "number": strength(
                near, "invoice_number", "receipt_number", "credit_number", "po_number", "grn_number"
            ),
            "other": strength(near, "-other"),
            "nearest_other": bool(near)
            and near[0].mention.of("-other", "-date") is not None
            and not near[0].mention.of("issue_date"),
            "labels": min(len(near), 4),
            "above": bool(near) and near[0].side == "above",
            "order": min(order, 8),
            "only": len(values) == 1,
            "values": min(len(values), 5),
            "repeats": min(sum(it.value == day.value for it, _, _ in found), 5),
            "top": cell.y0 / height[cell.page],
            "page": min(cell.page, 4),
            "time": bool(_TIME.search(rest)) or _time_beside(paper, spot),
            "alone": not rest.strip(" .,:;-"),
            "rest": min(len(rest), 60),
            "unsure": not day.certain,
            "torn": (spot.row, spot.cell) in torn,
            "marks": sum(it in "-/." for it in text[day.start : day.end]),
            "strange": not date(2000, 1, 1) <= day.value <= date(2035, 1, 1),
            "in_table": any(0 < spot.row - header < 25 for header in paper.headers),
            "by_buyer": kind in ISSUED_BY_BUYER,
            "receipt": kind == "receipt",
            "optical": paper.pages[0].source == "ocr",
        }
        options.append(Option(day.value.isoformat(), features, words, cell.page, spot.row))
    return options


def _time_beside(paper: Paper, spot: Spot) -> bool:
    cells = paper.rows[spot.row].cells
    return any(_TIME.search(cell.text) for index, cell in enumerate(cells) if index != spot.cell)
