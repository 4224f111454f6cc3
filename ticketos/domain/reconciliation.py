"""SL1 daily reconciliation: received = posted + rejected + quarantined + open, and every difference named.

A document counts to the day it was received in the client's zone. What the client's book says is compared
with what the documents say: a reference without an entry, an entry of another amount, an entry whose document
was withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain.erp import Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

MONEY_TYPES = frozenset({"invoice", "credit_note", "receipt"})
"""Types whose posting is an entry in the client's book; others are registered under a reference."""
BUCKETS = ("posted", "rejected", "quarantined", "open")
FURTHEST = 31
"""Days a tick goes back to fill in days that were missed."""


def bucket_of(state: str, withdrawn: bool) -> str:
    """Posted, rejected (withdrawn included), quarantined, or still open."""
    if withdrawn:
        return "rejected"
    return state if state in BUCKETS else "open"


@dataclass(frozen=True)
class Entry:
    """What stands in the book for a document: the journal's number, and debits of it per currency."""

    number: str
    currency: str
    amount: Decimal


def entries_of(standing: Standing, payable: str) -> tuple[Entry, ...]:
    """An entry that stands, one line per currency. The payable's side is its amount; should the client have changed that
    account since, it is the side that stands alone against all others."""
    found = []
    for currency in sorted({side.money.currency for side in standing.postings}):
        sides = [
            (one.account, one.money.amount) for one in standing.postings if one.money.currency == currency
        ]
        owed = [amount for account, amount in sides if account == payable]
        amount = -sum(owed, Decimal(0)) if owed else sum((a for _, a in sides if a > 0), Decimal(0))
        found.append(Entry(standing.reference, currency, amount.normalize() if amount else Decimal(0)))
    return tuple(found)


@dataclass(frozen=True)
class Received:
    """A document as the report needs it. ``entries`` are those that stand (neither reversals nor reversed);
    ``withdrawn`` says that its ticket was cancelled before the client accepted it."""

    id: UUID
    ticket_id: UUID
    number: str
    filename: str
    state: str
    doc_type: str
    currency: str
    total: str | None
    reference: str | None
    entries: tuple[Entry, ...] = ()
    withdrawn: bool = False

    @property
    def bucket(self) -> str:
        """What became of it."""
        return bucket_of(self.state, self.withdrawn)


@dataclass(frozen=True)
class Announced:
    """How many documents a ticket says it has, and how many there are."""

    ticket_id: UUID
    number: str
    said: int
    kept: int


@dataclass(frozen=True)
class Difference:
    """Something that does not agree: a stable code, where, what was expected and what was found."""

    code: str
    ticket_id: UUID
    ticket: str
    document_id: UUID | None = None
    filename: str = ""
    expected: str = ""
    found: str = ""

    @property
    def key(self) -> str:
        """The same difference has the same key on every run."""
        return f"{self.code}:{self.document_id or self.ticket_id}"

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "code": self.code,
            "words": WORDS[self.code],
            "ticket_id": str(self.ticket_id),
            "ticket": self.ticket,
            "document_id": str(self.document_id) if self.document_id else None,
            "filename": self.filename,
            "expected": self.expected,
            "found": self.found,
        }


WORDS: Mapping[str, str] = {
    "documents-missing": "The ticket counts other documents than are kept",
    "posted-without-entry": "Posted, but the book holds no entry",
    "entry-total-differs": "The entry's amount is not the document's total",
    "entry-posted-twice": "The book holds more than one entry for the document",
    "reference-missing": "Posted without a reference",
    "reference-differs": "The reference is not the entry's number",
    "reference-shared": "Two documents carry the same reference",
    "entry-without-posting": "The book holds an entry for a document that is not posted",
}


@dataclass(frozen=True)
class Report:
    """One day of one client."""

    day: date
    counts: Mapping[str, int]
    values: Mapping[str, Mapping[str, Decimal]]
    references: tuple[str, ...]
    differences: tuple[Difference, ...]


class ReconciliationRuns(Protocol):
    """What the scheduled run asks of the database."""

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """Days (ISO) that have ended at that instant in the client's zone and were not reconciled yet."""
        ...

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Reconcile that day; a later run replaces the earlier."""
        ...


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The day's first instant and that of the next, in UTC: 23 to 25 hours apart."""
    local = ZoneInfo(zone)
    return tuple(datetime.combine(d, time(), local).astimezone(UTC) for d in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def due_days(at: datetime, zone: str, last: date | None) -> tuple[date, ...]:
    """The days to reconcile at an instant: every one since the last, yesterday at the latest, a month at
    most."""
    if at.tzinfo is None:
        raise DomainError("instant-naive")
    yesterday = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    first = (
        yesterday if last is None else max(last + timedelta(days=1), yesterday - timedelta(days=FURTHEST - 1))
    )
    return tuple(first + timedelta(days=n) for n in range((yesterday - first).days + 1))


def reconcile(day: date, documents: Sequence[Received], announced: Iterable[Announced]) -> Report:
    """Count, sum and compare. The entry's amount is the sum of its debits or credits, whichever is the
    payable's side."""
    counts = Counter(document.bucket for document in documents)
    values: dict[str, dict[str, Decimal]] = {}
    booked: dict[str, Decimal] = {}
    for document in documents:
        total = _amount(document.total)
        if total is not None:
            sums = values.setdefault(
                document.currency, dict.fromkeys(("received", *BUCKETS, "booked"), Decimal(0))
            )
            sums["received"] += total
            sums[document.bucket] += total
        for entry in document.entries:
            booked[entry.currency] = booked.get(entry.currency, Decimal(0)) + entry.amount
    for currency, amount in booked.items():
        values.setdefault(currency, dict.fromkeys(("received", *BUCKETS, "booked"), Decimal(0)))["booked"] = (
            amount
        )
    differences = [*(_announced(a) for a in announced if a.said != a.kept)]
    for document in documents:
        differences += _document(document)
    differences += _shared(documents)
    tally = {
        "received": len(documents),
        **{name: counts.get(name, 0) for name in BUCKETS},
        "withdrawn": sum(d.withdrawn for d in documents),
        "entries": sum(len(d.entries) for d in documents),
    }
    references = tuple(sorted(d.reference for d in documents if d.reference and d.bucket == "posted"))
    return Report(day, tally, values, references, tuple(differences))


def _announced(one: Announced) -> Difference:
    return Difference(
        "documents-missing", one.ticket_id, one.number, expected=str(one.said), found=str(one.kept)
    )


def _document(document: Received) -> list[Difference]:
    def named(code: str, expected: object = "", found: object = "") -> Difference:
        return Difference(
            code,
            document.ticket_id,
            document.number,
            document.id,
            document.filename,
            str(expected),
            str(found),
        )

    if document.bucket == "open":
        return []  # in rework the entry stands until the corrected one replaces it
    if document.bucket != "posted":
        standing = "withdrawn" if document.withdrawn else document.state
        return [named("entry-without-posting", standing, entry.number) for entry in document.entries]
    found: list[Difference] = []
    total = _amount(document.total)
    owes = document.doc_type in MONEY_TYPES and total is not None and total != 0
    if owes and not document.entries:
        found.append(named("posted-without-entry", f"{document.currency} {document.total}", "none"))
    if len(document.entries) > 1:
        found.append(named("entry-posted-twice", 1, ", ".join(e.number for e in document.entries)))
    if owes and total is not None:
        wanted = -abs(total) if document.doc_type == "credit_note" else total
        found += [
            named(
                "entry-total-differs", f"{document.currency} {wanted:f}", f"{entry.currency} {entry.amount:f}"
            )
            for entry in document.entries
            if (entry.currency, entry.amount) != (document.currency, wanted)
        ]
    if not document.reference:
        found.append(named("reference-missing"))
    elif document.entries and document.reference not in {e.number for e in document.entries}:
        found.append(
            named("reference-differs", ", ".join(e.number for e in document.entries), document.reference)
        )
    return found


def _shared(documents: Iterable[Received]) -> list[Difference]:
    by_reference: dict[str, list[Received]] = {}
    for document in documents:
        if document.bucket == "posted" and document.reference:
            by_reference.setdefault(document.reference, []).append(document)
    return [
        Difference("reference-shared", d.ticket_id, d.number, d.id, d.filename, "one document", reference)
        for reference, sharing in by_reference.items()
        if len(sharing) > 1
        for d in sharing
    ]


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
