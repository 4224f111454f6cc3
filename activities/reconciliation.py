"""OP3 the daily reconciliation."""

from __future__ import annotations

from temporalio import activity

from activities.errors import guarded
from activities.record import actor_of
from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult
from ticketos.domain.reconciliation import ReconciliationRuns


class ReconciliationActivities:
    """Runs days of clients."""

    def __init__(self, runs: ReconciliationRuns) -> None:
        self._runs = runs

    @activity.defn(name="reconciliation.due")
    @guarded
    def due(self, question: DueQuestion) -> DuePeriods:
        """Days that ended and were not reconciled yet."""
        return DuePeriods(periods=self._runs.due(question.client_id, question.at))

    @activity.defn(name="reconciliation.run")
    @guarded
    def run(self, command: PeriodCommand) -> PeriodResult:
        """Reconcile one day; a repeat replaces its report."""
        return PeriodResult(
            facts=dict(self._runs.run(command.client_id, command.period, actor_of(command.actor)))
        )
