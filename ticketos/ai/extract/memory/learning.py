"""One corrected paper into the memory of its supplier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ticketos.ai.extract.memory.places import (
    AMOUNTS,
    NUMBERS,
    PLACED,
    Spot,
    Spots,
    letters,
    same_value,
    shape_of,
)
from ticketos.ai.extract.memory.supplier import FieldMemory, SupplierMemory
from ticketos.ai.extract.values import DayOrder, days, fold
from ticketos.ai.ocr.page import Page

RECURRING = (
    "supplier_name",
    "supplier_address",
    "supplier_tax_id",
    "buyer_name",
    "buyer_tax_id",
    "currency",
)
IDENTITY = ("supplier_name", "supplier_tax_id", "supplier_address")
NOTHING = "0.00"
_ROUNDINGS = ("0.05", "0.1", "0.5", "1")
_ANCHOR = 9
_HEAD = 0.35
_FOOT = 0.88


@dataclass(frozen=True)
class Corrected:
    """A paper as it stands after a person: its final values, what the reader had read by itself (before memory
    spoke), and which fields the person looked at. A field with the final value None is not on the paper."""

    pages: Sequence[Page]
    final: Mapping[str, str | None]
    read: Mapping[str, str | None] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


def learn(memory: SupplierMemory, paper: Corrected) -> SupplierMemory:
    """The memory after one more paper; the one given is left as it is.

    Only what the person looked at teaches where values stand: a value that passed by itself would confirm
    itself. Who the supplier is counts in any case, since its papers are recognised by it.
    """
    known = deepcopy(memory)
    known.__dict__.pop("signs", None)
    known.papers += 1
    found = Spots(paper.pages, _day_order(known, paper))
    for name in RECURRING:
        value = paper.final.get(name)
        if name == "supplier_tax_id" and same_value(name, value, paper.final.get("buyer_tax_id")):
            continue  # one of the two is misplaced: who the supplier is must not hang on the client's own number
        if value and (name in paper.seen or name in IDENTITY):
            it = known.of(name)
            kept = next((one for one in it.values if same_value(name, one, value)), value)
            it.values[kept] = it.values.get(kept, 0) + 1
    for name in paper.seen & paper.final.keys():
        value, it = paper.final[name], known.of(name)
        if is_nothing(name, value):
            # A nought stands in many places by chance: that it is one recurs, where it stands says nothing.
            it.values[NOTHING] = it.values.get(NOTHING, 0) + 1
        elif name in PLACED:
            _learn_place(it, found.of(name), name, value)
        it.papers += 1
        it.absent += value is None
        if value and name in NUMBERS:
            shape = shape_of(value)
            it.shapes[shape] = it.shapes.get(shape, 0) + 1
        right = same_value(name, paper.read.get(name), value)
        it.right, it.wrong = it.right + right, it.wrong + (not right)
    _learn_rounding(known, paper.final)
    name_read, name_true = paper.read.get("supplier_name"), paper.final.get("supplier_name")
    if name_read and name_true and not same_value("supplier_name", name_read, name_true):
        squeezed = re.sub(r"[\W_]+", "", fold(name_read))[:60]
        known.misread[squeezed] = known.misread.get(squeezed, 0) + 1
    _learn_anchors(known, paper.pages)
    return known


def is_nothing(name: str, value: str | None) -> bool:
    """Whether the value is an amount of nothing."""
    return name in AMOUNTS and value is not None and same_value(name, value, NOTHING)


def _learn_place(it: FieldMemory, found: Sequence[Spot], name: str, value: str | None) -> None:
    """Every name of a place that led to the value counts for, every known one that led elsewhere against."""
    picked: dict[str, str] = {}
    for spot in found:
        for place in spot.names:
            picked.setdefault(f"first|{place}", spot.value)
            picked[f"last|{place}"] = spot.value
    for place, read in picked.items():
        right = value is not None and same_value(name, read, value)
        # "last" is of use only where it differs from "first".
        if place.startswith("last|") and picked.get("first|" + place[5:]) == read and place not in it.places:
            continue
        if right:
            it.places.setdefault(place, [0, 0])[0] += 1
        elif place in it.places:
            it.places[place][1] += 1
    if len(it.places) > 90:  # the hopeless ones go, so that memory stays small
        ranked = sorted(it.places.items(), key=lambda pair: pair[1][1] - pair[1][0])
        it.places = dict(ranked[:60])


def _learn_rounding(known: SupplierMemory, final: Mapping[str, str | None]) -> None:
    """How the total differs from net and tax: by rounding to a step, or by something else. Equal says nothing."""
    values = [final.get(name) for name in ("net_total", "tax_total", "total")]
    try:
        net, tax, total = (Decimal(value or "") for value in values)
    except InvalidOperation:
        return
    off = abs(net + tax - total)
    if off == 0:
        return
    found = [step for step in _ROUNDINGS if total % Decimal(step) == 0 and off <= Decimal(step) / 2]
    for step in found or [""]:
        known.rounded[step] = known.rounded.get(step, 0) + 1


def _day_order(known: SupplierMemory, paper: Corrected) -> DayOrder:
    """Month or day first, as this supplier's dates turned out to be meant."""
    for name in ("issue_date", "due_date"):
        value = paper.final.get(name)
        if not value:
            continue
        texts = [cell.text for page in paper.pages for row in page.rows for cell in row.cells]
        unsure = [text for text in texts if any(not day.certain for day in days(text))]
        known.day_first += any(day.value.isoformat() == value for text in unsure for day in days(text, "dmy"))
        known.month_first += any(
            day.value.isoformat() == value for text in unsure for day in days(text, "mdy")
        )
    return order_of(known)


def order_of(known: SupplierMemory) -> DayOrder:
    """How to read the supplier's dates where day and month could be swapped."""
    return "mdy" if known.month_first > known.day_first else "dmy"


def anchors_of(pages: Sequence[Page]) -> set[str]:
    """Words of the letterhead and the foot that could tell a supplier's papers from others'."""
    found: set[str] = set()
    for page in pages[:1]:
        for row in page.rows:
            height = (row.y0 + row.y1) / 2 / page.height
            if _HEAD < height < _FOOT:
                continue
            for cell in row.cells:
                squeezed = re.sub(r"[\W_]+", "", fold(cell.text))
                if _ANCHOR <= len(squeezed) <= 80 and len(letters(cell.text)) >= 4:
                    found.add(squeezed)
    return found


def _learn_anchors(known: SupplierMemory, pages: Sequence[Page]) -> None:
    for text in anchors_of(pages):
        known.anchors[text] = known.anchors.get(text, 0) + 1
    if len(known.anchors) > 120:
        known.anchors = dict(sorted(known.anchors.items(), key=lambda pair: -pair[1])[:60])
