"""OP3 month-end of a client's book: one month of one client, by schedule or by hand, shut once."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy

with workflow.unsafe.imports_passed_through():
    from activities.month_end import MonthEndActivities
    from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult, PeriodStart
    from workflows import names
    from workflows.policies import period_run
    from workflows.scheduled.periods import tick

KIND = names.MONTH_END


@workflow.defn(name="MonthEnd")
class MonthEndWorkflow:
    """A tick of the schedule, or with a period in its start that month itself."""

    @workflow.run
    async def run(self, start: PeriodStart) -> PeriodResult:
        """Find what is due, or do it. ``blocked`` is an answer and no failure: the report names what stands in the way,
        and the month may be run again. One that is shut says ``ran_before``, whoever asks."""
        if start.period is None:
            return await tick(start, KIND, self._due, WorkflowIDReusePolicy.ALLOW_DUPLICATE)
        command = PeriodCommand(
            client_id=start.client_id, period=start.period, actor=start.actor, reason=start.reason
        )
        return await workflow.execute_activity_method(
            MonthEndActivities.run, command, **period_run(names.MONEY)
        )

    async def _due(self, question: DueQuestion) -> DuePeriods:
        return await workflow.execute_activity_method(
            MonthEndActivities.due, question, **period_run(names.MONEY)
        )
