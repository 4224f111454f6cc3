"""Memory and reading weighed against each other, field by field.

Each source gives odds for a value: the reader by its confidence and by how often people found it right on this
supplier's papers, a remembered place by how often it held the value, a recurring value by how often it recurred.
Odds for the same value multiply, and "none of these" stands against all with even odds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from schemas.extraction import ExtractedField
from ticketos.ai.extract.analysis import Findings, analyse
from ticketos.ai.extract.memory.learning import IDENTITY, NOTHING, RECURRING, order_of
from ticketos.ai.extract.memory.paper import packed
from ticketos.ai.extract.memory.places import AMOUNTS, NUMBERS, PLACED, Spot, Spots, same_value
from ticketos.ai.extract.memory.recognise import Recognised, own_numbers, recognise
from ticketos.ai.extract.memory.supplier import FieldMemory, SupplierMemory
from ticketos.ai.extract.scoring.calibration import curve
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.suppliers import NOBODY, KnownSupplier, KnownSuppliers, SupplierIndex
from ticketos.ai.ocr.page import Page

CAP = 0.985
# What is known before any paper: the reader's word counts as that many papers, a place begins at even odds.
_READER_WEIGHT = 3.0
_FAMILIES = {
    "in": "label",
    "left": "label",
    "row": "label",
    "up1": "label",
    "up2": "label",
    "up3": "label",
    "after": "after",
}


@dataclass(frozen=True, slots=True)
class Remembered:
    """What memory did to a document: the supplier recognised, and the fields it changed or confirmed."""

    supplier: str
    papers: int
    probability: float
    changed: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()


@dataclass
class _Option:
    value: str | None
    score: float
    spot: Spot | None = None
    read: ExtractedField | None = None


def apply_memory(
    findings: Findings, pages: Sequence[Page], memory: Iterable[SupplierMemory]
) -> tuple[Findings, Remembered | None]:
    """The findings after memory has spoken; as they were where the supplier is not recognised.

    A value from the issuer's own data (source "xml") is left alone.
    """
    name = findings.fields.get("supplier_name")
    known = recognise(memory, pages, name.value if name else None)
    if known is None:
        return findings, None
    fields, found_spots = dict(findings.fields), Spots(pages, order_of(known.memory))
    changed: list[str] = []
    confirmed: list[str] = []
    for field_name, it in known.memory.fields.items():
        read = fields.get(field_name)
        if read is not None and read.source == "xml":
            continue
        judged = _judge(field_name, it, read, found_spots, known)
        if judged is None:
            continue
        value, field = judged
        if value is None:
            if fields.pop(field_name, None) is not None:
                changed.append(field_name)
            continue
        (confirmed if read is not None and same_value(field_name, read.value, value) else changed).append(
            field_name
        )
        fields[field_name] = field
    # What memory has judged is weighed: the reader's own evidence for it would count twice.
    evidence = {n: it for n, it in findings.evidence.items() if n not in changed and n not in confirmed}
    result = Findings(**{**vars(findings), "fields": fields, "evidence": evidence})
    return result, Remembered(
        known.memory.key,
        known.memory.papers,
        known.probability,
        tuple(sorted(changed)),
        tuple(sorted(confirmed)),
    )


def _judge(
    name: str, it: FieldMemory, read: ExtractedField | None, found_spots: Spots, known: Recognised
) -> tuple[str | None, ExtractedField] | None:
    """The likeliest value and its field, or None where memory has nothing to say."""
    options: list[_Option] = []
    if read is not None and read.value is not None:
        options.append(_Option(read.value, _logit(_reader(it, read.confidence)), read=read))
    elif it.papers:
        options.append(_Option(None, _logit((it.absent + 0.25) / (it.papers + 1.5))))
    if name in PLACED:
        for spot, score in _placed(name, it, found_spots):
            _add(options, name, spot.value, score, spot)
    elif name in RECURRING:
        for value, count in it.values.items():
            _add(options, name, value, _recurring(name, it, count, known.probability))
    nothing = it.values.get(NOTHING, 0) if name in AMOUNTS and read is not None else 0
    if nothing:
        _add(options, name, NOTHING, _logit((nothing + 0.25) / (it.papers + 1.0)))
    if it.absent and read is not None:
        _add(options, name, None, _logit((it.absent + 0.25) / (it.papers + 1.5)))
    spoken = [option for option in options if option.spot is not None or option.read is None]
    if not spoken and not (it.right or it.wrong):
        return None
    best = max(options, key=lambda option: option.score, default=None)
    if best is None:
        return None
    total = 1.0 + sum(math.exp(option.score) for option in options)
    probability = min(math.exp(best.score) / total, CAP) * min(known.probability + 0.02, 1.0)
    return best.value, _field(best, read, probability, name)


def _field(best: _Option, read: ExtractedField | None, probability: float, name: str) -> ExtractedField:
    spot = best.spot
    if best.read is not None and read is not None:
        if spot is not None:  # the place is surer than the ink
            probability = max(probability * spot.legibility, min(probability, read.confidence))
        return read.model_copy(update={"confidence": round(min(probability, CAP), 3)})
    if spot is not None:
        return ExtractedField(
            value=best.value,
            confidence=round(min(probability * spot.legibility, CAP), 3),
            page=spot.page,
            box=spot.box,
            source="ocr" if spot.legibility < 1.0 else "text",
        )
    # A value people gave before, which need not be legible on this paper: the rule is "as always".
    return ExtractedField(
        value=best.value,
        confidence=round(min(probability, CAP), 3),
        page=read.page if read else None,
        box=read.box if read else None,
        source="rule",
    )


def _reader(it: FieldMemory, confidence: float) -> float:
    """How likely the reader is right here: its own word, corrected by its record with this supplier."""
    return (it.right + _READER_WEIGHT * confidence) / (it.right + it.wrong + _READER_WEIGHT)


def _recurring(name: str, it: FieldMemory, count: int, recognised: float) -> float:
    """Odds of a value that recurs. What a supplier is called hardly changes; whom it writes to may."""
    others = sum(it.values.values()) - count
    before = 4.0 if name in IDENTITY else 1.5 if name == "currency" else 0.5
    share = (count + before) / (count + others + before + 0.25 + 0.5 * (name not in IDENTITY))
    return min(_logit(share), _logit(min(recognised, 0.99)))


def _placed(name: str, it: FieldMemory, found_spots: Spots) -> list[tuple[Spot, float]]:
    """Values at remembered places with their odds: the best place of each family speaks, others repeat it."""
    first: dict[str, Spot] = {}
    last: dict[str, Spot] = {}
    for spot in found_spots.of(name):
        for place in spot.names:
            first.setdefault(place, spot)
            last[place] = spot
    spoken: dict[tuple[str, str], tuple[float, Spot]] = {}
    for remembered, (hits, misses) in it.places.items():
        pick, _, place = remembered.partition("|")
        at = (first if pick == "first" else last).get(place)
        if at is None or not hits:
            continue
        odds = _logit((hits + 0.5) / (hits + misses + 1.0))
        key = (at.value, _FAMILIES.get(place.partition(":")[0], "spot"))
        if odds > 0 and (key not in spoken or odds > spoken[key][0]):
            spoken[key] = (odds, at)
    found: dict[str, tuple[Spot, float]] = {}
    for (value, _), (odds, spot) in spoken.items():
        before = found.get(value)
        # Families are not independent: what stands at its usual spot mostly stands behind its usual label.
        found[value] = (
            (spot, odds) if before is None else (before[0], max(before[1], odds) + 0.5 * min(before[1], odds))
        )
    return [(spot, odds + _shape(name, it, spot)) for spot, odds in found.values()]


def _shape(name: str, it: FieldMemory, spot: Spot) -> float:
    """A number built as always is likelier, one built as never before is not."""
    if name not in NUMBERS or not it.shapes:
        return 0.0
    seen = sum(it.shapes.values())
    if spot.shape in it.shapes:
        return math.log(1 + it.shapes[spot.shape] / (1 + 0.2 * seen)) * 0.6
    return -1.0 if seen >= 3 and len(it.shapes) < seen else -0.3


def _add(
    options: list[_Option], name: str, value: str | None, score: float, spot: Spot | None = None
) -> None:
    """Evidence for a value: added to the option that means the same, or an option of its own."""
    for option in options:
        if same_value(name, option.value, value):
            option.score += max(score, 0.0)
            option.spot = option.spot or spot
            return
    options.append(_Option(value, score, spot))


def _logit(probability: float) -> float:
    bounded = min(max(probability, 0.005), 0.995)
    return math.log(bounded / (1 - bounded))


def known_suppliers(memory: Sequence[SupplierMemory], vendors: SupplierIndex = NOBODY) -> KnownSuppliers:
    """Whom a client buys from, out of what corrections taught and of its vendor list."""
    return KnownSuppliers([it for it in map(_known, memory) if it is not None], vendors, own_numbers(memory))


def understand(
    pages: list[Page],
    memory: Sequence[SupplierMemory] = (),
    scorer: Scorer = SHIPPED,
    known: KnownSuppliers | None = None,
) -> Findings:
    """Reads the fields of a document from its words, lets memory speak, and keeps what learning will need. ``known``
    is what ``known_suppliers`` made of this memory, where that was done before."""
    found = analyse(pages, known_suppliers(memory) if known is None else known, scorer)
    for name, evidence in found.evidence.items():
        fitted, field = curve(name), found.fields.get(name)
        if fitted is not None and field is not None:
            sure = fitted.probability(evidence, field.source)
            found.fields[name] = field.model_copy(update={"confidence": round(sure, 4)})
    unaided = {name: it.value for name, it in found.fields.items()}
    found, said = apply_memory(found, pages, memory)
    found.words, found.unaided = tuple(packed(pages)), unaided
    found.memory = asdict(said) if said else None
    if said is not None:
        found.rounding = next(it.rounding for it in memory if it.key == said.supplier)
    return found


def _known(memory: SupplierMemory) -> KnownSupplier | None:
    """A supplier as the reader may compare a paper with it."""
    name = memory.usual("supplier_name")
    if name is None:
        return None
    tax_id, it = memory.usual("supplier_tax_id"), memory.fields["supplier_name"]
    return KnownSupplier(
        name,
        (tax_id,) if tax_id else (),
        memory.usual("supplier_address"),
        tuple(value for value in it.values if value != name),
    )
