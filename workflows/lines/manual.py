"""A line that nothing automates yet: one task, one person, one note of what was done."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.handling import HandlingActivities, TaskActivities
    from activities.lines.manual import ManualActivities
    from schemas.acts import ActResult, CompleteTask, RetryStep
    from schemas.ticket import LineResult, LineStart
    from workflows import names
    from workflows.steps import Steps, result_of


@workflow.defn(name="ManualWork")
class ManualWorkflow(Steps):
    """One round of work by a person."""

    @workflow.init
    def __init__(self, start: LineStart) -> None:
        super().__init__(start.ticket_id, start.client_id, start.life, start.round)
        self._people = 1

    @workflow.run
    async def run(self, start: LineStart) -> LineResult:
        """Ask, wait, done."""
        return await self.to_the_end(self._work(names.moved(start.moved)))

    async def _work(self, moved: str) -> LineResult:
        await self.tell_deadline(await self.local(ManualActivities.open, self.command(moved)))
        workflow.set_current_details("**work**: waits for a person.")
        await workflow.wait_condition(lambda: self._people <= 0)
        return LineResult()

    @workflow.update
    async def complete_task(self, act: CompleteTask) -> ActResult:
        """Say what was done."""
        verdict = await self.act(
            TaskActivities.complete,
            self.act_command(
                "complete_task", act, task_id=act.task_id, version=act.version, payload=act.result
            ),
        )
        if verdict.outcome != "refused":
            self._people = self.count(verdict, "people", self._people)
        return result_of(verdict)

    @workflow.update
    async def retry(self, act: RetryStep) -> ActResult:
        """Try the failed step again."""
        verdict = await self.act(HandlingActivities.act, self.act_command("retry", act))
        if verdict.outcome == "retried":
            self.retried()
        return result_of(verdict)

    @complete_task.validator
    def _may_complete(self, act: CompleteTask) -> None:
        self.require_running()

    @retry.validator
    def _may_retry(self, act: RetryStep) -> None:
        self.require_running()


WORKFLOW = ManualWorkflow
"""What the workers serve for this file's line."""
