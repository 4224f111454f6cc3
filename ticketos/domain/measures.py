"""What is measured, each by one definition (KP1–KP13): formula, unit, window, what is left out, target, where from.

A measure is ``part`` ÷ ``whole`` of two counters; a count has no whole. Counters are counted from rows in one place
(``ticketos.db.repositories.measures``), so that a figure and the list behind it cannot differ. Counters of several
periods or clients add up, and the measure of the sum is computed from the sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from ticketos.domain.accuracy import accuracy
from ticketos.domain.contacts import WINDOW
from ticketos.domain.errors import DomainError

Unit = Literal["count", "share", "per_1000", "mean", "points", "seconds"]
Grain = Literal["day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month")
MOST_PERIODS: Mapping[str, int] = {"day": 92, "week": 53, "month": 24}
GROUPS = ("client", "line", "channel", "team", "agent", "clock")
HOUSE_GROUPS = frozenset({"client", "team", "agent"})
"""How the house is made up, and what lies across clients: for the house alone."""
_SIX = Decimal("0.000001")
_FACTOR: Mapping[str, int] = {"per_1000": 1000, "points": 100}


@dataclass(frozen=True)
class Measure:
    """One definition. ``target`` is in the unit of the value, the default that a contract may change, and
    reached from below. ``interval``: the value is a share of a sample and has a 95 % interval. ``house``: shown to the
    house alone."""

    key: str
    source: str
    part: str
    whole: str = ""
    unit: Unit = "share"
    kpi: str = ""
    window: str = ""
    leaves_out: str = ""
    target: Decimal | None = None
    interval: bool = False
    house: bool = False

    @property
    def formula(self) -> str:
        """The formula over counters."""
        if not self.whole:
            return self.part
        factor = _FACTOR.get(self.unit)
        return f"{self.part} / {self.whole}" + (f" × {factor}" if factor else "")


@dataclass(frozen=True)
class Value:
    """A measure of some rows: both counters, the value (None where there is nothing to divide by), the bounds of its
    interval, and whether it meets the target (None where nothing is known or asked)."""

    part: int
    whole: int
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    meets: bool | None = None


_RECEIPT = "requests received in the period"
_CLOSED = "requests closed in the period"
_DONE = "documents delivered in the period"
_DECIDED = "documents the client decided on in the period"
_SAVED = "papers saved in the period"
_SAMPLE = "documents of the random sample checked in the period"
_ASKED = "surveys sent in the period"
_CHOSEN = "checks made because of risk or rework"
_SOON = (
    "cancelled ones, lines that do not work for the person who writes, and what was closed less than"
    f" {WINDOW.days} days ago"
)
_RUN = "clocks that still run"
_BLANK = "surveys without that answer"
_GOALS = {"accuracy": Decimal("0.998"), "quality_score": Decimal("0.95")}

MEASURES: tuple[Measure, ...] = (
    Measure("requests", "requests", "requests", "", "count", "", _RECEIPT),
    Measure("documents", "requests", "documents", "", "count", "", _RECEIPT),
    Measure("delivered", "documents", "delivered", "", "count", "", _DONE, "rejected and quarantined ones"),
    Measure("resolved", "requests", "resolved", "requests", "share", "", _RECEIPT, "cancelled ones are not resolved"),
    Measure("contained", "closed", "contained", "closed", "share", "KP2", _CLOSED, "cancelled ones"),
    Measure("first_contact", "closed", "first_contact", "contacts", "share", "KP2", _CLOSED, _SOON),
    Measure("kept_first_response", "clocks", "first_response_met", "first_response_ended", "share", "KP11", _RECEIPT, _RUN),
    Measure("kept_turnaround", "clocks", "turnaround_met", "turnaround_ended", "share", "KP11", _RECEIPT, _RUN),
    Measure("kept_stages", "clocks", "stages_met", "stages_ended", "share", "KP11", _RECEIPT, _RUN, house=True),
    Measure("accuracy", "samples", "correct", "inspected_fields", "share", "CP3", _SAMPLE, _CHOSEN, _GOALS["accuracy"], True),
    Measure("ai_accuracy", "samples", "ai_correct", "inspected_fields", "share", "CP3", _SAMPLE, _CHOSEN, None, True),
    Measure("quality_score", "samples", "scored", "inspected_fields", "share", "KP4", _SAMPLE, _CHOSEN, _GOALS["quality_score"]),
    Measure("defects", "samples", "defects", "inspected", "per_1000", "KP7", _SAMPLE, _CHOSEN),
    Measure("escapes", "judged", "escaped", "judged", "share", "KP7", _DECIDED, "what lapsed in silence"),
    Measure("automation", "documents", "untouched", "delivered", "share", "KP9", _DONE, "sample and sign-off are no touch"),
    Measure("involvement", "documents", "involved", "delivered", "share", "KP9", _DONE),
    Measure("resolution", "documents", "untouched", "involved", "share", "KP9", _DONE),
    Measure("straight_through", "documents", "straight", "delivered", "share", "KP9", _DONE),
    Measure("escalated", "requests", "escalated", "requests", "share", "", _RECEIPT),
    Measure("repeated", "requests", "repeated", "requests", "share", "KP12", _RECEIPT),
    Measure("positive", "requests", "positive", "requests", "share", "", _RECEIPT),
    Measure("neutral", "requests", "neutral", "requests", "share", "", _RECEIPT),
    Measure("negative", "requests", "negative", "requests", "share", "", _RECEIPT),
    Measure("csat", "surveys", "csat_sum", "csat_n", "mean", "KP5", _ASKED, _BLANK),
    Measure("ces", "surveys", "ces_sum", "ces_n", "mean", "KP5", _ASKED, _BLANK),
    Measure("nps", "surveys", "nps_balance", "nps_n", "points", "KP5", _ASKED, _BLANK),
    Measure("handling", "saves", "handled_ms", "handled", "seconds", "KP3", _SAVED, "papers nobody opened", house=True),
)  # fmt: skip
BY_KEY: Mapping[str, Measure] = {one.key: one for one in MEASURES}

NOW: tuple[str, ...] = ("open", "attention", "late", "at_risk", "came", "went", "running", "waits")
"""Figures of this moment, on the wall and a client's first page. Their words stand beside those of the measures."""


def named(key: str) -> Measure:
    """The measure of that name. Raises ``measure-unknown``."""
    found = BY_KEY.get(key)
    if found is None:
        raise DomainError("measure-unknown", measure=key)
    return found


def value_of(measure: Measure, counters: Mapping[str, int]) -> Value:
    """The measure over these counters; what is not counted is nought."""
    part = counters.get(measure.part, 0)
    if not measure.whole:
        return Value(part, 0, Decimal(part), meets=None)
    whole = counters.get(measure.whole, 0)
    if not whole:
        return Value(part, 0, None)
    if measure.interval:
        found = accuracy(part, whole)
        return Value(part, whole, found.rate, found.low, found.high, _meets(measure, part, whole))
    scale = Decimal(1) / 1000 if measure.unit == "seconds" else Decimal(_FACTOR.get(measure.unit, 1))
    return Value(
        part, whole, (Decimal(part) * scale / whole).quantize(_SIX), meets=_meets(measure, part, whole)
    )


def _meets(measure: Measure, part: int, whole: int) -> bool | None:
    """Compared exactly, not on the rounded value."""
    if measure.target is None:
        return None
    return part >= measure.target * whole


def added(*counted: Mapping[str, int]) -> dict[str, int]:
    """Counters of several periods or groups together."""
    made: dict[str, int] = {}
    for one in counted:
        for name, count in one.items():
            made[name] = made.get(name, 0) + count
    return made


def first_day(day: date, grain: Grain) -> date:
    """The first day of the period that holds ``day``; weeks begin on Monday (ISO 8601)."""
    if grain == "day":
        return day
    return day - timedelta(days=day.weekday()) if grain == "week" else day.replace(day=1)


def after(first: date, grain: Grain) -> date:
    """The first day of the next period."""
    if grain == "day":
        return first + timedelta(days=1)
    if grain == "week":
        return first + timedelta(days=7)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def periods(today: date, count: int, grain: Grain) -> list[date]:
    """First days of the ``count`` periods up to the one of ``today``, oldest first."""
    found = [first_day(today, grain)]
    while len(found) < count:
        found.append(first_day(found[-1] - timedelta(days=1), grain))
    return found[::-1]


def label(first: date, grain: Grain) -> str:
    """A period as addresses and the API name it: 2026-11-23, 2026-W48, 2026-11."""
    if grain == "week":
        year, week, _ = first.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return first.isoformat() if grain == "day" else first.isoformat()[:7]
