"""Why AI asked a person, in the viewer's words: what was weak, and the triggers of ``domain.ai_policy`` with their
figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.portal.catalogue import Texts
from api.portal.formats import Formats


def asked_in_words(t: Texts, f: Formats, reasons: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """A sentence for each reason. One that this portal has no words for says what was recorded."""
    return tuple(_one(t, f, reason) for reason in reasons)


def _one(t: Texts, f: Formats, reason: Mapping[str, Any]) -> str:
    trigger = str(reason.get("trigger"))
    key = f"asked.{trigger}"
    if trigger == "mode":
        key = f"asked.{'confirm' if reason.get('mode') == 'act with approval' else 'decide'}"
    if trigger == "words":
        key = f"asked.words_{reason.get('where')}"
    if not t.has(key):
        return str(reason.get("words") or trigger)
    currency = str(reason.get("currency") or "")
    limit = reason.get("limit")
    return t(
        key,
        total=f.amount(reason.get("total"), currency),
        limit=f.percent(limit) if trigger == "confidence" else f.amount(limit, currency),
        confidence=f.percent(reason.get("confidence")),
        supplier=reason.get("supplier"),
        phrase=reason.get("phrase"),
        action=t.word("ai_action", reason.get("action")),
    )


def still_blocked(t: Texts, codes: Sequence[str], asked: Sequence[object]) -> tuple[str, ...]:
    """What kept a document from going through, without what ``asked`` says with its figures."""
    return tuple(blocked_in_words(t, one) for one in codes if not (asked and one.startswith("ask:")))


def blocked_in_words(t: Texts, code: str) -> str:
    """What kept a document from going through by itself: ``field:total`` → “Total is weak or missing”."""
    kind, _, name = code.partition(":")
    if kind == "field":
        return t("ticket.blocked.field", field=t.word("field", name))
    if kind == "ask":
        return (
            t(f"ticket.blocked.ask_{name}")
            if t.has(f"ticket.blocked.ask_{name}")
            else t.word("blocked", name)
        )
    if kind == "check":
        return t("ticket.blocked.check", check=t.word("check", name))
    key = f"ticket.blocked.{code}"
    return t(key) if t.has(key) else t.word("blocked", code)
