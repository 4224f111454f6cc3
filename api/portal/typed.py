"""What people type, as the rules take it: amounts with any separators, dates in any usual form. What cannot be
understood is left as it is, so that the refusal shows what was typed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from ticketos.ai.extract.values import amounts, days
from ticketos.lines.data_entry.rules import AMOUNTS

LINE_AMOUNTS = ("quantity", "unit_price", "tax_rate", "net")


def value_of(name: str, text: str) -> str:
    """A field's or line's value."""
    text = " ".join(text.split())
    if name in AMOUNTS or name in LINE_AMOUNTS:
        return amount(text)
    if name.endswith("_date"):
        return day(text)
    if name == "currency":
        return text.upper()
    return text


def amount(text: str) -> str:
    """``1,24,800.50``, ``1.248,50 €`` and ``(12.00)`` as decimal strings with a point."""
    try:
        return str(Decimal(text)) if Decimal(text).is_finite() else text
    except InvalidOperation:
        found = amounts(text)
        return f"{found[0].value:f}" if len(found) == 1 else text


def day(text: str) -> str:
    """``21/11/2026``, ``21 Nov 2026`` and the like as ISO dates, the day first."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        found = days(text)
        return found[0].value.isoformat() if len(found) == 1 else text
