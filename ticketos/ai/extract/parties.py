"""Whose tax identifier is whose: by the labels of parties and the blocks under them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from schemas.extraction import DocumentType
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.find import Candidate, Paper, Place
from ticketos.ai.extract.taxid import TaxId, checksum_right, tax_ids
from ticketos.ai.extract.values import days, fold
from ticketos.ai.ocr.page import Cell

_LEGAL = re.compile(
    r"(?<![a-z])(?:ltd|limited|llc|llp|inc|incorporated|corp|corporation|plc|co|company|pvt|private|gmbh|ag|kg|ohg|ug|e\.?\s?k|gbr|"
    r"a\.g|se|s\.?a\.?r\.?l|sarl|s\.?a\.?s|sas|sasu|eurl|s\.?a|bv|b\.v|nv|oy|ab|aps|srl|s\.?r\.?l|spa|s\.?p\.?a|sdn|bhd|pte|pty|"
    r"enterprises?|trading|industries|holdings?|group|bros|sons|stores?|mart|hotel|restaurant|services|traders|agency)(?![a-z])"
)
_CONTACT = re.compile(
    r"(?<![a-z])(?:tel|phone|fax|fon|mob|e-?mail|www|http|web|vat|gst|iban|bic)|@|https?:|www\."
)
_PLACE = re.compile(
    r"\d{4,6}|strasse|straße|str\.|street|st\.|road|rd\b|avenue|ave\b|rue|lane|jalan|jln|lot\b|floor|block|park|platz|weg\b|nagar|"
    r"building|suite|boulevard|chemin|taman|unit\b|allee|plot|sector|way\b|drive|gasse|cross\b|\bno\.?\s?\d"
)
_NAME_PREFIX = re.compile(r"^(?:name|company(?: name)?|firma|nom|raison sociale)\s*[:.]?\s*$", re.IGNORECASE)
_NAME_INLINE = re.compile(r"^(?:name|company(?: name)?|firma|nom|raison sociale)\s*:\s*", re.IGNORECASE)
_SALUTATION = re.compile(r"^(?:herrn?|frau|mr|mrs|ms|m\.|mme|monsieur|madame|to|an)\.?$", re.IGNORECASE)


def _labelled(paper: Paper, field: str) -> tuple[Candidate, Cell] | None:
    best: tuple[Candidate, Cell] | None = None
    for place in paper.places(field):
        if not _heads_a_block(paper, place):
            continue
        for cell, start, stop, sure in [*_own_words(paper, place), *_under(paper, place)]:
            text = cell.text[start:stop]
            shift = len(text) - len(text.lstrip(" .:-,"))
            text = text.strip(" .:-,")
            prefix = _NAME_INLINE.match(text)
            if prefix:
                shift += prefix.end()
                text = text[prefix.end() :]
            if not _is_name(text) or (
                re.search(r"\d", text) and _PLACE.search(fold(text)) and not _LEGAL.search(fold(text))
            ):
                continue
            probability = place.label.strength * sure * (1.0 if _LEGAL.search(fold(text)) else 0.9)
            words = cell.words_between(start + shift, start + shift + len(text))
            if best is None or probability > best[0].probability:
                best = Candidate(text, probability, words, cell.page, place.row, place.label), cell
            break
    return best


def _heads_a_block(paper: Paper, place: Place) -> bool:
    """A party's label stands alone, before a colon or beside another label: "Lieferant GmbH" is a name."""
    text = paper.rows[place.row].cells[place.cell].text
    before, rest = text[: place.mention.start], text[place.mention.end :].strip()
    if (
        any(character.isalpha() for character in before)
        and not paper.found[place.row][place.cell][0].end < place.mention.start
    ):
        return False
    other = any(it.start >= place.mention.end for it in paper.found[place.row][place.cell])
    return not any(c.isalnum() for c in rest) or rest[0] in ":-" or other


def _own_words(paper: Paper, place: Place) -> list[tuple[Cell, int, int, float]]:
    """Behind the label, only after a colon: "Customer service" is no customer."""
    cell = paper.rows[place.row].cells[place.cell]
    colon = cell.text[place.mention.end :].lstrip()[:1] == ":"
    return [spot for spot in paper.after(place) if colon or spot[0] is not cell][:1]


def _under(paper: Paper, place: Place) -> list[tuple[Cell, int, int, float]]:
    """The rows under the label in its column, whole cells: names contain words that are labels elsewhere."""
    label = paper.rows[place.row].cells[place.cell]
    found: list[tuple[Cell, int, int, float]] = []
    last = paper.rows[place.row]
    for row in paper.rows[place.row + 1 : place.row + 7]:
        if row.page != last.page or row.y0 - last.y1 > 2.5 * last.height:
            break
        last = row
        for position, cell in enumerate(row.cells):
            if not (abs(cell.x0 - label.x0) < 3 * cell.height or cell.x0 <= label.x0 < cell.x1):
                continue
            beside = row.cells[position + 1] if position + 1 < len(row.cells) else None
            if _NAME_PREFIX.match(cell.text) and beside is not None:
                found.insert(0, (beside, 0, len(beside.text), 0.98))
            elif not cell.text.endswith(":") and not _SALUTATION.match(cell.text):
                found.append((cell, 0, len(cell.text), 0.95 if not found else 0.7))
            break
    return found[:3]


def _is_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    if not 3 <= len(text) <= 80 or letters < 3 or letters < 0.5 * len(text.replace(" ", "")):
        return False
    folded = fold(text)
    if folded.rstrip(" :").endswith((" no", " nr", "anschrift", "address", "adresse")) or text.endswith(":"):
        return False
    return not _CONTACT.search(folded) and not days(text)


def tax_identifiers(
    paper: Paper,
    kind: DocumentType = "invoice",
    writer: Collection[tuple[int, int]] = (),
    addressee: Collection[tuple[int, int]] = (),
) -> dict[str, Candidate]:
    """supplier_tax_id and buyer_tax_id. An identifier in the addressee's block or under its label is the addressee's,
    any other the writer's: of an invoice the supplier, of an order the buyer. `writer` and `addressee` are the cells
    (row, place) of their blocks where those are known.
    """
    by_buyer = kind in ISSUED_BY_BUYER
    own, other = ("buyer_tax_id", "supplier_tax_id") if by_buyer else ("supplier_tax_id", "buyer_tax_id")
    found: dict[str, Candidate] = {}
    labelled = _labelled(paper, "supplier" if by_buyer else "buyer")

    def is_addressees(index: int, position: int) -> bool:
        cell, row = paper.rows[index].cells[position], paper.rows[index]
        if (index, position) in addressee or (index, position) in writer:
            return (index, position) not in writer
        return (
            labelled is not None
            and 0 < index - labelled[0].row <= 9
            and row.page == paper.rows[labelled[0].row].page
            and abs(cell.x0 - labelled[1].x0) < 0.25 * paper.pages[row.page - 1].width
        )

    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            mentions = paper.found[index][position]
            buyers = any(mention.of("buyer_tax_id") for mention in mentions)
            left = row.cells[position - 1] if position else None
            if left is not None and not mentions:
                buyers = any(mention.of("buyer_tax_id") for mention in paper.found[index][position - 1])
            in_block = is_addressees(index, position)
            for item in tax_ids(cell.text):
                name = "buyer_tax_id" if buyers else other if in_block else own
                probability = 0.95 if buyers or not in_block else 0.85
                _keep(found, name, item, probability, cell, index)
    _by_label(paper, found, lambda index, position: other if is_addressees(index, position) else own)
    return found


def _keep(
    found: dict[str, Candidate], name: str, item: TaxId, probability: float, cell: Cell, row: int
) -> None:
    right = checksum_right(item.value)
    probability *= 1.0 if right else 0.6
    if name not in found or probability > found[name].probability:
        words = cell.words_between(item.start, item.end)
        found[name] = Candidate(item.value, probability, words, cell.page, row)


def _by_label(paper: Paper, found: dict[str, Candidate], whose: Callable[[int, int], str]) -> None:
    """Identifiers of schemes whose shape says nothing: only what stands directly behind the label."""
    for place in paper.places("tax_id"):
        name = whose(place.row, place.cell)
        if name in found:
            continue
        for cell, start, stop, sure in [*paper.after(place)][:1]:
            text = cell.text[start:stop]
            match = re.match(
                r"[\s.:#()\-]*([A-Z]{0,4}\d[\dA-Z/\-]{6,18}[\dA-Z]|[A-Z]{0,3}\d{8,15}[A-Z]?)(?!\S*[.,]\d{2}\b)",
                text,
            )
            if match and not days(text):
                words = cell.words_between(start + match.start(1), start + match.end(1))
                found[name] = Candidate(match[1], 0.8 * sure, words, cell.page, place.row, place.label)
