"""MF10 recommendations on contracts that end."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.renewal import RenewalRuns


class RenewalActivities:
    """Looks at the contracts of a client."""

    def __init__(self, runs: RenewalRuns) -> None:
        self._runs = runs

    @activity.defn(name="renewal.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """Contracts whose end is near and that nobody was advised on."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="renewal.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Advise on one contract; a repeat finds it done."""
        return PeriodResult(
            facts=dict(self._runs.run(command.client_id, command.period, actor_of(command.actor)))
        )
