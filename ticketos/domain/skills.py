"""Who may do a piece of work: skill, certificate, availability, capacity, ring-fence (MF4, HL3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ticketos.domain.errors import DomainError

Level = Literal["agent", "sme"]


@dataclass(frozen=True)
class Agent:
    """One person (or digital worker) who can take work.

    `certifications` maps a skill to the last day its certificate is valid, None for one that never
    expires. `capacity` and `load` count open tasks. `ring_fence` holds client ids; empty serves any client.
    """

    id: str
    name: str
    skills: frozenset[str]
    certifications: Mapping[str, date | None]
    capacity: int
    load: int
    available: bool
    ring_fence: frozenset[str] = frozenset()
    level: Level = "agent"
    idle_since: datetime | None = None

    def __post_init__(self) -> None:
        if self.capacity < 0 or self.load < 0:
            raise DomainError("agent-capacity-invalid", agent=self.id, capacity=self.capacity, load=self.load)


@dataclass(frozen=True)
class Need:
    """What one task asks for. `exclude` names agents who must not get it: own work, refused offers."""

    skill: str
    client_id: str
    expert: bool = False
    exclude: frozenset[str] = frozenset()


def why_not(agent: Agent, need: Need, today: date) -> tuple[str, ...]:
    """Every reason (kebab-case) that keeps the work from this agent; empty means eligible.

    A certificate is valid through its last day. Expert work goes to an SME alone.
    """
    holds = need.skill in agent.certifications
    until = agent.certifications.get(need.skill)
    checks = (
        ("excluded", agent.id in need.exclude),
        ("skill-missing", need.skill not in agent.skills),
        ("certification-missing", not holds),
        ("certification-expired", until is not None and until < today),
        ("expert-required", need.expert and agent.level != "sme"),
        ("ring-fenced", bool(agent.ring_fence) and need.client_id not in agent.ring_fence),
        ("unavailable", not agent.available),
        ("no-capacity", agent.load >= agent.capacity),
    )
    return tuple(reason for reason, applies in checks if applies)
