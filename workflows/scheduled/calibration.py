"""CP6 calibration: one week of one client, by schedule or by hand, once each."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.calibration import CalibrationActivities
    from schemas.periods import DuePeriods, DueQuestion, PeriodCommand, PeriodResult, PeriodStart
    from workflows import names
    from workflows.policies import period_run
    from workflows.scheduled.periods import tick

KIND = names.CALIBRATION


@workflow.defn(name="Calibration")
class CalibrationWorkflow:
    """A tick of the schedule, or with a period in its start that week itself."""

    @workflow.run
    async def run(self, start: PeriodStart) -> PeriodResult:
        """Find what is due, or do it. A failure ends the run as failed: it shows, and the next tick or a
        person may start the same week again."""
        if start.period is None:
            return await tick(start, KIND, self._due)
        command = PeriodCommand(client_id=start.client_id, period=start.period, actor=start.actor)
        return await workflow.execute_activity_method(
            CalibrationActivities.run, command, **period_run(names.MONEY)
        )

    async def _due(self, question: DueQuestion) -> DuePeriods:
        return await workflow.execute_activity_method(
            CalibrationActivities.due, question, **period_run(names.MONEY)
        )
