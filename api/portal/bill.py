"""What became of the accepted units of a request, for its page: on the bill of which month, invoiced or not yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

BILLABLE, INVOICED, HELD = "billable", "invoiced", "held"
STATES = (BILLABLE, INVOICED, HELD)


@dataclass(frozen=True)
class OnBill:
    """So many units of one month in one state."""

    state: str
    period: str
    units: Decimal


def on_bill(usage: Sequence[RowMapping] | Sequence[Mapping[str, Any]]) -> list[OnBill]:
    """The units by month and state, the oldest month first. What was reversed is on no bill; states that are nobody's
    business any more (waived, withdrawn) are left out."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in usage:
        if one["state"] in STATES:
            found[one["bill_period"], one["state"]] += one["quantity"]
    return [
        OnBill(state, period, _whole(units)) for (period, state), units in sorted(found.items()) if units > 0
    ]


def _whole(units: Decimal) -> Decimal:
    """As people count: 1 for 1.0000."""
    return units.quantize(Decimal(1)) if units == units.to_integral_value() else units.normalize()
