"""MF10: what to advise about a contract before it ends, from how it went: volume, accuracy, promises, satisfaction, margin.

Figures are those of the last ``WINDOW_DAYS`` days before the recommendation, and of as many before them for the trend of
the volume. What is not known is said so and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain.errors import DomainError
from ticketos.domain.margin import share_left
from ticketos.domain.state import Actor
from ticketos.domain.terms import Terms

WINDOW_DAYS = 90
KEPT = Decimal("0.95")
"""Share of turnaround promises that must be kept †."""
SATISFIED = Decimal("4")
"""Mean CSAT of five that must be reached †."""
MARGIN = Decimal("0.10")
"""Share of the net that must remain after what people are paid and rework costs (``domain.margin``) †."""
SHRUNK = Decimal("0.5")
"""Volume below this share of the window before is a warning †."""

RENEW, MEND, REPRICE, ASK = "renew", "mend", "reprice", "ask"
"""Advice: offer it again as it is; settle first what fell short; offer it at another price; ask what is still wanted."""


@dataclass(frozen=True)
class Figures:
    """How a contract went. Money is in ``currency``; ``rework`` is its cost as far as a rate is agreed."""

    units: Decimal = Decimal(0)
    units_before: Decimal = Decimal(0)
    inspected: int = 0
    correct: int = 0
    met: int = 0
    missed: int = 0
    answers: int = 0
    csat: Decimal | None = None
    net: Decimal = Decimal(0)
    payout: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)
    currency: str = ""


class RenewalRuns(Protocol):
    """What the daily look at contracts asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Contracts that end within their days of notice and have no recommendation yet, as ``period_of`` names them."""
        ...

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Make one recommendation; a repeat finds it made."""
        ...


def is_due(terms: Terms, ends_on: date | None, at: datetime, zone: str) -> bool:
    """Whether the contract's end is near enough, on the client's day, and not past."""
    if ends_on is None:
        return False
    today = at.astimezone(ZoneInfo(zone)).date()
    return ends_on - timedelta(days=terms.closure.renewal_days) <= today <= ends_on


def period_of(contract_id: UUID, ends_on: date) -> str:
    """The name of one recommendation: a contract and its end. Another end is another one."""
    return f"{contract_id}@{ends_on.isoformat()}"


def read_period(period: str) -> tuple[UUID, date]:
    """A contract and its end. Raises ``period-invalid``."""
    try:
        contract, _, end = period.partition("@")
        return UUID(contract), date.fromisoformat(end)
    except ValueError as error:
        raise DomainError("period-invalid", period=period) from error


def recommend(terms: Terms, seen: Figures) -> dict[str, Any]:
    """``advice`` and the ``measures`` it rests on, each with value, target and whether it is met (None: not known)."""
    accuracy = _share(seen.correct, seen.inspected)
    kept = _share(seen.met, seen.met + seen.missed)
    margin = share_left(seen.net, seen.payout, seen.rework)
    trend = _share(seen.units, seen.units_before) if seen.units_before else None
    measures = [
        _measure("volume", trend, SHRUNK, units=str(seen.units), units_before=str(seen.units_before)),
        _measure("accuracy", accuracy, terms.qa.accuracy_target, inspected=seen.inspected),
        _measure("sla", kept, KEPT, met=seen.met, missed=seen.missed),
        _measure("csat", seen.csat, SATISFIED, answers=seen.answers),
        _measure("margin", margin, MARGIN, net=str(seen.net), currency=seen.currency),
    ]
    short = {one["name"] for one in measures if one["ok"] is False}
    if not seen.units or "volume" in short:
        advice = ASK
    elif short & {"accuracy", "sla", "csat"}:
        advice = MEND
    elif short:
        advice = REPRICE
    else:
        advice = RENEW
    return {"advice": advice, "measures": measures, "days": WINDOW_DAYS}


def _measure(name: str, value: Decimal | None, target: Decimal, **more: Any) -> dict[str, Any]:
    ok = None if value is None else value >= target
    return {
        "name": name,
        "value": None if value is None else str(value),
        "target": str(target),
        "ok": ok,
        **more,
    }


def _share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
