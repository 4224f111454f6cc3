"""How much wall-clock time is left, whatever calendar the promise runs on: what people sort their day by.

``at_risk`` means that less than a fifth of the time from start to due is left. A stopped clock urges nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["none", "on_track", "at_risk", "breached", "paused", "stopped"]


@dataclass(frozen=True)
class Urgency:
    """The state in one word, and the time left (negative once overrun); None where no clock runs."""

    state: State
    left: timedelta | None = None


NO_CLOCK = Urgency("none")


def urgency(
    started_at: datetime | None,
    due_at: datetime | None,
    *,
    now: datetime,
    paused_at: datetime | None = None,
    stopped_at: datetime | None = None,
) -> Urgency:
    """The urgency of a clock at ``now``. A pause holds what was left when it began, and does not hide that the
    time was over by then."""
    if due_at is None or started_at is None:
        return NO_CLOCK
    if stopped_at is not None:
        return Urgency("stopped", due_at - stopped_at)
    left = due_at - (paused_at or now)
    if left <= timedelta(0):
        return Urgency("breached", left)
    if paused_at is not None:
        return Urgency("paused", left)
    return Urgency("at_risk" if left * 5 < due_at - started_at else "on_track", left)
