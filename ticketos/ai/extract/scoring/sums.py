"""Every amount on the paper as net, tax, total or what is due: labels, place, and how amounts fit together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.extraction import DocumentType
from ticketos.ai.extract.doctype import ISSUED_BY_BUYER
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.scoring.spots import Near, Spot, labels_near, strength
from ticketos.ai.extract.values import Amount, amounts, days
from ticketos.ai.ocr.page import Word

CENT = Decimal("0.01")
_SLACK = 2 * CENT
_MOST = 400
# A bare figure beyond this is an identifier that stands under a sum's label by chance.
_LARGEST_BARE = 99_999
_ENOUGH_PRINTED = 3
_ROUNDED = re.compile(r"round(?!ed total)|rnd|arrond|redond|arroton|rundung", re.IGNORECASE)
_INCLUSIVE = re.compile(r"incl|inkl|gross|brutto|ttc|with (?:gst|vat|tax)|round|payable|grand", re.IGNORECASE)
_EXCLUSIVE = re.compile(r"excl|exkl|before|ohne|netto?\b|\bht\b|sub|zwischen", re.IGNORECASE)
_SETTLED = 0.9
_RATES = tuple(
    Decimal(it) for it in ("5", "6", "7", "8", "10", "12", "15", "18", "19", "20", "21", "22", "28", "5.5")
)


@dataclass(frozen=True)
class Place:
    """One printing of an amount."""

    value: Decimal
    amount: Amount
    spot: Spot
    near: tuple[Near, ...]
    words: tuple[Word, ...]
    page: int
    text: str

    lead: str
    """What stands left of it in its row."""

    @property
    def rounding(self) -> bool:
        """Whether its label says that it rounds the total."""
        return bool(_ROUNDED.search(self.lead))


@dataclass(frozen=True)
class Money:
    """All printings of one value."""

    value: Decimal
    places: tuple[Place, ...]

    def strength(self, *fields: str) -> float:
        """The strongest announcement among its printings."""
        return max(strength(list(it.near), *fields) for it in self.places)


def money_of(paper: Paper) -> list[Money]:
    """The values printed as money, and bare figures that a sum's label announces; the last pages first when many."""
    by_value: dict[Decimal, list[Place]] = defaultdict(list)
    for index in range(len(paper.rows) - 1, -1, -1):
        row = paper.rows[index]
        for position, cell in enumerate(row.cells):
            if not any(character.isdigit() for character in cell.text):
                continue
            taken = [(day.start, day.end) for day in days(cell.text, paper.order)]
            for amount in amounts(cell.text):
                if amount.percent or any(amount.start < end and start < amount.end for start, end in taken):
                    continue
                spot = Spot(index, position, amount.start, amount.end)
                lead = " ".join([*(it.text for it in row.cells[:position]), cell.text[: amount.start]])
                near = tuple(labels_near(paper, spot))
                if not amount.money and (
                    abs(amount.value) > _LARGEST_BARE
                    or not _sum_label(near)
                    or _counted(cell.text[amount.end :])
                ):
                    continue
                if len(by_value) >= _MOST and amount.value not in by_value:
                    continue
                by_value[amount.value].append(
                    Place(amount.value, amount, spot, near, spot.words(paper), row.page, cell.text, lead)
                )
    found = [Money(value, tuple(reversed(places))) for value, places in by_value.items()]
    printed = [it for it in found if any(place.amount.money for place in it.places)]
    if len(printed) < _ENOUGH_PRINTED:
        return found
    # Where amounts carry their cents, a bare figure is a count, or in a picture an amount that lost its point.
    known = {it.value for it in printed}
    torn = [_pointed(it) for it in found if it not in printed and abs(it.value) >= 100]
    return printed + [it for it in torn if it.value not in known and paper.pages[0].source == "ocr"]


# What may follow a sum in its line; any other word says of what the figure is a count: "30 days", "12 items".
_FOLLOWS = re.compile(
    r"[\s.*]*(?:$|[^a-z\s]|(?:only|net+o?|brutto|gross|incl|inkl|inc|excl|exkl|ex|ttc|ht|iva|mwst|ust|tva|vat|gst|sr|zrl?|nr|euros?|eur|[a-z])"
    r"(?![a-z]))",
    re.IGNORECASE,
)


def _counted(behind: str) -> bool:
    """Whether a bare figure is a number of something, by the word behind it."""
    return not _FOLLOWS.match(behind)


def _pointed(money: Money) -> Money:
    value = money.value.scaleb(-2)
    return Money(value, tuple(replace(place, value=value) for place in money.places))


_SUMS = ("total", "net_total", "tax_total", "amount_due", "tax_part", "cash", "change", "-amount")


def _sum_label(near: Sequence[Near]) -> bool:
    return any(it.mention.of(*_SUMS) for it in near[:1])


def amount_options(
    paper: Paper, kind: DocumentType, found: Sequence[Money], line_nets: Sequence[Decimal]
) -> list[Option]:
    """One candidate per value; the same features serve net, tax, total and what is due."""
    if not found:
        return []
    facts = _facts(found, line_nets)
    largest = max(abs(it.value) for it in found) or Decimal(1)
    ranks = {value: rank for rank, value in enumerate(sorted({abs(it.value) for it in found}, reverse=True))}
    height = {page.number: max(page.height, 1.0) for page in paper.pages}
    pages = len(paper.pages)
    heights = sorted(word.height for word in paper.pages[0].words) or [1.0]
    options = []
    for money in found:
        last = max(money.places, key=lambda it: (strength(list(it.near), "total", "amount_due"), it.spot.row))
        cell = paper.rows[last.spot.row].cells[last.spot.cell]
        labels = " ".join(
            place.text[near.mention.start : near.mention.end]
            for place in money.places
            for near in place.near[:2]
            if near.side == "left" and near.mention.end <= place.spot.start
        )
        beside = " ".join(paper.rows[place.spot.row].text for place in money.places if place.near)
        # "Rounding 45.35" under "Rounding adjustment 0.01" is the total after rounding.
        settled = money.value in facts.rounded and any(it.rounding for it in money.places)
        features: dict[str, float] = {
            "total": max(money.strength("total"), _SETTLED if settled else 0.0),
            "due": money.strength("amount_due"),
            "net": money.strength("net_total"),
            "tax_sum": money.strength("tax_total"),
            "tax_part": money.strength("tax_part"),
            "cash": money.strength("cash"),
            "change": money.strength("change"),
            "not": 0.0 if settled else money.strength("-amount"),
            "totals": sum(strength(list(it.near), "total") > 0.4 for it in money.places),
            "inclusive": bool(_INCLUSIVE.search(labels)) or bool(_INCLUSIVE.search(beside)),
            "exclusive": bool(_EXCLUSIVE.search(beside)),
            "rounded": bool(_ROUNDED.search(beside)),
            "printed": min(len(money.places), 6),
            "rank": min(ranks[abs(money.value)], 8),
            "share": float(min(abs(money.value) / largest, Decimal(1))),
            "zero": money.value == 0,
            "negative": money.value < 0,
            "cents": money.value % Decimal("0.05") != 0,
            "money": any(it.amount.money for it in money.places),
            "down": (cell.page - 1 + cell.y0 / height[cell.page]) / max(pages, 1),
            "row": last.spot.row / max(len(paper.rows), 1),
            "right": cell.x1 / max(paper.pages[0].width, 1.0),
            "size": cell.height / max(heights[len(heights) // 2], 1e-6),
            "adds": facts.adds[money.value],
            "adds_labelled": facts.adds_labelled[money.value],
            "paid": money.value in facts.paid,
            "cash_is": money.value in facts.cash,
            "after_rounding": money.value in facts.rounded,
            "lines": money.value in facts.lines,
            "part": facts.part[money.value],
            "rated": money.value in facts.rated,
            "in_table": any(0 < last.spot.row - header < 25 for header in paper.headers),
            "alone": not money.places[0].near,
            "receipt": kind == "receipt",
            "by_buyer": kind in ISSUED_BY_BUYER,
            "optical": paper.pages[0].source == "ocr",
        }
        options.append(Option(f"{money.value:f}", features, last.words, last.page, last.spot.row))
    return options


@dataclass
class _Facts:
    """How the values fit together, worked out once."""

    adds: dict[Decimal, float]
    """How often the value is the sum of two others, one of them a tax by its size."""
    adds_labelled: dict[Decimal, float]
    """The same with a net and a tax that are labelled so: the product of the strengths."""
    part: dict[Decimal, float]
    """How often it is the net or tax in such a sum."""
    paid: set[Decimal]
    cash: set[Decimal]
    rounded: set[Decimal]
    lines: set[Decimal]
    rated: set[Decimal]


def _facts(found: Sequence[Money], line_nets: Sequence[Decimal]) -> _Facts:
    values = [it.value for it in found]
    present = set(values)
    adds: dict[Decimal, float] = defaultdict(float)
    labelled: dict[Decimal, float] = defaultdict(float)
    part: dict[Decimal, float] = defaultdict(float)
    rated: set[Decimal] = set()
    nets = {it.value: it.strength("net_total") for it in found}
    taxes = {it.value: it.strength("tax_total", "tax_part") for it in found}
    small = [it for it in values if taxes[it] > 0 and it != 0]
    for tax in small:
        for net in values:
            if net == 0 or abs(tax) > abs(net) * Decimal("0.35") or (net > 0) != (tax > 0):
                continue
            for total in (net + tax, net + tax + CENT, net + tax - CENT):
                if total in present:
                    adds[total] = min(adds[total] + 1, 3)
                    labelled[total] = max(labelled[total], nets[net] * taxes[tax], 0.2 * taxes[tax])
                    part[net] = max(part[net], taxes[tax])
                    part[tax] = max(part[tax], 0.3 + nets[net])
                    if any(abs(net * rate / 100 - tax) <= _SLACK for rate in _RATES):
                        rated |= {net, tax, total}
                    break
    handed = [it.value for it in found if it.strength("cash") > 0.4]
    back = [it.value for it in found if it.strength("change") > 0.4]
    # Some tills print what they took with a minus.
    paid = {abs(given) - abs(change) for given in handed for change in back} & present
    adjustments = {it.value for it in found if any(place.rounding for place in it.places)}
    rounded = {
        value + adjustment * sign
        for value in values
        for adjustment in adjustments
        if 0 < abs(adjustment) < Decimal("0.5")
        for sign in (1, -1)
    } & present
    added = sum(line_nets, Decimal(0))
    lines = {it for it in values if line_nets and abs(it - added) <= CENT * (1 + len(line_nets) // 2)}
    return _Facts(adds, labelled, part, paid, set(handed), rounded, lines, rated)
