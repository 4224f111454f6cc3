"""Tickets and what belongs to them, as the HTTP API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.acts import DocumentClass, Priority
from schemas.documents import DocumentView
from schemas.http import Body, Line, Text, View

MAX_TEXT = 200_000


class Requester(Body):
    """Who asks. Answers go to ``email`` when it is given."""

    name: Line = Field(default="", examples=["Asha Rao"])
    email: Line = Field(
        default="", max_length=254, pattern=r"^$|^[^@\s<>\"]+@[^@\s<>\"]+$", examples=["asha@acme.example"]
    )


class NewTicket(Body):
    """A request. ``client`` is an id or short name; without it, the caller's own company. The same
    ``external_id`` of one client is one ticket, however often it is sent."""

    client: str | None = Field(default=None, max_length=64, examples=["acme"])
    subject: Line = Field(default="", examples=["Invoices of November"])
    text: Text = Field(default="", max_length=MAX_TEXT, examples=["Please enter the attached invoices."])
    priority: Priority | None = Field(default=None, description="A wish; triage and contract decide")
    document_class: DocumentClass | None = Field(
        default=None,
        description="The time in which its documents are promised, whatever the ticket's priority; without it the"
        " contract's rules decide",
    )
    external_id: Text | None = Field(default=None, min_length=1, max_length=255, examples=["order-4711"])
    requester: Requester = Field(default_factory=Requester)


class EditTicket(Body):
    """What may be edited by hand; everything else changes by acts."""

    subject: Line = Field(min_length=1)


class TicketLinks(View):
    """Where to go on from a ticket. ``workflow`` is shown to operations alone."""

    self: str
    tree: str
    workflow: str | None = None


class TicketView(View):
    """A request ticket, or a row of its tree."""

    id: UUID
    client_id: UUID
    root_id: UUID
    number: str = Field(examples=["ACME-26-000123"])
    kind: str = Field(examples=["request"])
    life: int
    stage: str = Field(examples=["delivery"])
    state: str = Field(examples=["open"])
    progress: int = Field(ge=0, le=100)
    round: int
    channel: str
    subject: str
    requester: Requester | None = None
    service_line: str | None = None
    ticket_type: str | None = None
    priority: str
    document_class: str = Field(default="standard", examples=["standard", "priority"])
    language: str
    sentiment: str
    confidence: Decimal | None = None
    contract_id: UUID | None = None
    team: str | None = None
    desk: str
    owner_id: UUID | None = None
    next_action: str
    next_at: datetime | None = None
    sla_state: str
    due_at: datetime | None = None
    reason: str | None = None
    documents_total: int
    documents_done: int
    received_at: datetime
    recorded_at: datetime
    started_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = Field(description="Grows with each change; the ETag")
    links: TicketLinks | None = None


class TaskView(View):
    """One thing a person must do."""

    id: UUID
    client_id: UUID
    ticket_id: UUID
    ticket_number: str
    ticket_subject: str
    kind: str
    subject_id: UUID | None = None
    document: str | None = Field(default=None, description="The file that it is about, if it is about one")
    desk: str
    skill: str | None = None
    state: str
    priority: str
    assigned_to: UUID | None = None
    round: int
    life: int
    payload: dict[str, Any] = Field(default_factory=dict)
    result: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime
    due_at: datetime | None = None
    offered_to: UUID | None = None
    offer_until: datetime | None = None
    assigned_at: datetime | None = Field(default=None, description="Since when whoever has it has had it")
    ticket_due_at: datetime | None = Field(default=None, description="When the ticket's promise is up")
    ticket_state: str | None = None
    completed_by: UUID | None = None
    completed_at: datetime | None = None
    version: int


class MessageView(View):
    """One mail, reply or note."""

    id: UUID
    direction: str
    channel: str
    sender: str
    recipient: str
    subject: str
    body: str
    sent_at: datetime | None = None
    received_at: datetime


class ClockView(View):
    """An SLA clock with what it has fired."""

    kind: str
    life: int
    target_s: int
    started_at: datetime
    stopped_at: datetime | None = None
    pauses: list[dict[str, Any]] = Field(default_factory=list)
    fired: list[str] = Field(default_factory=list)
    due_at: datetime | None = None
    breached_at: datetime | None = None


class QaCheckView(View):
    """A verdict on one document, or (without one) on work a person did on the request itself: level 1 automatic, level 2
    by a second person."""

    id: UUID
    document_id: UUID | None = None
    life: int
    level: int
    round: int
    basis: str
    verdict: str
    score: Decimal | None = None
    fields_inspected: int
    fields_correct: int
    ai_correct: int
    defects: list[dict[str, Any]] = Field(default_factory=list)
    reviewer_id: UUID | None = None
    work_by: UUID | None = None
    at: datetime


class ApprovalView(View):
    """One version put before the client, and the decision."""

    id: UUID
    ticket_id: UUID
    life: int
    round: int
    version: str
    state: str
    deliverable: dict[str, Any] = Field(default_factory=dict)
    offered_at: datetime
    deemed_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    units: dict[str, Any] = Field(default_factory=dict)


class UsageView(View):
    """An accepted unit that may be billed."""

    id: UUID
    document_id: UUID | None = None
    contract_id: UUID | None = None
    unit_type: str
    quantity: Decimal
    accepted_at: datetime
    period: str
    bill_period: str
    state: str
    fate: str
    reverses: UUID | None = None


class LinkView(View):
    """Another ticket that belongs to this one."""

    id: UUID
    kind: str
    ticket_id: UUID
    other_id: UUID
    created_at: datetime


class EventView(View):
    """One event of the trail, in the order it was recorded."""

    id: UUID
    seq: int
    at: datetime
    recorded_at: datetime | None = None
    event: str
    title: str = ""
    actor_kind: str
    actor_id: str | None = None
    origin: str | None = None
    ticket_id: UUID | None = None
    entity: str | None = None
    entity_id: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    why: str | None = None
    personal: dict[str, Any] | None = None
    personal_state: str = Field(default="none", description="none, readable, erased or damaged")


class ReworkRound(View):
    """One round of correcting one document: its defect ticket, with the minutes a person spent and what they cost."""

    number: str = Field(examples=["ACME-26-000123-D1"])
    document: UUID
    life: int = Field(default=1, description="2 once the request was opened again, and so on")
    round: int
    defects: int
    minutes: Decimal | None = Field(
        default=None, description="Of the person who corrected it; null: not known"
    )
    cost: Decimal | None = Field(
        default=None, description="At the contract's hourly rate; null: no rate is agreed"
    )
    currency: str | None = None
    open_minutes: Decimal | None = Field(
        default=None, description="How long the defect was open by the clock"
    )
    opened_at: datetime | None = None
    closed_at: datetime | None = None


class ReworkTotal(View):
    """Rounds, minutes and cost of a request together."""

    rounds: int
    minutes: Decimal | None = None
    cost: dict[str, Decimal] = Field(default_factory=dict, description="By currency")
    unmeasured: int = Field(description="Corrections whose minutes are not known, or that are not done yet")


class RoundView(View):
    """One pass of the work: how it was judged, by whom and when, and what the client said (TA3)."""

    life: int
    round: int = Field(description="0 is the first pass; every later one is rework")
    began_at: datetime
    outcome: str = Field(examples=["passed"], description="passed, failed or open")
    score: Decimal | None = Field(default=None, description="Percent of what was looked at that was right")
    level: int | None = Field(
        default=None, description="Whose score it is: 2 second people, 1 the automatic check of all"
    )
    checked: int = Field(description="Units the automatic check looked at")
    reviewed: int = Field(description="Units second people looked at")
    defects: list[dict[str, Any]] = Field(default_factory=list)
    reviewers: list[UUID] = Field(default_factory=list)
    judged_at: datetime | None = None
    decision: str | None = Field(default=None, description="How the version of this round stands")
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None


class TreeView(View):
    """Everything of one request, with every event in order (TA6)."""

    ticket: TicketView
    children: list[TicketView]
    documents: list[DocumentView]
    tasks: list[TaskView]
    clocks: list[ClockView]
    messages: list[MessageView]
    quality: list[QaCheckView]
    rework: list[ReworkRound] = Field(default_factory=list)
    rework_total: ReworkTotal | None = None
    approvals: list[ApprovalView]
    rounds: list[RoundView] = Field(default_factory=list, description="The log of rework, in order")
    usage: list[UsageView]
    links: list[LinkView]
    events: list[EventView]
    workflow_url: str | None = Field(
        default=None, description="The same request in the Temporal Web UI, for operations"
    )
