"""MF9: accepted units become usage events, which ends the stage. Only what passed quality and was accepted is billed (PB8).

A unit is a document. Work without documents (a call answered, an account set up) has one unit, the ticket itself
(``domain.handwork``), which passes quality and sign-off like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain import handwork, stages, usage
from ticketos.domain.changes import AddUsage, Change, Emit, SubTicket, Verdict
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, ContractState, DocumentState, QaState, TicketState

KEY = "billing"


@dataclass(frozen=True)
class _Unit:
    """An accepted unit before it is priced."""

    kind: str
    id: UUID
    finished_by: UUID | None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document_id(self) -> UUID | None:
        return self.id if self.kind == "document" else None


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
    """One usage event per accepted unit, keyed by the unit alone: rework and reopening never bill it twice."""
    units = _accepted(ticket, documents, checks)
    changes, facts = _usage(ticket, client, contract, units, locked, now, new_id)
    return Verdict("billed", (stages.enter(ticket, "billing", "Close"), *changes), facts=facts)


def on_cancel(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    documents: Sequence[DocumentState],
    checks: Sequence[QaState],
    billed: int,
    locked: frozenset[str],
    now: datetime,
    new_id: NewId,
) -> tuple[Change, ...]:
    """Usage of what was accepted before the ticket was cancelled: it was delivered, so it is owed. ``billed`` is
    how many units an earlier life of the ticket has billed already; they are among those accepted now."""
    units = _accepted(ticket, documents, checks)
    if len(units) <= billed:
        return ()
    return _usage(ticket, client, contract, units, locked, now, new_id)[0]


def _accepted(
    ticket: TicketState, documents: Sequence[DocumentState], checks: Sequence[QaState]
) -> list[_Unit]:
    evidence = {q.document_id: q for q in sorted(checks, key=lambda q: (q.round, q.level))}
    units: list[_Unit] = []
    papers = any(not handwork.is_work(ticket.id, d.id) for d in documents)
    for document in documents:
        if papers and handwork.corrects(ticket, document):
            continue
        if document.approval == "accepted" and document.quality == "passed" and document.state == "posted":
            check = evidence.get(document.id)
            why = {"level": check.level, "round": check.round, "verdict": check.verdict} if check else {}
            if handwork.is_work(ticket.id, document.id):
                done = ticket.detail[handwork.WORK].get("at")
                why = {"ticket_type": ticket.ticket_type, "done_at": done, **why}
                units.append(_Unit("ticket", ticket.id, document.finished_by, why))
            else:
                units.append(_Unit("document", document.id, document.finished_by, why))
    return units


def _usage(
    ticket: TicketState,
    client: ClientState,
    contract: ContractState | None,
    units: Sequence[_Unit],
    locked: frozenset[str],
    now: datetime,
    new_id: NewId,
) -> tuple[tuple[Change, ...], Mapping[str, Any]]:
    period = usage.period_of(now, client.zone)
    # The contract the work was done under may have been ended since, for a day before the work came in.
    covered = contract is not None and contract.covers(client.day_of(ticket.received_at))
    agreed = contract.id if contract is not None and covered else None
    changes: list[Change] = []
    for unit in units:
        event = usage.UsageEvent(
            f"{unit.kind}:{unit.id}",
            str(client.id),
            str(agreed) if agreed else None,
            unit.kind,
            str(unit.id),
            Decimal(1),
            now,
            str(ticket.id),
        )
        changes.append(
            AddUsage(
                new_id(),
                event.key,
                agreed,
                unit.document_id,
                event.unit_type,
                event.quantity,
                now,
                period,
                usage.billing_period(event, locked, client.zone),
                usage.fate(event, (), locked, covered, client.zone),
                unit.finished_by,
                unit.evidence,
            )
        )
    bill_period = next((c.bill_period for c in changes if isinstance(c, AddUsage)), period)
    detail = {
        "units": len(units),
        "unit": units[0].kind if units else "document",
        "period": bill_period,
        "fte_hours": "0",
        "invoice": None,
        "payment_status": "not_invoiced" if agreed else "held",
    }
    changes += [
        SubTicket(KEY, "B", "billing", f"Billing of {ticket.number}", "recorded", None, "finance", detail),
        Emit("ticket.billed", after={"units": len(units), "period": period, "bill_period": bill_period}),
    ]
    return tuple(changes), {"units": len(units), "period": bill_period}
