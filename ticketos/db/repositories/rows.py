"""Rows as the domain's values: which columns each takes, and what JSON must become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlmodel import SQLModel

from ticketos.db import tables
from ticketos.db.session import encode_json
from ticketos.domain.calendar import ALWAYS, WorkCalendar
from ticketos.domain.chart import Chart
from ticketos.domain.clock import Clock, Pause
from ticketos.domain.skills import Agent
from ticketos.domain.state import (
    ApprovalState,
    ClockState,
    ContractState,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
)
from ticketos.domain.terms import Terms

Row = Sequence[Any]


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def columns(kind: type[Any], alias: str) -> str:
    """The columns of a state, in the order of its fields, each with the table's alias."""
    return ", ".join(f"{alias}.{name}" for name in _names(kind))


DOCUMENT = _names(DocumentState)
QA = _names(QaState)
CONTRACT = tuple(name for name in _names(ContractState) if name not in ("terms", "calendar"))

_TABLES = SQLModel.metadata.tables
assert tables.OWNED, "the tables must be registered before their columns are read"

JSON_COLUMNS: Mapping[str, frozenset[str]] = {
    name: frozenset(c.name for c in table.columns if type(c.type).__name__ == "JSONB")
    for name, table in _TABLES.items()
}
COLUMNS: Mapping[str, frozenset[str]] = {
    name: frozenset(c.name for c in table.columns) for name, table in _TABLES.items()
}


CHART = "select code, active from ledger_account where client_id = %s"
"""A client's accounts, as ``chart`` takes them."""


def chart(found: Iterable[Row]) -> Chart:
    """A client's accounts, in use and switched off."""
    pairs = list(found)
    return Chart(
        frozenset(code for code, active in pairs if active),
        frozenset(code for code, active in pairs if not active),
    )


def jsonb(value: object) -> Jsonb:
    """`value` as a parameter for a jsonb column."""
    return Jsonb(value, dumps=encode_json)


def parameter(table: str, column: str, value: Any) -> Any:
    """`value` as a parameter for that column."""
    return jsonb(value) if column in JSON_COLUMNS[table] and value is not None else value


def ticket(row: Row) -> TicketState:
    """Columns of ``columns(TicketState, …)``."""
    return TicketState(*row)


def document(row: Row) -> DocumentState:
    """Columns of ``columns(DocumentState, …)``."""
    values = dict(zip(DOCUMENT, row, strict=True))
    for name in ("lines", "checks", "blocked_by"):
        values[name] = tuple(values[name])
    return DocumentState(**values)


def task(row: Row) -> TaskState:
    """Columns of ``columns(TaskState, …)``."""
    return TaskState(*row)


def qa_check(row: Row) -> QaState:
    """Columns of ``columns(QaState, …)``."""
    values = dict(zip(QA, row, strict=True))
    return QaState(**{**values, "defects": tuple(values["defects"])})


def approval(row: Row) -> ApprovalState:
    """Columns of ``columns(ApprovalState, …)``."""
    return ApprovalState(*row)


def contract(row: Row) -> ContractState:
    """The columns of ``CONTRACT``, then the terms, then the calendar's definition or None."""
    *plain, terms, definition = row
    values = dict(zip(CONTRACT, plain, strict=True))
    calendar = ALWAYS if definition is None else WorkCalendar.from_json(definition)
    return ContractState(**values, terms=Terms.from_json(terms), calendar=calendar)


def clock(row: Row) -> ClockState:
    """kind, target_s, started_at, pauses, stopped_at, fired, breached_at."""
    kind, target_s, started_at, pauses, stopped_at, fired, breached_at = row
    spans = tuple(
        Pause(_instant(p["started_at"]), _instant(p["ended_at"]) if p["ended_at"] else None, p["reason"])
        for p in pauses
    )
    return ClockState(Clock(kind, target_s, started_at, spans, stopped_at), frozenset(fired), breached_at)


def pauses(value: Clock) -> list[dict[str, Any]]:
    """A clock's pauses as `clock` reads them."""
    return [{"started_at": p.started_at, "ended_at": p.ended_at, "reason": p.reason} for p in value.pauses]


def agent(row: Row) -> Agent:
    """id, name, skills, certifications, capacity, load, available, ring_fence, level, last_assigned_at."""
    user_id, name, skills, certifications, capacity, load, available, ring_fence, level, last_assigned_at = (
        row
    )
    return Agent(
        id=str(user_id),
        name=name,
        skills=frozenset(skills),
        certifications={
            skill: None if until is None else date.fromisoformat(until)
            for skill, until in certifications.items()
        },
        capacity=capacity,
        load=load,
        available=available,
        ring_fence=frozenset(ring_fence),
        level="sme" if level == "sme" else "agent",
        idle_since=last_assigned_at,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
