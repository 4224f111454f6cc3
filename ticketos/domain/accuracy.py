"""Accuracy of inspected work with its 95 % confidence interval (CP3).

    p      = correct / inspected
    centre = (p + z²/2n) / (1 + z²/n)
    half   = z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²)        z = 1.959964 (97.5 % quantile of the normal)

The Wilson score interval: E. B. Wilson, *Probable inference, the law of succession, and statistical
inference*, JASA 22 (1927) 209–212; recommended for proportions near 1 by R. G. Newcombe, *Two-sided
confidence intervals for the single proportion*, Statistics in Medicine 17 (1998) 857–872 (method 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from ticketos.domain.errors import DomainError
from ticketos.domain.money import exact_decimal

_Z = Decimal("1.959963984540054")
_PLACES = Decimal("0.000001")


@dataclass(frozen=True)
class Accuracy:
    """Correct out of inspected; rate and interval bounds (0 to 1, six places) are None when n = 0."""

    correct: int
    inspected: int
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None


def accuracy(correct: int, inspected: int) -> Accuracy:
    """Rate and Wilson interval of `correct` out of `inspected` (fields, records or units alike)."""
    if inspected < 0 or not 0 <= correct <= inspected:
        raise DomainError("accuracy-counts-invalid", correct=correct, inspected=inspected)
    if inspected == 0:
        return Accuracy(correct, inspected, None, None, None)
    with localcontext(Context(prec=50)):
        n = Decimal(inspected)
        p = correct / n
        scale = 1 + _Z * _Z / n
        centre = (p + _Z * _Z / (2 * n)) / scale
        half = _Z * (p * (1 - p) / n + _Z * _Z / (4 * n * n)).sqrt() / scale
        low = Decimal(0) if correct == 0 else max(centre - half, Decimal(0))
        high = Decimal(1) if correct == inspected else min(centre + half, Decimal(1))
        return Accuracy(correct, inspected, _six(p), _six(low), _six(high))


def meets(acc: Accuracy, target: Decimal) -> bool:
    """True when the inspected work shows the target (0.998 …); compared exactly, not on the rounded rate.

    Nothing inspected shows nothing: then both `meets` and `misses` are False.
    """
    return acc.inspected > 0 and not _below(acc, target)


def misses(acc: Accuracy, target: Decimal) -> bool:
    """True when inspected work lies below the target: the case that holds delivery (CP12)."""
    return acc.inspected > 0 and _below(acc, target)


def _below(acc: Accuracy, target: Decimal) -> bool:
    goal = exact_decimal(target)
    if not 0 <= goal <= 1:
        raise DomainError("accuracy-target-invalid", target=str(target))
    with localcontext(Context(prec=50)):
        return acc.correct < goal * acc.inspected


def _six(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, rounding=ROUND_HALF_EVEN)
