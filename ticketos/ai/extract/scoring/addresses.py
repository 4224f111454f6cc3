"""The address of a party: of the lines near its name, the run that is likeliest to be one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.scoring.lines import Layout, TextLine
from ticketos.ai.extract.scoring.names import NameOption
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.scoring.trees import sigmoid
from ticketos.ai.ocr.page import Word

_LINES = 11
_LEAD = re.compile(
    r"^\W*(?:(?:h\.?[oq]\.?|head office|office|branch|business)\W{0,2})?"
    r"(?:address|anschrift|adresse|addr|add|direccion|indirizzo)\s*[:.]\s*",
    re.IGNORECASE,
)
_SENDER_BREAK = re.compile(r"\s*[●•·|]\s*|\s+[*–—-]\s+")
# A line that stops a run costs this much log-odds to cross: second names stand between name and address.
_CROSSED = 1.2


@dataclass(frozen=True)
class AddressLine:
    """One line that may be part of the address, and what speaks for it."""

    line: TextLine
    text: str
    words: tuple[Word, ...]
    features: dict[str, float]


@dataclass(frozen=True)
class Address:
    """The chosen run: its text, words, place and the probability that the run is exact."""

    value: str
    words: tuple[Word, ...]
    page: int
    row: int
    probability: float


def address_lines(layout: Layout, name: NameOption) -> list[AddressLine]:
    """The lines under a name, in its block, each with its features."""
    found: list[AddressLine] = []
    last = name.lines[-1]
    if name.rest:
        found.append(_line(layout, name, last, name.rest, 0, None, None))
    at: TextLine | None = last
    chain: list[TextLine] = []
    for _ in range(_LINES):
        at = layout.under(at) if at else None
        if at is None:
            break
        chain.append(at)
    before = last
    for position, line in enumerate(chain):
        after = chain[position + 1] if position + 1 < len(chain) else None
        found.append(_line(layout, name, line, line.text, position + 1, before, after))
        before = line
    return found


def _line(
    layout: Layout,
    name: NameOption,
    line: TextLine,
    text: str,
    position: int,
    before: TextLine | None,
    after: TextLine | None,
) -> AddressLine:
    lead = _LEAD.match(text)
    body = text[lead.end() :] if lead else text
    # What follows a telephone or identifier on the same line is not the address any more.
    cut = _cut(body)
    kept = body[:cut].rstrip(" ,;:-(") if cut else body
    start = line.text.find(kept) if kept else 0
    words = line.cell.words_between(max(start, 0), max(start, 0) + len(kept))
    folded = line.folded
    letters = sum(it.isalpha() for it in kept)
    digits = sum(it.isdigit() for it in kept)
    features: dict[str, float] = {
        "position": position,
        "inline": position == 0,
        "places": min(len(says.PLACE.findall(folded)), 5),
        "postcode": line.postcode,
        "starts_digit": kept[:1].isdigit() or bool(re.match(r"(?:no|lot|unit|block|plot|shop)\W*\d", folded)),
        "comma": min(kept.count(","), 4),
        "ends_comma": kept.rstrip().endswith(","),
        "letters": min(letters, 40),
        "digits": min(digits, 15),
        "digit_share": digits / max(len(kept), 1),
        "length": min(len(kept), 80),
        "contact": bool(says.CONTACT.search(folded)),
        "registration": line.registration,
        "tax_id": line.has_tax_id,
        "long_number": bool(re.search(r"\d{7,}", re.sub(r"[\s\-]", "", kept))),
        "day": line.has_day,
        "money": line.has_money,
        "announced": line.announced and lead is None,
        "colon": ":" in kept,
        "legal": line.legal,
        "title": line.title,
        "greeting": bool(says.GREETING.search(folded)),
        "brackets": kept.startswith("("),
        "lead": lead is not None,
        "gap": min((line.cell.y0 - before.cell.y1) / max(layout.usual, 1e-6), 4.0) if before else 0.0,
        "size": min(line.cell.height / max(name.lines[-1].cell.height, 1e-6), 3.0),
        "before_places": min(before.places, 4) if before and before is not name.lines[-1] else -1,
        "before_postcode": before is not None and before.postcode and position > 1,
        "before_contact": before is not None and before.contact,
        "before_comma": before is not None and before.text.rstrip().endswith(","),
        "after_places": min(after.places, 4) if after else -1,
        "after_postcode": after is not None and after.postcode,
        "after_contact": after is not None and (after.contact or after.has_tax_id or after.announced),
        "cut": cut is not None,
        "upper": sum(it.isupper() for it in kept) / max(letters, 1),
        "narrow": layout.narrow,
        "optical": layout.paper.pages[0].source == "ocr",
    }
    return AddressLine(line, kept, words, features)


_STOP = re.compile(
    r"(?<![a-z])(?:tel|phone|ph|fax|fon|telefon|mob(?:ile)?|hp|h/p|e-?mail|www|gst|gstin|vat|ust|tva|sst|siret|reg)(?![a-z])[\s.:#(]"
    r"|\S+@\S+|https?:",
    re.IGNORECASE,
)


def _cut(text: str) -> int | None:
    match = _STOP.search(text)
    return match.start() if match and match.start() > 8 else None


def best_run(lines: list[AddressLine], scorer: Scorer = SHIPPED) -> Address | None:
    """The contiguous lines whose log-odds sum highest; None when no line is likely at all."""
    found = scorer.scores("address_line", [it.features for it in lines]) if lines else None
    if found is None:
        return None
    scores = [float(it) for it in found[0]]
    best: tuple[float, int, int] | None = None
    # A sender's line that holds the address is whole: what stands under it is somebody else's.
    whole = lines[0].features["inline"] and lines[0].features["places"] and scores[0] > 0
    for first in range(1 if whole else len(lines)):
        total = 0.0
        for last in range(first, len(lines)):
            total += scores[last]
            if best is None or total > best[0]:
                best = total, first, last
            # A sender's line holds the whole address, and so does one that a telephone ends.
            if lines[last].features["cut"] or (
                lines[last].features["inline"] and lines[last].features["places"]
            ):
                break
    if best is None or best[0] <= 0:
        return None
    total, first, last = best
    run = lines[first : last + 1]
    inside = [it for it, score in zip(run, scores[first : last + 1], strict=True) if score > -_CROSSED]
    probability = 1.0
    for index, score in enumerate(scores):
        taken = first <= index <= last
        if first - 2 <= index <= last + 2 and (taken or not whole):
            probability *= sigmoid(score) if taken else sigmoid(-score)
    parts = [part for it in inside for part in _parts(it)]
    value = ", ".join(parts)
    words = tuple(word for it in inside for word in it.words)
    return Address(value, words, inside[0].line.page, inside[0].line.row, probability)


def _parts(line: AddressLine) -> list[str]:
    text = line.text.strip(" ,;:●•·|-–—")
    pieces = _SENDER_BREAK.split(text) if line.features["inline"] else [text]
    return [piece.strip(" ,") for piece in pieces if piece.strip(" ,")]
