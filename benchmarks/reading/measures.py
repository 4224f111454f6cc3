"""Right or wrong: exact match after normalisation, lines as F1, confidence as reliability and coverage."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from itertools import pairwise

from benchmarks.reading.folders import Case, Line
from schemas.extraction import ExtractedField, ExtractedLine, Extraction
from ticketos.ai.extract.values import DayOrder, amounts, days
from ticketos.lines.data_entry.rules import AMOUNTS

RIGHT_SHARE = 0.99
_ALIKE = 0.8


@dataclass(frozen=True)
class Verdict:
    """One field of one document: what is true, what was read, and whether that is right."""

    case: str
    field: str
    true: str | None
    read: str | None
    right: bool
    confidence: float
    auto: bool
    source: str
    blocked_by: tuple[str, ...] = ()
    told: bool = True
    """Whether the true value stands on the pages at all; known where they have, or had, a text layer."""


def normal(name: str, value: str | None) -> str | None:
    """The form in which two values of a field are compared; None for no value."""
    if value is None or not value.strip():
        return None
    if name in AMOUNTS:
        try:
            return f"{Decimal(value):.2f}"
        except InvalidOperation:
            return value
    if name.endswith("_tax_id") or name in ("number", "po_number"):
        return re.sub(r"[\W_]+", "", value).upper()
    return re.sub(r"[\W_]+", " ", value.upper()).strip()


def judge(case: Case, found: Extraction) -> list[Verdict]:
    """Every field the truth speaks of."""
    verdicts = []
    pages = found.text or "" if found.engine == "pdfium" else case.printed() if case.printed else None
    for name, true in case.fields.items():
        field = found.fields.get(name) or ExtractedField(value=None, confidence=0.0, source="rule")
        accepted = {normal(name, value) for value in (true, *case.also_right.get(name, ()))}
        read = normal(name, field.value)
        if true is None and read is None:
            continue
        verdicts.append(
            Verdict(
                case.name, name, true, field.value, read in accepted, field.confidence, field.auto,
                field.source, field.blocked_by,
                pages is None or on_page(name, accepted, pages),
            )
        )  # fmt: skip
    return verdicts


def on_page(name: str, accepted: Collection[str | None], text: str) -> bool:
    """Whether one of the accepted values stands in the text: an e-invoice's data may differ from what its pages say."""
    if name in AMOUNTS:
        seen = {f"{it.value:.2f}" for line in text.splitlines() for it in amounts(line)}
    elif name.endswith("_date"):
        lines = text.splitlines()
        orders: tuple[DayOrder, ...] = ("dmy", "mdy")
        found = (it for line in lines for order in orders for it in days(line, order))
        seen = {normal(name, it.value.isoformat()) or "" for it in found}
    else:
        whole = normal(name, text) or ""
        return any(value is not None and value in whole for value in accepted)
    return any(value in seen for value in accepted)


@dataclass
class LineCounts:
    """Lines that are true, were read, and are both."""

    true: int = 0
    read: int = 0
    matched: int = 0

    def add(self, true: Sequence[Line], read: Sequence[ExtractedLine]) -> None:
        """Match each true line with one read line of the same net and a similar name, quantities equal where known."""
        self.true += len(true)
        self.read += len(read)
        left = list(read)
        for line in true:
            hit = next((it for it in left if _same_line(line, it)), None)
            if hit is not None:
                left.remove(hit)
                self.matched += 1

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 for no lines."""
        return 2 * self.matched / (self.true + self.read) if self.true + self.read else 0.0


def _same_line(true: Line, read: ExtractedLine) -> bool:
    for expected, value in ((true.net, read.net), (true.quantity, read.quantity)):
        if expected is not None and (value is None or Decimal(expected) != Decimal(value)):
            return False
    names = [re.sub(r"[\W_]+", "", text or "").casefold() for text in (true.description, read.description)]
    return names[0] in names[1] or SequenceMatcher(None, names[0], names[1]).ratio() >= _ALIKE


def share(verdicts: Iterable[Verdict]) -> float:
    """The share of verdicts that are right; 0 for none."""
    judged = [it.right for it in verdicts]
    return sum(judged) / len(judged) if judged else 0.0


def coverage(verdicts: Iterable[Verdict], least: float = RIGHT_SHARE) -> float:
    """The largest share of fields that can pass by confidence alone with at least `least` of them right.

    Fields of equal confidence pass together.
    """
    ranked = sorted(verdicts, key=lambda it: -it.confidence)
    best = right = 0
    for count, it in enumerate(ranked, start=1):
        right += it.right
        last_of_its_confidence = count == len(ranked) or ranked[count].confidence < it.confidence
        if last_of_its_confidence and it.read is not None and right >= least * count:
            best = count
    return best / len(ranked) if ranked else 0.0


_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1.0001)


def reliability(verdicts: Iterable[Verdict]) -> list[tuple[float, float, int, float, float]]:
    """Per band of confidence: from, to, fields, mean confidence, share right."""
    read = [it for it in verdicts if it.read is not None]
    bands = []
    for low, high in pairwise(_EDGES):
        inside = [it for it in read if low <= it.confidence < high]
        if inside:
            mean = sum(it.confidence for it in inside) / len(inside)
            bands.append((low, min(high, 1.0), len(inside), mean, share(inside)))
    return bands
