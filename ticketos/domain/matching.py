"""The best match for a task (MF4): eligible people ranked by relative load, then idle time, then id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction

from ticketos.domain.skills import Agent, Need, why_not

__all__ = ["Agent", "Match", "Need", "busier", "match", "why_not"]

_NEVER_BUSY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Match:
    """The chosen agent, or None; `ranked` holds everyone eligible, best first, for the next offers.

    `reasons` explains the choice (`skill:…`, `load:2/8` …); without a match it counts what stood in the
    way (`no-capacity:3`), most frequent first, or says `no-agents`.
    """

    agent_id: str | None
    reasons: tuple[str, ...]
    ranked: tuple[str, ...]


def match(agents: Iterable[Agent], need: Need, today: date) -> Match:
    """Pick for `need`; the order of `agents` does not matter."""
    refused: Counter[str] = Counter()
    eligible: list[Agent] = []
    for agent in agents:
        reasons = why_not(agent, need, today)
        refused.update(reasons)
        if not reasons:
            eligible.append(agent)
    if not eligible:
        counted = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
        return Match(None, tuple(f"{reason}:{count}" for reason, count in counted) or ("no-agents",), ())
    eligible.sort(key=_rank)
    best = eligible[0]
    reasons = (
        f"skill:{need.skill}",
        f"certified-until:{best.certifications[need.skill] or 'no-expiry'}",
        f"level:{best.level}",
        f"ring-fence:{'own-client' if best.ring_fence else 'open'}",
        f"load:{best.load}/{best.capacity}",
    )
    return Match(best.id, reasons, tuple(agent.id for agent in eligible))


def busier(agents: Iterable[Agent], given: Collection[str]) -> tuple[Agent, ...]:
    """The same people with the tasks they were given just now, one for each time an id is named: what one step hands out
    is shared among them as if it came one by one."""
    more = Counter(given)
    return tuple(replace(one, load=one.load + more[one.id]) if more[one.id] else one for one in agents)


def _rank(agent: Agent) -> tuple[Fraction, datetime, str]:
    # Nobody is idle longer than someone who has had no work at all.
    return Fraction(agent.load, agent.capacity), agent.idle_since or _NEVER_BUSY, agent.id
