"""MF10 renewal: one contract that ends, by schedule, once for each end."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.renewal import RenewalActivities
    from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult, PeriodStart
    from workflows import names
    from workflows.policies import period_run
    from workflows.scheduled.periods import tick

KIND = names.RENEWAL


@workflow.defn(name="Renewal")
class RenewalWorkflow:
    """A tick of the schedule, or with a period in its start that contract itself."""

    @workflow.run
    async def run(self, start: PeriodStart) -> PeriodResult:
        """Find what is due, or do it. A failure ends the run as failed: it shows, and the next tick or a
        person may start the same one again."""
        if start.period is None:
            return await tick(start, KIND, self._due)
        command = PeriodCommand(client_id=start.client_id, period=start.period, actor=start.actor)
        return await workflow.execute_activity_method(
            RenewalActivities.run, command, **period_run(names.MONEY)
        )

    async def _due(self, question: DueQuestion) -> DuePeriods:
        return await workflow.execute_activity_method(
            RenewalActivities.due, question, **period_run(names.MONEY)
        )
