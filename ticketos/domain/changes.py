"""What a rule may ask for. A verdict is a name for what comes next and a tuple of these; a store applies
them all in one transaction. They are values, so a test compares them without a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain.clock import Clock
from ticketos.domain.engines import Call, End
from ticketos.domain.ledger import Posting
from ticketos.domain.notices import Kind


@dataclass(frozen=True)
class SetTicket:
    """New values of columns of the request ticket's row (names as in ``TicketState``). The row's ``seq`` grows by
    one, also when there are no values."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class SubTicket:
    """Open or update a row of the tree. ``key`` is unique within the request (for instance ``processing``);
    ``letter`` gives the number: P processing, Q quality, D defect, B billing, R review. ``detail`` is merged."""

    key: str
    letter: str
    kind: str
    subject: str
    state: str = "open"
    owner_id: UUID | None = None
    desk: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    closed_at: datetime | None = None


@dataclass(frozen=True)
class OpenTask:
    """Ask a person. ``workflow`` says who is told of completion: ``ticket`` or the line's key.
    ``key`` is unique for ever, so the same step cannot ask twice."""

    id: UUID
    key: str
    kind: str
    workflow: str
    desk: str
    skill: str | None = None
    subject_id: UUID | None = None
    assigned_to: UUID | None = None
    priority: str = "P3"
    round: int = 0
    due_at: datetime | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    offered_to: UUID | None = None
    offer_until: datetime | None = None


@dataclass(frozen=True)
class SetTask:
    """Move an open, unassigned task on: new values of who has it or is offered it (``assigned_to``, ``offered_to``,
    ``offer_until``, ``desk``, ``payload``). ``offered`` is whom it was offered to when the rule looked."""

    task_id: UUID
    offered: UUID | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class CloseTask:
    """A task done (``state = done``) or withdrawn (``cancelled``)."""

    task_id: UUID
    state: str
    at: datetime
    by: UUID | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CancelTasks:
    """Withdraw every open task of the ticket."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class SetClock:
    """Create or replace the clock of this kind for this life of the ticket."""

    clock: Clock
    fired: frozenset[str] = frozenset()
    due_at: datetime | None = None
    breached_at: datetime | None = None


@dataclass(frozen=True)
class SetDocument:
    """New values of columns of one document."""

    document_id: UUID
    values: Mapping[str, Any]


@dataclass(frozen=True)
class AddDocument:
    """A document found in the file of another: its own row, with what the file says of where it came from.
    ``sha256`` names these pages of that file."""

    id: UUID
    parent_id: UUID
    filename: str
    sha256: str
    first_page: int
    last_page: int


@dataclass(frozen=True)
class AddCorrection:
    """A person changed a field: shown value, typed value, and all that a reader can learn from."""

    id: UUID
    document_id: UUID
    task_id: UUID | None
    field: str
    shown: str | None
    typed: str | None
    at: datetime
    candidates: tuple[Any, ...] = ()
    page: int | None = None
    box: tuple[float, ...] | None = None
    confidence: Decimal | None = None
    engine: str | None = None
    person_id: UUID | None = None
    seconds: Decimal | None = None


@dataclass(frozen=True)
class AddQaCheck:
    """A quality verdict on one document, or (None) on the ticket itself where that is the unit."""

    id: UUID
    document_id: UUID | None
    level: int
    round: int
    basis: str
    verdict: str
    at: datetime
    score: Decimal | None = None
    fields_inspected: int = 0
    fields_correct: int = 0
    ai_correct: int = 0
    defects: tuple[Mapping[str, Any], ...] = ()
    reviewer_id: UUID | None = None
    work_by: UUID | None = None
    seed: str | None = None


@dataclass(frozen=True)
class OfferApproval:
    """Put a version before the client."""

    id: UUID
    round: int
    version: str
    offered_at: datetime
    deemed_at: datetime | None
    deliverable: Mapping[str, Any]


@dataclass(frozen=True)
class DecideApproval:
    """The client's decision on that version: accepted, partially_accepted, returned or deemed_accepted."""

    approval_id: UUID
    state: str
    at: datetime
    by: str | None
    reason: str | None
    units: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MoveDeemed:
    """Silence on an open version becomes acceptance at another instant, or, with None, never."""

    approval_id: UUID
    deemed_at: datetime | None


@dataclass(frozen=True)
class AddUsage:
    """An accepted unit. ``key`` is unique for ever: a second one is a no-op."""

    id: UUID
    key: str
    contract_id: UUID | None
    document_id: UUID | None
    unit_type: str
    quantity: Decimal
    accepted_at: datetime
    period: str
    bill_period: str
    fate: str
    finished_by: UUID | None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    reverses: UUID | None = None


@dataclass(frozen=True)
class PostJournal:
    """A balanced entry in the client's book; ``key`` is unique for ever. ``document_on`` is the date of what it is
    made of, ``decided_in`` the task in which a person let it into a soft-closed month."""

    id: UUID
    key: str
    booked_on: date
    memo: str
    postings: tuple[Posting, ...]
    source: str | None = None
    source_id: UUID | None = None
    reverses: UUID | None = None
    document_on: date | None = None
    decided_in: UUID | None = None

    def __post_init__(self) -> None:
        # An instant is a date to every checker of types, and its day is another one east and west of Greenwich.
        if isinstance(self.booked_on, datetime) or isinstance(self.document_on, datetime):
            raise TypeError("an entry is booked on a day of the client's zone, not at an instant")


@dataclass(frozen=True)
class RememberVendor:
    """People coded this supplier so."""

    vendor_key: str
    account: str
    cost_centre: str = ""
    tax_code: str = ""


@dataclass(frozen=True)
class KeepReading:
    """What the reader saw on a document a person is asked about: its words, its own values, what was shown."""

    document_id: UUID
    words: tuple[Mapping[str, Any], ...]
    unaided: Mapping[str, str | None]
    shown: Mapping[str, Any]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class LearnReading:
    """A person finished with a kept reading: its final values, and the supplier's memory after it."""

    document_id: UUID
    vendor_key: str
    final: Mapping[str, str | None]
    seen: tuple[str, ...]
    memory: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class ReserveCall:
    """Money set aside for a question to a model outside, before it is asked."""

    id: UUID
    contract_id: UUID
    document_id: UUID | None
    month: str
    call: Call


@dataclass(frozen=True)
class SettleCall:
    """How that question ended and what it cost."""

    id: UUID
    end: End


@dataclass(frozen=True)
class SendMail:
    """A mail by the outbox. ``template`` is a name of the mail catalogue; ``key`` sends it once."""

    id: UUID
    key: str
    template: str
    to: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notify:
    """A warning, breach, escalation or other news for a desk; ``key`` shows it once."""

    id: UUID
    key: str
    kind: Kind
    desk: str
    at: datetime
    recipient_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AskSurvey:
    """Remember that this person was asked."""

    id: UUID
    recipient: str
    at: datetime


@dataclass(frozen=True)
class Emit:
    """An event of the catalogue, for the audit trail. ``personal`` values are stored as ciphertext under
    the key of ``subject`` (a person's address), so erasing the key erases them and the hash stays valid."""

    event: str
    after: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    why: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    personal: Mapping[str, Any] | None = None
    subject: str | None = None


Change = (
    SetTicket
    | SubTicket
    | OpenTask
    | SetTask
    | CloseTask
    | CancelTasks
    | SetClock
    | AddDocument
    | SetDocument
    | AddCorrection
    | AddQaCheck
    | OfferApproval
    | DecideApproval
    | MoveDeemed
    | AddUsage
    | PostJournal
    | RememberVendor
    | KeepReading
    | LearnReading
    | ReserveCall
    | SettleCall
    | SendMail
    | Notify
    | AskSurvey
    | Emit
)


@dataclass(frozen=True)
class Verdict:
    """What a stage decided: ``outcome`` is what the workflow branches on, ``changes`` what the store applies,
    ``next_at`` the ticket's next deadline, ``facts`` small values for the workflow (ids, counts; no personal data)."""

    outcome: str
    changes: tuple[Change, ...] = ()
    next_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
