"""The nightly learning from people's corrections."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.learning import LearningRuns


class LearningActivities:
    """Retrains a client's models."""

    def __init__(self, runs: LearningRuns) -> None:
        self._runs = runs

    @activity.defn(name="learning.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """The day to learn for, if anything was corrected."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="learning.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Train challengers and hold the contests: minutes, with a heartbeat for each paper and tree."""
        return PeriodResult(
            facts=dict(
                self._runs.run(command.client_id, command.period, actor_of(command.actor), activity.heartbeat)
            )
        )
