"""Who may finish which task, and what refuses it. The API asks first; the recording step asks again."""

from __future__ import annotations

from collections.abc import Mapping

from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, TaskState

ROLES: Mapping[str, frozenset[str]] = {
    "triage": frozenset({"desk", "lead", "ops", "admin"}),
    "contract": frozenset({"desk", "ops", "admin"}),
    "keying": frozenset({"agent", "sme", "lead"}),
    "rework": frozenset({"agent", "sme", "lead"}),
    "work": frozenset({"agent", "sme", "lead"}),
    "qa_review": frozenset({"qa", "lead"}),
    "escalation": frozenset({"lead", "ops"}),
}
"""Roles that may finish a task of a kind."""

OVERRULE = frozenset({"lead", "ops", "admin"})
"""Roles that may finish a task assigned to somebody else."""


def may_finish(task: TaskState | None, actor: Actor, version: int | None) -> TaskState:
    """The task, if this person may finish it now. Raises ``DomainError`` with the reason otherwise."""
    if task is None:
        raise DomainError("task-unknown")
    if task.state != "open":
        raise DomainError("task-not-open", state=task.state)
    if version is not None and version != task.row_version:
        raise DomainError("stale-version", expected=version, current=task.row_version)
    if actor.kind == "system":
        return task
    if not actor.roles & ROLES.get(task.kind, frozenset()):
        raise DomainError("not-allowed", kind=task.kind)
    if task.assigned_to is not None and task.assigned_to != actor.user_id and not actor.roles & OVERRULE:
        raise DomainError("task-assigned-to-other")
    if actor.id is not None and actor.id in task.payload.get("exclude", ()):
        raise DomainError("own-work")
    return task
