"""Whose tax identifier is whose: by the block it stands in and the label before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from schemas.extraction import DocumentType
from ticketos.ai.extract.blocks import Blocks, Whose
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.find import Candidate, Paper
from ticketos.ai.extract.suppliers import squeezed
from ticketos.ai.extract.taxid import TaxId, checksum_right, tax_ids
from ticketos.ai.extract.values import days
from ticketos.ai.ocr.page import Cell


def tax_identifiers(
    blocks: Blocks, kind: DocumentType = "invoice", client: Collection[str] = ()
) -> dict[str, Candidate]:
    """supplier_tax_id and buyer_tax_id: whose block an identifier stands in, or whose label before it, says whose it is.

    What stands in nobody's block is likely the writer's (of an invoice the supplier's, of an order the buyer's), and
    surely so only where the paper shows the addressee's besides. `client` are numbers people confirmed as this client's
    own, squeezed: on a supplier's paper they are never the supplier's.
    """
    paper, by_buyer = blocks.paper, kind in ISSUED_BY_BUYER
    own, other = ("buyer_tax_id", "supplier_tax_id") if by_buyer else ("supplier_tax_id", "buyer_tax_id")
    seen: list[tuple[str, float, TaxId, Cell, int]] = []
    for index, row in enumerate(paper.rows):
        for position, cell in enumerate(row.cells):
            for item in tax_ids(cell.text):
                if squeezed(item.value) in client or _called_buyers(paper, index, position):
                    name, sure = "buyer_tax_id", _OWN_BLOCK
                else:
                    name, sure = _PLACED[blocks.whose(index, position)]
                    name = own if name == "own" else other
                seen.append((name, sure, item, cell, index))
    addressed = {item.value for name, sure, item, _, _ in seen if name == other and sure >= _OTHER_BLOCK}
    if kind == "inventory":
        addressed = set()
    written = {item.value for name, sure, item, _, _ in seen if name == own and sure >= _OWN_BLOCK}
    # A party has one number: of what both blocks show, or of two in one, nothing is sure.
    both = (addressed & written) | (written if len(written) > 1 else set())
    alone = len({item.value for _, _, item, _, _ in seen}) == 1
    found: dict[str, Candidate] = {}
    for whom, sure, item, cell, index in seen:
        # The only number of a paper is likelier its writer's; a list of stock is addressed to nobody.
        unsure = alone and sure == _NOWHERE
        name = own if unsure or kind == "inventory" else whom
        placed = sure if name == whom else _NOWHERE
        if item.value in addressed - both and name == own:
            continue
        told = _ELSEWHERE if placed == _NOWHERE and name == own and addressed - {item.value} else placed
        # Which of two blocks is whose hangs on who wrote the paper.
        if kind == "unknown" or item.value in both or not (blocks.sure or (alone and name == own)):
            told = min(told, _NOWHERE)
        _keep(found, name, item, told, cell, index)
    _by_label(
        paper,
        found,
        lambda index, position: (
            own if kind == "inventory" or blocks.whose(index, position) in ("writer", None) else other
        ),
        {*client, *map(squeezed, addressed)},
    )
    return found


# How surely an identifier is a party's by where it stands. A right checksum says that it was read right, not whose it is:
# what stands nowhere stays below what passes by itself.
_OWN_BLOCK, _OTHER_BLOCK, _ELSEWHERE, _NOWHERE = 0.95, 0.85, 0.8, 0.5
_PLACED: dict[Whose | None, tuple[str, float]] = {
    "writer": ("own", _OWN_BLOCK),
    "addressee": ("other", _OTHER_BLOCK),
    "stranger": ("other", _NOWHERE),
    None: ("own", _NOWHERE),
}


def _called_buyers(paper: Paper, index: int, position: int) -> bool:
    """Whether a label in the cell, or in the one before it, says that it is the buyer's number."""
    mentions = paper.found[index][position]
    if not mentions and position:
        mentions = paper.found[index][position - 1]
    return any(mention.of("buyer_tax_id") for mention in mentions)


def _keep(
    found: dict[str, Candidate], name: str, item: TaxId, probability: float, cell: Cell, row: int
) -> None:
    right = checksum_right(item.value)
    probability *= 1.0 if right else 0.6
    if name not in found or probability > found[name].probability:
        words = cell.words_between(item.start, item.end)
        found[name] = Candidate(item.value, probability, words, cell.page, row)


def _by_label(
    paper: Paper, found: dict[str, Candidate], whose: Callable[[int, int], str], spent: Collection[str]
) -> None:
    """Identifiers of schemes whose shape says nothing: only what stands directly behind the label, and is not `spent` on
    a party already."""
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
            if match and not days(text) and squeezed(match[1]) not in spent:
                words = cell.words_between(start + match.start(1), start + match.end(1))
                found[name] = Candidate(match[1], 0.8 * sure, words, cell.page, place.row, place.label)
