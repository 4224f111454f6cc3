"""A store in memory that implements the port: the same rules, no database. For unit and workflow tests.

One lock stands for the row lock of the real store; a step's changes are kept only when its block ends well.
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import changes as c
from ticketos.domain.chart import ANY, Chart
from ticketos.domain.engines import End
from ticketos.domain.erp import Standing
from ticketos.domain.events import BY_NAME
from ticketos.domain.ports import Step, StepKey, VendorList
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
from ticketos.domain.terms import Terms
from ticketos.lines.data_entry import vendors

CLIENT = UUID(int=1)
PROVIDER = UUID(int=2)
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NAMES = {f.name for f in fields(TicketState)}


ACME = ClientState(
    CLIENT, "acme", "ACME", "Acme", "client", "Asia/Kolkata", "INR", "boss@acme.example", PROVIDER
)


@dataclass
class World:
    """Everything the store holds."""

    client: ClientState = ACME
    contracts: list[ContractState] = field(default_factory=list)
    volumes: dict[UUID, int] = field(default_factory=dict)
    """Units of the month by contract, of other requests."""
    tickets: dict[UUID, TicketState] = field(default_factory=dict)
    documents: dict[UUID, DocumentState] = field(default_factory=dict)
    tasks: dict[UUID, TaskState] = field(default_factory=dict)
    clocks: dict[tuple[UUID, int, str], ClockState] = field(default_factory=dict)
    approvals: dict[tuple[UUID, int, int], ApprovalState] = field(default_factory=dict)
    checks: list[tuple[UUID, QaState]] = field(default_factory=list)
    subs: dict[tuple[UUID, str], TicketState] = field(default_factory=dict)
    readings: dict[UUID, c.KeepReading] = field(default_factory=dict)
    suppliers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calls: dict[UUID, c.ReserveCall] = field(default_factory=dict)
    ends: dict[UUID, End] = field(default_factory=dict)
    models: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    agents: list[Agent] = field(default_factory=list)
    vendors: list[VendorState] = field(default_factory=list)
    chart: Chart = ANY
    usage: dict[str, c.AddUsage] = field(default_factory=dict)
    journals: dict[str, tuple[UUID, c.PostJournal]] = field(default_factory=dict)
    mails: dict[str, c.SendMail] = field(default_factory=dict)
    notices: dict[str, c.Notify] = field(default_factory=dict)
    surveys: list[c.AskSurvey] = field(default_factory=list)
    corrections: list[c.AddCorrection] = field(default_factory=list)
    labels: list[TriageLabel] = field(default_factory=list)
    events: list[tuple[UUID, Actor, c.Emit]] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    message: str = "please process"
    replies: list[str] = field(default_factory=list)
    locked: frozenset[str] = frozenset()
    book_months: dict[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    """Addresses of the client's own logins."""
    post: bool = True
    """Mails leave at once."""
    times: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    """When a document was read or done, and a task done."""
    busy: dict[UUID, datetime] = field(default_factory=dict)
    """When a person finished a task last."""


class MemoryStore:
    """Implements ``ticketos.domain.ports.Store``."""

    def __init__(self, world: World, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.world = world
        self.now = now
        self.lock = threading.RLock()
        self._ids = itertools.count(10_000)
        self.failing: Callable[[StepKey], None] = lambda _: None

    def new_id(self) -> UUID:
        return UUID(int=next(self._ids))

    @contextmanager
    def step(self, key: StepKey, client_id: UUID, actor: Actor) -> Iterator[Step]:
        self.failing(key)
        with self.lock:
            draft = copy.copy(self.world)
            for f in fields(World):
                setattr(draft, f.name, copy.copy(getattr(self.world, f.name)))
            step = MemoryStep(draft, key, actor, self.now(), self.new_id)
            yield step
            for f in fields(World):
                setattr(self.world, f.name, getattr(draft, f.name))


class MemoryStep:
    """Implements ``ticketos.domain.ports.Step``."""

    def __init__(
        self, world: World, key: StepKey, actor: Actor, now: datetime, new_id: Callable[[], UUID]
    ) -> None:
        self.w, self.key, self.actor, self.now, self.new_id = world, key, actor, now, new_id
        self.prior = world.results.get(str(key))

    def ticket(self) -> TicketState:
        return self.w.tickets[self.key.ticket_id]

    def client(self) -> ClientState:
        return self.w.client

    def contract(self) -> ContractState | None:
        return next((x for x in self.w.contracts if x.id == self.ticket().contract_id), None)

    def contracts(self) -> tuple[ContractState, ...]:
        return tuple(self.w.contracts)

    def documents(self, states: Sequence[str] = (), limit: int | None = None) -> tuple[DocumentState, ...]:
        mine = sorted(
            (d for d in self.w.documents.values() if d.ticket_id == self.key.ticket_id),
            key=lambda d: d.position,
        )
        return tuple(d for d in mine if not states or d.state in states)[:limit]

    def document(self, document_id: UUID) -> DocumentState:
        return self.w.documents[document_id]

    def counts(self) -> Mapping[str, int]:
        return Counter(d.state for d in self.documents())

    def document_events(self) -> tuple[tuple[str, datetime], ...]:
        mine = self.documents()
        read = [("read", self.w.times[d.id, "read_at"]) for d in mine if (d.id, "read_at") in self.w.times]
        posted = [("posted", self.w.times[d.id, "done_at"]) for d in mine if d.state == "posted"]
        keyed = [
            ("keyed", self.w.times[t.id, "done"])
            for t in self.tasks("done")
            if t.kind in ("keying", "rework")
        ]
        return (*read, *posted, *keyed)

    def tasks(self, state: str = "open", kind: str | None = None) -> tuple[TaskState, ...]:
        return tuple(
            t
            for t in self.w.tasks.values()
            if t.ticket_id == self.key.ticket_id and t.state == state and kind in (None, t.kind)
        )

    def task(self, task_id: UUID) -> TaskState | None:
        return self.w.tasks.get(task_id)

    def busy_until(self, person: UUID) -> datetime | None:
        return self.w.busy.get(person)

    def clocks(self) -> tuple[ClockState, ...]:
        life = self.ticket().life
        return tuple(v for (t, n, _), v in self.w.clocks.items() if t == self.key.ticket_id and n == life)

    def agents(self) -> tuple[Agent, ...]:
        load = Counter(str(t.assigned_to) for t in self.w.tasks.values() if t.state == "open")
        return tuple(replace(a, load=load[a.id]) for a in self.w.agents)

    def approval(self) -> ApprovalState | None:
        mine = [
            (k, v)
            for k, v in self.w.approvals.items()
            if k[0] == self.key.ticket_id and k[1] == self.ticket().life
        ]
        return max(mine, key=lambda kv: kv[0][2])[1] if mine else None

    def quality(self) -> tuple[QaState, ...]:
        life = self.ticket().life
        return tuple(q for t, q in self.w.checks if t == self.key.ticket_id and q.life == life)

    def volume(self, contract_id: UUID, period: str) -> int:
        return self.w.volumes.get(contract_id, 0)

    def locked_periods(self) -> frozenset[str]:
        return self.w.locked

    def book_months(self) -> Mapping[str, str]:
        return self.w.book_months

    def same_file(self, sha256: str, document_id: UUID) -> UUID | None:
        return next(
            (
                d.id
                for d in self.w.documents.values()
                if d.sha256 == sha256 and d.id != document_id and d.state not in ("rejected", "quarantined")
            ),
            None,
        )

    def same_business_key(self, business_key: str, document_id: UUID) -> UUID | None:
        return next(
            (
                d.id
                for d in self.w.documents.values()
                if d.business_key == business_key
                and d.id != document_id
                and d.state not in ("rejected", "quarantined")
            ),
            None,
        )

    def supplier_seen(self, vendor_key: str, document_id: UUID) -> bool:
        return vendor_key in self.w.suppliers or any(
            d.business_key is not None
            and d.business_key.startswith(f"{vendor_key}|")
            and d.state == "posted"
            and d.id != document_id
            for d in self.w.documents.values()
        )

    def chart(self) -> Chart:
        return self.w.chart

    def coding_facts(self, vendor_key: str) -> CodingFacts:
        return CodingFacts(chart=self.w.chart)

    def vendors_like(self, signs: Sequence[str]) -> tuple[VendorState, ...]:
        def of(v: VendorState) -> set[str]:
            return {f"name:{key}" for key in (v.vendor_key, *v.alias_keys)} | set(
                vendors.signs((), v.tax_ids)
            )

        return tuple(v for v in self.w.vendors if of(v) & set(signs))

    def vendor_mark(self) -> str:
        return ""

    def vendor_list(self) -> VendorList:
        return VendorList()

    def supplier_memories(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.w.suppliers.values())

    def supplier_memory(self, vendor_key: str) -> Mapping[str, Any] | None:
        return self.w.suppliers.get(vendor_key)

    def kept_reading(self, document_id: UUID) -> Mapping[str, Any] | None:
        kept = self.w.readings.get(document_id)
        return None if kept is None else {"words": kept.words, "unaided": kept.unaided, "shown": kept.shown}

    def model_spend(self, contract_id: UUID, month: str, currency: str) -> Decimal:
        return sum(
            (
                it.call.most if (end := self.w.ends.get(it.id)) is None or end.cost is None else end.cost
                for it in self.w.calls.values()
                if (it.contract_id, it.month, it.call.currency) == (contract_id, month, currency)
            ),
            Decimal(0),
        )

    def learned(self, kind: str) -> Mapping[str, Any] | None:
        return self.w.models.get(kind)

    def triage_labels(self) -> Sequence[TriageLabel]:
        return self.w.labels

    def client_people(self) -> tuple[str, ...]:
        return self.w.people

    def mail(self, key: str) -> tuple[str, datetime | None] | None:
        sent = self.w.mails.get(key)
        if sent is None:
            return None
        at = self.w.times.get((sent.id, "done"))
        return ("waiting", None) if at is None else ("done", at)

    def last_survey_at(self, recipient: str) -> datetime | None:
        return max((s.at for s in self.w.surveys if s.recipient == recipient), default=None)

    def first_message(self) -> tuple[str, str]:
        return ("", "") if not self.w.message else (str(UUID(int=60)), self.w.message)

    def later_messages(self) -> Sequence[str]:
        return list(self.w.replies)

    def sub_tickets(self) -> Mapping[str, TicketState]:
        return {key: t for (root, key), t in self.w.subs.items() if root == self.key.ticket_id}

    def postings_of(self, source_id: UUID) -> tuple[Standing, ...]:
        reversed_ids = {j.reverses for _, j in self.w.journals.values() if j.reverses}
        return tuple(
            Standing(j.id, source_id, j.key, j.booked_on, j.postings)
            for _, j in self.w.journals.values()
            if j.source_id == source_id and j.reverses is None and j.id not in reversed_ids
        )

    def finish(self, result: Mapping[str, Any]) -> Mapping[str, Any]:
        self.w.results[str(self.key)] = result
        return result

    def apply(self, wanted: Sequence[c.Change]) -> None:
        for change in wanted:
            getattr(self, f"_{type(change).__name__}")(change)

    def _SetTicket(self, x: c.SetTicket) -> None:
        t = self.ticket()
        values = {k: v for k, v in x.values.items() if k in NAMES}
        self.w.tickets[t.id] = replace(t, **values, seq=t.seq + 1, row_version=t.row_version + 1)

    def _SubTicket(self, x: c.SubTicket) -> None:
        root = self.ticket()
        old = self.w.subs.get((root.id, x.key))
        if old is None:
            n = 1 + sum(
                1
                for (r, _), t in self.w.subs.items()
                if r == root.id and t.number.startswith(f"{root.number}-{x.letter}")
            )
            old = replace(
                root,
                id=self.new_id(),
                root_id=root.id,
                number=f"{root.number}-{x.letter}{n}",
                kind=x.kind,
                detail={},
                closed_at=None,
            )
        self.w.subs[root.id, x.key] = replace(
            old, state=x.state, closed_at=x.closed_at, detail={**old.detail, **x.detail}
        )

    def _OpenTask(self, x: c.OpenTask) -> None:
        if any(t.payload.get("_key") == x.key for t in self.w.tasks.values()):
            return
        t = self.ticket()
        workflow_id = f"ticket/{t.id}" if x.workflow == "ticket" else f"ticket/{t.id}/{x.workflow}"
        self.w.tasks[x.id] = TaskState(
            x.id,
            t.id,
            x.kind,
            x.subject_id,
            workflow_id,
            x.desk,
            x.skill,
            "open",
            x.priority,
            x.assigned_to,
            x.round,
            t.life,
            {**x.payload, "_key": x.key},
            self.now,
            x.due_at,
            1,
            x.offered_to,
            x.offer_until,
            self.now if x.assigned_to else None,
        )

    def _SetTask(self, x: c.SetTask) -> None:
        t = self.w.tasks[x.task_id]
        assert (t.state, t.assigned_to, t.offered_to) == ("open", None, x.offered)
        had: dict[str, Any] = (
            {"assigned_at": self.now if x.values["assigned_to"] else None}
            if "assigned_to" in x.values
            else {}
        )
        self.w.tasks[x.task_id] = replace(t, **x.values, **had, row_version=t.row_version + 1)

    def _CloseTask(self, x: c.CloseTask) -> None:
        t = self.w.tasks[x.task_id]
        self.w.tasks[x.task_id] = replace(t, state=x.state, row_version=t.row_version + 1)
        self.w.times[t.id, x.state] = x.at
        if x.by:
            self.w.busy[x.by] = x.at

    def _CancelTasks(self, x: c.CancelTasks) -> None:
        for t in self.tasks():
            self.w.tasks[t.id] = replace(t, state="cancelled")

    def _SetClock(self, x: c.SetClock) -> None:
        t = self.ticket()
        self.w.clocks[t.id, t.life, x.clock.kind] = ClockState(x.clock, x.fired, x.breached_at)

    def _AddDocument(self, x: c.AddDocument) -> None:
        p = self.w.documents[x.parent_id]
        last = max(d.position for d in self.documents())
        self.w.documents[x.id] = replace(
            p,
            id=x.id,
            position=last + 1,
            filename=x.filename,
            sha256=x.sha256,
            state="received",
            row_version=1,
            parent_id=p.id,
            first_page=x.first_page,
            last_page=x.last_page,
        )

    def _SetDocument(self, x: c.SetDocument) -> None:
        d = self.w.documents[x.document_id]
        known = {f.name for f in fields(DocumentState)}
        values: dict[str, Any] = {
            k: tuple(v) if k in ("lines", "checks", "blocked_by") else v
            for k, v in x.values.items()
            if k in known
        }
        self.w.documents[d.id] = replace(d, **values, row_version=d.row_version + 1)
        self.w.times |= {(d.id, k): v for k, v in x.values.items() if k in ("read_at", "done_at")}

    def _AddCorrection(self, x: c.AddCorrection) -> None:
        self.w.corrections.append(x)

    def _AddQaCheck(self, x: c.AddQaCheck) -> None:
        self.w.checks.append(
            (
                self.key.ticket_id,
                QaState(
                    x.document_id or self.key.ticket_id,
                    x.level,
                    x.round,
                    x.basis,
                    x.verdict,
                    x.reviewer_id,
                    x.fields_inspected,
                    x.fields_correct,
                    x.defects,
                    self.ticket().life,
                ),
            )
        )

    def _OfferApproval(self, x: c.OfferApproval) -> None:
        t = self.ticket()
        self.w.approvals[t.id, t.life, x.round] = ApprovalState(
            x.id, x.round, x.version, "open", x.deemed_at, None
        )

    def _DecideApproval(self, x: c.DecideApproval) -> None:
        for key, a in self.w.approvals.items():
            if a.id == x.approval_id:
                self.w.approvals[key] = replace(
                    a, state=x.state, decided_at=x.at, units=x.units, reason=x.reason
                )

    def _MoveDeemed(self, x: c.MoveDeemed) -> None:
        for key, a in self.w.approvals.items():
            if a.id == x.approval_id:
                self.w.approvals[key] = replace(a, deemed_at=x.deemed_at)

    def _AddUsage(self, x: c.AddUsage) -> None:
        self.w.usage.setdefault(x.key, x)

    def _PostJournal(self, x: c.PostJournal) -> None:
        by_currency: Counter[str] = Counter()
        for p in x.postings:
            by_currency[p.money.currency] += p.money.amount  # type: ignore[assignment]
        assert not any(by_currency.values()), x
        if x.key not in self.w.journals:
            self.w.journals[x.key] = (self.key.ticket_id, x)
            if x.source == "document" and x.source_id:
                d = self.w.documents[x.source_id]
                self.w.documents[d.id] = replace(d, erp_reference=f"J-{len(self.w.journals)}")

    def _RememberVendor(self, x: c.RememberVendor) -> None:
        pass

    def _ReserveCall(self, x: c.ReserveCall) -> None:
        self.w.calls[x.id] = x

    def _SettleCall(self, x: c.SettleCall) -> None:
        self.w.ends.setdefault(x.id, x.end)

    def _KeepReading(self, x: c.KeepReading) -> None:
        self.w.readings[x.document_id] = x

    def _LearnReading(self, x: c.LearnReading) -> None:
        self.w.suppliers[x.vendor_key] = x.memory

    def _SendMail(self, x: c.SendMail) -> None:
        self.w.mails.setdefault(x.key, x)
        if self.w.post:
            self.w.times[x.id, "done"] = self.now

    def _Notify(self, x: c.Notify) -> None:
        assert x.key not in self.w.notices, f"announced twice: {x.key}"
        self.w.notices[x.key] = x

    def _AskSurvey(self, x: c.AskSurvey) -> None:
        self.w.surveys.append(x)

    def _Emit(self, x: c.Emit) -> None:
        assert x.event in BY_NAME, x.event
        self.w.events.append((self.key.ticket_id, self.actor, x))


def contract(terms: Terms | Mapping[str, Any] | None = None, **values: Any) -> ContractState:
    """A contract for data entry, in force for years."""
    given = terms if isinstance(terms, Terms) else Terms.from_json(terms or {})
    base: dict[str, Any] = dict(
        id=UUID(int=50),
        client_id=CLIENT,
        number="C-1",
        name="Data entry",
        service_line="data_entry",
        kind="transaction",
        status="active",
        starts_on=date(2020, 1, 1),
        ends_on=None,
        terms=given,
    )
    return ContractState(**{**base, **values})


def agent(number: int, *skills: str, **values: Any) -> Agent:
    """A person with these skills, certified for ever."""
    base: dict[str, Any] = dict(
        id=str(UUID(int=number)),
        name=f"Agent {number}",
        skills=frozenset(skills),
        certifications=dict.fromkeys(skills),
        capacity=100,
        load=0,
        available=True,
    )
    return Agent(**{**base, **values})


def ticket(number: int = 100, **values: Any) -> TicketState:
    """A fresh request."""
    identity = UUID(int=number)
    base: dict[str, Any] = dict(
        id=identity,
        client_id=CLIENT,
        root_id=identity,
        number=f"ACME-26-{number:06d}",
        kind="request",
        life=1,
        seq=0,
        stage="intake",
        state="open",
        progress=5,
        round=0,
        channel="api",
        subject="Invoices",
        requester_name="Ravi",
        requester_email="ravi@acme.example",
        service_line=None,
        ticket_type=None,
        priority="P3",
        language="unknown",
        sentiment="neutral",
        confidence=None,
        contract_id=None,
        team=None,
        desk="client",
        next_action="Start the work",
        owner_id=None,
        reason=None,
        documents_total=0,
        documents_done=0,
        sla_state="on_track",
        received_at=START,
        closed_at=None,
        row_version=1,
    )
    return TicketState(**{**base, **values})


def document(number: int, of: TicketState, **values: Any) -> DocumentState:
    """A received file."""
    base: dict[str, Any] = dict(
        id=UUID(int=number),
        ticket_id=of.id,
        position=number,
        filename=f"invoice-{number}.pdf",
        content_type="application/pdf",
        sha256=f"{number:064x}",
        address=f"{number:064x}",
        state="received",
        reason=None,
        doc_type="unknown",
        fields={},
        lines=(),
        checks=(),
        coding={},
        blocked_by=(),
        business_key=None,
        duplicate_of=None,
        straight_through=False,
        finished_by=None,
        erp_reference=None,
        round=0,
        quality="pending",
        approval="pending",
        engine=None,
        row_version=1,
    )
    return DocumentState(**{**base, **values})


def good_reading(number: int = 1, *, confidence: float = 0.99, **changed: str | None) -> dict[str, Any]:
    """What a reader says of a clean invoice; ``changed`` fields are weak and hold that value."""
    values: dict[str, str | None] = {
        "supplier_name": f"Sunrise Traders {number} Pvt Ltd",
        "number": f"INV-{number}",
        "issue_date": "2026-10-30",
        "currency": "INR",
        "net_total": "100.00",
        "tax_total": "18.00",
        "total": "118.00",
    }
    found = {
        name: {
            "value": changed.get(name, value),
            "confidence": 0.4 if name in changed else confidence,
            "auto": name not in changed,
            "page": 1,
            "box": [0.1, 0.1, 0.2, 0.2],
            "source": "text",
        }
        for name, value in values.items()
    }
    return {
        "file": f"invoice-{number}.pdf",
        "type": "invoice",
        "status": "read",
        "fields": found,
        "engine": "test-1",
        "pages": 1,
        "lines": [
            {
                "description": "Paper",
                "quantity": "1",
                "unit": None,
                "unit_price": "100.00",
                "tax_rate": "18",
                "net": "100.00",
            }
        ],
        "checks": [{"name": "net_plus_tax", "ok": "total" not in changed, "detail": "100.00 + 18.00"}],
    }
