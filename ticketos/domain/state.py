"""What a rule may look at: the state of a ticket and the facts around it, as plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain.calendar import ALWAYS, WorkCalendar
from ticketos.domain.chart import ANY, Chart
from ticketos.domain.clock import Clock
from ticketos.domain.terms import Terms

STAGES: tuple[str, ...] = (
    "intake",
    "triage",
    "contract",
    "assignment",
    "delivery",
    "quality",
    "rework",
    "approval",
    "billing",
    "closure",
)
"""The ten stages of the master flow; each noun is a file name everywhere."""

PROGRESS: Mapping[str, int] = dict(zip(STAGES, (5, 10, 15, 20, 40, 55, 60, 75, 90, 100), strict=True))
"""Progress in per cent when a stage is entered (MF1–MF10)."""

OPEN_STATES = frozenset({"open", "paused", "parked", "needs_attention"})
"""States in which a ticket still needs somebody or something."""


@dataclass(frozen=True)
class Actor:
    """Who acts. ``kind``: system, ai, user, client, customer, schedule."""

    kind: str
    id: str | None = None
    roles: frozenset[str] = frozenset()
    origin: str | None = None

    @property
    def user_id(self) -> UUID | None:
        """The login behind the act, when there is one."""
        return UUID(self.id) if self.id and self.kind in ("user", "client") else None


SYSTEM = Actor("system")


@dataclass(frozen=True)
class ClientState:
    """The company a ticket belongs to."""

    id: UUID
    slug: str
    prefix: str
    name: str
    kind: str
    zone: str
    currency: str
    approver_email: str | None
    provider_id: UUID
    settings: Mapping[str, Any] = field(default_factory=dict)

    def day_of(self, at: datetime) -> date:
        """The day of an instant where the company is."""
        return at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True)
class ContractState:
    """A contract in the form rules read it."""

    id: UUID
    client_id: UUID
    number: str
    name: str
    service_line: str
    kind: str
    status: str
    starts_on: date
    ends_on: date | None
    terms: Terms
    calendar: WorkCalendar = ALWAYS

    def in_force(self, day: date) -> bool:
        """Active and within its dates (the end date belongs to it)."""
        return self.status == "active" and self.covers(day)

    def covers(self, day: date) -> bool:
        """Whether work that came in on this day is billed under it: within its dates, whatever became of it since. A
        draft never came into force."""
        return (
            self.status != "draft" and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)
        )


@dataclass(frozen=True)
class TicketState:
    """A request ticket, or a row of its tree."""

    id: UUID
    client_id: UUID
    root_id: UUID
    number: str
    kind: str
    life: int
    seq: int
    stage: str
    state: str
    progress: int
    round: int
    channel: str
    subject: str
    requester_name: str
    requester_email: str
    service_line: str | None
    ticket_type: str | None
    priority: str
    language: str
    sentiment: str
    confidence: Decimal | None
    contract_id: UUID | None
    team: str | None
    desk: str
    owner_id: UUID | None
    reason: str | None
    documents_total: int
    documents_done: int
    sla_state: str
    received_at: datetime
    closed_at: datetime | None
    row_version: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    next_action: str = ""
    document_class: str = "standard"
    """In which time its documents are promised: standard or priority (CP2)."""


@dataclass(frozen=True)
class DocumentState:
    """A unit of work: ``state`` is received, reading, keying, ready, posted, quarantined, rejected or split (a file
    that holds several documents: each of them is a unit, the file is none);
    ``quality`` is pending, passed or failed; ``approval`` is pending, accepted, returned or rejected."""

    id: UUID
    ticket_id: UUID
    position: int
    filename: str
    content_type: str
    sha256: str
    address: str
    state: str
    reason: str | None
    doc_type: str
    fields: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    checks: tuple[Mapping[str, Any], ...]
    coding: Mapping[str, Any]
    blocked_by: tuple[str, ...]
    business_key: str | None
    duplicate_of: UUID | None
    straight_through: bool
    finished_by: UUID | None
    erp_reference: str | None
    round: int
    quality: str
    approval: str
    engine: str | None
    row_version: int
    readable: str | None = None
    """Address of a copy that opens without the password the file came with."""
    parent_id: UUID | None = None
    """The file it was found in, with others; its pages there are ``first_page`` to ``last_page``."""
    first_page: int | None = None
    last_page: int | None = None
    vendor: Mapping[str, Any] = field(default_factory=dict)
    """Code and name of the vendor of the client's list it is from; empty for none."""
    posting: Mapping[str, Any] = field(default_factory=dict)
    """What finance decided of a document dated into a shut month of the client's book: ``choice``, ``own`` (the date
    decided on), ``task``, ``by``, ``at``, ``reason``."""


@dataclass(frozen=True)
class TaskState:
    """One thing a person must do."""

    id: UUID
    ticket_id: UUID
    kind: str
    subject_id: UUID | None
    workflow_id: str
    desk: str
    skill: str | None
    state: str
    priority: str
    assigned_to: UUID | None
    round: int
    life: int
    payload: Mapping[str, Any]
    created_at: datetime
    due_at: datetime | None
    row_version: int
    offered_to: UUID | None = None
    offer_until: datetime | None = None
    assigned_at: datetime | None = None
    """Since when whoever has it has had it."""


@dataclass(frozen=True)
class ClockState:
    """A clock with what it has fired already."""

    clock: Clock
    fired: frozenset[str] = frozenset()
    breached_at: datetime | None = None


@dataclass(frozen=True)
class QaState:
    """A recorded verdict on one unit: ``document_id`` is the ticket's own id where the ticket is the unit."""

    document_id: UUID
    level: int
    round: int
    basis: str
    verdict: str
    reviewer_id: UUID | None
    fields_inspected: int
    fields_correct: int
    defects: tuple[Mapping[str, Any], ...] = ()
    life: int = 1


@dataclass(frozen=True)
class ApprovalState:
    """The version before the client, and the decision if there is one."""

    id: UUID
    round: int
    version: str
    state: str
    deemed_at: datetime | None
    decided_at: datetime | None
    units: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class VendorState:
    """A vendor of the client's own list. The keys are its names as ``vendors.vendor_key`` compares them."""

    code: str
    name: str
    vendor_key: str
    alias_keys: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    account: str = ""
    cost_centre: str = ""
    tax_code: str = ""


@dataclass(frozen=True)
class CodingFacts:
    """What is known for coding a supplier's document: the client's rules and its people's past choices."""

    rules: tuple[Mapping[str, Any], ...] = ()
    memory: tuple[Mapping[str, Any], ...] = ()
    model: Mapping[str, Any] | None = None
    """What was learnt from the coding of other suppliers: ``version`` and ``payload``."""
    default_account: str = "6000"
    payable_account: str = "2100"
    tax_account: str = "1400"
    vendor: VendorState | None = None
    """The vendor of the client's own list that the document is from."""
    chart: Chart = ANY
    """The client's accounts: what is switched off or unknown there is chosen for nothing new."""


@dataclass(frozen=True)
class TriageLabel:
    """The last word of a person on what a request is (``domain.triage_labels``)."""

    ticket_id: UUID
    sender: str
    subject: str
    service_line: str
    ticket_type: str = "general"
    priority: str = ""
