"""The measures as they stand by month in ``GET /v1/measures``: the same counters under the names they always had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.watch import AccuracyMonth, OutcomeMonth, PromiseMonth, VolumeMonth
from ticketos.domain.measures import BY_KEY, value_of

Counters = Mapping[str, int]
_PROMISED = ("first_response", "turnaround")
_CAME = (
    *("requests", "resolved", "escalated", "repeated", "positive", "neutral", "negative"),
    *("delivered", "untouched", "inspected", "defects", "asked", "answered", "handled"),
)


def by_month(months: Sequence[str], counted: Mapping[str, Counters]) -> dict[str, list[Any]]:
    """Volume of every month, and the rest of those of which there is anything."""
    known = [(month, counted[month]) for month in months if month in counted]
    return {
        "volume": [_volume(month, counted.get(month, {})) for month in months],
        "promises": [
            found for month, one in known for kind in _PROMISED if (found := _promise(month, kind, one))
        ],
        "accuracy": [_accuracy(month, one) for month, one in known if one.get("inspected")],
        "outcomes": [_outcome(month, one) for month, one in known],
    }


def _volume(month: str, one: Counters) -> VolumeMonth:
    return VolumeMonth(
        month=month,
        requests=one.get("requests", 0),
        documents=one.get("documents", 0),
        closed=one.get("resolved", 0),
        delivered=one.get("delivered", 0),
    )


def _promise(month: str, kind: str, one: Counters) -> PromiseMonth | None:
    met, ended, running = (one.get(f"{kind}_{what}", 0) for what in ("met", "ended", "running"))
    if not ended + running:
        return None
    rate = value_of(BY_KEY[f"kept_{kind}"], one).value
    return PromiseMonth(month=month, kind=kind, met=met, missed=ended - met, running=running, rate=rate)


def _accuracy(month: str, one: Counters) -> AccuracyMonth:
    right, machine = value_of(BY_KEY["accuracy"], one), value_of(BY_KEY["ai_accuracy"], one)
    return AccuracyMonth(
        month=month,
        documents=one["inspected"],
        inspected=one["inspected_fields"],
        correct=one["correct"],
        rate=right.value,
        low=right.low,
        high=right.high,
        ai_rate=machine.value,
    )


def _outcome(month: str, one: Counters) -> OutcomeMonth:
    def rate(key: str, digits: str = "0.000001") -> Decimal | None:
        found = value_of(BY_KEY[key], one).value
        return None if found is None else found.quantize(Decimal(digits))

    return OutcomeMonth(
        month=month,
        **{name: one.get(name, 0) for name in _CAME},
        csat=rate("csat", "0.01"),
        ces=rate("ces", "0.01"),
        nps=rate("nps", "0.1"),
        handling_s=rate("handling", "0.1"),
        resolved_rate=rate("resolved"),
        automation_rate=rate("automation"),
        repeat_rate=rate("repeated"),
        defects_per_1000=rate("defects"),
    )
