"""Nightly learning: one client's corrections of a day, by schedule or by hand."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.learning import LearningActivities
    from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult, PeriodStart
    from workflows import names
    from workflows.policies import learning_run, period_run
    from workflows.scheduled.periods import tick

KIND = names.LEARNING


@workflow.defn(name="Learning")
class LearningWorkflow:
    """A tick of the schedule, or with a period in its start that day itself."""

    @workflow.run
    async def run(self, start: PeriodStart) -> PeriodResult:
        """Find what is due, or do it. A failure ends the run as failed; the next night learns from all the same."""
        if start.period is None:
            return await tick(start, KIND, self._due)
        command = PeriodCommand(client_id=start.client_id, period=start.period, actor=start.actor)
        return await workflow.execute_activity_method(
            LearningActivities.run, command, **learning_run(names.MONEY)
        )

    async def _due(self, question: DueQuestion) -> DuePeriods:
        return await workflow.execute_activity_method(
            LearningActivities.due, question, **period_run(names.MONEY)
        )
