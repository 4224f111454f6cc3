"""CP6 weekly calibration: a few reviewed units are scored again, blind, by two people; how far they agree is measured.

    agreement = decisions both made alike ÷ decisions both made        one decision a question: right or wrong
    kappa     = (p_o − p_e) / (1 − p_e)                                p_e from how often each found a fault

J. Cohen, *A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20 (1960) 37–46.
Kappa is None where chance alone explains all (nobody found a fault, or both always did).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain import ai_policy, sampling
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

SIZE = 5
"""Units of a session: an hour's work for two people."""
SCORES = 2
"""People who score each unit."""

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True)
class Score:
    """What one person found: the questions answered wrongly; none is a pass."""

    reviewer_id: UUID
    wrong: frozenset[str]

    @property
    def verdict(self) -> str:
        """pass or fail."""
        return "fail" if self.wrong else "pass"


@dataclass(frozen=True)
class Unit:
    """A drawn unit. ``first`` is the review it was drawn for, which nobody sees before both scores are in."""

    id: UUID
    questions: tuple[str, ...]
    work_by: UUID | None
    first: Score
    scores: tuple[Score, ...] = ()

    @property
    def complete(self) -> bool:
        """Both scores are in."""
        return len(self.scores) >= SCORES


class CalibrationRuns(Protocol):
    """What the weekly run asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The week to draw from when asked at that instant: the one that has ended, if the client is active."""
        ...

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Draw the week's session, once; a repeat returns what the first run drew."""
        ...


def week_before(at: datetime, zone: str) -> str:
    """The ISO week (``2026-W47``) that ended last before ``at``, on the client's calendar."""
    year, week, _ = (at.astimezone(ZoneInfo(zone)).date() - timedelta(days=7)).isocalendar()
    return f"{year:04d}-W{week:02d}"


def bounds(week: str, zone: str) -> tuple[datetime, datetime]:
    """First instant of a week and of the next, in UTC. Raises ``week-invalid``."""
    found = _WEEK.fullmatch(week)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None:
        raise DomainError("week-invalid", week=week)
    begins, ends = (
        datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        for day in (monday, monday + timedelta(7))
    )
    return begins, ends


def seed(client_id: UUID, week: str) -> str:
    """The seed of a client's week, hex: anyone can draw the sample again."""
    return hmac.digest(b"ticketos.calibration", f"{client_id}\n{week}".encode(), hashlib.sha256).hex()


def draw(seed_: str, units: Iterable[str], size: int = SIZE) -> tuple[str, ...]:
    """The sample: ``size`` of the reviewed units, or all there are."""
    return sampling.draw(seed_, list(units), Decimal(0), at_least=size)


def questions(required: Sequence[str], delivered: Mapping[str, Any]) -> tuple[str, ...]:
    """What is asked of a unit: its required fields, and every other field that was delivered with a value
    (``delivered`` are the document's fields), in a paper's order. One left empty is no question: that two people both
    find nothing wrong with nothing would pass for agreement."""
    named = [name for name, field in delivered.items() if (field or {}).get("value") and name not in required]
    order = {name: place for place, name in enumerate(ai_policy.FIELD_NAMES)}
    return (*required, *sorted(named, key=lambda name: (order.get(name, len(order)), name)))


def score(unit: Unit, reviewer: Actor, verdict: str, wrong: Sequence[str]) -> Score:
    """One person's blind score. Refused: a unit both have scored (``calibration-complete``), one's own work or review
    (``own-work``), a second score (``calibration-scored``), a question that is not asked (``question-unknown``), a
    verdict that does not say what was found (``verdict-unknown``, ``defect-missing``, ``defect-on-pass``)."""
    who = reviewer.user_id
    if who is None:
        raise DomainError("not-allowed", kind="calibration")
    if any(one.reviewer_id == who for one in unit.scores):
        raise DomainError("calibration-scored")
    if unit.complete:
        raise DomainError("calibration-complete")
    if who in (unit.work_by, unit.first.reviewer_id):
        raise DomainError("own-work")
    if unknown := sorted(set(wrong) - set(unit.questions)):
        raise DomainError("question-unknown", questions=unknown, allowed=list(unit.questions))
    if verdict not in ("pass", "fail"):
        raise DomainError("verdict-unknown", given=verdict, allowed=["pass", "fail"])
    if verdict == "fail" and not wrong:
        raise DomainError("defect-missing")
    if verdict == "pass" and wrong:
        raise DomainError("defect-on-pass")
    return Score(who, frozenset(wrong))


def agreement(unit: Unit) -> Mapping[str, Any] | None:
    """Where the two scores of a unit agree, question by question, and each with the first review; None before."""
    if not unit.complete:
        return None
    one, two = unit.scores[:SCORES]
    return {
        "verdict": one.verdict == two.verdict,
        "questions": {q: (q in one.wrong) == (q in two.wrong) for q in unit.questions},
        "with_first_review": [s.verdict == unit.first.verdict for s in (one, two)],
    }


def summary(units: Sequence[Unit]) -> Mapping[str, Any]:
    """Agreement over all complete units: decisions compared and agreed, in all and by question, and kappa."""
    by_question: dict[str, list[int]] = {}
    pairs: list[tuple[bool, bool]] = []
    for unit in units:
        if not unit.complete:
            continue
        one, two = unit.scores[:SCORES]
        for question in unit.questions:
            pair = question in one.wrong, question in two.wrong
            pairs.append(pair)
            counts = by_question.setdefault(question, [0, 0])
            counts[0] += 1
            counts[1] += pair[0] == pair[1]
    agreed = sum(a == b for a, b in pairs)
    kappa = _kappa(pairs)
    return {
        "units": sum(unit.complete for unit in units),
        "compared": len(pairs),
        "agreed": agreed,
        "rate": _places(Fraction(agreed, len(pairs))) if pairs else None,
        "kappa": None if kappa is None else _places(kappa),
        "questions": {q: {"compared": n, "agreed": k} for q, (n, k) in sorted(by_question.items())},
    }


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> Fraction | None:
    if not pairs:
        return None
    n = len(pairs)
    observed = Fraction(sum(a == b for a, b in pairs), n)
    one, two = Fraction(sum(a for a, _ in pairs), n), Fraction(sum(b for _, b in pairs), n)
    chance = one * two + (1 - one) * (1 - two)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def _places(value: Fraction) -> str:
    return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0001")))
