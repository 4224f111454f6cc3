"""The nightly learning from people's corrections."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import CancelledError

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

    # Cancelled between papers and not in the midst of one, where it would pass for a paper that cannot be read.
    @activity.defn(name="learning.run", no_thread_cancel_exception=True)
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Train challengers and hold the contests: minutes, with a heartbeat for each paper and tree."""
        return PeriodResult(
            facts=dict(self._runs.run(command.client_id, command.period, actor_of(command.actor), _alive))
        )


def _alive() -> None:
    """A heartbeat; raises when nobody waits for the result any more, so that a worker can end."""
    activity.heartbeat()
    if activity.is_cancelled():
        raise CancelledError("learning was cancelled; the next night learns from all the same")
