"""What the outside must offer to rules and activities. Implementations live in ``ticketos.db``, ``.ai``, ``.erp``.

A ``Step`` is one idempotent transaction of one ticket: it reads facts, applies changes and keeps the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from ticketos.domain.changes import Change
from ticketos.domain.chart import Chart
from ticketos.domain.engines import ModelUse
from ticketos.domain.erp import Standing
from ticketos.domain.skills import Agent
from ticketos.domain.state import (
    Actor,
    ApprovalState,
    ClientState,
    ClockState,
    CodingFacts,
    ContractState,
    DocumentState,
    QaState,
    TaskState,
    TicketState,
    TriageLabel,
    VendorState,
)

Now = Callable[[], datetime]
"""The present instant, aware UTC. Handed in, so that rules never read a clock."""

NewId = Callable[[], UUID]
"""A fresh UUIDv7. Handed in, so that rules never read randomness."""


@dataclass(frozen=True)
class StepKey:
    """What makes an effect unique for ever: ticket, life, step, subject, round."""

    ticket_id: UUID
    life: int
    step: str
    subject: str = ""
    round: int = 0

    def __str__(self) -> str:
        return f"{self.ticket_id}:{self.life}:{self.step}:{self.subject}:{self.round}"


@dataclass(frozen=True)
class VendorList:
    """What a reader may know of a client's vendors: name, aliases, tax numbers and address of each. Two lists with one
    ``mark`` are the same."""

    mark: str = ""
    vendors: tuple[Mapping[str, Any], ...] = ()


NO_VENDORS = VendorList()
"""A client without a list."""


class Step(Protocol):
    """One step of one ticket, in one transaction that commits when the block ends without an error."""

    now: datetime
    actor: Actor
    prior: Mapping[str, Any] | None
    """The result of an earlier run of the very same step; when set, return it and change nothing."""

    def new_id(self) -> UUID: ...
    def ticket(self) -> TicketState: ...
    def client(self) -> ClientState: ...
    def contract(self) -> ContractState | None: ...
    def contracts(self) -> tuple[ContractState, ...]: ...
    def documents(
        self, states: Sequence[str] = (), limit: int | None = None
    ) -> tuple[DocumentState, ...]: ...
    def document(self, document_id: UUID) -> DocumentState: ...
    def counts(self) -> Mapping[str, int]: ...
    def document_events(self) -> Sequence[tuple[str, datetime]]:
        """What happened to the ticket's documents and when (``domain.delivery``: read, keyed, posted)."""
        ...

    def tasks(self, state: str = "open", kind: str | None = None) -> tuple[TaskState, ...]: ...
    def task(self, task_id: UUID) -> TaskState | None: ...
    def busy_until(self, person: UUID) -> datetime | None:
        """When this person finished a task last, of whatever client."""
        ...

    def clocks(self) -> tuple[ClockState, ...]: ...
    def agents(self) -> tuple[Agent, ...]: ...
    def approval(self) -> ApprovalState | None: ...
    def quality(self) -> tuple[QaState, ...]: ...
    def volume(self, contract_id: UUID, period: str) -> int: ...
    def locked_periods(self) -> frozenset[str]: ...
    def book_months(self) -> Mapping[str, str]:
        """The months the client's book has spoken of, and how each stands (``domain.book_months``)."""
        ...

    def same_file(self, sha256: str, document_id: UUID) -> UUID | None: ...
    def same_business_key(self, business_key: str, document_id: UUID) -> UUID | None: ...
    def supplier_seen(self, vendor_key: str, document_id: UUID) -> bool:
        """Whether the client had something of this supplier before, other than this document."""
        ...

    def chart(self) -> Chart:
        """The client's accounts, in use and switched off."""
        ...

    def coding_facts(self, vendor_key: str) -> CodingFacts: ...
    def vendors_like(self, signs: Sequence[str]) -> tuple[VendorState, ...]:
        """Active vendors of the client's list with one of these signs (``vendors.signs``: names and tax numbers)."""
        ...

    def vendor_mark(self) -> str:
        """Changes with any change of the client's vendor list; empty where it has none."""
        ...

    def vendor_list(self) -> VendorList:
        """The client's active vendors, last changed first, at most some thousands."""
        ...

    def supplier_memories(self) -> tuple[Mapping[str, Any], ...]:
        """What corrections taught of the client's suppliers, those met last first, at most some hundreds."""
        ...

    def supplier_memory(self, vendor_key: str) -> Mapping[str, Any] | None:
        """One supplier's memory, held until the transaction ends: two corrections at once both count."""
        ...

    def kept_reading(self, document_id: UUID) -> Mapping[str, Any] | None:
        """``words``, ``unaided`` and ``shown`` of a document a person was asked about."""
        ...

    def model_spend(self, contract_id: UUID, month: str, currency: str) -> Decimal:
        """What models outside cost under that contract in a month (``2026-11``) and what is set aside for them, held until
        the transaction ends: two papers at once cannot both take the last of it."""
        ...

    def learned(self, kind: str) -> Mapping[str, Any] | None:
        """The model in use (``version`` and ``payload``) of a kind, if one was learnt."""
        ...

    def triage_labels(self) -> Sequence[TriageLabel]:
        """What people decided of the client's other requests, newest first, at most ``triage_labels.MOST``."""
        ...

    def client_people(self) -> tuple[str, ...]:
        """Addresses of the client's active people who may sign off in the portal, administrators first."""
        ...

    def mail(self, key: str) -> tuple[str, datetime | None] | None:
        """State of the mail of that key (waiting, done, dead) and when it was handed over; None: there is none."""
        ...

    def last_survey_at(self, recipient: str) -> datetime | None: ...
    def first_message(self) -> tuple[str, str]: ...
    def later_messages(self) -> Sequence[str]:
        """Texts of what came in after the first message, the newest 50, oldest first."""
        ...

    def sub_tickets(self) -> Mapping[str, TicketState]: ...
    def postings_of(self, source_id: UUID) -> tuple[Standing, ...]:
        """The entries that stand for that source (a document) in the client's book, the oldest first."""
        ...

    def apply(self, changes: Sequence[Change]) -> None: ...
    def finish(self, result: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Store(Protocol):
    """Opens steps. Everything a step touches belongs to ``client_id`` (and, for people, to the provider)."""

    def step(self, key: StepKey, client_id: UUID, actor: Actor) -> AbstractContextManager[Step]: ...


class Documents(Protocol):
    """Encrypted bytes by address. ``put`` is idempotent: the same bytes of a client have one address."""

    def put(self, client_id: UUID, content: bytes) -> str: ...
    def get(self, client_id: UUID, address: str) -> bytes: ...


class Reader(Protocol):
    """Turns a file into fields. Never raises for a bad file: it says ``quarantined`` and why.

    Returns the JSON form of ``schemas.extraction.Extraction`` for each document of the file, at least one. ``memory``
    and ``scorer`` are what the client's corrections taught: of its suppliers, and of all its papers; ``vendors`` is the
    client's own list. ``model`` is what the contract lets a model outside do about this paper: its part is told as
    ``opinion``. Raises ``engines.AskLaterError`` alone, where that model asks to come again and the asker is patient."""

    def read(
        self,
        data: bytes,
        filename: str,
        timeout_s: float = 28.0,
        memory: Sequence[Mapping[str, Any]] = (),
        scorer: Mapping[str, Any] | None = None,
        vendors: VendorList = ...,
        model: ModelUse | None = None,
    ) -> Sequence[Mapping[str, Any]]: ...


class Triage(Protocol):
    """Classifies a message; returns the JSON form of ``schemas.triage.TriageResult``."""

    def __call__(
        self, text: str, *, subject: str, attachments: Sequence[str], sender: str
    ) -> Mapping[str, Any]: ...
