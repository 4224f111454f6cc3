"""Net, tax and total: of all the amounts the labels offer, the combination that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from ticketos.ai.extract.find import Candidate, Paper, money

_CENTS = Decimal("0.02")
# How much more likely figures are when they agree, and less when they contradict each other: three random
# candidates agree to the cent hardly ever, true ones nearly always.
AGREES, CONTRADICTS = 40.0, 0.1
_ABSENT = 0.1
_MOST = 10


@dataclass(frozen=True)
class Total:
    """A resolved amount. `candidate` is None where the value was calculated from the other two."""

    value: Decimal
    probability: float
    candidate: Candidate | None


def with_evidence(probability: float, ratio: float) -> float:
    """Bayes' rule in odds: how likely after evidence that is `ratio` times likelier if true."""
    bounded = min(max(probability, 0.001), 0.995)
    odds = bounded / (1 - bounded) * ratio
    return odds / (1 + odds)


@dataclass(frozen=True)
class _Option:
    value: Decimal
    probability: float
    candidate: Candidate | None


def resolve(paper: Paper, document_type: str) -> dict[str, Total]:
    """net_total, tax_total, total and (where it differs) amount_due, as far as the paper shows them."""
    due = _merge(money(paper, "amount_due"))
    totals = _merge(money(paper, "total"))
    totals += [
        _Option(it.value, it.probability * 0.6, it.candidate) for it in due if not _has(totals, it.value)
    ]
    nets = _merge(money(paper, "net_total"))
    taxes = _taxes(paper)
    if not totals:
        return {}
    chosen, agreed = _best(nets, taxes, totals)
    ratio = AGREES if agreed else 1.0 if agreed is None else CONTRADICTS
    found = {
        name: Total(option.value, with_evidence(option.probability, ratio), option.candidate)
        for name, option in zip(("net_total", "tax_total", "total"), chosen, strict=True)
        if option is not None
    }
    if document_type in ("invoice", "credit_note"):
        _derive(found)
    if "total" in found:
        found["total"] = _paid(paper, found["total"])
        other = [it for it in due if it.value != found["total"].value]
        if other:
            best = max(other, key=lambda it: it.probability)
            found["amount_due"] = Total(best.value, best.probability, best.candidate)
    return found


def _has(options: Sequence[_Option], value: Decimal) -> bool:
    return any(option.value == value for option in options)


def _merge(candidates: Sequence[Candidate]) -> list[_Option]:
    """One option per value: seen under several labels it is likelier; later on the paper breaks ties."""
    options: dict[Decimal, _Option] = {}
    for candidate in candidates:
        value = Decimal(candidate.value)
        before = options.get(value)
        missed = (1 - candidate.probability * candidate.legibility) * (
            1 - before.probability if before else 1.0
        )
        best = candidate
        if before and before.candidate and before.candidate.probability > candidate.probability:
            best = before.candidate
        options.pop(value, None)
        options[value] = _Option(value, min(1 - missed, 0.98), best)
    # The dict keeps the order of the paper, the sort is stable.
    latest_first = list(reversed(options.values()))
    return sorted(latest_first, key=lambda it: -it.probability)[:_MOST]


def _taxes(paper: Paper) -> list[_Option]:
    """Tax sums, single taxes, and the sum of taxes that stand in rows of their own (CGST + SGST, 7 % +
    19 %).
    """
    options = _merge(money(paper, "tax_total"))
    rows = {part.row: part for part in money(paper, "tax_part")}
    parts = list(rows.values())
    for option in _merge(parts):
        if not _has(options, option.value):
            options.append(_Option(option.value, option.probability * 0.8, option.candidate))
    if 2 <= len(parts) <= 6:
        added = sum((Decimal(part.value) for part in parts), Decimal(0))
        if not _has(options, added):
            options.append(_Option(added, 0.6, parts[-1]))
    return options


def _best(
    nets: Sequence[_Option], taxes: Sequence[_Option], totals: Sequence[_Option]
) -> tuple[tuple[_Option | None, _Option | None, _Option | None], bool | None]:
    """The likeliest combination and whether it agrees (None when it is not complete enough to tell)."""
    best_score = -1.0
    best: tuple[tuple[_Option | None, _Option | None, _Option | None], bool | None] = (
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


def _paid(paper: Paper, total: Total) -> Total:
    """Cash minus change is what was paid: it confirms the total of a till receipt."""
    cash = {Decimal(it.value) for it in money(paper, "cash")}
    change = {Decimal(it.value) for it in money(paper, "change")}
    if any(given - back == total.value for given in cash for back in change):
        return Total(total.value, with_evidence(total.probability, AGREES), total.candidate)
    return total
