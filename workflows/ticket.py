"""The master flow: one request, ten stages (MF1–MF10), from intake at 5 % to closure at 100 %."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.approval import ApprovalActivities
    from activities.assignment import AssignmentActivities
    from activities.billing import BillingActivities
    from activities.closure import ClosureActivities
    from activities.contract import ContractActivities
    from activities.deadline import DeadlineActivities
    from activities.delivery import DeliveryActivities
    from activities.following import goes_on, name_of
    from activities.handling import HandlingActivities, TaskActivities
    from activities.intake import IntakeActivities
    from activities.quality import QualityActivities
    from activities.rework import ReworkActivities
    from activities.triage import TriageActivities
    from schemas.acts import (
        AcceptTask,
        ActorRef,
        ActResult,
        CancelTicket,
        ChangePriority,
        CompleteTask,
        CorrectTriage,
        DecideApproval,
        PauseTicket,
        RefuseTask,
        ResumeTicket,
        RetryStep,
    )
    from schemas.open_text import OpenText
    from schemas.ticket import LineResult, LineStart, StageVerdict, TicketProgress, TicketStart
    from ticketos.domain import resorting
    from ticketos.domain.state import STAGES
    from workflows import names
    from workflows.policies import NOT_BEFORE
    from workflows.steps import Steps, result_of

TO_DELIVERY = (
    TriageActivities.enter,
    ContractActivities.enter,
    AssignmentActivities.enter,
    DeliveryActivities.begin,
)
"""What a new ticket goes through at once when its message is clear and its contract covers it."""
TO_APPROVAL = (QualityActivities.inspect, QualityActivities.conclude, ApprovalActivities.offer)
"""What delivered work goes through at once when nothing of it was drawn for review."""


@workflow.defn(name="Ticket")
class TicketWorkflow(Steps):
    """One request ticket, one life of it."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        super().__init__(
            start.ticket_id, start.client_id, start.life, start.resume.round if start.resume else 0
        )
        resume = start.resume or TicketProgress()
        self._stage = resume.stage
        self._resumed_at = STAGES.index(resume.stage) if start.resume else -1
        self._next_at: datetime | None = resume.next_at
        self._paused = resume.paused
        self._cancelled = False
        self._line, self._works = resume.line or "data_entry", "DataEntry"
        self._priority, self._assigned = "P3", ""
        self._sla = "on_track"
        self._triaged = self._released = self._lead = 0
        self._open_reviews = 0
        self._decisions: dict[int, StageVerdict] = {}
        """By round: a decision may be heard before the answer of the step that offered."""
        self._settled = self._over = False
        self._looked = 0
        """Releases that were of an earlier way."""
        self._moved = self._followed = 0
        """How often people sent the ticket another way, and which of these the flow has followed."""
        self._way = self._line
        """The line that it was sent to last."""
        self._at_line: workflow.ChildWorkflowHandle[Any, LineResult] | None = None

    @workflow.run
    async def run(self, start: TicketStart) -> str:
        """Serve the ticket until it is closed or cancelled."""
        flow = asyncio.create_task(self._master_flow())
        clock = asyncio.create_task(self._watch_deadline())
        while not (flow.done() or self._cancelled):
            try:
                await workflow.wait_condition(lambda: flow.done() or self._cancelled or clock.done())
                if clock.done():
                    clock.result()  # a defect of ours in the watch must not leave the ticket without its deadlines
            except asyncio.CancelledError:
                await (
                    self._cancelled_in_temporal()
                )  # refused where it is too late to cancel: the ticket goes on
        self._over = True
        await _ended(clock)
        if self._cancelled:
            await _ended(flow)
        self.ended = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "cancelled" if self._cancelled else flow.result()

    async def _master_flow(self) -> str:
        await self._intake()
        await self._triage()
        await self._contract()
        await self._assignment()
        while True:
            if not self._settled:
                await self._delivery()
            if await self._quality() and await self._approval():
                break
            await self._rework()
        await self._billing()
        return await self._closure()

    # --- the ten stages -------------------------------------------------------------------------------------------

    async def _intake(self) -> None:
        if await self._enter("intake"):
            self._timed(await self.local(IntakeActivities.enter, self.command(), then=TO_DELIVERY))

    async def _triage(self) -> None:
        if not await self._enter("triage"):
            return
        verdict = await self.local(TriageActivities.enter, self.command())
        if goes_on(TriageActivities.enter, verdict):
            self._line, self._priority = str(verdict.facts["line"]), str(verdict.facts["priority"])
        else:
            self._sooner(verdict)
            self._show("Waiting for a person to classify the request.")
            await workflow.wait_condition(lambda: self._triaged > 0)

    async def _contract(self) -> None:
        if not await self._enter("contract"):
            return None
        looks = parked = 0
        while True:
            moved = names.moved(self._followed)
            verdict = await self.local(
                ContractActivities.enter, self.command(f"{moved}:{looks}" if moved else f"{looks or ''}")
            )
            if goes_on(ContractActivities.enter, verdict):
                return self._timed(verdict)
            looks += 1
            if verdict.outcome == "parked":
                parked += 1
                if verdict.next_at is not None and workflow.patched(names.PARKED_TIMED):
                    self._sooner(verdict)
                self._show("Parked: the contract check failed.")
                await workflow.wait_condition(lambda: self._released >= self._looked + parked)
            await self._running()

    async def _assignment(self) -> None:
        if not await self._enter("assignment"):
            return
        verdict = await self.local(AssignmentActivities.enter, self.command(names.moved(self._followed)))
        self._timed(verdict)
        self._works, self._assigned = (
            str(verdict.facts.get("workflow", "DataEntry")),
            str(verdict.facts.get("assigned", "")),
        )
        workflow.upsert_search_attributes(
            [
                names.LINE.value_set(self._line),
                names.STAGE.value_set("delivery"),
                names.PRIORITY.value_set(int(self._priority[1:])),
                names.ASSIGNED.value_set(self._assigned),
            ]
        )

    async def _delivery(self) -> None:
        if not await self._enter("delivery"):
            return
        result = await self._worked()
        while result is None:
            await self._another_way()
            result = await self._worked()
        self._ahead |= dict(result.then)
        await self._running()
        await self.local(DeliveryActivities.finish, self.command(), then=TO_APPROVAL)

    async def _another_way(self) -> None:
        """A person undid the classification: contract and team are looked for anew. No history without that act comes
        here, so nothing needs a patch."""
        self._followed, self._line, self._resumed_at = self._moved, self._way, -1
        self._looked = self._released
        for step in TO_DELIVERY:
            self._ahead.pop(name_of(step), None)
        await self._contract()
        await self._assignment()
        await self._enter("delivery")

    async def _worked(self) -> LineResult | None:
        """What the line's work came to; None when the ticket was sent another way before it began."""
        self._sooner(await self.local(DeliveryActivities.begin, self.command(names.moved(self._followed))))
        if self._moved > self._followed:
            return None
        self._show("The service line works on it.")
        self._at_line = await workflow.start_child_workflow(
            self._works,
            LineStart(
                ticket_id=self.ticket_id,
                client_id=self.client_id,
                life=self.life,
                round=self.round,
                line=self._line,
                priority=self._priority,
                then=(name_of(DeliveryActivities.finish), *(name_of(step) for step in TO_APPROVAL)),
                moved=self._followed,
            ),
            id=names.line_workflow(self.ticket_id, self._line),
            result_type=LineResult,
            static_summary=OpenText(f"{self._line}, round {self.round}"),
        )
        if self._moved > self._followed:  # sent another way while it was starting
            self._at_line.cancel()
        try:
            result = await self._at_line
        except FailureError as error:
            if self._over or self._moved == self._followed or not is_cancelled_exception(error):
                raise
            return None
        finally:
            self._at_line = None
        return None if self._moved > self._followed else result

    async def _quality(self) -> bool:
        if not await self._enter("quality"):
            return True
        verdict = self._sooner(await self.local(QualityActivities.inspect, self.command()))
        if not goes_on(QualityActivities.inspect, verdict):
            self._open_reviews = self.count(
                await self._reviews_left(verdict), "remaining", self._open_reviews
            )
            while self._open_reviews > 0:
                self._show(f"{self._open_reviews} items wait for a second person's review.")
                await workflow.wait_condition(lambda: self._open_reviews <= 0 or self.should_continue())
                await self._continue_if_long()
        verdict = await self.local(
            QualityActivities.conclude, self.command(), then=(ApprovalActivities.offer,)
        )
        return goes_on(QualityActivities.conclude, verdict)

    async def _rework(self) -> None:
        self._stage = "rework"
        self._resumed_at = -1
        verdict = self._sooner(await self.local(ReworkActivities.begin, self.command()))
        while verdict.outcome == "escalated":
            seen = self._lead
            self._show("A lead decides on items that failed too often.")
            await workflow.wait_condition(lambda: self._lead > seen)
            verdict = await self.local(ReworkActivities.begin, self.command(f"after-lead-{self._lead}"))
        self._settled = verdict.outcome == "settled"
        self.round = int(verdict.facts["round"])
        self._works = str(verdict.facts.get("workflow", self._works))

    async def _approval(self) -> bool:
        await self._enter("approval")
        verdict = await self.local(ApprovalActivities.offer, self.command())
        self._timed(verdict)
        if verdict.outcome == "accepted":
            return not verdict.facts.get("fresh")
        self._show("The client accepts or returns.")
        workflow.upsert_search_attributes([names.STAGE.value_set("approval")])
        await workflow.wait_condition(lambda: self.round in self._decisions)
        decision = self._decisions[self.round]
        return decision.outcome == "accepted" and not decision.facts.get("fresh")

    async def _billing(self) -> None:
        await self._enter("billing")
        await self.local(BillingActivities.record, self.command(), then=(ClosureActivities.close,))

    async def _closure(self) -> str:
        await self._enter("closure")
        verdict = await self.local(ClosureActivities.close, self.command())
        self._next_at = None
        workflow.upsert_search_attributes([names.STAGE.value_set("closure")])
        self._show("Closed.")
        return verdict.outcome

    # --- clocks ---------------------------------------------------------------------------------------------------

    async def _watch_deadline(self) -> None:
        """One moving timer: when it fires, the domain says what is due and when to look again."""
        while not self._over:
            await workflow.wait_condition(lambda: self._over or self._next_at is not None)
            due = self._next_at
            if due is None:
                continue
            wait = max((due - workflow.now()).total_seconds(), 0.0)
            if wait > 0:
                with suppress(asyncio.TimeoutError):
                    await workflow.wait_condition(
                        lambda: self._over or self._next_at is None or self._next_at < due, timeout=wait
                    )
                    continue
            verdict = await self.local(DeadlineActivities.tick, self.command(due.isoformat()))
            self._promised(str(verdict.facts.get("sla", self._sla)))
            floor = workflow.now() + NOT_BEFORE
            self._next_at = max(verdict.next_at, floor) if verdict.next_at else None
            if verdict.outcome == "deemed":
                await self._lapse(due)
            elif verdict.outcome == "resume":
                await self._resume_by_itself(due)

    def _promised(self, sla: str) -> None:
        """Operations filter by it in Temporal; most tickets keep their promise and never say anything."""
        if sla != self._sla and workflow.patched("sla-shown"):
            self._sla = sla
            workflow.upsert_search_attributes([names.SLA.value_set(sla)])

    async def _lapse(self, due: datetime) -> None:
        verdict = await self.local(ApprovalActivities.lapse, self.command(f"lapse:{due.isoformat()}"))
        if verdict.outcome == "accepted":
            self._decisions.setdefault(self.round, verdict)
        elif verdict.next_at is not None:  # nobody was told in time: the silence that counts ends later
            later = max(verdict.next_at, workflow.now() + NOT_BEFORE)
            self._sooner(verdict.model_copy(update={"next_at": later}))

    async def _resume_by_itself(self, due: datetime) -> None:
        act = ResumeTicket(
            actor=ActorRef(kind="system"),
            key=f"pause-limit:{due.isoformat()}",
            reason="longest pause reached",
        )
        verdict = await self.step(
            lambda: self.act(HandlingActivities.act, self.act_command("resume", act)), "resume"
        )
        if verdict.outcome == "refused" and self._next_at is None:  # a person was quicker: look again
            self._next_at = workflow.now() + NOT_BEFORE
        self._after_resume(verdict)

    # --- people ---------------------------------------------------------------------------------------------------

    @workflow.update
    async def complete_task(self, act: CompleteTask) -> ActResult:
        """Finish a task of the ticket itself: triage, contract, review, escalation."""
        verdict = await self.act(
            TaskActivities.complete,
            self.act_command(
                "complete_task", act, task_id=act.task_id, version=act.version, payload=act.result
            ),
        )
        if verdict.outcome != "refused":
            self._after_task(verdict)
        return result_of(verdict)

    def _after_task(self, verdict: StageVerdict) -> None:
        match verdict.facts.get("kind"):
            case "triage":
                self._line, self._priority = str(verdict.facts["line"]), str(verdict.facts["priority"])
                self._triaged += 1
            case "contract":
                self._released += 1
            case "escalation":
                self._lead += 1
            case "signer":
                self._sooner(verdict)
            case "qa_review":
                self._open_reviews = self.count(verdict, "remaining", self._open_reviews)

    @workflow.update
    async def accept_task(self, act: AcceptTask) -> ActResult:
        """Take a task that was offered."""
        command = self.act_command("accept_task", act, task_id=act.task_id)
        return result_of(await self.act(HandlingActivities.act, command))

    @workflow.update
    async def refuse_task(self, act: RefuseTask) -> ActResult:
        """Leave an offered task to the next best match."""
        command = self.act_command("refuse_task", act, task_id=act.task_id)
        return result_of(self._sooner(await self.act(HandlingActivities.act, command)))

    @workflow.signal
    def sooner(self, at: datetime) -> None:
        """A step of the line brought the deadline forward: an offer must be answered by then."""
        self._sooner(StageVerdict(outcome="told", next_at=at))

    @workflow.update
    async def decide_approval(self, act: DecideApproval) -> ActResult:
        """The client accepts or returns the version on offer."""
        verdict = await self.act(ApprovalActivities.decide, self.act_command("decide_approval", act))
        if verdict.outcome in ("accepted", "returned"):
            self._timed(verdict)
            self._decisions[self.round] = verdict
        return result_of(verdict)

    @workflow.update
    async def pause(self, act: PauseTicket) -> ActResult:
        """Stop clocks and stages."""
        verdict = await self.act(HandlingActivities.act, self.act_command("pause", act))
        if verdict.outcome == "paused":
            self._paused, self._next_at = True, verdict.next_at
        return result_of(verdict)

    @workflow.update
    async def resume(self, act: ResumeTicket) -> ActResult:
        """Go on."""
        return result_of(
            self._after_resume(await self.act(HandlingActivities.act, self.act_command("resume", act)))
        )

    def _after_resume(self, verdict: StageVerdict) -> StageVerdict:
        if verdict.outcome == "resumed":
            self._paused, self._next_at = False, verdict.next_at
        return verdict

    @workflow.update
    async def cancel(self, act: CancelTicket) -> ActResult:
        """End without delivering."""
        verdict = await self.act(HandlingActivities.act, self.act_command("cancel", act))
        if verdict.outcome == "cancelled":
            self._cancelled = True
        return result_of(verdict)

    @workflow.update
    async def change_priority(self, act: ChangePriority) -> ActResult:
        """Re-time the clocks."""
        verdict = await self.act(HandlingActivities.act, self.act_command("change_priority", act))
        if verdict.outcome == "priority_changed":
            self._priority, self._next_at = act.priority, verdict.next_at
            if workflow.patched("priority-shown"):
                workflow.upsert_search_attributes([names.PRIORITY.value_set(int(act.priority[1:]))])
        return result_of(verdict)

    @workflow.update
    async def correct_triage(self, act: CorrectTriage) -> ActResult:
        """Undo a classification by AI, as far as nobody has worked on it."""
        verdict = await self.act(HandlingActivities.act, self.act_command("correct_triage", act))
        if verdict.outcome == resorting.MOVED:
            self._way, self._priority = str(verdict.facts["line"]), str(verdict.facts["priority"])
            self._moved += 1
            self._released += bool(verdict.facts["parked"])  # for the contract of the line it leaves
            if self._at_line is not None:
                self._at_line.cancel()
        elif verdict.facts.get("timed"):
            self._priority, self._next_at = str(verdict.facts["priority"]), verdict.next_at
            workflow.upsert_search_attributes([names.PRIORITY.value_set(int(self._priority[1:]))])
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

    @accept_task.validator
    def _may_accept(self, act: AcceptTask) -> None:
        self.require_running()

    @refuse_task.validator
    def _may_refuse(self, act: RefuseTask) -> None:
        self.require_running()

    @decide_approval.validator
    def _may_decide(self, act: DecideApproval) -> None:
        self.require_running()

    @pause.validator
    def _may_pause(self, act: PauseTicket) -> None:
        self.require_running()

    @resume.validator
    def _may_resume(self, act: ResumeTicket) -> None:
        self.require_running()

    @cancel.validator
    def _may_cancel(self, act: CancelTicket) -> None:
        self.require_running()

    @change_priority.validator
    def _may_change_priority(self, act: ChangePriority) -> None:
        self.require_running()

    @correct_triage.validator
    def _may_correct(self, act: CorrectTriage) -> None:
        self.require_running()

    @retry.validator
    def _may_retry(self, act: RetryStep) -> None:
        self.require_running()

    # --- turns ----------------------------------------------------------------------------------------------------

    async def _enter(self, stage: str) -> bool:
        """Move on when not paused; False for a stage that an earlier run has done already."""
        await self._running()
        if STAGES.index(stage) < self._resumed_at:
            return False
        self._stage = stage
        return True

    async def _running(self) -> None:
        if self._over:  # a child that ended in the same turn swallows the cancellation, as a timed wait does
            raise asyncio.CancelledError
        if self._paused:
            self._show("Paused.")
            await workflow.wait_condition(lambda: not self._paused)

    async def _reviews_left(self, inspected: StageVerdict) -> StageVerdict:
        """A run that continued counts anew: the recorded verdict is from before."""
        if self._resumed_at < 0:
            return inspected
        return await self.local(QualityActivities.remaining, self.command(workflow.info().run_id))

    async def _continue_if_long(self) -> None:
        if not self.should_continue():
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._open_reviews <= 0 or self._cancelled:
            return
        workflow.continue_as_new(
            TicketStart(
                ticket_id=self.ticket_id,
                client_id=self.client_id,
                life=self.life,
                resume=TicketProgress(
                    stage=self._stage,
                    round=self.round,
                    line=self._line,
                    next_at=self._next_at,
                    paused=self._paused,
                ),
            )
        )

    def _timed(self, verdict: StageVerdict) -> None:
        if not self._paused:
            self._next_at = verdict.next_at

    def _sooner(self, verdict: StageVerdict) -> StageVerdict:
        """An internal target may bring the deadline forward; a promised one that moves back is found by the tick."""
        if (
            not self._paused
            and verdict.next_at
            and (self._next_at is None or verdict.next_at < self._next_at)
        ):
            self._next_at = verdict.next_at
        return verdict

    async def heard(self, verdict: StageVerdict) -> None:
        """A step of the ticket itself needs attention: its desk may be told sooner."""
        self._sooner(verdict)

    def _show(self, words: str) -> None:
        workflow.set_current_details(f"**{self._stage}**, round {self.round}. {words}")

    async def _cancelled_in_temporal(self) -> None:
        """Temporal's own cancel is the backup of the update: it ends the ticket the same way."""
        act = CancelTicket(
            actor=ActorRef(kind="system", origin="temporal"),
            key=f"temporal:{workflow.info().run_id}",
            reason="cancelled in Temporal",
        )
        verdict = await self.act(HandlingActivities.act, self.act_command("cancel", act))
        self._cancelled = verdict.outcome == "cancelled"


async def _ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it and the child it waits for are gone. A timed wait that ends in the same turn
    swallows the cancellation, so whoever waits also looks at ``_over``."""
    task.cancel()
    try:
        await task
    except (asyncio.CancelledError, FailureError) as error:
        if isinstance(error, FailureError) and not is_cancelled_exception(error):
            raise
