"""TA6: a step of a request's workflow that does not get through, in words a person can act on.

What is known is the error's class and message, as the machinery keeps it; a person is told one of few causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cause = Literal["database", "network", "worker_gone", "too_long", "refused", "model", "unknown"]
State = Literal["retrying", "running", "stopped"]
"""Tried again by itself; busy for long, with retries nobody counts outside; waiting for a person to try it again."""

_CAUSES: dict[str, Cause] = {
    "OperationalError": "database",
    "InterfaceError": "database",
    "DBAPIError": "database",
    "PoolTimeout": "database",
    "ConnectionError": "network",
    "ConnectionRefusedError": "network",
    "ConnectionResetError": "network",
    "OSError": "network",
    "TimeoutError": "too_long",
    "AskLaterError": "model",
    "heartbeat": "worker_gone",
    "start_to_close": "too_long",
    "schedule_to_close": "too_long",
    "schedule_to_start": "worker_gone",
}
"""By the class of the error, or the kind of a time-out."""


@dataclass(frozen=True)
class Trouble:
    """A step that does not get through. ``rule`` is the code of the rule that refused it, ``detail`` the cause as it was
    kept (one line, never a trace); ``count`` so many pieces of work alike. ``most`` is after how many attempts a person is
    asked: a model outside that stays away is no reason to, the paper goes on without it."""

    step: str
    state: State
    cause: Cause
    attempt: int | None = None
    most: int | None = None
    next_at: datetime | None = None
    since: datetime | None = None
    rule: str = ""
    detail: str = ""
    count: int = 1


def cause_of(kind: str) -> tuple[Cause, str]:
    """The cause behind an error's class, a time-out's kind, or a rule's code, and the rule where one refused."""
    if found := _CAUSES.get(kind):
        return found, ""
    if kind and kind == kind.lower() and "-" in kind:
        return "refused", kind
    return "unknown", ""


def of_reason(reason: str) -> tuple[Cause, str]:
    """The same of a kept reason: ``OperationalError: …``, or a rule's code with its facts."""
    kind, _, _ = reason.partition(" ")
    return cause_of(kind.rstrip(":"))


def together(found: list[Trouble]) -> tuple[Trouble, ...]:
    """Pieces of work that fail alike are told once: the one tried most often, with their number."""
    kept: dict[tuple[str, str, str], list[Trouble]] = {}
    for one in found:
        kept.setdefault((one.step, one.state, one.cause), []).append(one)
    told = []
    for alike in kept.values():
        worst = max(alike, key=lambda one: one.attempt or 0)
        soonest = min((one.next_at for one in alike if one.next_at), default=None)
        told.append(
            Trouble(
                worst.step, worst.state, worst.cause, worst.attempt, worst.most, soonest, worst.since,
                worst.rule, worst.detail, len(alike),
            )
        )  # fmt: skip
    return tuple(told)
