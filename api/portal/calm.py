"""A request in words for whoever asked for it: what happens now and what it waits for, nothing of the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from sqlalchemy import RowMapping

from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.parts import Chip, Tone

AnyRow = Mapping[str, Any] | RowMapping

STEPS = ("received", "working", "checking", "yours", "finished")
"""The way of a request as a client sees it."""

_STEP_OF = {
    "intake": "received",
    "triage": "received",
    "contract": "received",
    "assignment": "received",
    "delivery": "working",
    "quality": "checking",
    "rework": "working",
    "approval": "yours",
    "billing": "finished",
    "closure": "finished",
}

TOLD = frozenset(
    {
        "ticket.received",
        "ticket.reply_received",
        "ticket.parked",
        "ticket.released",
        "ticket.delivery_started",
        "ticket.delivered",
        "ticket.quality_passed",
        "ticket.rework_started",
        "ticket.approval_requested",
        "ticket.approved",
        "ticket.partially_approved",
        "ticket.returned",
        "ticket.deemed_accepted",
        "ticket.closed",
        "ticket.cancelled",
        "ticket.reopened",
        "ticket.paused",
        "ticket.resumed",
        "ticket.priority_changed",
        "document.quarantined",
        "document.password_asked",
        "document.unlocked",
        "document.password_missing",
        "document.split",
    }
)
"""Events that are news to a client; everything else is how the house does its work."""


def told(event: str, t: Texts) -> str:
    """An event in the words of whoever asked; most have the same words for everybody."""
    key = f"requests.told.{event.replace('.', '_')}"
    return t(key) if t.has(key) else t.event(event)


def step(row: AnyRow) -> str:
    """Where on that way the request is."""
    if row["state"] in ("closed", "cancelled"):
        return "finished"
    return _STEP_OF.get(row["stage"], "received")


def promise(row: AnyRow, f: Formats, label: str = "") -> Markup | str:
    """Until when an open request is done. Of one that is delivered, or whose time stands still, it says so instead: the
    time it was promised for says nothing any more. ``label`` is a text of the catalogue with a place ``when``."""
    if row["state"] == "paused":
        return f.texts("requests.stands")
    if step(row) in ("yours", "finished"):
        return f.texts("requests.delivered")
    if row["due_at"] is None:
        return "" if label else "–"
    when = f.at(row["due_at"])
    return f.texts(label, when=when) if label else when


def status(row: AnyRow, t: Texts, *, decided: bool = False) -> Chip:
    """What happens now, as a chip. ``decided``: the version before the client was decided on already."""
    key, tone, mark = _status(row, decided)
    return Chip(t(f"requests.status.{key}"), tone, mark)


def _status(row: AnyRow, decided: bool) -> tuple[str, Tone, str]:
    match row["state"]:
        case "closed":
            return "finished", "good", "check-circle"
        case "cancelled":
            return "cancelled", "quiet", "close"
        case "paused":
            return "paused", "neutral", "pause"
        case "parked":
            return "clarifying", "warn", "pause"
        case "needs_attention":
            return "attended", "info", "play"
    now = step(row)
    if now == "yours" and not decided:
        return "yours", "warn", "flag"
    if now == "finished" or (now == "yours" and decided):
        return "closing", "good", "check"
    return ("fixing" if row["stage"] == "rework" else now), "info", "play"
