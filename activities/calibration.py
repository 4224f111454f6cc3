"""CP6 the weekly calibration."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.calibration import CalibrationRuns


class CalibrationActivities:
    """Draws weeks of clients."""

    def __init__(self, runs: CalibrationRuns) -> None:
        self._runs = runs

    @activity.defn(name="calibration.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """The week that has ended."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="calibration.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Draw one week; a repeat finds it drawn."""
        return PeriodResult(
            facts=dict(self._runs.run(command.client_id, command.period, actor_of(command.actor)))
        )
