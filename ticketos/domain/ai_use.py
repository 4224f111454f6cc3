"""AG1, AG10: which AI is used under a contract, as its client reads it, and what of it changed when.

A change of terms is told as the values that differ: ``mode.reading``, ``bar.triage``, ``asks.new_supplier`` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ticketos.domain import ai_policy, engines
from ticketos.domain.terms import AiTerms, Terms


@dataclass(frozen=True)
class Difference:
    """One value of a contract that a change gave another: both as text, empty where nothing was or is said."""

    what: str
    before: str
    after: str


def values(terms: AiTerms) -> dict[str, str]:
    """Everything of AI's terms by name, as text that can be compared."""
    asks = terms.escalate
    return {
        **{f"mode.{action}": terms.mode(action) for action in ai_policy.ALLOWED},
        **{f"engine.{action}": terms.engines.use(action) for action in engines.ENGINES},
        "spend_cap": _amounts(terms.engines.cap),
        "bar.triage": _share(terms.triage_threshold),
        "bar.reading": _share(terms.field_threshold),
        "bar.coding": _share(terms.coding_threshold),
        **{f"field.{name}": _share(bar) for name, bar in sorted(terms.field_thresholds.items())},
        "asks.amount_over": _amounts(asks.amount_over),
        "asks.new_supplier": "yes" if asks.new_supplier else "",
        "asks.words": ", ".join(asks.words),
        "asks.confidence_below": "" if asks.confidence_below is None else _share(asks.confidence_below),
        "accountable": terms.accountable,
    }


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What of AI's terms a change of a contract's terms (as stored) changed. Raises ``terms-invalid``."""
    if before is None:
        return ()
    was, now = values(Terms.from_json(before).ai), values(Terms.from_json(after).ai)
    names = [*now, *(name for name in was if name not in now)]
    return tuple(
        Difference(name, was.get(name, ""), now.get(name, ""))
        for name in names
        if was.get(name, "") != now.get(name, "")
    )


def _amounts(by_currency: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{code} {amount}" for code, amount in sorted(by_currency.items()))


def _share(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
