"""Month-ends without Temporal: what the workflow's activity does, done at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from api.services import Services
from schemas.periods import PeriodResult, PeriodStart
from ticketos.db.repositories.month_end import SqlMonthEnds
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor


@dataclass
class Direct:
    """Implements the port ``api.period_runs.PeriodRuns``; ``away`` and ``slow`` as Temporal may be."""

    services: Services
    away: bool = False
    slow: bool = False
    asked: list[PeriodStart] = field(default_factory=list)

    async def month_end(self, start: PeriodStart) -> PeriodResult | None:
        if self.away:
            raise DomainError("workflows-unavailable")
        self.asked.append(start)
        if self.slow:
            return None
        services = self.services
        runs = SqlMonthEnds(services.database, services.audit, services.new_id, services.now)
        actor = Actor(start.actor.kind, start.actor.id, frozenset(start.actor.roles), start.actor.origin)
        facts = dict(
            await asyncio.to_thread(runs.run, start.client_id, str(start.period), actor, start.reason)
        )
        return PeriodResult(outcome=str(facts.pop("outcome")), facts=facts)
