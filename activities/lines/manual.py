"""Work that no line of ours automates yet: one task for a person of the line's skill, in each round."""

from __future__ import annotations

from uuid import UUID

from temporalio import activity

from activities.errors import guarded
from activities.lines.line import LinePorts, LineWork
from activities.record import record
from schemas.ticket import ActCommand, StageCommand, StageVerdict
from ticketos.domain import deadline, effort, handwork, stages
from ticketos.domain.changes import CloseTask, Emit, OpenTask, SetTicket, Verdict
from ticketos.domain.ports import Step, Store
from ticketos.domain.state import Actor, TaskState
from ticketos.domain.terms import Terms
from ticketos.lines import line_of


class ManualActivities:
    """Opens the task; finishing it ends the round."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="manual.open")
    @guarded
    def open(self, command: StageCommand) -> StageVerdict:
        """Ask the best match of the line's skill; in a later round or life whoever did the work before."""
        return record(self._store, command, "manual.open", lambda step: self._open(step, command.subject))

    def _open(self, step: Step, moved: str) -> Verdict:
        ticket = step.ticket()
        skill = line_of(ticket.service_line or "").skill
        before = handwork.again(ticket, step.quality(), step.approval())
        worked = ticket.detail.get(handwork.WORK) or {}
        today = step.client().day_of(step.now)
        agent = stages.same_or_best(step.agents(), worked.get("by"), skill, ticket, today)
        task = OpenTask(
            id=step.new_id(),
            key=":".join((f"{ticket.id}:{ticket.life}:work:{ticket.round}", *([moved] if moved else []))),
            kind="work",
            workflow=ticket.service_line or "",
            desk="delivery",
            skill=skill,
            assigned_to=UUID(agent) if agent else None,
            priority=ticket.priority,
            round=ticket.round,
            payload={"subject": ticket.subject, **before},
        )
        return Verdict("opened", (task,), facts={"people": 1})


def done(step: Step, task: TaskState, command: ActCommand, actor: Actor) -> Verdict:
    """Complete a ``work`` task with what was done, in words, and the files that belong to it."""
    ticket = step.ticket()
    stages.require_open(ticket)
    files = step.documents() if ticket.documents_total else ()
    work = handwork.result_of(command.payload, files, ticket, actor, step.now)
    handed_in = {"note": work["note"], "files": [one["id"] for one in work["files"]]}
    contract = step.contract()
    spent = effort.of_round(
        ticket.id,
        task,
        actor,
        step.sub_tickets() if task.round else {},
        step.now,
        step.busy_until(actor.user_id) if task.round and actor.user_id else None,
        command.payload.get("seconds"),
        contract.terms if contract else Terms(),
        deadline.timing_of(contract),
        step.clocks(),
    )
    return Verdict(
        "done",
        (
            CloseTask(task.id, "done", step.now, actor.user_id, handed_in),
            SetTicket({"detail": {**ticket.detail, handwork.WORK: work}}),
            Emit("ticket.edited", after={"work": "done", "round": ticket.round}, why=work["note"][:500]),
            *spent,
        ),
        facts={"people": 0},
    )


def work(ports: LinePorts) -> LineWork:
    """The part of the workers for lines that a person does."""
    return LineWork((ManualActivities(ports.store).open,), completions={"work": done})
