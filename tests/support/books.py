"""Accepted units in the database, as the billing stage leaves them, for tests of what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from tests.support.api import World
from ticketos.db.ids import new_id

KARNATAKA = {"state_code": "29", "country": "IN", "zone": "Asia/Kolkata", "currency": "INR"}
FLAT: dict[str, Any] = {"kind": "flat", "data": {"unit_price": "3.50"}}
HYBRID: dict[str, Any] = {"kind": "hybrid", "data": {"base": "30000", "included": 2000, "overage": "2"}}


def settle(world: World, client_id: UUID, **columns: Any) -> None:
    """Give a company what an invoice needs to know of it."""
    values = {**KARNATAKA, **columns}
    sets = ", ".join(f"{name} = %s" for name in values)
    world.sql(client_id, f"update client set {sets} where id = %s", (*values.values(), client_id))


def contract(world: World, client_id: UUID, pricing: dict[str, Any] | None = None, **columns: Any) -> UUID:
    """A contract of a client."""
    contract_id = new_id()
    world._insert(
        "contract",
        client_id,
        {
            "id": contract_id,
            "client_id": client_id,
            "number": f"SOW-{contract_id.hex[-8:]}",
            "name": "Invoices",
            "service_line": "data_entry",
            "starts_on": "2026-04-01",
            "terms": {"pricing": pricing or FLAT},
            **columns,
        },
    )
    return contract_id


def accepted(
    world: World,
    client_id: UUID,
    contract_id: UUID,
    count: int,
    *,
    finished_by: UUID | None = None,
    period: str = "2026-11",
    bill_period: str | None = None,
    per_ticket: int = 10,
) -> list[UUID]:
    """Posted, checked and accepted documents with their usage events and billing tickets; returns the events'
    ids."""
    events: list[UUID] = []
    at = datetime.fromisoformat(f"{period}-15T10:00:00+00:00").astimezone(UTC)
    ticket_id = UUID(int=0)
    for n in range(count):
        if n % per_ticket == 0:
            ticket_id = _request(world, client_id, contract_id, at)
        events.append(
            _unit(world, client_id, contract_id, ticket_id, n, at, finished_by, period, bill_period or period)
        )
    return events


def _request(world: World, client_id: UUID, contract_id: UUID, at: datetime) -> UUID:
    ticket_id = world.ticket(
        client_id, contract_id=contract_id, stage="closure", state="closed", received_at=at
    )
    world._insert(
        "ticket",
        client_id,
        {
            "id": new_id(),
            "client_id": client_id,
            "root_id": ticket_id,
            "number": f"B-{ticket_id.hex[:20]}",
            "kind": "billing",
            "received_at": at,
            "detail": {
                "key": "billing",
                "unit": "document",
                "invoice": None,
                "payment_status": "not_invoiced",
            },
        },
    )
    world._insert(
        "approval",
        client_id,
        {
            "id": new_id(),
            "client_id": client_id,
            "ticket_id": ticket_id,
            "version": "v" * 64,
            "state": "accepted",
            "offered_at": at,
            "decided_at": at,
            "decided_by": "client",
        },
    )
    return ticket_id


def _unit(
    world: World,
    client_id: UUID,
    contract_id: UUID,
    ticket_id: UUID,
    n: int,
    at: datetime,
    finished_by: UUID | None,
    period: str,
    bill_period: str,
) -> UUID:
    document_id, event_id, about = new_id(), new_id(), {"client_id": client_id, "ticket_id": ticket_id}
    with world.services.database.transaction([client_id]) as connection:
        for table, values in (
            (
                "document",
                {
                    "id": document_id,
                    "position": n,
                    "filename": "invoice.pdf",
                    "sha256": "0" * 64,
                    "address": "0" * 64,
                    "state": "posted",
                    "doc_type": "invoice",
                    "erp_reference": f"J-{n:06d}",
                    "approval": "accepted",
                    "quality": "passed",
                    "received_at": at,
                },
            ),
            (
                "qa_check",
                {
                    "id": new_id(),
                    "document_id": document_id,
                    "level": 1,
                    "verdict": "pass",
                    "fields_inspected": 8,
                    "fields_correct": 8,
                    "at": at,
                    "reviewer_id": new_id(),
                },
            ),
            (
                "usage_event",
                {
                    "id": event_id,
                    "key": f"document:{document_id}",
                    "contract_id": contract_id,
                    "document_id": document_id,
                    "quantity": Decimal(1),
                    "accepted_at": at,
                    "period": period,
                    "bill_period": bill_period,
                    "finished_by": finished_by,
                    "evidence": {"level": 1, "verdict": "pass"},
                },
            ),
        ):
            connection.execute(SQLModel.metadata.tables[table].insert(), about | values)
    return event_id


def held_unit(
    world: World,
    client_id: UUID,
    line: str = "it_helpdesk",
    at: datetime | None = None,
    received_at: datetime | None = None,
) -> tuple[UUID, UUID]:
    """A closed ticket, its billing ticket and a unit that no contract covers: (usage, ticket). It came in at
    ``received_at``, or just as it was accepted."""
    at = at or datetime(2026, 11, 15, 10, tzinfo=UTC)
    received_at = received_at or at
    ticket_id = world.ticket(
        client_id, service_line=line, stage="closure", state="closed", received_at=received_at
    )
    usage_id, month = new_id(), f"{at:%Y-%m}"
    detail = {"key": "billing", "payment_status": "held"}
    number = f"B-{ticket_id.hex[:20]}"
    row = {"id": new_id(), "client_id": client_id, "root_id": ticket_id, "received_at": at}
    world._insert("ticket", client_id, {**row, "number": number, "kind": "billing", "detail": detail})
    values = {
        "id": usage_id,
        "client_id": client_id,
        "key": f"ticket:{ticket_id}",
        "ticket_id": ticket_id,
        "unit_type": "ticket",
        "quantity": 1,
        "accepted_at": at,
        "period": month,
        "bill_period": month,
        "state": "held",
        "fate": "no_contract",
    }
    world._insert("usage_event", client_id, values)
    return usage_id, ticket_id
