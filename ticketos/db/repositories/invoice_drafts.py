"""Drafts, credit notes and the state of usage, as the commands on invoices write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import invoice_snapshot as papers
from ticketos.db.repositories.invoice_writes import InvoiceWrites, link
from ticketos.db.session import driver
from ticketos.domain import invoicing, usage
from ticketos.domain.changes import Emit
from ticketos.domain.crediting import CreditDraft
from ticketos.domain.invoicing import InvoiceDraft, Line
from ticketos.domain.state import Actor, ContractState


class InvoiceDrafts(InvoiceWrites):
    """Writes a draft or a note with its lines, and what becomes of the usage on them."""

    def _write_draft(
        self,
        connection: Connection,
        client_id: UUID,
        contract: ContractState,
        drawn: InvoiceDraft,
        snapshot: Mapping[str, Any],
        standing: RowMapping | None,
        now: datetime,
        actor: Actor,
    ) -> UUID:
        values = {
            "currency": drawn.currency,
            "net": drawn.net.amount,
            "tax": drawn.tax.amount,
            "total": drawn.total.amount,
            "taxes": snapshot["taxes"],
            "snapshot": snapshot,
            "drafted_by": invoicing.acting(actor),
        }
        if standing is not None:
            invoice_id: UUID = standing["id"]
            drop_lines(connection, invoice_id)
            self._set(connection, standing, **values)
        else:
            invoice_id = self._new_id()
            self._insert(
                connection,
                "invoice",
                id=invoice_id,
                client_id=client_id,
                contract_id=contract.id,
                kind="invoice",
                period=drawn.period,
                series=invoicing.INVOICE_SERIES,
                state="draft",
                payment_state="open",
                created_at=now,
                row_version=1,
                **values,
            )
        self._write_lines(connection, client_id, invoice_id, [(None, line) for line in drawn.lines])
        after = {
            "period": drawn.period,
            "contract": contract.number,
            "lines": len(drawn.lines),
            **amounts_of(drawn),
        }
        self._record(
            connection,
            client_id,
            now,
            actor,
            Emit("invoice.drafted", after=after, entity="invoice", entity_id=str(invoice_id)),
        )
        return invoice_id

    def _write_note(
        self,
        connection: Connection,
        invoice: RowMapping,
        credit: CreditDraft,
        number: str,
        year: str,
        day: date,
        reason: str,
        now: datetime,
        actor: Actor,
    ) -> UUID:
        note_id, by = self._new_id(), invoicing.acting(actor)
        snapshot = papers.note_snapshot(invoice, credit, number, year, day, reason)
        self._insert(
            connection,
            "invoice",
            id=note_id,
            client_id=invoice["client_id"],
            contract_id=invoice["contract_id"],
            kind="credit_note",
            of_invoice_id=invoice["id"],
            number=number,
            series=invoicing.CREDIT_SERIES,
            fiscal_year=year,
            period=invoice["period"],
            state="issued",
            currency=credit.currency,
            net=credit.net.amount,
            tax=credit.tax.amount,
            total=credit.total.amount,
            taxes=snapshot["taxes"],
            snapshot=snapshot,
            issued_on=day,
            reason=reason,
            drafted_by=by,
            issued_by=by,
            issued_at=now,
            payment_state="credit",
            created_at=now,
            row_version=1,
        )
        lines = [(line_id, Line(**{**_fields(line), "usage": ()})) for line_id, line in credit.lines]
        self._write_lines(connection, invoice["client_id"], note_id, lines)
        if credit.whole:
            self._set(connection, invoice, payment_state="credited")
        return note_id

    def _settle_usage(self, connection: Connection, invoice: RowMapping, settled: Sequence[UUID]) -> None:
        sql = driver(connection)
        sql.execute(
            "update usage_event u set state = 'invoiced' from invoice_line_usage x join invoice_line l"
            " on l.client_id = x.client_id and l.id = x.line_id where x.client_id = %s and l.invoice_id = %s"
            " and u.client_id = x.client_id and u.id = x.usage_id",
            (invoice["client_id"], invoice["id"]),
        )
        if settled:
            sql.execute(
                "update usage_event set state = 'settled' where client_id = %s and id = any(%s)",
                (invoice["client_id"], list(settled)),
            )

    def _reverse_usage(
        self,
        connection: Connection,
        client_id: UUID,
        credit: CreditDraft,
        note_id: UUID,
        now: datetime,
        zone: str,
    ) -> None:
        """A negative event for each credited unit, on the note's first line; the unit itself is marked
        reversed."""
        if not credit.units:
            return
        period, events, links = usage.period_of(now, zone), [], []
        line_id = rows.first_line(connection, note_id)
        for unit in credit.units:
            event_id = self._new_id()
            events.append(
                (
                    event_id,
                    f"reversal:{unit.key}",
                    now,
                    period,
                    period,
                    Jsonb({"credit_note": str(note_id)}),
                    client_id,
                    unit.id,
                )
            )
            links.append((client_id, line_id, event_id))
        with driver(connection).cursor() as cursor:
            cursor.executemany(
                "insert into usage_event (id, client_id, key, contract_id, ticket_id, document_id,"
                " unit_type, quantity, accepted_at,"
                " period, bill_period, state, fate, finished_by, reverses, evidence)"
                " select %s, client_id, %s, contract_id, ticket_id, document_id, unit_type, -quantity, %s,"
                " %s, %s, 'credited',"
                " 'billable', finished_by, id, %s from usage_event where client_id = %s and id = %s",
                events,
            )
            cursor.execute(
                "update usage_event set state = 'reversed' where client_id = %s and id = any(%s)",
                (client_id, [unit.id for unit in credit.units]),
            )
        link(connection, links)


def amounts_of(drawn: InvoiceDraft | CreditDraft) -> dict[str, str]:
    """What is told of its sums."""
    return {
        "net": str(drawn.net.amount),
        "tax": str(drawn.tax.amount),
        "total": str(drawn.total.amount),
        "currency": drawn.currency,
    }


def drop_lines(connection: Connection, invoice_id: UUID) -> None:
    """Take its lines away; their units may be drafted again."""
    connection.execute(
        text(
            "delete from invoice_line_usage where line_id in (select id from invoice_line where invoice_id ="
            " :id)"
        ),
        {"id": invoice_id},
    )
    connection.execute(text("delete from invoice_line where invoice_id = :id"), {"id": invoice_id})


def _fields(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in Line.__dataclass_fields__}
