"""The log of a request's rounds (TA3): how each was judged, by whom and when, and what the client said of it.

Read from verdicts and decisions that are kept for ever; nothing of it is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Round:
    """One pass of the work. ``score`` is the percent of what was looked at that was right, ``level`` by whom: 2 by second
    people, 1 by the automatic check; both None where nobody looked. ``outcome`` is ``passed``, ``failed`` or ``open``."""

    life: int
    round: int
    began_at: datetime
    outcome: str
    score: Decimal | None
    level: int | None
    checked: int
    reviewed: int
    defects: tuple[Mapping[str, Any], ...] = ()
    reviewers: tuple[UUID, ...] = ()
    judged_at: datetime | None = None
    decision: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None


@dataclass
class _Kept:
    checks: list[Mapping[str, Any]] = field(default_factory=list)
    approval: Mapping[str, Any] | None = None


def log(
    checks: Iterable[Mapping[str, Any]], approvals: Iterable[Mapping[str, Any]], open_reviews: int = 0
) -> tuple[Round, ...]:
    """The rounds of a request in their order. ``open_reviews`` second people have not spoken yet in the last one."""
    found: dict[tuple[int, int], _Kept] = {}
    for check in checks:
        found.setdefault((check["life"], check["round"]), _Kept()).checks.append(check)
    for approval in approvals:
        found.setdefault((approval["life"], approval["round"]), _Kept()).approval = approval
    last = max(found, default=None)
    return tuple(
        _round(life, number, found[life, number], open_reviews if (life, number) == last else 0)
        for life, number in sorted(found)
    )


def _round(life: int, number: int, kept: _Kept, open_reviews: int) -> Round:
    first = [check for check in kept.checks if check["level"] == 1]
    second = [check for check in kept.checks if check["level"] == 2]
    score, level = _score(second, 2)
    if score is None:
        score, level = _score(first, 1)
    failed = any(check["verdict"] == "fail" for check in kept.checks)
    times = [check["at"] for check in kept.checks]
    decided = kept.approval if kept.approval is not None and kept.approval["decided_at"] else None
    offered = [kept.approval["offered_at"]] if kept.approval is not None else []
    return Round(
        life,
        number,
        min([*times, *offered]),
        "open" if open_reviews else "failed" if failed else "passed",
        score,
        level,
        len(first),
        len(second),
        tuple(defect for check in kept.checks for defect in check["defects"]),
        tuple(sorted({check["reviewer_id"] for check in second if check["reviewer_id"]})),
        max(times, default=None),
        kept.approval["state"] if kept.approval is not None else None,
        decided["decided_at"] if decided is not None else None,
        decided["decided_by"] if decided is not None else None,
        decided["reason"] if decided is not None else None,
    )


def _score(checks: list[Mapping[str, Any]], level: int) -> tuple[Decimal | None, int | None]:
    inspected = sum(check["fields_inspected"] for check in checks)
    if not inspected:
        return None, None
    correct = sum(check["fields_correct"] for check in checks)
    return (Decimal(100 * correct) / Decimal(inspected)).quantize(Decimal("0.01")), level
