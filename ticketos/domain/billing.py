"""MF9: accepted units become usage events, which ends the stage. Only what passed quality and was accepted is billed (PB8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from ticketos.domain import stages, usage
from ticketos.domain.changes import AddUsage, Change, Emit, SubTicket, Verdict
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, ContractState, DocumentState, QaState, TicketState

KEY = "billing"


def record(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    locked: frozenset[str],
    now: datetime,
    new_id: NewId,
) -> Verdict:
    """One usage event per accepted document, keyed by the document alone: rework and reopening never bill it twice."""
    units = [
        d for d in documents if d.approval == "accepted" and d.quality == "passed" and d.state == "posted"
    ]
    period = usage.period_of(now, client.zone)
    evidence = {q.document_id: q for q in sorted(checks, key=lambda q: (q.round, q.level))}
    changes: list[Change] = [stages.enter(ticket, "billing", "Close")]
    for document in units:
        check = evidence.get(document.id)
        event = usage.UsageEvent(
            f"document:{document.id}",
            str(client.id),
            str(contract.id) if contract else None,
            "document",
            str(document.id),
            Decimal(1),
            now,
            str(ticket.id),
        )
        changes.append(
            AddUsage(
                new_id(),
                event.key,
                contract.id if contract else None,
                document.id,
                event.unit_type,
                event.quantity,
                now,
                period,
                usage.billing_period(event, locked, client.zone),
                usage.fate(event, (), locked, contract is not None, client.zone),
                document.finished_by,
                {"level": check.level, "round": check.round, "verdict": check.verdict} if check else {},
            )
        )
    bill_period = next((c.bill_period for c in changes if isinstance(c, AddUsage)), period)
    detail = {
        "units": len(units),
        "unit": "document",
        "period": bill_period,
        "fte_hours": "0",
        "invoice": None,
        "payment_status": "not_invoiced",
    }
    changes += [
        SubTicket(KEY, "B", "billing", f"Billing of {ticket.number}", "recorded", None, "finance", detail),
        Emit("ticket.billed", after={"units": len(units), "period": period, "bill_period": bill_period}),
    ]
    return Verdict("billed", tuple(changes), facts={"units": len(units), "period": bill_period})
