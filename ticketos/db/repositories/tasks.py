"""Tasks as people list, take and hand them over. They are opened and finished by their workflow alone."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, bindparam, case, func, select, tuple_, update
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import persons
from ticketos.db.tables.documents import Document
from ticketos.db.tables.tickets import Task, Ticket, TicketClock
from ticketos.domain.changes import Emit
from ticketos.domain.clock import TURNAROUND
from ticketos.domain.errors import DomainError
from ticketos.domain.skills import Agent, Need, why_not
from ticketos.domain.state import Actor

_TASK = SQLModel.metadata.tables[str(Task.__tablename__)]
_DOCUMENT = SQLModel.metadata.tables[str(Document.__tablename__)]
_TICKET = SQLModel.metadata.tables[str(Ticket.__tablename__)]
_CLOCK = SQLModel.metadata.tables[str(TicketClock.__tablename__)]
_END = func.to_timestamp(253402214400)
_NEVER = func.coalesce(_TASK.c.due_at, _END)
_HELD = case((_TICKET.c.state == "paused", None), else_=_TICKET.c.due_at)
_URGENT = func.coalesce(_TASK.c.due_at, _HELD, _END)
_ORDERS: Mapping[str, tuple[Any, Any, Any]] = {
    "priority": (_TASK.c.priority, _NEVER, _TASK.c.id),
    "urgency": (_URGENT, _TASK.c.priority, _TASK.c.id),
}
"""``urgency`` is the time left by the wall clock, whatever the priority; a paused ticket's work comes last."""


@dataclass(frozen=True)
class Filter:
    """Which tasks to show. ``assigned_to`` is one person, who has them or is offered them;
    ``unassigned`` the queue of ``skills`` (empty: any)."""

    states: tuple[str, ...] = ("open",)
    assigned_to: UUID | None = None
    unassigned: bool = False
    skills: tuple[str, ...] | None = None
    client_ids: tuple[UUID, ...] = ()
    kind: str | None = None
    priority: str | None = None
    desk: str | None = None
    ticket_id: UUID | None = None
    completed_by: UUID | None = None
    expert: bool = True
    """Whether work for experts is shown too."""
    order: Literal["priority", "urgency"] = "priority"


def _selected() -> Select[Any]:
    return (
        select(
            _TASK,
            _TICKET.c.number.label("ticket_number"),
            _TICKET.c.subject.label("ticket_subject"),
            _DOCUMENT.c.filename.label("document"),
            _TICKET.c.root_id,
            _TICKET.c.state.label("ticket_state"),
            _TICKET.c.due_at.label("ticket_due_at"),
            _TICKET.c.received_at.label("ticket_received_at"),
            _CLOCK.c.stopped_at.label("clock_stopped_at"),
            _CLOCK.c.pauses.label("clock_pauses"),
            _URGENT.label("urgent_at"),
        )
        .join(_TICKET, (_TICKET.c.client_id == _TASK.c.client_id) & (_TICKET.c.id == _TASK.c.ticket_id))
        .outerjoin(
            _DOCUMENT, (_DOCUMENT.c.client_id == _TASK.c.client_id) & (_DOCUMENT.c.id == _TASK.c.subject_id)
        )
        .outerjoin(
            _CLOCK,
            (_CLOCK.c.ticket_id == _TASK.c.ticket_id)
            & (_CLOCK.c.life == _TASK.c.life)
            & (_CLOCK.c.kind == TURNAROUND),
        )
    )


def listed(
    connection: Connection, chosen: Filter, limit: int, cursor: str | None
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of tasks, the most urgent first, and the cursor of the next page. Raises
    ``cursor-invalid``."""
    query = _selected().where(_TASK.c.client_id.in_(chosen.client_ids))
    if chosen.states:
        query = query.where(_TASK.c.state.in_(chosen.states))
    if chosen.assigned_to is not None:
        query = query.where(
            (_TASK.c.assigned_to == chosen.assigned_to) | (_TASK.c.offered_to == chosen.assigned_to)
        )
    if chosen.unassigned:
        query = query.where(_TASK.c.assigned_to.is_(None), _TASK.c.offered_to.is_(None))
    if chosen.skills is not None:
        query = query.where(_TASK.c.skill.in_(chosen.skills) | _TASK.c.skill.is_(None))
    if not chosen.expert:
        query = query.where(_TASK.c.payload["expert"].astext.is_(None))
    for name in ("kind", "priority", "desk", "ticket_id", "completed_by"):
        if (value := getattr(chosen, name)) is not None:
            query = query.where(_TASK.c[name] == value)
    order = _ORDERS[chosen.order]
    if cursor is not None:
        priority, due, task_id = _decode(cursor)
        last = (priority, due, task_id) if chosen.order == "priority" else (due, priority, task_id)
        query = query.where(tuple_(*order) > tuple_(*(bindparam(None, value) for value in last)))
    rows = connection.execute(query.order_by(*order).limit(limit + 1)).mappings().all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], _encode(rows[limit - 1], "due_at" if chosen.order == "priority" else "urgent_at")


def _encode(row: RowMapping, instant: str) -> str:
    due = row[instant].isoformat() if row[instant] else "9999-12-30T00:00:00+00:00"
    raw = json.dumps([row["priority"], due, str(row["id"])], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[str, datetime, UUID]:
    try:
        priority, due, task_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(due)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return str(priority), moment, UUID(task_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise DomainError("cursor-invalid") from error


def counts(
    connection: Connection,
    user_id: UUID,
    client_ids: Sequence[UUID],
    skills: Sequence[str],
    expert: bool = True,
) -> dict[str, int]:
    """How many open tasks are a person's own, wait in the queues of their skills (an expert's work for an ``expert``
    alone), and are open at all."""
    row = (
        connection.exec_driver_sql(
            "select count(*) filter (where assigned_to = %s) as mine,"
            " count(*) filter (where assigned_to is null and (skill is null or skill = any(%s))"
            " and (%s or payload ->> 'expert' is null)) as queue,"
            " count(*) as \"all\" from task where state = 'open' and client_id = any(%s)",
            (user_id, list(skills), expert, list(client_ids)),
        )
        .mappings()
        .one()
    )
    return dict(row)


def get(connection: Connection, task_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One task with its ticket's number and subject."""
    query = _selected().where(_TASK.c.id == task_id)
    return connection.execute(query.with_for_update(of=_TASK) if lock else query).mappings().first()


def asking(connection: Connection, subject_id: UUID, kind: str) -> RowMapping | None:
    """The open task of a kind about something, if there is one."""
    query = _selected().where(_TASK.c.subject_id == subject_id, _TASK.c.kind == kind, _TASK.c.state == "open")
    return connection.execute(query).mappings().first()


def of_ticket(connection: Connection, ticket_id: UUID) -> Sequence[RowMapping]:
    """Every task of a ticket, oldest first."""
    query = _selected().where(_TASK.c.ticket_id == ticket_id).order_by(_TASK.c.created_at, _TASK.c.id)
    return connection.execute(query).mappings().all()


def require_able(connection: Connection, task: RowMapping, user_id: UUID, day: date) -> None:
    """Refuse to give a task to somebody who may not do it: ``person-unknown``, ``person-not-eligible`` with
    every reason (skill, certificate, ring-fence, own work …). Capacity is a matter of routing, not of
    permission."""
    row = persons.user(connection, user_id)
    if row is None or not row["active"]:
        raise DomainError("person-unknown", user_id=str(user_id))
    if task["skill"] is None:
        reasons: Sequence[str] = ("excluded",) if str(user_id) in _excluded(task) else ()
    else:
        agent = Agent(
            id=str(user_id),
            name=row["name"],
            skills=frozenset(row["skills"]),
            certifications={
                skill: date.fromisoformat(last) if last else None
                for skill, last in row["certifications"].items()
            },
            capacity=row["capacity"],
            load=persons.open_load(connection, user_id),
            available=True,
            ring_fence=frozenset(str(one) for one in row["ring_fence"]),
            level="sme" if row["level"] == "sme" else "agent",
        )
        need = Need(
            skill=task["skill"],
            client_id=str(task["client_id"]),
            expert=bool(task["payload"].get("expert")),
            exclude=frozenset(_excluded(task)),
        )
        reasons = tuple(reason for reason in why_not(agent, need, day) if reason != "no-capacity")
    if reasons:
        raise DomainError("person-not-eligible", user_id=str(user_id), reasons=list(reasons))


def _excluded(task: RowMapping) -> Iterable[str]:
    """Who may not do it: the payload names them, as one id or a list."""
    found = task["payload"].get("exclude") or ()
    return (found,) if isinstance(found, str) else tuple(str(one) for one in found)


def assign(
    connection: Connection,
    audit: AuditTrail,
    task: RowMapping,
    user_id: UUID | None,
    *,
    at: datetime,
    actor: Actor,
) -> RowMapping:
    """Give an open task to a person, or back to its queue (None). The row must be locked. Raises
    ``task-not-open``."""
    if task["state"] != "open":
        raise DomainError("task-not-open", state=task["state"])
    if task["assigned_to"] != user_id or task["offered_to"] is not None:  # an open offer is withdrawn
        had = {} if task["assigned_to"] == user_id else {"assigned_at": at if user_id else None}
        connection.execute(
            update(_TASK)
            .where(_TASK.c.id == task["id"])
            .values(
                assigned_to=user_id,
                offered_to=None,
                offer_until=None,
                row_version=_TASK.c.row_version + 1,
                **had,
            )
        )
        if user_id is not None:
            connection.exec_driver_sql(
                "update app_user set last_assigned_at = %s where id = %s", (at, user_id)
            )
        emit = Emit(
            "task.assigned",
            before={"assigned_to": _id(task["assigned_to"])},
            after={"assigned_to": _id(user_id)},
            entity="task",
            entity_id=str(task["id"]),
        )
        audit.record(
            connection,
            client_id=task["client_id"],
            ticket_id=task["ticket_id"],
            root_id=task["root_id"],
            at=at,
            actor=actor,
            emit=emit,
        )
    changed = get(connection, task["id"])
    assert changed is not None
    return changed


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
