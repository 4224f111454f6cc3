"""The port to the book a client's documents are posted in. The built-in ledger stands behind it; another ERP can take its
place by offering these two calls and passing ``tests/support/erp_contract.py``.

An entry is posted under a key that is unique for ever and reversed by another entry, never edited. A book that will not
take an entry says so as a value: what is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from ticketos.domain.changes import PostJournal
from ticketos.domain.ledger import Posting

FINEST = Decimal("0.0001")
"""The smallest step of an amount that a book must keep exactly."""
DIGITS = 16
"""Of an amount before its point."""
BEYOND = Decimal(10) ** DIGITS
"""No amount reaches it, on either side of zero."""


@dataclass(frozen=True)
class Posted:
    """The entry stands, under this reference of the ERP's. ``new`` is False where the key was posted before: the reference
    is the first one's, and nothing was written."""

    key: str
    reference: str
    new: bool


@dataclass(frozen=True)
class Refused:
    """The ERP will not take the entry: a kebab-case code and facts for the words."""

    key: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


Answer = Posted | Refused


@dataclass(frozen=True)
class Standing:
    """An entry that stands: it is no reversal and was not reversed."""

    id: UUID
    source_id: UUID
    reference: str
    booked_on: date
    postings: tuple[Posting, ...]


class Erp(Protocol):
    """A book keeper. ``book`` is the client (or provider) whose book it is; no call touches another's."""

    def post(self, book: UUID, entries: Sequence[PostJournal]) -> Sequence[Answer]:
        """One answer per entry, in their order. Entries may refer to earlier ones of the same call by ``reverses``.

        Refused at least: ``journal-empty``, ``journal-unbalanced``, ``amount-too-fine``, ``amount-too-large``,
        ``entry-unknown`` (reverses what is not in this book), ``entry-reversed`` (it was reversed before, under another
        key)."""
        ...

    def standing(self, book: UUID, source_ids: Sequence[UUID]) -> Sequence[Standing]:
        """What stands for these sources (documents), the oldest first: what reconciliation compares with."""
        ...


def fault(entry: PostJournal) -> Refused | None:
    """What no book may take, whoever keeps it."""
    if not entry.postings:
        return Refused(entry.key, "journal-empty")
    sums: dict[str, Decimal] = {}
    for side in entry.postings:
        amount = side.money.amount
        if abs(amount) >= BEYOND:
            facts = {"journal": entry.key, "field": side.account, "given": str(amount), "limit": DIGITS}
            return Refused(entry.key, "amount-too-large", facts)
        if amount != amount.quantize(FINEST):
            return Refused(entry.key, "amount-too-fine", {"journal": entry.key, "given": str(amount)})
        sums[side.money.currency] = sums.get(side.money.currency, Decimal(0)) + amount
    for currency, difference in sums.items():
        if difference:
            facts = {"journal": entry.key, "currency": currency, "difference": str(difference)}
            return Refused(entry.key, "journal-unbalanced", facts)
    return None
