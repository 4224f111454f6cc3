"""Work that no line of ours automates yet: one task for a person of the line's skill."""

from __future__ import annotations

from uuid import UUID

from temporalio import activity

from activities.errors import guarded
from activities.lines.line import LinePorts, LineWork
from activities.record import record
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import billing, stages
from ticketos.domain.changes import CloseTask, Emit, OpenTask, SetTicket, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import Actor, TaskState
from ticketos.lines import line_of


class ManualActivities:
    """Opens the task; finishing it ends the round."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="manual.open")
    @guarded
    def open(self, command: StageCommand) -> StageVerdict:
        """Ask the best match of the line's skill."""
        return record(self._store, command, "manual.open", self._open)

    def _open(self, step: Step) -> Verdict:
        ticket = step.ticket()
        skill = line_of(ticket.service_line or "").skill
        agent = stages.best_agent(step.agents(), skill, ticket, step.now)
        task = OpenTask(
            id=step.new_id(),
            key=f"{ticket.id}:{ticket.life}:work:{ticket.round}",
            kind="work",
            workflow=ticket.service_line or "",
            desk="delivery",
            skill=skill,
            assigned_to=UUID(agent) if agent else None,
            priority=ticket.priority,
            round=ticket.round,
            payload={"subject": ticket.subject},
        )
        return Verdict("opened", (task,), facts={"people": 1})


def done(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``work`` task with what was done, in words."""
    stages.require_open(step.ticket())
    note = str(command.payload.get("note") or "").strip()
    if not note:
        raise DomainError("note-missing")
    who = str(actor.user_id) if actor.user_id else None
    ticket = step.ticket()
    return Verdict(
        "done",
        (
            CloseTask(task.id, "done", step.now, actor.user_id, {"note": note}),
            SetTicket({"detail": {**ticket.detail, billing.WORK: {"by": who, "at": step.now.isoformat()}}}),
            Emit("ticket.edited", after={"work": "done"}, why=note[:500]),
        ),
        facts={"people": 0},
    )


def work(ports: LinePorts) -> LineWork:
    """The part of the workers for lines that a person does."""
    return LineWork((ManualActivities(ports.store).open,), completions={"work": done})
