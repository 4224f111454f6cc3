"""Seeded quality samples (MF6): replayable, independent of order, and nobody can steer them.

A unit's score is HMAC-SHA-256(key = seed, message = unit id) read as an integer over 2**256 (RFC 2104 for
the construction). The score is uniform over [0, 1), so `score < rate` draws the rate without any state: a
unit's fate does not depend on which other units came, and everyone with the seed can check it later.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from ticketos.domain.errors import DomainError
from ticketos.domain.money import exact_decimal

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_SPACE = 2**256


def month_seed(client_id: str, month: str, secret: str = "") -> str:
    """The seed of one client and month (`YYYY-MM`), hex; with a secret nobody can compute it in advance."""
    if not _MONTH.fullmatch(month):
        raise DomainError("month-invalid", month=month)
    message = f"ticketos.sampling\n{client_id}\n{month}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def unit_score(seed: str, unit_id: str) -> Fraction:
    """The unit's exact score in [0, 1)."""
    digest = hmac.new(seed.encode(), unit_id.encode(), hashlib.sha256).digest()
    return Fraction(int.from_bytes(digest, "big"), _SPACE)


def in_sample(seed: str, unit_id: str, rate: Decimal) -> bool:
    """True when the unit is drawn at `rate` (0 to 1; 0.10 to 0.20 by MF6)."""
    return unit_score(seed, unit_id) < _fraction(rate)


def draw(seed: str, unit_ids: Sequence[str], rate: Decimal, at_least: int = 1) -> tuple[str, ...]:
    """The sample of a batch, lowest score first; a unit named twice counts once.

    Every unit that `in_sample` draws, filled up to `at_least` (or all there are) with the lowest scores,
    so that a tiny batch is looked at too. Pass `at_least=0` where a rate of zero means no sample.
    """
    limit = _fraction(rate)
    scored = sorted((unit_score(seed, unit_id), unit_id) for unit_id in set(unit_ids))
    drawn = sum(1 for score, _ in scored if score < limit)
    return tuple(unit_id for _, unit_id in scored[: max(drawn, at_least)])


def _fraction(rate: Decimal) -> Fraction:
    value = exact_decimal(rate)
    if not 0 <= value <= 1:
        raise DomainError("sampling-rate-invalid", rate=str(rate))
    return Fraction(value)
