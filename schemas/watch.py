"""What people watch: the board of open work, schedules, measures by month, versions before the client."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.http import View
from schemas.invoices import Exact
from schemas.requests import ApprovalView


class StageCount(View):
    """Open requests of one stage, service line, state and state of the clocks."""

    stage: str
    service_line: str = Field(description="Empty while it is not decided")
    state: str
    sla_state: str
    tickets: int
    oldest: datetime


class DeskCount(View):
    """Open tasks of one desk and kind. ``unassigned`` are nobody's yet, ``overdue`` are past their due time."""

    desk: str
    kind: str
    open: int
    unassigned: int
    overdue: int
    oldest: datetime


class Attention(View):
    """A request that a failure stopped; ``POST /v1/tickets/{id}/retry`` tries again."""

    id: UUID
    client_id: UUID
    number: str
    subject: str
    stage: str
    service_line: str | None = None
    priority: str
    reason: str | None = None
    received_at: datetime


class OutboxCount(View):
    """What must still leave: mails, starts, notices. ``dead`` ones were given up and wait for a person."""

    kind: str
    state: str
    messages: int
    oldest: datetime
    error: str | None = None


class HourCount(View):
    """Requests received and closed in the hour that begins at ``hour``."""

    hour: datetime
    received: int
    closed: int


class QueueView(View):
    """A task queue of Temporal: workers that ask for work, tasks that wait, seconds the oldest waits."""

    name: str
    workers: int
    waiting: int
    oldest_s: float


class BoardView(View):
    """Everything open, right now. ``workflows`` is null where nothing can be asked, false when Temporal does not
    answer."""

    at: datetime
    stages: list[StageCount]
    desks: list[DeskCount]
    attention: list[Attention]
    outbox: list[OutboxCount]
    hours: list[HourCount]
    workflows: bool | None = None
    queues: list[QueueView] = Field(default_factory=list)


class ScheduleView(View):
    """A schedule of a client: its last finished period and when it runs next."""

    client_id: UUID
    kind: str = Field(examples=["reconciliation"])
    last_period: str | None = None
    last_at: datetime | None = None
    last_result: dict[str, Any] = Field(default_factory=dict)
    started_at: datetime | None = Field(default=None, description="Last start, as Temporal knows it")
    next_at: datetime | None = None
    running: int = 0
    paused: bool = False
    note: str = ""
    known: bool = Field(default=True, description="Whether Temporal has the schedule")


class ScheduleStarted(View):
    """A schedule that was told to run now."""

    client_id: UUID
    kind: str = Field(examples=["renewal"])


class VolumeMonth(View):
    """Requests received in a month, their documents, how many requests are closed; documents delivered."""

    month: str = Field(examples=["2026-11"])
    requests: int = 0
    documents: int = 0
    closed: int = 0
    delivered: int = 0


class PromiseMonth(View):
    """Clocks of one kind that started in a month. ``rate`` is met ÷ (met + missed); null while all run."""

    month: str
    kind: str = Field(examples=["turnaround"])
    met: int
    missed: int
    running: int
    rate: Exact | None = None


class AccuracyMonth(View):
    """Field accuracy of the random sample with its 95 % Wilson interval; ``ai_rate`` is before any person."""

    month: str
    documents: int
    inspected: int
    correct: int
    rate: Exact | None = None
    low: Exact | None = None
    high: Exact | None = None
    ai_rate: Exact | None = None


class CostMonth(View):
    """Net and total of what was issued for a billing period, credit notes taken off."""

    month: str
    currency: str
    net: Exact
    total: Exact
    papers: int


class MarginMonth(View):
    """What is left of a month's net in one currency after what is owed to people for the work and what rework cost.
    ``rate`` is its share of the net, null where nothing was billed."""

    month: str
    currency: str
    group: str | None = Field(default=None, description="Null: all together, or of no group where parted")
    name: str = Field(default="", description="What the group is called")
    net: Exact
    people: Exact
    rework: Exact
    margin: Exact
    rate: Exact | None = None


class OutcomeMonth(View):
    """What came of the work of a month: requests resolved, escalated and repeated; how they sounded; documents that no
    person touched; defects in the random sample; what surveys said. ``handling_s``, the mean seconds a person had a
    paper open, is for the house alone. Rates are null where there is nothing to divide by."""

    month: str
    requests: int = 0
    resolved: int = 0
    escalated: int = 0
    repeated: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    delivered: int = 0
    untouched: int = 0
    inspected: int = Field(
        default=0, description="Documents of the random sample that a second person checked"
    )
    defects: int = 0
    asked: int = 0
    answered: int = 0
    csat: Exact | None = None
    ces: Exact | None = None
    nps: Exact | None = None
    handled: int = 0
    handling_s: Exact | None = None
    resolved_rate: Exact | None = None
    automation_rate: Exact | None = None
    repeat_rate: Exact | None = None
    defects_per_1000: Exact | None = None


class MeasureDefinition(View):
    """The one definition of a measure. ``formula`` is over counters; ``target`` is in the unit of the value, the default
    that a contract may change; ``by`` are the groups it is known for; ``house``: shown to the house alone."""

    measure: str = Field(examples=["automation"])
    kpi: str = Field(default="", examples=["KP9"])
    formula: str
    unit: str = Field(examples=["share"], description="count, share, per_1000, mean, points or seconds")
    window: str
    leaves_out: str = ""
    source: str
    target: Exact | None = None
    by: list[str]
    house: bool = False


class MeasureRow(View):
    """A measure of one period and group: both counters and what they make. ``value`` is null where there is nothing to
    divide by; ``low`` and ``high`` bound the 95 % interval of a sample; ``meets`` is null without a target."""

    measure: str
    period: str = Field(examples=["2026-11", "2026-W48", "2026-11-23"])
    group: str | None = Field(default=None, description="Null: all together, or of no group where parted")
    name: str = Field(default="", description="What the group is called")
    part: int
    whole: int
    value: Exact | None = None
    low: Exact | None = None
    high: Exact | None = None
    meets: bool | None = None


class CountedRow(View):
    """What a measure counted, and what it adds to both counters."""

    at: datetime
    client_id: UUID
    ticket_id: UUID
    number: str
    subject: str
    service_line: str | None = None
    state: str
    document_id: UUID | None = None
    filename: str | None = None
    part: int
    whole: int


class MeasuresView(View):
    """How the work went, oldest first. ``rows`` have every measure by period and, where asked for, group. What stands by
    month besides is filled where months are asked for, of all groups together. ``cost`` is there for whoever may see
    invoices, ``margin`` for the house's own who may, all together or by client or line; its currencies are never added."""

    at: datetime = Field(description="When it was counted")

    clients: list[UUID]
    zone: str
    grain: str = "month"
    by: str = ""
    periods: list[str] = Field(default_factory=list)
    definitions: list[MeasureDefinition] = Field(default_factory=list)
    rows: list[MeasureRow] = Field(default_factory=list)
    months: list[str]
    volume: list[VolumeMonth]
    promises: list[PromiseMonth]
    accuracy: list[AccuracyMonth]
    outcomes: list[OutcomeMonth]
    cost: list[CostMonth]
    margin: list[MarginMonth] = Field(default_factory=list)


class OfferedVersion(ApprovalView):
    """A version before the client, with the request it belongs to."""

    client_id: UUID
    number: str
    subject: str
    service_line: str | None = None
    priority: str
    received_at: datetime
    documents_total: int
