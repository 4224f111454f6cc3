"""Rows as callers see them. What is a matter of the provider's house (its people's ids, AI internals, task
payloads) is not shown to clients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from api.principal import Principal
from api.services import Services
from schemas.documents import DocumentView
from schemas.requests import (
    ApprovalView,
    EventView,
    MessageView,
    QaCheckView,
    Requester,
    ReworkRound,
    ReworkTotal,
    RoundView,
    TaskView,
    TicketLinks,
    TicketView,
)
from ticketos.db.audit_reads import TimelineEvent
from ticketos.domain import effort
from ticketos.domain.rounds import log
from workflows import names

AnyRow = Mapping[str, Any] | RowMapping

_SIGNED = re.compile(r"(https?://[^\s/]+/[aprs]/)[\w.~-]+")

HOUSE = frozenset({"ticket.noted", "ai.approved", "ai.corrected", "clock.stage_late"})
"""Events of a timeline that are not for the client."""

OPERATORS = frozenset({"ops", "admin"})
"""Roles that see a ticket's workflow in the Temporal Web UI."""


def _values(row: AnyRow) -> dict[str, Any]:
    values = dict(row)
    if "row_version" in values:
        values["version"] = values["row_version"]
    return values


def ticket(row: AnyRow, principal: Principal, services: Services) -> TicketView:
    """A ticket with where to go on from it."""
    base = f"/v1/tickets/{row['id']}"
    view = TicketView.model_validate(_values(row))
    view.requester = Requester.model_construct(name=row["requester_name"], email=row["requester_email"])
    url = workflow_url(row["root_id"], row["client_id"], principal, services)
    view.links = TicketLinks(self=base, tree=f"{base}/tree", workflow=url)
    return view


def workflow_url(root_id: UUID, client_id: UUID, principal: Principal, services: Services) -> str | None:
    """The request in the Temporal Web UI, for operations and admin alone."""
    if not principal.roles_over(client_id) & OPERATORS:
        return None
    return services.workflow_url(names.ticket_workflow(root_id))


def document(row: RowMapping, principal: Principal) -> DocumentView:
    """A document; its worker stays the provider's business."""
    view = DocumentView.model_validate(_values(row))
    if not principal.staff_over(row["client_id"]):
        view.finished_by = None
    return view


def task(row: RowMapping, principal: Principal) -> TaskView:
    """A task; clients see that there is one and how it stands."""
    view = TaskView.model_validate(_values(row))
    if not principal.staff_over(row["client_id"]):
        view.payload, view.result = {}, {}
        view.assigned_to, view.offered_to, view.completed_by = None, None, None
        view.assigned_at = None
    return view


def qa_check(row: RowMapping, principal: Principal) -> QaCheckView:
    """A verdict; who judged whom stays the provider's business."""
    view = QaCheckView.model_validate(_values(row))
    if not principal.staff_over(row["client_id"]):
        view.reviewer_id, view.work_by = None, None
    return view


def rework(children: Sequence[AnyRow]) -> tuple[list[ReworkRound], ReworkTotal]:
    """The rounds of rework of a request, and what they come to."""
    defects = [
        (row["number"], row["detail"], row["closed_at"]) for row in children if row["kind"] == "defect"
    ]
    rounds = effort.history(defects)
    return [ReworkRound.model_validate(one) for one in rounds], ReworkTotal.model_validate(
        effort.totals(rounds)
    )


def rounds(
    checks: Sequence[RowMapping], approvals: Sequence[RowMapping], tasks: Sequence[RowMapping], staff: bool
) -> list[RoundView]:
    """The log of rounds; who judged stays the provider's business."""
    waiting = sum(1 for one in tasks if one["kind"] == "qa_review" and one["state"] == "open")
    found = log(map(dict, checks), map(dict, approvals), waiting)
    shown = [RoundView.model_validate(one) for one in found]
    for one in shown:
        if not staff:
            one.reviewers = []
    return shown


def messages(rows: Sequence[RowMapping], staff: bool) -> list[MessageView]:
    """The conversation; notes are the provider's own. The signed links in our mails are keys of whoever got them:
    they are not shown to anybody who reads along."""
    shown = [MessageView.model_validate(dict(row)) for row in rows if staff or row["direction"] != "note"]
    for message in shown:
        if message.direction == "out":
            message.body = _SIGNED.sub(r"\1…", message.body)
    return shown


def approval(row: RowMapping) -> ApprovalView:
    """A version before the client."""
    return ApprovalView.model_validate(_values(row))


def events(found: Sequence[TimelineEvent], staff: bool) -> list[EventView]:
    """The timeline as the caller sees it: that there are notes is the provider's own business."""
    return [event(one, staff) for one in found if staff or one.event not in HOUSE]


def event(found: TimelineEvent, staff: bool) -> EventView:
    """One entry of the timeline. Personal values are shown while their key exists; network addresses and
    names of the provider's people are not the client's to see."""
    view = EventView.model_validate(found)
    if not staff:
        view.origin = None
        if view.actor_kind == "user":
            view.actor_id = None
    return view
