"""Net, tax and total: of all the amounts the labels offer, the combination that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from ticketos.ai.extract.scoring.offered import Offered
from ticketos.ai.extract.scoring.option import Option
from ticketos.ai.extract.scoring.sums import Money, Place

_CENT, _CENTS = Decimal("0.01"), Decimal("0.02")
# How much more likely figures are when they agree, and less when they contradict each other: three random
# candidates agree to the cent hardly ever, true ones nearly always.
AGREES, CONTRADICTS = 40.0, 0.1
_ABSENT = 0.05
# What fitting parts add to a total's own probability, and how much parts that cannot fit take from it.
_HELP, _HINDERED = 2.0, 0.7
_LIKELY_NET, _ANNOUNCED, _LABELLED = 0.5, 0.9, 0.4
_STEPS = (Decimal("0.05"), Decimal(1))
_SMALL_TAX = Decimal("0.1")
_MOST = 8
_WORTH = 0.002
# A total has to be looked at anyway: the best guess, told as one, is quicker to correct than an empty box.
_LEAST = {"total": 0.01}


@dataclass(frozen=True)
class Total:
    """A resolved amount. `option` is None where the value was calculated from the other two."""

    value: Decimal
    probability: float
    option: Option | None
    own: float = 0.5
    """What the scorer said of the value alone."""
    agreed: bool | None = None
    """Whether net, tax and total fit; None where one is absent."""
    backed: float = 0.0
    """Where they fit: how likely the least likely of the other two is by itself."""
    turned: bool = False
    """Whether the paper prints it with the other sign."""


def with_evidence(probability: float, ratio: float) -> float:
    """Bayes' rule in odds: how likely after evidence that is `ratio` times likelier if true."""
    bounded = min(max(probability, 0.001), 0.995)
    odds = bounded / (1 - bounded) * ratio
    return odds / (1 + odds)


@dataclass(frozen=True)
class _Choice:
    value: Decimal
    probability: float
    option: Option
    own: float


def resolve(offered: Offered) -> dict[str, Total]:
    """net_total, tax_total, total and (where it differs) amount_due, as far as the paper shows them."""
    found, kind = offered.money, offered.kind
    if kind == "goods_receipt" and not offered.line_nets:
        return {}  # it counts goods: what stands under "Total" is their number
    roles = {
        name: _likely(offered.ranked(name)) for name in ("net_total", "tax_total", "total", "amount_due")
    }
    adjustments = _adjustments(found)
    roles["tax_total"] = [it for it in roles["tax_total"] if it.value not in adjustments]
    taxes = roles["tax_total"] + _summed(found, roles["tax_total"])
    roles["total"] = _of_this_paper(roles["total"])
    if not roles["total"]:
        return {}
    (net, tax, best), agreed = _best(roles["net_total"], taxes, roles["total"], adjustments)
    chosen = net, tax, _doubted(_rounded(best, roles["total"], adjustments)) if best else None
    ratio = AGREES if agreed else 1.0 if agreed is None else CONTRADICTS
    result = {
        name: Total(
            option.value,
            with_evidence(option.probability, ratio),
            option.option,
            option.own,
            agreed,
            _backed(option, chosen) if agreed else 0.0,
        )
        for name, option in zip(("net_total", "tax_total", "total"), chosen, strict=True)
        if option is not None and with_evidence(option.probability, ratio) >= _LEAST.get(name, 0.05)
    }
    if kind == "receipt" and agreed is not True:
        # A till prints parts of sums of every kind; only those that make up the total are its net and tax.
        result = {name: it for name, it in result.items() if name == "total"}
    if kind in ("invoice", "credit_note"):
        _derive(result)
    if "total" in result:
        other = [
            it for it in roles["amount_due"] if it.value != result["total"].value and it.probability > 0.5
        ]
        if other:
            result["amount_due"] = Total(other[0].value, other[0].probability, other[0].option, other[0].own)
    if kind == "credit_note":
        return _unsigned(result)
    return result


def _of_this_paper(totals: list[_Choice]) -> list[_Choice]:
    """Without what is announced as something else alone, where another is announced as the total.

    Older debts may be in what is due, "Total 6 %" is that of one rate.
    """
    if not any(it.option.features.get("total", 0.0) >= _ANNOUNCED for it in totals):
        return totals
    return [it for it in totals if it.option.features.get("total", 0.0) > 0 or not _another(it.option)]


def _another(option: Option) -> bool:
    seen = option.features
    if seen.get("after_rounding") or seen.get("paid") or option.spoken_for:
        return False
    return max(seen.get("due", 0.0), seen.get("not", 0.0)) >= _ANNOUNCED


def _rounded(total: _Choice, totals: Sequence[_Choice], adjustments: Sequence[Decimal]) -> _Choice:
    """The total after a rounding that the paper prints, where it prints that as a total too."""
    for other in totals:
        seen = other.option.features
        labelled = max(seen.get("total", 0.0), seen.get("due", 0.0)) >= _LABELLED
        if labelled and other.value - total.value in adjustments and _rounder(other.value, total.value):
            return replace(other, probability=total.probability, own=total.own)
    return total


def _doubted(total: _Choice) -> _Choice:
    """A total that its label calls something else may be the best guess, but never a sure one."""
    if total.option.spoken_for:
        return total
    if total.option.features.get("total", 0.0) == 0 and total.option.features.get("not", 0.0) >= _ANNOUNCED:
        return replace(total, own=min(total.own, 0.5))
    return total


def _rounder(value: Decimal, than: Decimal) -> bool:
    return any(value % step == 0 and than % step != 0 for step in _STEPS)


def _backed(one: _Choice, chosen: _Chosen) -> float:
    return min(other.own for other in chosen if other is not None and other is not one)


def _likely(options: Sequence[Option]) -> list[_Choice]:
    """The likeliest values of a role, each with its share among them."""
    best = options[:_MOST]
    weight = sum(it.probability for it in best) or 1.0
    return [
        _Choice(
            Decimal(it.value),
            it.probability / max(weight, 1.0) * it.legibility,
            it,
            it.probability / max(weight, 1.0),
        )
        for it in best
        if it.probability > _WORTH
    ]


def _summed(found: Sequence[Money], single: Sequence[_Choice]) -> list[_Choice]:
    """The sum of taxes that stand in rows of their own (CGST + SGST, 7 % + 19 %)."""
    rows: dict[tuple[int, int], Place] = {}
    for money in found:
        for place in money.places:
            near = place.near[0] if place.near else None
            # A tax of four decimals is told in passing, not charged.
            charged = place.value == place.value.quantize(_CENT)
            if charged and near is not None and near.side == "left" and near.mention.of("tax_part"):
                # In a row the last amount is the row's result: base, then tax.
                key = (place.page, place.spot.row)
                before = rows.get(key)
                if before is None or place.spot.cell >= before.spot.cell:
                    rows[key] = place
    parts = list(rows.values())
    known = {it.value for it in single}
    choices = []
    for few in (parts, parts[-2:], parts[-3:]):
        added = sum((it.value for it in few), Decimal(0))
        if 2 <= len(few) <= 6 and added not in known:
            known.add(added)
            last = few[-1]
            spoken = Option(
                f"{added:f}", {}, tuple(w for it in few for w in it.words), last.page, last.spot.row
            )
            choices.append(_Choice(added, 0.5, spoken, 0.5))
    return choices


_Chosen = tuple[_Choice | None, _Choice | None, _Choice | None]


def _best(
    nets: Sequence[_Choice],
    taxes: Sequence[_Choice],
    totals: Sequence[_Choice],
    adjustments: Sequence[Decimal],
) -> tuple[_Chosen, bool | None]:
    """The likeliest total, helped by a net and a tax that make it up; then the likeliest of those.

    Also whether they agree, None when one is absent. A part of the paper that adds up in itself (one rate's sums, one
    page's) is not enough to overrule a total that is labelled as such.
    """
    best_score = -1.0
    best: tuple[_Chosen, bool | None] = ((None, None, None), None)
    # A net or tax that is surely printed is not thought away because it does not fit: that it does not must be told.
    absent = _absence(nets), _absence(taxes)
    for total in totals:
        pairs = [
            ((net, tax, total), *_fits(net, tax, total, adjustments, absent))
            for net, tax in product([*nets, None], [*taxes, None])
        ]
        chosen, weight, agreed = max(pairs, key=lambda it: it[1])
        helped = total.probability * (1 + _HELP * min(weight / AGREES, 1.0)) if agreed else total.probability
        if agreed is False:
            helped *= _HINDERED
        if helped > best_score:
            best_score, best = helped, (chosen, agreed)
    return best


def _fits(
    net: _Choice | None,
    tax: _Choice | None,
    total: _Choice,
    adjustments: Sequence[Decimal],
    absent: tuple[float, float],
) -> tuple[float, bool | None]:
    """How well a net and a tax go with a total, and whether they add up to it, rounding as printed."""
    weight = (net.probability if net else absent[0]) * (tax.probability if tax else absent[1])
    if net and tax and tax.value * net.value < 0:
        return weight * CONTRADICTS, False  # what is taken off is a discount or a rounding, not a tax
    if net and tax:
        rest = total.value - net.value - tax.value
        # A tax of cents must fit to the cent: within the slack it would fit any net that is the total itself.
        slack = _CENTS if abs(tax.value) > _SMALL_TAX else Decimal(0)
        agreed = abs(rest) <= slack or any(abs(rest) == abs(it) for it in adjustments)
        if agreed and tax.value == 0 and net.own < _LIKELY_NET:
            # Any amount is the sum of itself and nothing: that says nothing where it is not labelled a net.
            return weight, None
        exact = 1.0 if rest == 0 or rest in adjustments else 0.9
        return weight * (AGREES * exact if agreed else CONTRADICTS), agreed
    if (net and abs(net.value) > abs(total.value)) or (tax and abs(tax.value) >= abs(total.value) > 0):
        weight *= CONTRADICTS
    return weight, None


def _absence(options: Sequence[_Choice]) -> float:
    return _ABSENT * max(1 - max((it.own for it in options), default=0.0), 0.1)


def _adjustments(found: Sequence[Money]) -> list[Decimal]:
    """The amounts printed as rounding: a few cents, or less than one of the currency where none are used."""
    return [
        sign * it.value
        for it in found
        if 0 < abs(it.value) < 1 and any(place.rounding for place in it.places)
        for sign in (1, -1)
    ]


def _derive(found: dict[str, Total]) -> None:
    """The third of the three amounts, where the paper shows two."""
    net, tax, total = (found.get(name) for name in ("net_total", "tax_total", "total"))
    if total and tax and not net:
        value = total.value - tax.value
        found["net_total"] = Total(
            value, 0.85 * min(total.probability, tax.probability), None, min(total.own, tax.own)
        )
    elif total and net and not tax and abs(total.value) >= abs(net.value):
        value = total.value - net.value
        found["tax_total"] = Total(
            value, 0.75 * min(total.probability, net.probability), None, min(total.own, net.own)
        )


def _unsigned(found: dict[str, Total]) -> dict[str, Total]:
    """A credit note says by its type that money goes back: its amounts are told without the sign it prints."""
    if any(it.value > 0 for name, it in found.items() if name in ("net_total", "total")):
        return found
    return {name: replace(it, value=-it.value, turned=True) for name, it in found.items()}
