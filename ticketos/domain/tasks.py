"""Who may finish which task, and what refuses it. The API asks first; the recording step asks again."""

from __future__ import annotations

from collections.abc import Mapping

from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, TaskState

DELIVERY = frozenset({"agent", "sme", "lead"})
"""Roles that do a service line's work."""

ROLES: Mapping[str, frozenset[str]] = {
    "triage": frozenset({"desk", "lead", "ops", "admin"}),
    "contract": frozenset({"desk", "ops", "admin"}),
    "keying": DELIVERY,
    "rework": DELIVERY,
    "work": DELIVERY,
    "qa_review": frozenset({"qa", "lead"}),
    "escalation": frozenset({"lead", "ops"}),
    "signer": frozenset({"desk", "success", "ops", "admin"}),
    "password": frozenset({"client_user", "client_admin"}),
    "posting_period": frozenset({"finance"}),
}
"""Roles that may finish a task of a kind."""


def roles_of(kind: str) -> frozenset[str]:
    """Roles that may finish this kind. A line's own kinds (``line.verb``) are its delivery work; an unknown
    kind is nobody's."""
    return ROLES.get(kind, DELIVERY if "." in kind else frozenset())


BY_LINK = frozenset({"password"})
"""Kinds that whoever holds the signed link of the mail may finish; which task the link names, the API has checked."""

REVIEW = "qa_review"
"""The task of judging somebody's work."""

OVERRULE = frozenset({"lead", "ops", "admin"})
"""Roles that may finish a task assigned to somebody else."""

EXPERTS = OVERRULE | {"sme"}
"""Roles that may finish expert work that nobody has yet."""


def may_finish(task: TaskState | None, actor: Actor, version: int | None) -> TaskState:
    """The task, if this person may finish it now. Raises ``DomainError`` with the reason otherwise."""
    if task is None:
        raise DomainError("task-unknown")
    if task.state != "open":
        raise DomainError("task-not-open", state=task.state)
    if version is not None and version != task.row_version:
        raise DomainError("stale-version", expected=version, current=task.row_version)
    if actor.kind == "system" or (actor.kind == "customer" and task.kind in BY_LINK):
        return task
    if not actor.roles & roles_of(task.kind):
        raise DomainError("not-allowed", kind=task.kind)
    if task.assigned_to is not None and task.assigned_to != actor.user_id and not actor.roles & OVERRULE:
        raise DomainError("task-assigned-to-other")
    if task.offered_to is not None and task.offered_to != actor.user_id and not actor.roles & OVERRULE:
        raise DomainError("task-offered-to-other")
    # Nobody judges their own work. Correcting it again is left to somebody else as long as there is anybody: with
    # nobody else a lead's own hands are better than a document that waits for ever.
    own = actor.id is not None and actor.id in task.payload.get("exclude", ())
    if own and (task.kind == REVIEW or not actor.roles & OVERRULE):
        raise DomainError("own-work")
    if task.payload.get("expert") and task.assigned_to != actor.user_id and not actor.roles & EXPERTS:
        raise DomainError("expert-required", why=str(task.payload["expert"]))
    return task
