"""SL1 Data entry: read every document in a bounded window, let people key what is weak, code and post what is ready."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.following import goes_on
    from activities.handling import HandlingActivities, TaskActivities
    from activities.lines.data_entry import DataEntryActivities
    from schemas.acts import ActResult, CompleteTask, RetryStep
    from schemas.open_text import OpenText
    from schemas.ticket import DocumentCommand, LineResult, LineStart, StageVerdict
    from workflows import names
    from workflows.policies import reading
    from workflows.steps import Steps, result_of

WINDOW = 8
"""Documents read at once: twice a small worker's processes and a few waiting, so that none idles."""


@workflow.defn(name="DataEntry")
class DataEntryWorkflow(Steps):
    """One round of work on a ticket's documents."""

    @workflow.init
    def __init__(self, start: LineStart) -> None:
        super().__init__(start.ticket_id, start.client_id, start.life, start.round)
        self._start = start
        self._people = 0
        self._read = 0
        self._plans = 0
        self._lapses = 0
        self._chunks = 0
        self._posted = 0
        self._unread = False
        self._until: datetime | None = None
        self._none_left: StageVerdict | None = None

    @workflow.run
    async def run(self, start: LineStart) -> LineResult:
        """Read, have keyed, post. Files that come with a reply while people work are read too."""
        return await self.to_the_end(self._work())

    async def _work(self) -> LineResult:
        if self._start.round and not self._start.resumed:
            await self._ask_again()
        while True:
            await self._read_all()
            if self._people <= 0 and not self._unread and await self._post_all():
                break
            await self._people_done()
        return LineResult(
            outcome="delivered", facts={"posted": self._posted}, then=tuple(self._ahead.items())
        )

    async def _read_all(self) -> None:
        """A window of documents at a time; one that cannot be read never stops the others (MF14)."""
        while True:
            plan = await self._plan()
            waiting = [UUID(i) for i in plan.facts["read"]]
            self._people = self.count(plan, "people", self._people)
            self._heard(plan)
            if not waiting:
                return
            await self._read_window(waiting)
            await self._continue_if_long()

    async def _plan(self) -> StageVerdict:
        """What is left to read; the last document that was read has said it already."""
        known, self._none_left = self._none_left, None
        if known is not None and not self._unread:
            return known
        self._unread = False
        self._plans += 1
        return await self.local(
            DataEntryActivities.plan, self.command(f"{self._start.resumed}.{self._plans}")
        )

    async def _read_window(self, waiting: list[UUID]) -> None:
        async def reader() -> None:
            while waiting and not self.should_continue():
                await self._read_one(waiting.pop(0))

        await asyncio.gather(*(reader() for _ in range(min(WINDOW, len(waiting)))))

    async def _read_one(self, document_id: UUID) -> None:
        command = DocumentCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            document_id=document_id,
            life=self.life,
            round=self.round,
        )
        verdict = await self.step(
            lambda: workflow.execute_activity_method(
                DataEntryActivities.read,
                command,
                summary=OpenText("read a document"),
                **reading(names.DOCUMENTS),
            ),
            f"read:{document_id}",
        )
        if "read" in verdict.facts:
            self._none_left = verdict
        await self.tell_deadline(verdict)
        self._read += 1
        if self._read % 10 == 0:
            workflow.set_current_details(f"**reading**: {self._read} documents in this run.")

    async def _ask_again(self) -> None:
        opened = await self.local(DataEntryActivities.rework, self.command())
        await self.tell_deadline(opened)
        self._people = self.count(opened, "people", self._people)

    async def _people_done(self) -> None:
        """Until people are done, or a document that was locked can be read."""
        while self._people > 0 and not self._unread:
            workflow.set_current_details(f"**keying**: {self._people} documents wait for a person.")
            await self._wait_for_people()
            await self._continue_if_long()

    async def _wait_for_people(self) -> None:
        """A password is waited for until its time is over; then the ticket goes on without that document."""

        def enough() -> bool:
            return self._people <= 0 or self._unread or self.should_continue()

        if self._until is None:
            await workflow.wait_condition(enough)
            return
        left = max(
            (self._until - workflow.now()).total_seconds(), 1.0
        )  # clocks differ: no hurry where they do
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(enough, timeout=left)
            return
        self._lapses += 1
        verdict = await self.local(
            DataEntryActivities.lapse, self.command(f"{self._start.resumed}.{self._lapses}")
        )
        self._people = self.count(verdict, "people", self._people)
        self._heard(verdict)

    def _heard(self, verdict: StageVerdict) -> None:
        """When the first password that is waited for lapses, if any is."""
        until = verdict.facts.get("until")
        self._until = datetime.fromisoformat(until) if until else None

    async def _post_all(self) -> bool:
        """Post what is ready. False: some is dated into a shut month of the client's book and waits for a person."""
        while True:
            command = self.command(f"{self._start.resumed}.{self._chunks}")
            verdict: StageVerdict = await self.local(
                DataEntryActivities.post, command.model_copy(update={"then": self._start.then})
            )
            self._posted += int(verdict.facts["posted"])
            self._chunks += 1
            if goes_on(DataEntryActivities.post, verdict):
                return True
            if not verdict.facts["remaining"]:
                self._people = self.count(verdict, "people", self._people)
                return False

    async def _continue_if_long(self) -> None:
        if not self.should_continue():
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._start.model_copy(update={"resumed": self._start.resumed + 1}))

    @workflow.update
    async def complete_task(self, act: CompleteTask) -> ActResult:
        """Finish keying or correcting one document."""
        verdict = await self.act(
            TaskActivities.complete,
            self.act_command(
                "complete_task", act, task_id=act.task_id, version=act.version, payload=act.result
            ),
        )
        if verdict.outcome != "refused":
            self._people = self.count(verdict, "people", self._people)
            self._unread = self._unread or bool(verdict.facts.get("unread"))
            if verdict.next_at is not None and workflow.patched(names.CLASS_TIMED):
                await self.tell_deadline(verdict)
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


WORKFLOW = DataEntryWorkflow
"""What the workers serve for this file's line."""
