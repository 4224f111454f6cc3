"""Line tables: a heading row names the columns, the rows under it are cut along them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from schemas.extraction import ExtractedLine
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.values import Amount, amounts, days, fold
from ticketos.ai.ocr.page import Row, Word

_COLUMNS: dict[str, str] = {
    "description": "description|item description|description of goods|item|items|item name|particulars|"
    "product|product name|product description|service|services|"
    "bezeichnung|artikel|artikelbezeichnung|beschreibung|leistung|produkt|text|"
    "designation|article|libelle|goods|details|material|activity|"
    "description of goods and services",
    "quantity": "qty|quantity|quantities|menge|anzahl|qte|quantite|qty received|received qty|"
    "received|quantity received|ordered|qty ordered|hours|std|stk|on hand|qty on hand|"
    "count|counted|stock|closing stock|stunden|heures|nos",
    "unit": "unit|uom|einheit|einh|unite|u o m|me",
    "unit_price": "unit price|price|rate|unit rate|unit cost|cost|einzelpreis|preis|e preis|ep|"
    "stuckpreis|prix unitaire|prix|pu|p u|pu ht|prix unitaire ht|prix unit|price each|"
    "price per unit|einzel|einzelpreis netto|preis einheit|nettopreis|u price|s price|"
    "unitaire",
    "tax_rate": "vat|vat rate|tax|tax rate|gst|gst rate|mwst|ust|ust satz|mwst satz|tva|taux tva|"
    "taxe|steuersatz|igst|steuer|taux",
    "net": "amount|total|line total|net amount|net|net price|total price|betrag|gesamt|"
    "gesamtpreis|gesamtbetrag|summe|netto|nettobetrag|montant|montant ht|total ht|"
    "prix ht|value|extended|total net|line amount|taxable value|net value|total amount|"
    "gesamt netto|amount excl|positionswert|stock value|prix total|amt|gesamtsumme",
    "-": "no|nr|pos|position|sl|s no|sr no|sl no|sno|code|item code|item no|sku|hsn|"
    "hsn sac|hsn code|sac|art nr|artikelnummer|artikelnr|ref|reference|discount|disc|"
    "rabatt|remise|rem|date|datum|line|article no|batch|cgst|sgst|bin|location|lager|mrp|"
    "warehouse|barcode|id|tax amount|vat amount|tax amt|lagerort|min|reorder level|"
    "rejected|accepted|condition|category|bestellt|lot",
}
_SUMS = ("total", "net_total", "tax_total", "amount_due", "tax_part", "cash", "change", "-amount")
_NUMERIC = ("quantity", "unit_price", "tax_rate", "net")
_LONGEST_TABLE = 2000


@dataclass(frozen=True)
class _Column:
    kind: str
    x0: float
    x1: float
    percent: bool = False


@dataclass(frozen=True)
class Line:
    """A line with the words of its row, for showing where it stands."""

    values: ExtractedLine
    words: tuple[Word, ...]
    page: int


@cache
def _headings() -> re.Pattern[str]:
    named = []
    for kind, phrases in _COLUMNS.items():
        named += [(phrase, kind) for phrase in phrases.split("|")]
    named.sort(key=lambda item: -len(item[0]))
    union = "|".join(
        f"(?P<{'other' if kind == '-' else kind}_{i}>{phrase.replace(' ', '[^a-z0-9]*')})"
        for i, (phrase, kind) in enumerate(named)
    )
    return re.compile(rf"(?<![a-z0-9])(?:{union})(?![a-z0-9])")


def read_lines(paper: Paper) -> list[Line]:
    """The lines of every table on the paper; the heading rows are noted on the paper."""
    found: list[Line] = []
    index = 0
    while index < len(paper.rows) and len(found) < _LONGEST_TABLE:
        columns = _heading(paper, index)
        if columns is None:
            index += 1
            continue
        lines, index = _body(paper, index + 1, columns)
        found += lines
    return found


def _heading(paper: Paper, index: int) -> list[_Column] | None:
    """The columns if this row is a heading, joined with a second heading row right under or over it."""
    columns, foreign = _columns(paper.rows[index])
    kinds = {column.kind for column in columns}
    if not kinds & {"description", "quantity"} or not kinds & {"net", "unit_price", "quantity"}:
        return None
    if len(kinds - {"-"}) < 2 or len(columns) < 3 or foreign > len(columns):
        return None
    if any(amount.money for cell in paper.rows[index].cells for amount in amounts(cell.text)):
        return None
    paper.headers.add(index)
    for near in (index - 1, index + 1):
        if not 0 <= near < len(paper.rows) or paper.rows[near].page != paper.rows[index].page:
            continue
        gap = max(paper.rows[near].y0 - paper.rows[index].y1, paper.rows[index].y0 - paper.rows[near].y1)
        extra, other = _columns(paper.rows[near])
        if gap > paper.rows[index].height or other or not extra:
            continue
        paper.headers.add(near)
        columns += [it for it in extra if all(it.x1 < c.x0 or c.x1 < it.x0 for c in columns)]
    return _one_of_each(sorted(columns, key=lambda column: column.x0))


def _columns(row: Row) -> tuple[list[_Column], int]:
    """Heading words of a row as columns, and how many of its words are none."""
    columns, foreign = [], 0
    for cell in row.cells:
        covered = 0
        for match in _headings().finditer(fold(cell.text)):
            words = cell.words_between(match.start(), match.end())
            kind = (match.lastgroup or "other").rpartition("_")[0]
            kind = "-" if kind == "other" else kind
            percent = "%" in cell.text[match.end() : match.end() + 3]
            columns.append(_Column(kind, words[0].x0, words[-1].x1, percent))
            covered += len(words)
        foreign += len([w for w in cell.words if any(c.isalpha() for c in w.text)]) - covered
    return columns, max(foreign, 0)


def _one_of_each(columns: list[_Column]) -> list[_Column]:
    """Of two columns of a kind one counts: the last amount is the line's, the first of anything else."""
    kept: list[_Column] = []
    for position, column in enumerate(columns):
        later = [other for other in columns[position + 1 :] if other.kind == column.kind]
        earlier = [other for other in kept if other.kind == column.kind]
        double = bool(later) if column.kind == "net" else bool(earlier)
        kept.append(replace(column, kind="-") if double and column.kind != "-" else column)
    return kept


def _body(paper: Paper, start: int, columns: Sequence[_Column]) -> tuple[list[Line], int]:
    """Lines from row `start` to the sums, the next heading, or where rows stop fitting the columns."""
    lines: list[Line] = []
    index, last = start, paper.rows[start - 1]
    for index in range(start, len(paper.rows)):
        row = paper.rows[index]
        if index in paper.headers:
            last = row
            continue
        if _is_sum(paper, index) or (index > start + 1 and _heading(paper, index) is not None):
            return lines, index
        cut = _cut(row, columns)
        line = _line(cut)
        new_page = row.page != last.page
        if line is not None and not (new_page and (line.quantity is None or line.net is None)):
            words = tuple(word for cell in row.cells for word in cell.words)
            lines.append(Line(line, words, row.page))
            last = row
        elif lines and not new_page and row.y0 - last.y1 < 0.9 * row.height and set(cut) == {"description"}:
            before = lines[-1]
            text = " ".join(word.text for word in cut["description"])
            joined = f"{before.values.description or ''} {text}".strip()
            values = before.values.model_copy(update={"description": joined})
            lines[-1] = replace(before, values=values, words=before.words + cut["description"])
            last = row
        elif not new_page and row.y0 - last.y1 > 8 * row.height:
            return lines, index
    return lines, index + 1


def _is_sum(paper: Paper, index: int) -> bool:
    """A row that starts with the label of a sum, or shows one before its last amount."""
    for cell, mentions in zip(paper.rows[index].cells, paper.found[index], strict=True):
        for mention in mentions:
            if mention.of(*_SUMS) and not cell.text[: mention.start].strip(" (.-"):
                return True
        if amounts(cell.text):
            return False
    return False


def _cut(row: Row, columns: Sequence[_Column]) -> dict[str, tuple[Word, ...]]:
    """The row's words by kind of column."""
    parts: dict[str, list[Word]] = {}
    for cell in row.cells:
        touched = [column for column in columns if cell.overlaps(column.x0, column.x1)]
        if len(touched) > 1:
            for word in cell.words:
                parts.setdefault(_column_of(word.x0, word.x1, word.text, columns), []).append(word)
        else:
            parts.setdefault(_column_of(cell.x0, cell.x1, cell.text, columns), []).extend(cell.words)
    return {kind: tuple(words) for kind, words in parts.items()}


def _column_of(x0: float, x1: float, text: str, columns: Sequence[_Column]) -> str:
    """The column a piece belongs to: numbers to the nearest edge or middle, words to the column they
    start in.
    """
    letters = sum(character.isalpha() for character in text)
    if letters > 3 and not any(amount.money for amount in amounts(text)):
        started = [column for column in columns if column.x0 <= x0 + 4]
        over = [column for column in columns if x0 < column.x1 and column.x0 < x1]
        words = [column for column in over if column.kind not in _NUMERIC] or over
        if words:
            return words[0].kind
        left = [column for column in started if column.kind not in _NUMERIC] or started
        return left[-1].kind if left else columns[0].kind

    def far(column: _Column) -> float:
        if x0 < column.x1 and column.x0 < x1:
            return 0.0
        return min(abs(x0 - column.x0), abs(x1 - column.x1), abs((x0 + x1) - (column.x0 + column.x1)) / 2)

    return min(columns, key=lambda column: (far(column), abs(x1 - column.x1))).kind


def _line(cut: dict[str, tuple[Word, ...]]) -> ExtractedLine | None:
    """A line needs an amount, or a quantity with a text; rows of words alone continue the one before."""
    texts = {kind: " ".join(word.text for word in words) for kind, words in cut.items()}
    numbers = {kind: _number(texts.get(kind, ""), kind) for kind in _NUMERIC}
    if numbers["net"] is None and (numbers["quantity"] is None or not texts.get("description")):
        return None
    description = texts.get("description") or None
    if description is None and numbers["quantity"] is None and numbers["unit_price"] is None:
        return None
    unit = texts.get("unit") or _unit_behind(texts.get("quantity", ""))
    return ExtractedLine(
        description=description,
        quantity=numbers["quantity"],
        unit=unit if unit and not unit.replace(".", "").replace(",", "").isdigit() else None,
        unit_price=numbers["unit_price"],
        tax_rate=numbers["tax_rate"],
        net=numbers["net"],
    )


_LEADING = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*([A-Za-z().%]*)")


def _number(text: str, kind: str) -> str | None:
    if days(text):
        return None
    read: list[Amount] = amounts(text)
    if kind == "tax_rate":
        rates = [it for it in read if it.percent] or [it for it in read if abs(it.value) <= 60]
        return f"{rates[0].value:f}" if rates else None
    read = [it for it in read if not it.percent]
    if read:
        return f"{(read[0] if kind == 'quantity' else read[-1]).value:f}"
    glued = _LEADING.match(text)
    if kind == "quantity" and glued:
        return f"{Decimal(glued[1].replace(',', '.')):f}"
    return None


def _unit_behind(text: str) -> str | None:
    match = _LEADING.match(text)
    return match[2] or None if match else None
