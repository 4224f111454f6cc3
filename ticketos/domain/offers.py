"""MF4 offers: where a queue asks for it, a task is offered to the best match, who takes it or refuses it in time; then
to the next best, and after the last of them to the lead.

A queue is a skill. A contract says for how long its tasks are offered (``assignment.offers``); before there is a
contract the client's settings (``offers``) say so. A queue that is not named gives its tasks to the best match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ticketos.domain import matching, stages
from ticketos.domain.changes import Change, CloseTask, Emit, Notify, OpenTask, SetTask, Verdict
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.skills import Agent
from ticketos.domain.state import OPEN_STATES, Actor, ClientState, ContractState, TaskState, TicketState

LEAD = "lead"
"""Skill and desk of whoever gets what nobody took."""

Queues = Mapping[str, timedelta]
"""How long each queue's tasks are offered to one person."""


def queues(contract: ContractState | None, client: Callable[[], ClientState]) -> Queues:
    """The queues that ask for offers; ``client`` is asked only where there is no contract yet."""
    asked: Mapping[str, Any] = (
        contract.terms.assignment.offers if contract else client().settings.get("offers") or {}
    )
    return {
        skill: timedelta(seconds=seconds)
        for skill, seconds in asked.items()
        if isinstance(seconds, int) and seconds > 0
    }


def opened(verdict: Verdict, asked: Queues, now: datetime) -> Verdict:
    """Offer what the rule has just given to the best match of such a queue."""
    changes: list[Change] = []
    until: list[datetime] = []
    for change in verdict.changes:
        wait = asked.get(change.skill or "") if isinstance(change, OpenTask) else None
        if (
            wait is None
            or not isinstance(change, OpenTask)
            or change.assigned_to is None
            or change.desk == LEAD
        ):
            changes.append(change)
            continue
        to, ends = change.assigned_to, now + wait
        payload = {**change.payload, "offered": [str(to)]}
        changes += [
            replace(change, assigned_to=None, offered_to=to, offer_until=ends, payload=payload),
            _said("task.offered", change.id, to, {"until": ends.isoformat()}),
        ]
        until.append(ends)
    if not until:
        return verdict
    return replace(
        verdict,
        changes=tuple(changes),
        next_at=min([*until, *([verdict.next_at] if verdict.next_at else [])]),
    )


def sooner(verdict: Verdict, tasks: Iterable[TaskState]) -> Verdict:
    """The verdict with a deadline no later than the first offer that ends; ``tasks`` as they were before it."""
    ends = {task.id: task.offer_until for task in tasks if task.offered_to is not None}
    for change in verdict.changes:
        if isinstance(change, CloseTask):
            ends.pop(change.task_id, None)
        elif isinstance(change, OpenTask):
            ends[change.id] = change.offer_until
        elif isinstance(change, SetTask):
            ends[change.task_id] = change.values.get("offer_until")
    known = [at for at in (verdict.next_at, *ends.values()) if at is not None]
    return replace(verdict, next_at=min(known, default=None))


def put_off(ticket: TicketState, tasks: Iterable[TaskState], now: datetime) -> tuple[Change, ...]:
    """After a pause everybody has the time left that they had before it; ``ticket`` as it was while paused."""
    began = (ticket.detail.get("pause") or {}).get("at")
    if began is None:
        return ()
    paused = now - datetime.fromisoformat(began)
    return tuple(
        SetTask(task.id, task.offered_to, {"offer_until": task.offer_until + paused})
        for task in tasks
        if task.offered_to is not None and task.offer_until is not None
    )


def due(tasks: Iterable[TaskState], now: datetime) -> list[TaskState]:
    """Offers that nobody answered in time."""
    return [
        t for t in tasks if t.offered_to is not None and t.offer_until is not None and t.offer_until <= now
    ]


def lapse(
    ticket: TicketState,
    lapsed: Sequence[TaskState],
    agents: Iterable[Agent],
    asked: Queues,
    now: datetime,
    new_id: NewId,
    today: date,
) -> tuple[Change, ...]:
    """Pass unanswered offers on; what goes to one person counts against them for the next. ``today`` is the client's
    day."""
    people = tuple(agents)
    changes: list[Change] = []
    for task in lapsed:
        changes.append(_said("task.offer_lapsed", task.id, task.offered_to))
        given, passed = _pass_on(ticket, task, people, asked, now, new_id, today)
        changes += passed
        people = matching.busier(people, () if given is None else (given,))
    return tuple(changes)


def accept(ticket: TicketState, task: TaskState | None, actor: Actor) -> Verdict:
    """Take the task. An offer that has run out but was not passed on yet may still be taken.

    Refused: ``task-unknown``, ``task-not-open``, ``task-not-offered``, ``task-offered-to-other``."""
    offered = _mine(ticket, task, actor)
    return Verdict(
        "taken",
        (
            SetTask(
                offered.id,
                offered.offered_to,
                {"assigned_to": offered.offered_to, "offered_to": None, "offer_until": None},
            ),
            _said("task.offer_accepted", offered.id, offered.offered_to),
        ),
    )


def refuse(
    ticket: TicketState,
    task: TaskState | None,
    actor: Actor,
    reason: str,
    agents: Iterable[Agent],
    asked: Queues,
    now: datetime,
    new_id: NewId,
    today: date,
) -> Verdict:
    """Leave it to the next best, with a reason. Refused as in ``accept``, and ``reason-missing``."""
    offered = _mine(ticket, task, actor)
    if not reason.strip():
        raise DomainError("reason-missing")
    _, passed = _pass_on(ticket, offered, list(agents), asked, now, new_id, today)
    said = replace(_said("task.offer_refused", offered.id, offered.offered_to), why=reason.strip())
    until = [c.values["offer_until"] for c in passed if isinstance(c, SetTask) and c.values["offer_until"]]
    return Verdict("passed_on", (said, *passed), next(iter(until), None))


def _mine(ticket: TicketState, task: TaskState | None, actor: Actor) -> TaskState:
    if task is None:
        raise DomainError("task-unknown")
    if ticket.state not in OPEN_STATES or task.state != "open":
        raise DomainError("task-not-open", state=task.state)
    if task.offered_to is None:
        raise DomainError("task-not-offered")
    if task.offered_to != actor.user_id:
        raise DomainError("task-offered-to-other")
    return task


def _pass_on(
    ticket: TicketState,
    task: TaskState,
    agents: Sequence[Agent],
    asked: Queues,
    now: datetime,
    new_id: NewId,
    today: date,
) -> tuple[str | None, tuple[Change, ...]]:
    """Who has it now, and how it came about."""
    barred = task.payload.get("exclude") or ()
    before = tuple(task.payload.get("offered") or ())
    wait = asked.get(task.skill or "")
    following = None
    if wait is not None and task.skill is not None:
        following = stages.best_agent(
            agents,
            task.skill,
            ticket,
            today,
            exclude=(*barred, *before),
            expert=bool(task.payload.get("expert")),
        )
    if following is not None and wait is not None:
        to, ends = UUID(following), now + wait
        values = {
            "offered_to": to,
            "offer_until": ends,
            "payload": {**task.payload, "offered": [*before, following]},
        }
        said = _said("task.offered", task.id, to, {"until": ends.isoformat()})
        return following, (SetTask(task.id, task.offered_to, values), said)
    lead = stages.best_agent(agents, LEAD, ticket, today, exclude=barred)
    to_lead = UUID(lead) if lead else None
    given = {"assigned_to": to_lead, "offered_to": None, "offer_until": None, "desk": LEAD}
    detail = {"task": str(task.id), "kind": task.kind, "offered": len(before)}
    return lead, (
        SetTask(task.id, task.offered_to, given),
        Notify(new_id(), f"offers:{task.id}", "offers_ended", LEAD, now, to_lead, detail),
        _said("task.offers_ended", task.id, to_lead, {"offered": len(before)}),
    )


def _said(event: str, task_id: UUID, to: UUID | None, more: Mapping[str, Any] | None = None) -> Emit:
    about = {"task": str(task_id), "to": str(to) if to else None, **(more or {})}
    return Emit(event, after=about, entity="task", entity_id=str(task_id))
