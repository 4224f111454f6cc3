"""The chip of a promise: wall-clock time left, with words and an icon beside the colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.parts import Chip
from ticketos.domain.urgency import Urgency, urgency

AnyRow = Mapping[str, Any] | RowMapping
PRIORITY_TONES = {"P1": "bad", "P2": "warn"}


def of_task(row: AnyRow, now: datetime) -> Urgency:
    """The urgency of a task: its own due time, else its ticket's promise."""
    if row["due_at"] is not None:
        return urgency(row["created_at"], row["due_at"], now=now)
    return urgency(
        row["ticket_received_at"],
        row["ticket_due_at"],
        now=now,
        paused_at=open_pause(row["clock_pauses"] or ()),
        stopped_at=row["clock_stopped_at"],
    )


def of_clock(row: AnyRow, now: datetime) -> Urgency:
    """The urgency of one clock of a ticket."""
    return urgency(
        row["started_at"],
        row["due_at"],
        now=now,
        paused_at=open_pause(row["pauses"] or ()),
        stopped_at=row["stopped_at"],
    )


def open_pause(pauses: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When the pause that still lasts began."""
    last = pauses[-1] if pauses else None
    return datetime.fromisoformat(last["started_at"]) if last and last.get("ended_at") is None else None


def chip(found: Urgency, f: Formats, t: Texts) -> Chip | None:
    """As a chip; None where nothing is promised, so that nothing is shown."""
    if found.left is None:
        return None
    span = f.span(found.left)
    match found.state:
        case "breached":
            return Chip(t("sla.over", span=span), "bad", "late", t("sla.breached"))
        case "at_risk":
            return Chip(t("sla.left", span=span), "warn", "alert", t("sla.at_risk"))
        case "paused":
            return Chip(t("sla.paused", span=span), "info", "pause", t("sla.paused_why"))
        case "stopped":
            kept = found.left.total_seconds() >= 0
            words = t("sla.met") if kept else t("sla.missed", span=span)
            return Chip(words, "good" if kept else "bad", "check" if kept else "late")
        case _:
            return Chip(t("sla.left", span=span), "neutral", "clock", t("sla.on_track"))


def priority(value: str, t: Texts) -> Chip:
    """A priority as a chip."""
    tone = PRIORITY_TONES.get(value, "neutral")
    return Chip(value, tone, "flag" if value in PRIORITY_TONES else None, t("sla.priority", value=value))  # type: ignore[arg-type]
