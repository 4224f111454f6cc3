"""MF13, MF15: acts on the ticket as a whole, tasks finished by people, and steps that keep failing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities import units
from activities.errors import guarded
from activities.record import record, record_act
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import billing, contract, handling, offers, resorting, tasks, triage
from ticketos.domain.ai_review import AiAct
from ticketos.domain.changes import Change, CloseTask, Emit, Verdict
from ticketos.domain.deadline import timing_of
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import Actor, TaskState
from ticketos.lines import KEYS, line_of

Completion = Callable[[Step, TaskState, ActCommand, Actor], Verdict]
"""What finishing a task of one kind means."""


class HandlingActivities:
    """Pause, go on, cancel, change priority, retry; needs attention."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="ticket.act")
    @guarded
    def act(self, command: ActCommand) -> StageVerdict:
        """Record an act; ``kind`` is pause, resume, cancel, change_priority, retry, correct_triage,
        accept_task or refuse_task."""
        return record_act(self._store, command, lambda s: self._act(s, command))

    @activity.defn(name="ticket.attention")
    @guarded
    def attention(self, command: StageCommand) -> StageVerdict:
        """Turn the ticket to *needs attention*; ``facts`` holds step and workflow."""
        return record(
            self._store,
            command,
            "attention",
            lambda s: handling.needs_attention(
                s.ticket(),
                command.reason,
                str(command.facts.get("step", "")),
                str(command.facts.get("workflow", "")),
            ),
            ended_too=True,
        )

    def _act(self, step: Step, command: ActCommand) -> Verdict:
        ticket, reason = step.ticket(), str(command.payload.get("reason", ""))
        timing = timing_of(step.contract())
        match command.kind:
            case "pause":
                until = command.payload.get("until")
                ends = datetime.fromisoformat(until) if until else None
                return handling.pause(ticket, step.clocks(), timing, reason, step.now, ends)
            case "resume":
                return handling.resume(ticket, step.clocks(), timing, step.approval(), reason, step.now)
            case "change_priority":
                return handling.change_priority(
                    ticket,
                    step.clocks(),
                    timing,
                    step.approval(),
                    str(command.payload.get("priority")),
                    reason,
                    step.now,
                    command.payload.get("document_class"),
                )
            case "correct_triage":
                return self._correct(step, command)
            case "accept_task" | "refuse_task":
                return self._answer(step, command, reason)
            case "retry":
                return handling.retry(ticket, reason)
            case "cancel":
                return self._cancel(step, reason)
        raise DomainError("act-unknown", kind=command.kind)

    def _correct(self, step: Step, command: ActCommand) -> Verdict:
        given = command.payload
        act = AiAct(UUID(str(given["event"])), int(given["seq"]), "ticket.triaged", given.get("said") or {})
        return resorting.correct(
            step.ticket(),
            act,
            given,
            [one for one in step.tasks() if one.state == "open"],
            step.clocks(),
            timing_of(step.contract()),
            step.approval(),
            KEYS,
            step.actor,
            step.now,
        )

    def _answer(self, step: Step, command: ActCommand, reason: str) -> Verdict:
        task = step.task(command.task_id) if command.task_id else None
        if command.kind == "accept_task":
            return offers.accept(step.ticket(), task, step.actor)
        asked = offers.queues(step.contract(), step.client)
        today = step.client().day_of(step.now)
        return offers.refuse(
            step.ticket(), task, step.actor, reason, step.agents(), asked, step.now, step.new_id, today
        )

    def _cancel(self, step: Step, reason: str) -> Verdict:
        ticket, children = step.ticket(), step.sub_tickets()
        verdict = handling.cancel(ticket, tuple(children.items()), reason, step.now)
        withdraw = line_of(ticket.service_line).withdraw if ticket.service_line in KEYS else None
        documents = step.documents() if ticket.documents_total else ()
        today, months = step.client().day_of(step.now), step.book_months()
        back: list[Change] = []
        for d in documents:
            # What is being reworked was posted in an earlier round.
            if withdraw and d.approval != "accepted" and (d.state == "posted" or d.round):
                back += withdraw(ticket, d, step.postings_of(d.id), today, step.new_id, months)
        owed: tuple[Change, ...] = ()
        delivered = units.of(step)
        if any(d.approval == "accepted" for d in delivered):
            before = children.get(billing.KEY)
            owed = billing.on_cancel(
                ticket,
                step.client(),
                step.contract(),
                delivered,
                step.quality(),
                int(before.detail.get("units", 0)) if before else 0,
                step.locked_periods(),
                step.now,
                step.new_id,
            )
        return Verdict(verdict.outcome, (*back, *owed, *verdict.changes), verdict.next_at, verdict.facts)


class TaskActivities:
    """Finishes a task by the meaning of its kind; ``completions`` is put together in the wiring."""

    def __init__(self, store: Store, completions: Mapping[str, Completion]) -> None:
        self._store = store
        self._completions = completions

    @activity.defn(name="task.complete")
    @guarded
    def complete(self, command: ActCommand) -> StageVerdict:
        """Record a person's completion, or say why it is refused."""
        return record_act(self._store, command, lambda s: self._complete(s, command))

    def _complete(self, step: Step, command: ActCommand) -> Verdict:
        found = step.task(command.task_id) if command.task_id else None
        task = tasks.may_finish(found, step.actor, command.version)
        verdict = self._completions[task.kind](step, task, command, step.actor)
        event = Emit(
            "task.completed",
            after={"task": str(task.id), "kind": task.kind, "outcome": verdict.outcome},
            entity="task",
            entity_id=str(task.id),
        )
        return Verdict(
            verdict.outcome, (*verdict.changes, event), verdict.next_at, {**verdict.facts, "kind": task.kind}
        )


def classify(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``triage`` task."""
    return triage.decided_by_person(step.ticket(), task, command.payload, KEYS, actor, step.now)


def release(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``contract`` task: the contract is looked at again."""
    return Verdict(
        "released",
        (
            contract.released(step.ticket()),
            CloseTask(task.id, "done", step.now, actor.user_id),
            Emit("ticket.released", why=str(command.payload.get("reason") or "") or None),
        ),
    )
