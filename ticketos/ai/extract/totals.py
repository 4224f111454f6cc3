"""Net, tax and total: of all the amounts the labels offer, the combination that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from schemas.extraction import DocumentType
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring.option import Option, ranked
from ticketos.ai.extract.scoring.sums import Money, Place, amount_options, money_of

_CENTS = Decimal("0.02")
# How much more likely figures are when they agree, and less when they contradict each other: three random
# candidates agree to the cent hardly ever, true ones nearly always.
AGREES, CONTRADICTS = 40.0, 0.1
_ABSENT = 0.1
_MOST = 8
_WORTH = 0.002
_LEAST = 0.05


@dataclass(frozen=True)
class Total:
    """A resolved amount. `option` is None where the value was calculated from the other two."""

    value: Decimal
    probability: float
    option: Option | None


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


def resolve(paper: Paper, kind: DocumentType, line_nets: Sequence[Decimal] = ()) -> dict[str, Total]:
    """net_total, tax_total, total and (where it differs) amount_due, as far as the paper shows them."""
    found = money_of(paper)
    options = amount_options(paper, kind, found, line_nets)
    roles = {name: _likely(name, options) for name in ("net_total", "tax_total", "total", "amount_due")}
    taxes = roles["tax_total"] + _summed(found, roles["tax_total"])
    if not roles["total"]:
        return {}
    chosen, agreed = _best(roles["net_total"], taxes, roles["total"])
    ratio = AGREES if agreed else 1.0 if agreed is None else CONTRADICTS
    result = {
        name: Total(option.value, with_evidence(option.probability, ratio), option.option)
        for name, option in zip(("net_total", "tax_total", "total"), chosen, strict=True)
        if option is not None and with_evidence(option.probability, ratio) >= _LEAST
    }
    if kind in ("invoice", "credit_note"):
        _derive(result)
    if "total" in result:
        other = [
            it for it in roles["amount_due"] if it.value != result["total"].value and it.probability > 0.5
        ]
        if other:
            result["amount_due"] = Total(other[0].value, other[0].probability, other[0].option)
    if kind == "credit_note":
        return _unsigned(result)
    return result


def _likely(name: str, options: Sequence[Option]) -> list[_Choice]:
    """The likeliest values of a role, each with its share among them."""
    best = ranked(name, options)[:_MOST]
    weight = sum(it.probability for it in best) or 1.0
    return [
        _Choice(Decimal(it.value), it.probability / max(weight, 1.0) * it.legibility, it)
        for it in best
        if it.probability > _WORTH
    ]


def _summed(found: Sequence[Money], single: Sequence[_Choice]) -> list[_Choice]:
    """The sum of taxes that stand in rows of their own (CGST + SGST, 7 % + 19 %)."""
    rows: dict[tuple[int, int], Place] = {}
    for money in found:
        for place in money.places:
            near = place.near[0] if place.near else None
            if near is not None and near.side == "left" and near.mention.of("tax_part"):
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
            choices.append(_Choice(added, 0.5, spoken))
    return choices


def _best(
    nets: Sequence[_Choice], taxes: Sequence[_Choice], totals: Sequence[_Choice]
) -> tuple[tuple[_Choice | None, _Choice | None, _Choice | None], bool | None]:
    """The likeliest combination and whether it agrees (None when it is not complete enough to tell)."""
    best_score = -1.0
    best: tuple[tuple[_Choice | None, _Choice | None, _Choice | None], bool | None] = (
        (None, None, None),
        None,
    )
    for net, tax, total in product([*nets, None], [*taxes, None], totals):
        score = total.probability
        score *= net.probability if net else _ABSENT
        score *= tax.probability if tax else _ABSENT
        agreed: bool | None = None
        if net and tax:
            agreed = abs(net.value + tax.value - total.value) <= _CENTS
            score *= AGREES if agreed else CONTRADICTS
        elif (net and abs(net.value) > abs(total.value)) or (tax and abs(tax.value) >= abs(total.value) > 0):
            score *= CONTRADICTS
        if score > best_score:
            best_score, best = score, ((net, tax, total), agreed)
    return best


def _derive(found: dict[str, Total]) -> None:
    """The third of the three amounts, where the paper shows two."""
    net, tax, total = (found.get(name) for name in ("net_total", "tax_total", "total"))
    if total and tax and not net:
        value = total.value - tax.value
        found["net_total"] = Total(value, 0.85 * min(total.probability, tax.probability), None)
    elif total and net and not tax and abs(total.value) >= abs(net.value):
        value = total.value - net.value
        found["tax_total"] = Total(value, 0.75 * min(total.probability, net.probability), None)


def _unsigned(found: dict[str, Total]) -> dict[str, Total]:
    """A credit note says by its type that money goes back: its amounts are told without the sign it prints."""
    if any(it.value > 0 for name, it in found.items() if name in ("net_total", "total")):
        return found
    return {name: replace(it, value=-it.value) for name, it in found.items()}
