"""States as chips, the same on every page: tone, icon and word together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from api.portal import sla
from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.parts import Chip, Tone
from ticketos.domain.state import OPEN_STATES
from ticketos.domain.urgency import urgency

AnyRow = Mapping[str, Any] | RowMapping

_STATES: dict[str, tuple[Tone, str | None]] = {
    "open": ("info", "play"),
    "paused": ("neutral", "pause"),
    "parked": ("warn", "stop"),
    "needs_attention": ("bad", "alert"),
    "closed": ("good", "check"),
    "cancelled": ("quiet", "close"),
}
_DOCUMENTS: dict[str, tuple[Tone, str | None]] = {
    "received": ("neutral", "clock"),
    "keying": ("info", "play"),
    "ready": ("info", "check"),
    "posted": ("good", "check"),
    "rejected": ("bad", "close"),
    "quarantined": ("bad", "alert"),
    "split": ("quiet", None),
    "rework": ("warn", "turn"),
}
_VERSIONS: dict[str, tuple[Tone, str | None]] = {
    "open": ("warn", "clock"),
    "accepted": ("good", "check"),
    "deemed_accepted": ("good", "clock"),
    "partially_accepted": ("info", "check"),
    "returned": ("bad", "turn"),
    "withdrawn": ("quiet", "close"),
}
_PAPERS: dict[str, tuple[Tone, str | None]] = {
    "draft": ("neutral", "document"),
    "approved": ("info", "check"),
    "issued": ("good", "check-circle"),
    "cancelled": ("quiet", "close"),
}


_DISPUTES: dict[str, tuple[Tone, str | None]] = {
    "open": ("warn", "flag"),
    "accepted": ("good", "check"),
    "refused": ("bad", "stop"),
    "withdrawn": ("quiet", "turn"),
}


def _chip(known: Mapping[str, tuple[Tone, str | None]], group: str, value: str, t: Texts) -> Chip:
    tone, mark = known.get(value, ("neutral", None))
    return Chip(t.word(group, value), tone, mark)


def state(value: str, t: Texts) -> Chip:
    """A ticket's state."""
    return _chip(_STATES, "state", value, t)


def document(value: str, t: Texts) -> Chip:
    """A document's state."""
    return _chip(_DOCUMENTS, "document", value, t)


def version(value: str, t: Texts) -> Chip:
    """How a version before the client stands."""
    return _chip(_VERSIONS, "version", value, t)


def paper(value: str, t: Texts) -> Chip:
    """An invoice's state."""
    return _chip(_PAPERS, "paper", value, t)


def dispute(value: str, t: Texts) -> Chip:
    """How a dispute of an invoice stands."""
    return _chip(_DISPUTES, "dispute_state", value, t)


def contract(row: AnyRow, today: date, t: Texts) -> str:
    """How a contract stands today, in a word: an active one whose days are over has ended, one whose days lie ahead has
    not begun."""
    status = row["status"]
    if status == "active" and row["ends_on"] is not None and row["ends_on"] < today:
        status = "ended"
    elif status == "active" and row["starts_on"] > today:
        status = "coming"
    return t.word("client_status", status)


def promise(row: AnyRow, f: Formats, t: Texts) -> Chip | None:
    """The time left of a ticket's turnaround, in wall-clock time; None where nothing is promised."""
    if row["state"] == "paused":
        return Chip(t("lists.paused"), "info", "pause")
    if row["sla_state"] in ("breached", "missed") and row["state"] not in OPEN_STATES:
        return Chip(t("lists.missed"), "bad", "late")
    found = urgency(row["received_at"], row["due_at"], now=f.now, stopped_at=row["closed_at"])
    return sla.chip(found, f, t)
