"""Whose paper is this? By tax number, name, address and the words that recur on a supplier's papers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ticketos.ai.extract.memory.learning import anchors_of
from ticketos.ai.extract.memory.supplier import SupplierMemory
from ticketos.ai.extract.suppliers import squeezed
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Page

# How much each sign is worth, in odds of e: a tax number is a name of its own, a shared phrase is little.
_TAX_ID, _TAX_ID_MISREAD, _NAME, _NAME_ALIKE, _MISREAD, _ADDRESS = 4.5, 3.0, 3.5, 2.5, 1.5, 2.0
_ANCHORS = 3.0
_ENOUGH, _LEAD = 2.4, 1.0
_SHORT_NAME = 5
_CONFIRMED = 2


@dataclass(frozen=True, slots=True)
class Recognised:
    """The supplier, and how sure: the probability that the paper is from it."""

    memory: SupplierMemory
    probability: float


def recognise(
    known: Iterable[SupplierMemory], pages: Sequence[Page], name_read: str | None = None
) -> Recognised | None:
    """The one supplier whose signs the paper bears; None where none or two do.

    `name_read` is the supplier's name as the reader has it: what people corrected before may be read so again.
    """
    if not pages:
        return None
    cells = [
        re.sub(r"[\W_]+", "", fold(cell.text)) for page in pages for row in page.rows for cell in row.cells
    ]
    cells = [text for text in cells if len(text) <= 300]
    head = [text for text in cells[:60] if len(text) >= _SHORT_NAME]
    anchors = anchors_of(pages)
    read = re.sub(r"[\W_]+", "", fold(name_read or ""))
    paper = _Paper("|".join(cells), "".join(head), anchors, read)
    suppliers = list(known)
    own = own_numbers(suppliers)
    # What stands there letter by letter is looked for first; likeness costs a hundred times as much.
    best = _best([(_signs(memory, paper, own, alike=False), memory) for memory in suppliers], _ENOUGH + 1)
    best = best or _best([(_signs(memory, paper, own, alike=True), memory) for memory in suppliers], _ENOUGH)
    if best is None:
        return None
    score, memory = best
    return Recognised(memory, round(1 - 1 / (1 + math.exp(min(score, 6.0))), 4))


@dataclass(frozen=True, slots=True)
class _Paper:
    """A paper as letters and digits: all of it, its first cells, the words that could be anchors, the name read."""

    whole: str
    head: str
    anchors: set[str]
    read: str


def _best(
    scored: Sequence[tuple[float, SupplierMemory]], enough: float
) -> tuple[float, SupplierMemory] | None:
    """The supplier with enough signs and a clear lead."""
    ranked = sorted(range(len(scored)), key=lambda index: (-scored[index][0], index))
    if not ranked or scored[ranked[0]][0] < enough:
        return None
    if len(ranked) > 1 and scored[ranked[0]][0] - scored[ranked[1]][0] < _LEAD:
        return None
    return scored[ranked[0]]


def own_numbers(memory: Iterable[SupplierMemory]) -> frozenset[str]:
    """The client's own tax numbers, squeezed: what people confirmed as the buyer's on papers of more than one supplier,
    or on several papers, and what no supplier is mostly known by."""
    papers: Counter[str] = Counter()
    suppliers: Counter[str] = Counter()
    for one in memory:
        bought, sold = one.fields.get("buyer_tax_id"), one.fields.get("supplier_tax_id")
        papers.update({squeezed(it): count for it, count in (bought.values if bought else {}).items()})
        suppliers.update({squeezed(it): count for it, count in (sold.values if sold else {}).items()})
    return frozenset(it for it, count in papers.items() if count >= _CONFIRMED and suppliers[it] < count)


def _signs(memory: SupplierMemory, paper: _Paper, own: frozenset[str], *, alike: bool) -> float:
    score = 0.0
    tax_ids = [it for it in memory.signs.get("supplier_tax_id", []) if it not in own]
    if any(number in paper.whole for number in tax_ids):
        score += _TAX_ID
    elif alike and any(fuzz.partial_ratio(number, paper.head, score_cutoff=88) for number in tax_ids):
        score += _TAX_ID_MISREAD
    names = memory.signs.get("supplier_name", [])
    if any(name in paper.head or name in paper.whole for name in names):
        score += _NAME
    elif alike and any(
        fuzz.partial_ratio(name, paper.head, score_cutoff=88) for name in names if len(name) >= 8
    ):
        score += _NAME_ALIKE
    if paper.read and paper.read in memory.misread:
        score += _MISREAD
    addresses = memory.signs.get("supplier_address", [])
    if any(address in paper.head for address in addresses) or (
        alike and any(fuzz.partial_ratio(address, paper.head, score_cutoff=90) for address in addresses)
    ):
        score += _ADDRESS
    steady = [text for text, count in memory.anchors.items() if count >= max(2, memory.papers // 2)]
    if len(steady) >= 3:
        score += _ANCHORS * sum(text in paper.anchors for text in steady) / len(steady) - 0.5
    return score
