"""What the workflows of a ticket share: steps that ask for attention instead of failing, and continuing as new."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.following import name_of
    from activities.handling import HandlingActivities
    from schemas.acts import Act, ActResult
    from schemas.ticket import ActCommand, StageCommand, StageVerdict
    from workflows import names
    from workflows.policies import ATTENTION, CONTINUE_EVENTS, DB_WRITE

T = TypeVar("T")


class Steps:
    """Base of a ticket's workflows. ``client_id``, ``ticket_id``, ``life`` and ``round`` name every step."""

    def __init__(self, ticket_id: UUID, client_id: UUID, life: int, number: int) -> None:
        self.ticket_id = ticket_id
        self.client_id = client_id
        self.life = life
        self.round = number
        self.ended = False
        self._attentions = 0
        self._retries = 0
        self._counted: dict[str, int] = {}
        self._ahead: dict[str, StageVerdict] = {}
        self._told_at: datetime | None = None

    def count(self, verdict: StageVerdict, name: str, known: int) -> int:
        """How many items still wait. Answers may arrive out of order, so one older than the last is ignored."""
        seq = int(verdict.facts.get("seq", 0))
        if seq < self._counted.get(name, -1):
            return known
        self._counted[name] = seq
        return int(verdict.facts[name])

    def command(self, subject: str = "", **facts: object) -> StageCommand:
        """A command for this ticket, life and round."""
        return StageCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            life=self.life,
            round=self.round,
            subject=subject,
            facts=facts,
        )

    async def step(self, run: Callable[[], Awaitable[T]], name: str) -> T:
        """Run a step; when it cannot be done, turn the ticket to *needs attention* and wait for a retry (MF15)."""
        while True:
            try:
                return await run()
            except (
                FailureError
            ) as error:  # a local activity's failure arrives bare, an ordinary one's as ActivityError
                if is_cancelled_exception(error):
                    raise
                await self._needs_attention(name, _cause(error))

    async def local(
        self,
        method: Callable[..., StageVerdict],
        command: StageCommand,
        then: tuple[Callable[..., StageVerdict], ...] = (),
    ) -> StageVerdict:
        """A stage's local activity, as a step. What is named in ``then`` follows in the same activity as far as nobody
        is waited for; its verdicts are taken when the workflow comes to those steps."""
        done = self._ahead.pop(name_of(method), None)
        if done is not None:
            return done
        if then:
            command = command.model_copy(update={"then": tuple(map(name_of, then))})
        verdict = await self.step(
            lambda: workflow.execute_local_activity_method(method, args=[command], **DB_WRITE),
            method.__name__,
        )
        self._ahead |= dict(verdict.then)
        return verdict

    async def act(self, method: Callable[..., StageVerdict], command: ActCommand) -> StageVerdict:
        """A person's act: it fails to the caller rather than asking for attention."""
        return await workflow.execute_local_activity_method(method, args=[command], **DB_WRITE)

    async def tell_deadline(self, verdict: StageVerdict) -> None:
        """A line has no timer for the ticket's deadlines: what must be looked at sooner is the ticket's to wait for."""
        if verdict.next_at is None:
            return
        if self._told_at is not None and workflow.now() < self._told_at <= verdict.next_at:
            return  # the ticket looks at all its offers then
        self._told_at = verdict.next_at
        ticket = workflow.get_external_workflow_handle(names.ticket_workflow(self.ticket_id))
        await ticket.signal("sooner", verdict.next_at)

    async def heard(self, verdict: StageVerdict) -> None:
        """A step of a line needs attention: the ticket has the timer."""
        await self.tell_deadline(verdict)

    def act_command(self, kind: str, act: Act, **values: object) -> ActCommand:
        """The recording command of an act."""
        payload = act.model_dump(mode="json", exclude={"actor", "key", "task_id", "result"})
        return ActCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            life=self.life,
            round=self.round,
            kind=kind,
            key=act.key,
            actor=act.actor,
            **{"payload": payload, **values},
        )

    def require_running(self) -> None:
        """Validator: nothing may be done to a run that has ended."""
        if self.ended:
            raise ApplicationError("The ticket has ended.", type="ticket-closed", non_retryable=True)

    async def to_the_end(self, work: Awaitable[T]) -> T:
        """The run's work; whoever acts meanwhile is answered before the run ends. Also when the ticket is cancelled: a
        run that ends at once leaves an accepted act without an answer (``AcceptedUpdateCompletedWorkflow``). Waiting
        changes no history that runs today: a cancelled run's end is its last command."""
        try:
            return await work
        finally:
            self.ended = True
            await workflow.wait_condition(workflow.all_handlers_finished)

    def should_continue(self) -> bool:
        """The history is long enough to go on in a new run."""
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > CONTINUE_EVENTS

    def retried(self) -> None:
        """Somebody says: try again."""
        self._retries += 1

    async def _needs_attention(self, name: str, cause: str) -> None:
        self._attentions += 1
        seen = self._retries
        info = workflow.info()
        command = StageCommand(
            ticket_id=self.ticket_id,
            client_id=self.client_id,
            life=self.life,
            round=self.round,
            reason=cause,
            subject=f"{name}:{info.run_id[:8]}:{self._attentions}",
            facts={"step": name, "workflow": info.workflow_id},
        )
        verdict = await workflow.execute_local_activity_method(
            HandlingActivities.attention, args=[command], **ATTENTION
        )
        if verdict.next_at is not None and workflow.patched(names.ATTENTION_TIMED):
            await self.heard(verdict)
        workflow.set_current_details(f"Needs attention at *{name}*: retry in the portal or by API.")
        await workflow.wait_condition(lambda: self._retries > seen)


def result_of(verdict: StageVerdict) -> ActResult:
    """The answer to a person's act."""
    if verdict.outcome == "refused":
        return ActResult(applied=False, outcome="refused", code=verdict.code, params=verdict.params)
    return ActResult(applied=True, outcome=verdict.outcome, facts=verdict.facts)


def _cause(error: FailureError) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return str(cause)[:500]
