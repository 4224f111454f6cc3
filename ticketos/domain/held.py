"""PB9: what becomes of usage without a contract. A person gives it one, or waives it; until then it is held."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from ticketos.domain import usage
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import ContractState

HELD, WAIVED, BILLABLE = "held", "waived", "billable"


@dataclass(frozen=True)
class HeldUsage:
    """A usage event as its settlement reads it. ``service_line`` is its ticket's, where it has one."""

    id: UUID
    client_id: UUID
    key: str
    state: str
    unit_type: str
    unit_id: UUID | None
    ticket_id: UUID | None
    quantity: Decimal
    accepted_at: datetime
    service_line: str | None
    received_at: datetime | None = None
    """When its request came in; None for a unit of none."""

    @property
    def came_at(self) -> datetime:
        """What says under which contract it is billed: the receipt, as everywhere (``ContractState.covers``)."""
        return self.received_at or self.accepted_at


@dataclass(frozen=True)
class Settlement:
    """What the event becomes, and what the trail says of it."""

    state: str
    emit: Emit
    contract_id: UUID | None = None
    bill_period: str | None = None
    fate: str | None = None


def give_contract(
    held: HeldUsage, contract: ContractState, locked: Collection[str], zone: str, reason: str
) -> Settlement:
    """Bill it under ``contract``, in the first open month from its own on.

    Raises ``usage-not-held``, ``contract-other-line`` and ``contract-not-in-force`` (on the day of receipt).
    """
    _require_held(held)
    require_fits(contract, held, zone)
    event = usage.UsageEvent(
        held.key,
        str(held.client_id),
        str(contract.id),
        held.unit_type,
        str(held.unit_id or held.id),
        held.quantity,
        held.accepted_at,
        str(held.ticket_id or ""),
    )
    month, fate = usage.billing_period(event, locked, zone), usage.fate(event, (), locked, True, zone)
    after = {"state": BILLABLE, "contract": contract.number, "bill_period": month, "fate": fate}
    return Settlement(
        BILLABLE, _emit("usage.contract_given", held, after, reason or None), contract.id, month, fate
    )


def require_fits(contract: ContractState, held: HeldUsage, zone: str) -> None:
    """Refuse a contract of another line than the unit's, or one that does not cover the client's day of its receipt:
    that is what held it (``domain.billing``), so another day must not release it."""
    line = held.service_line
    if line is not None and line != contract.service_line:
        raise DomainError(
            "contract-other-line", wanted=line, given=contract.service_line, number=contract.number
        )
    day = held.came_at.astimezone(ZoneInfo(zone)).date()
    if not contract.covers(day):
        raise DomainError("contract-not-in-force", number=contract.number, day=day.isoformat())


def fits(contract: ContractState, held: HeldUsage, zone: str) -> bool:
    """Whether a unit may be billed under this contract."""
    try:
        require_fits(contract, held, zone)
    except DomainError:
        return False
    return True


def waive(held: HeldUsage, reason: str) -> Settlement:
    """Never bill it. Raises ``usage-not-held`` and ``reason-missing``."""
    _require_held(held)
    if not reason.strip():
        raise DomainError("reason-missing", act="waive")
    return Settlement(WAIVED, _emit("usage.waived", held, {"state": WAIVED}, reason.strip()))


def _require_held(held: HeldUsage) -> None:
    if held.state != HELD:
        raise DomainError("usage-not-held", state=held.state)


def _emit(event: str, held: HeldUsage, after: dict[str, str], why: str | None) -> Emit:
    return Emit(
        event,
        before={"state": held.state},
        after={**after, "key": held.key, "quantity": str(held.quantity)},
        why=why,
        entity="usage_event",
        entity_id=str(held.id),
    )
