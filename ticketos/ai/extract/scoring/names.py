"""Who wrote the paper and whom it is for: every line that could be a name, with what speaks for it.

The shapes of a letterhead and of an addressee are learnt from suppliers' papers. On one of the buyer's making the buyer
wrote and the supplier is addressed: there the two change places, labels with them (`turned`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from schemas.extraction import DocumentType
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.scoring.lines import Layout, TextLine
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.suppliers import KnownSuppliers, squeezed
from ticketos.ai.extract.values import fold

_FIRST_LINES = 30
_BLOCK_LINES = 8
_SENDER_BREAK = re.compile(r"\s+[●•·|*–—-]\s+|\s*[●•·|]\s*")
_DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)\s?([a-z0-9\-]{3,})\.[a-z]{2,}", re.IGNORECASE)
_MAIL_HOSTS = {"gmail", "yahoo", "hotmail", "outlook", "gmx", "web", "orange", "wanadoo", "free"}
_LONGEST = 90
ADDRESSING = frozenset({"spett le", "spettabile", "destinatario", "destinataire", "recipient", "m/s"})
"""Labels over whomever a paper is sent to: the buyer of an invoice, the supplier of an order."""


@dataclass(frozen=True)
class NameOption:
    """A candidate name and the line or lines it stands on."""

    option: Option
    lines: tuple[TextLine, ...]
    rest: str
    """What follows the name on its line: a sender's line goes on with the address."""


_OTHER_PARTY = {"supplier_name": "buyer_name", "buyer_name": "supplier_name"}


def turned(kind: DocumentType, field: str) -> str:
    """The field whose trees, and whose label among the features, speak for this field on papers of a kind."""
    return _OTHER_PARTY.get(field, field) if kind in ISSUED_BY_BUYER else field


def name_options(layout: Layout, kind: DocumentType, known: KnownSuppliers) -> list[NameOption]:
    """Every line of the first page's head, of a party's block, or with a legal form."""
    facts = _Facts(layout, kind, known)
    found: list[NameOption] = []
    for order, line in enumerate(layout.first_page):
        role, distance, _ = facts.role(line)
        if order >= _FIRST_LINES and role is None and line.legal < 2 and not facts.is_known(line.text):
            continue
        if distance > _BLOCK_LINES or line.text.rstrip().endswith(":"):
            continue
        found += facts.options(line, order)
    return found


class _Facts:
    """What is worked out once for all candidates of a paper."""

    def __init__(self, layout: Layout, kind: DocumentType, known: KnownSuppliers) -> None:
        self.layout = layout
        self.kind = kind
        parties = ("supplier", "buyer")
        self.writer, self.addressee = reversed(parties) if kind in ISSUED_BY_BUYER else parties
        self.known = known
        self.likeness: dict[str, float] = {}
        text = "\n".join(line.folded for line in layout.lines)
        self.domains = {it.replace("-", "") for it in _DOMAIN.findall(text)} - _MAIL_HOSTS
        self.squeezed = Counter(squeezed(_cleaned(line.text)[0]) for line in layout.lines)
        self.whole = squeezed(text)
        page = layout.paper.pages[0]
        self.width, self.height = max(page.width, 1.0), max(page.height, 1.0)
        self.starting = {(line.row, line.first): line for line in layout.lines}
        self.roles: dict[int, tuple[str | None, int, float]] = {}

    def is_known(self, text: str) -> bool:
        """Whether the text is the name of a supplier this client buys from."""
        return self.known.has(squeezed(_cleaned(text)[0]))

    def role(self, line: TextLine) -> tuple[str | None, int, float]:
        """The party whose block this line is in: its label's field, lines below it, strength."""
        if id(line) not in self.roles:
            self.roles[id(line)] = self._role(line)
        return self.roles[id(line)]

    def _role(self, line: TextLine) -> tuple[str | None, int, float]:
        own = self._announces(line)
        if own and own[2]:
            return own[0], 0, own[1]
        at: TextLine | None = line
        beside = self._beside(line)
        if beside:
            return beside[0], 0, beside[1]
        if self.named(line):
            at = self.starting.get((line.row, line.first - 1), line)
        for distance in range(1, _BLOCK_LINES):
            at = self.layout.above.get(id(at))
            if at is None:
                break
            found = self._announces(at)
            if found:
                return found[0], distance, found[1]
        return None, 0, 0.0

    def named(self, line: TextLine) -> bool:
        """Whether the cell left of it says "Name:": forms put a party's values in a column of their own."""
        if line.first == 0:
            return False
        left = self.layout.paper.rows[line.row].cells[line.first - 1].text
        return bool(says.NAME_LABEL.match(fold(left)))

    def _announces(self, line: TextLine) -> tuple[str, float, bool] | None:
        """The party a line's first label announces, its strength, and whether the name follows on the line."""
        if not line.announced:
            return None
        mention = next(it for it in line.mentions if not line.text[: it.start].strip(" .:-*("))
        rest = line.text[mention.end :].strip()
        for field in ("supplier", "buyer", "-other"):
            label = mention.of(field)
            if label is None:
                continue
            party = self.addressee if label.phrase in ADDRESSING else field
            follows = rest[:1] in (":", "-") and any(character.isalpha() for character in rest)
            alone = not any(character.isalnum() for character in rest) or len(line.mentions) > 1
            if alone or follows:
                return party, label.strength, follows
        return None

    def _beside(self, line: TextLine) -> tuple[str, float] | None:
        """A label in the column to the left: "Supplier   Bright Paper GmbH"."""
        if line.first == 0:
            return None
        row = self.layout.paper.found[line.row]
        for mention in reversed(row[line.first - 1]):
            cell = self.layout.paper.rows[line.row].cells[line.first - 1]
            if cell.text[mention.end :].strip(" .:-"):
                return None
            for field in ("supplier", "buyer"):
                label = mention.of(field)
                if label:
                    return field, label.strength
        return None

    def options(self, line: TextLine, order: int) -> Iterator[NameOption]:
        for text, start, rest in _readings(line):
            yield self._option(text, line, order, (line,), start, rest)
        below = self.layout.under(line)
        if below is None or not (_name_like(line) and _name_like(below)) or line.contact or below.contact:
            return
        first, second = _cleaned(line.text)[0], _cleaned(below.text)[0]
        if first and second and len(first) + len(second) < _LONGEST:
            yield self._option(f"{first} {second}", line, order, (line, below), 0, "")

    def _option(
        self, text: str, line: TextLine, order: int, lines: tuple[TextLine, ...], start: int, rest: str
    ) -> NameOption:
        if len(lines) == 1:
            words = line.cell.words_between(start, start + len(text))
        else:
            words = tuple(word for it in lines for word in it.cell.words)
        features = self._features(text, line, order, lines, rest)
        return NameOption(Option(text, features, words, line.page, line.row), lines, rest)

    def _features(
        self, text: str, line: TextLine, order: int, lines: tuple[TextLine, ...], rest: str
    ) -> dict[str, float]:
        folded = fold(text)
        letters = sum(it.isalpha() for it in text)
        solid = max(len(text.replace(" ", "")), 1)
        short = squeezed(text)
        last = lines[-1]
        below = [self.layout.under(last)]
        for _ in range(2):
            below.append(self.layout.under(below[-1]) if below[-1] else None)
        above = self.layout.above.get(id(line))
        role, distance, strength = self.role(line)
        joined = len(lines) == 2
        legal = 2 if says.LEGAL.search(folded) else 1 if says.TRADE.search(folded) else 0
        at_end = bool(says.LEGAL_AT_END.search(folded))
        domain = max((fuzz.ratio(short, it) for it in self.domains), default=0.0)
        part = max((len(it) for it in self.domains if len(it) >= 4 and it in short), default=0)
        initials = "".join(word[0] for word in folded.split() if word[:1].isalpha())
        tokens = re.findall(r"[a-z]{4,}", folded)
        begun = max((len(it) for it in tokens if any(it in host for host in self.domains)), default=0)
        return {
            "legal": legal,
            "legal_end": at_end,
            "legal_only": bool(says.LEGAL.fullmatch(folded.strip(" ().&"))) or letters < 3,
            "trade": bool(says.TRADE.search(folded)),
            "order": min(order, 30),
            "top": line.cell.y0 / self.height,
            "size": min(line.cell.height / max(self.layout.usual, 1e-6), 4.0),
            "letters": letters / solid,
            "length": min(len(text), _LONGEST),
            "words": min(len(text.split()), 12),
            "digits": min(sum(it.isdigit() for it in text), 12),
            "upper": sum(it.isupper() for it in text) / max(letters, 1),
            "place": min(len(says.PLACE.findall(folded)), 4),
            "postcode": bool(says.POSTCODE.search(text)),
            "contact": bool(says.CONTACT.search(folded)),
            "day": line.has_day,
            "money": line.has_money,
            "title": bool(says.TITLE.search(folded)),
            "greeting": bool(says.GREETING.search(folded)),
            "registration": line.registration,
            "comma": text.count(","),
            "colon": ":" in text,
            "announced": line.announced and role is None,
            "mentions": min(len(line.mentions), 4) if role is None else 0,
            "supplier": strength if role == self.writer else 0.0,
            "buyer": strength if role == self.addressee else 0.0,
            "other": strength if role == "-other" else 0.0,
            "distance": distance if role else 9,
            "named": self.named(line),
            "joined": joined,
            "second_legal": joined and lines[1].legal,
            "second_place": joined and min(lines[1].places, 3),
            "second_size": min(lines[1].cell.height / max(line.cell.height, 1e-6), 3.0) if joined else 1.0,
            "part": rest != "",
            "address_1": _address_like(below[0]),
            "address_2": _address_like(below[1]),
            "address_3": _address_like(below[2]),
            "below_registration": below[0] is not None and (below[0].registration or below[0].has_tax_id),
            "below_legal": below[0].legal if below[0] else 0,
            "below_name": below[0] is not None and _name_like(below[0]),
            "above": above is not None,
            "above_legal": above.legal if above else 0,
            "above_name": above is not None and _name_like(above),
            "above_address": _address_like(above),
            "centre": abs((line.cell.x0 + line.cell.x1) / 2 - self.width / 2) / self.width,
            "left": line.cell.x0 / self.width,
            "alone": line.first == 0 and line.last == len(self.layout.paper.rows[line.row].cells) - 1,
            "repeats": min(self.whole.count(short) - 1, 3) if len(short) >= 6 else 0,
            "domain": domain / 100,
            "in_domain": max(part, begun),
            "initials": bool(initials) and len(initials) >= 3 and initials in self.domains,
            "known": self._known(short),
            "receipt": self.kind == "receipt",
            "by_buyer": False,  # told by the change of places; the trees keep the column
            "narrow": self.layout.narrow,
            "optical": self.layout.paper.pages[0].source == "ocr",
        }

    def _known(self, short: str) -> float:
        # Whom the client buys from writes the papers that suppliers write.
        if not self.known or len(short) < 5 or self.writer != "supplier":
            return 0.0
        if short not in self.likeness:
            self.likeness[short] = self.known.likeness(short)
        return self.likeness[short]


def _name_like(line: TextLine) -> bool:
    return (
        line.letters >= 3
        and line.letters > 2 * line.digits
        and not line.announced
        and not line.has_day
        and not line.has_money
        and not line.title
        and not line.registration
        and len(line.text) < _LONGEST
    )


def _address_like(line: TextLine | None) -> float:
    if line is None or line.contact or line.has_day or line.has_money:
        return 0.0
    return min(line.places, 2) + (1.0 if line.postcode else 0.0)


def _readings(line: TextLine) -> Iterator[tuple[str, int, str]]:
    """The ways a line can hold a name: text, where it starts, what follows it."""
    seen = set()
    text, start = _cleaned(line.text)
    spots = [(text, start, "")]
    parts = _SENDER_BREAK.split(line.text)
    if len(parts) > 1:
        first, at = _cleaned(parts[0])
        spots.append((first, at, line.text[len(parts[0]) :].strip(" ●•·|,-–—")))
    elif line.text.count(",") >= 2:
        head = line.text.split(",")[0]
        first, at = _cleaned(head)
        spots.append((first, at, line.text[len(head) + 1 :].strip()))
    for mention in line.mentions:
        if mention.of("supplier", "buyer") and line.text[mention.end :].strip()[:1] in (":", "-"):
            first, at = _cleaned(line.text[mention.end :])
            spots.append((first, mention.end + at, ""))
    for value, at, rest in spots:
        if value not in seen and 2 <= len(value) <= _LONGEST and sum(it.isalpha() for it in value) >= 2:
            seen.add(value)
            yield value, at, rest


@lru_cache(maxsize=4096)
def _cleaned(text: str) -> tuple[str, int]:
    """A name without what says whose it is in front, or its registration behind; and where it starts."""
    start = len(text) - len(text.lstrip(" .:,;-*#=_~'\"“”|"))
    folded = fold(text)
    owner = says.OWNER.match(folded, 0)
    if owner is None and start:
        owner = says.OWNER.match(folded[start:])
        if owner:
            start += owner.end()
    elif owner:
        start = max(start, owner.end())
    body = text[start:]
    start += len(body) - len(body.lstrip(" .:,;-*#=_~'\"|"))
    body = body.lstrip(" .:,;-*#=_~'\"|")
    behind = says.REGISTRATION_BEHIND.search(fold(body))
    if behind and sum(it.isalpha() for it in body[: behind.start()]) >= 3:
        body = body[: behind.start()]
    # The point belongs to the name after a short form: "SDN. BHD.", "Inc."
    return body.rstrip(" ,;:-*=_~|'\"").strip(), start
