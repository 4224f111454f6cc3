"""Usage without a contract over HTTP: what waits, and how it is settled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from schemas.http import Body, View
from schemas.invoices import Exact


class PossibleContract(View):
    """A contract of the unit's line that was in force when the unit was accepted."""

    id: UUID
    number: str


class HeldUnit(View):
    """An accepted unit that had no contract. ``state`` is held until it has one (billable) or is waived."""

    id: UUID
    client_id: UUID
    key: str
    state: str
    fate: str
    unit_type: str
    document_id: UUID | None = None
    ticket_id: UUID | None = None
    ticket_number: str | None = None
    ticket_subject: str | None = None
    service_line: str | None = None
    filename: str | None = None
    quantity: Exact
    received_at: datetime | None = Field(default=None, description="When its request came in")
    accepted_at: datetime
    period: str
    bill_period: str
    contract_id: UUID | None = None
    contracts: list[PossibleContract] = Field(
        default_factory=list, description="Contracts it may be billed under, for one unit alone"
    )


class GiveContract(Body):
    """Bill held usage under this contract of the client."""

    contract_id: UUID
    reason: str = Field(default="", max_length=500)


class WaiveUsage(Body):
    """Never bill held usage; the reason stands in the trail."""

    reason: str = Field(min_length=1, max_length=500)
