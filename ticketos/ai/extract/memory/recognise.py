"""Whose paper is this? By tax number, name, address and the words that recur on a supplier's papers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ticketos.ai.extract.memory.learning import anchors_of
from ticketos.ai.extract.memory.supplier import SupplierMemory
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Page

# How much each sign is worth, in odds of e: a tax number is a name of its own, a shared phrase is little.
_TAX_ID, _TAX_ID_MISREAD, _NAME, _NAME_ALIKE, _MISREAD, _ADDRESS = 4.5, 3.0, 3.5, 2.5, 1.5, 2.0
_ANCHORS = 3.0
_ENOUGH, _LEAD = 2.4, 1.0
_SHORT_NAME = 5


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
    whole = "|".join(cells)
    head = [text for text in cells[:60] if len(text) >= _SHORT_NAME]
    anchors = anchors_of(pages)
    read = re.sub(r"[\W_]+", "", fold(name_read or ""))
    scored = sorted(
        ((_signs(memory, whole, head, anchors, read), index, memory) for index, memory in enumerate(known)),
        key=lambda it: (-it[0], it[1]),
    )
    if not scored or scored[0][0] < _ENOUGH or (len(scored) > 1 and scored[0][0] - scored[1][0] < _LEAD):
        return None
    score = min(scored[0][0], 6.0)
    return Recognised(scored[0][2], round(1 - 1 / (1 + 2.718281828**score), 4))


def _signs(memory: SupplierMemory, whole: str, head: Sequence[str], anchors: set[str], read: str) -> float:
    score = 0.0
    tax_ids = _squeezed(memory, "supplier_tax_id", 7)
    if any(number in whole for number in tax_ids):
        score += _TAX_ID
    elif any(
        fuzz.partial_ratio(number, text) >= 88
        for number in tax_ids
        for text in head
        if len(text) >= len(number)
    ):
        score += _TAX_ID_MISREAD
    names = _squeezed(memory, "supplier_name", _SHORT_NAME)
    joined = "".join(head)
    if any(name in joined or name in whole for name in names):
        score += _NAME
    elif any(fuzz.partial_ratio(name, joined) >= 88 for name in names if len(name) >= 8):
        score += _NAME_ALIKE
    if read and read in memory.misread:
        score += _MISREAD
    addresses = _squeezed(memory, "supplier_address", 12)
    if any(address in joined or fuzz.partial_ratio(address, joined) >= 90 for address in addresses):
        score += _ADDRESS
    steady = [text for text, count in memory.anchors.items() if count >= max(2, memory.papers // 2)]
    if len(steady) >= 3:
        score += _ANCHORS * sum(text in anchors for text in steady) / len(steady) - 0.5
    return score


def _squeezed(memory: SupplierMemory, name: str, least: int) -> list[str]:
    field = memory.fields.get(name)
    found = (re.sub(r"[\W_]+", "", fold(value)) for value in (field.values if field else ()))
    return [text for text in found if len(text) >= least]
