"""Usage events: what was accepted, once, in which period, and what becomes of it (PB8, PB9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketos.domain.calendar import require_aware
from ticketos.domain.errors import DomainError
from ticketos.domain.money import exact_decimal

Fate = Literal["billable", "duplicate", "late", "no_contract"]

PeriodLocked = Collection[str] | Callable[[str], bool]
"""The locked periods (`YYYY-MM`), or a question that answers for one."""

_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class UsageEvent:
    """One accepted unit; `key` is its idempotency key. A correction is a negative, reversing event."""

    key: str
    client_id: str
    contract_id: str | None
    unit_type: str
    unit_id: str
    quantity: Decimal
    accepted_at: datetime
    ticket_id: str
    reverses: str | None = None

    def __post_init__(self) -> None:
        quantity = exact_decimal(self.quantity)
        object.__setattr__(self, "quantity", quantity)
        require_aware(self.accepted_at)
        if not self.key:
            raise DomainError("usage-key-missing", unit_id=self.unit_id)
        if quantity == 0 or (quantity < 0) != (self.reverses is not None):
            raise DomainError("usage-quantity-invalid", key=self.key, quantity=str(quantity))


def period_of(at: datetime, zone: str) -> str:
    """The calendar month (`YYYY-MM`) an instant falls into in the contract's zone."""
    try:
        local = require_aware(at).astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DomainError("calendar-zone-unknown", zone=zone) from None
    return f"{local.year:04d}-{local.month:02d}"


def next_period(period: str) -> str:
    """The month after `period`."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise DomainError("period-invalid", period=period)
    year, month = int(found[1]), int(found[2])
    return f"{year + 1:04d}-01" if month == 12 else f"{year:04d}-{month + 1:02d}"


def fate(
    event: UsageEvent,
    known_keys: Collection[str],
    period_locked: PeriodLocked,
    contract_in_force: bool,
    zone: str = "UTC",
) -> Fate:
    """What becomes of an event, in this order of precedence.

    `duplicate`: its key is known, it is dropped. `no_contract`: none named, or none in force when the
    work was received; it waits for a person. `late`: its period is locked; `billing_period` says which invoice takes
    it, with a reference to the period it belongs to. Else `billable`.
    """
    if event.key in known_keys:
        return "duplicate"
    if event.contract_id is None or not contract_in_force:
        return "no_contract"
    if _locked(period_of(event.accepted_at, zone), period_locked):
        return "late"
    return "billable"


def billing_period(event: UsageEvent, period_locked: PeriodLocked, zone: str = "UTC") -> str:
    """The first open period from the event's own on: the invoice it lands on."""
    period = period_of(event.accepted_at, zone)
    for _ in range(1200):  # a century: a question that locks every month must not hang the invoice run
        if not _locked(period, period_locked):
            return period
        period = next_period(period)
    raise DomainError("period-none-open", key=event.key)


def reversal(event: UsageEvent, key: str, at: datetime) -> UsageEvent:
    """The event that takes `event` back in full, accepted at `at`; a reversal itself cannot be reversed."""
    if event.reverses is not None or key == event.key:
        raise DomainError("usage-reversal-invalid", key=event.key)
    return UsageEvent(
        key, event.client_id, event.contract_id, event.unit_type, event.unit_id,
        event.quantity.copy_negate(), at, event.ticket_id, reverses=event.key,
    )  # fmt: skip


def _locked(period: str, period_locked: PeriodLocked) -> bool:
    return period_locked(period) if callable(period_locked) else period in period_locked
