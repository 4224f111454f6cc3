"""Invoices from a locked month to a credit note (PB10): each command runs within one transaction of its
caller.

The transaction must see the client and the provider. Locks are taken in one order (invoice, number series,
tickets, entry numbers, chain of money acts), so that commands never wait for each other in a circle. A number
is taken in the transaction that issues: should it fail, the number is free again, and there is no gap.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import invoice_snapshot as papers
from ticketos.db.repositories.invoice_writes import InvoiceWrites, link
from ticketos.db.session import driver
from ticketos.domain import crediting, invoicing, usage
from ticketos.domain.changes import Emit
from ticketos.domain.crediting import CreditDraft
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceDraft, InvoiceHead, Line
from ticketos.domain.state import Actor, ContractState

_MONTHS = "select pg_advisory_xact_lock(hashtextextended('usage-months:' || %s, 0))"


class Invoices(InvoiceWrites):
    """Every act on invoices, each in the trail."""

    def lock_period(
        self, connection: Connection, client_id: UUID, period: str, *, now: datetime, actor: Actor
    ) -> RowMapping:
        """Close a month for usage: what is accepted later lands in the next open month. Locking twice changes
        nothing.

        Waits for the acceptances under way. Raises ``period-invalid``, ``period-not-begun``.
        """
        client = rows.company(connection, client_id)
        invoicing.check_lock(period, usage.period_of(now, client["zone"]))
        driver(connection).execute(_MONTHS, (str(client_id),))
        made = (
            driver(connection)
            .execute(
                "insert into billing_period (client_id, period, state, locked_at, locked_by) values (%s, %s,"
                " 'locked', %s, %s)"
                " on conflict (client_id, period) do update set state = 'locked', locked_at ="
                " excluded.locked_at,"
                " locked_by = excluded.locked_by where billing_period.state <> 'locked' returning period",
                (client_id, period, now, invoicing.acting(actor)),
            )
            .fetchone()
        )
        if made is not None:
            self._record(
                connection,
                client_id,
                now,
                actor,
                Emit("period.locked", after={"period": period}, entity="billing_period", entity_id=period),
            )
        found = rows.period(connection, client_id, period)
        assert found is not None
        return found

    def draft(
        self,
        connection: Connection,
        client_id: UUID,
        period: str,
        *,
        now: datetime,
        actor: Actor,
        contract_id: UUID | None = None,
    ) -> tuple[UUID, ...]:
        """Draft the month's invoices, one per contract, and return the ids of all there are, whatever their
        state.

        A draft made before is drawn up anew when something changed; what was approved stays. Raises
        ``period-not-locked`` and what ``domain.invoicing.draft`` raises.
        """
        locked = rows.period(connection, client_id, period, lock=True)
        if locked is None or locked["state"] != "locked":
            raise DomainError("period-not-locked", period=period)
        seller, buyer = rows.parties(connection, client_id)
        found: list[UUID] = []
        for contract in rows.contracts(connection, client_id, contract_id):
            standing = rows.of_period(connection, client_id, contract.id, period)
            if standing is not None and standing["state"] != "draft":
                found.append(standing["id"])
                continue
            units = rows.billable(
                connection, client_id, contract.id, period, standing["id"] if standing else None
            )
            drawn = invoicing.draft(contract, seller, buyer, period, units)
            if drawn is None:
                found += [standing["id"]] if standing is not None else []
                continue
            snapshot = papers.snapshot(contract, seller, buyer, drawn)
            if standing is not None and standing["snapshot"] == papers.as_stored(snapshot):
                found.append(standing["id"])
                continue
            found.append(
                self._write_draft(connection, client_id, contract, drawn, snapshot, standing, now, actor)
            )
        return tuple(found)

    def preview(
        self, connection: Connection, client_id: UUID, period: str, contract_id: UUID | None = None
    ) -> tuple[dict[str, Any], ...]:
        """What would be drafted now, locked or not; nothing is written (PB13)."""
        usage.next_period(period)
        seller, buyer = rows.parties(connection, client_id)
        drawn: list[dict[str, Any]] = []
        for contract in rows.contracts(connection, client_id, contract_id):
            units = rows.billable(connection, client_id, contract.id, period, None, claimed=True)
            one = invoicing.draft(contract, seller, buyer, period, units)
            if one is not None:
                drawn.append(papers.snapshot(contract, seller, buyer, one))
        return tuple(drawn)

    def approve(self, connection: Connection, invoice: RowMapping, *, now: datetime, actor: Actor) -> None:
        """A second person's yes. ``invoice`` must be locked. Raises ``invoice-own-draft`` and what its state
        forbids."""
        invoicing.check_approve(head(invoice), actor)
        self._set(connection, invoice, state="approved", approved_by=invoicing.acting(actor), approved_at=now)
        self._record(connection, invoice["client_id"], now, actor, _emit("invoice.approved", invoice))

    def cancel(
        self, connection: Connection, invoice: RowMapping, reason: str, *, now: datetime, actor: Actor
    ) -> None:
        """Withdraw what was not issued; its units may be drafted again."""
        invoicing.check_cancel(head(invoice), reason)
        _drop_lines(connection, invoice["id"])
        self._set(connection, invoice, state="cancelled", reason=reason)
        self._record(
            connection, invoice["client_id"], now, actor, _emit("invoice.cancelled", invoice, why=reason)
        )

    def issue(self, connection: Connection, invoice: RowMapping, *, now: datetime, actor: Actor) -> str:
        """Give it its number and let the money follow: usage, tickets, payouts, entries, trail. Returns the
        number.

        ``invoice`` must be locked by this transaction.
        """
        invoicing.check_issue(head(invoice))
        client_id, snapshot = invoice["client_id"], dict(invoice["snapshot"])
        day = self._today(connection, now)
        number, year = self._number(connection, invoicing.INVOICE_SERIES, day)
        due = day + timedelta(days=int(snapshot["internal"]["due_days"]))
        snapshot |= {
            "number": number,
            "fiscal_year": year,
            "issued_on": day.isoformat(),
            "due_on": due.isoformat(),
        }
        self._set(
            connection,
            invoice,
            state="issued",
            number=number,
            fiscal_year=year,
            issued_on=day,
            due_on=due,
            issued_by=invoicing.acting(actor),
            issued_at=now,
            snapshot=snapshot,
        )
        drawn = papers.drawn_from(snapshot)
        self._settle_usage(connection, invoice, drawn.settled)
        self._tell_tickets(
            connection,
            client_id,
            rows.roots_of(connection, invoice["id"]),
            {"invoice": number, "invoice_id": str(invoice["id"]), "payment_status": "invoiced"},
        )
        self._pay(connection, client_id, invoice["id"], drawn.payees)
        posted = self._book(
            connection,
            client_id,
            invoice["id"],
            "invoice",
            number,
            day,
            (
                invoicing.sales_postings(drawn.net, drawn.taxes, client_id, number),
                invoicing.payout_postings(drawn.payees, client_id, number),
            ),
        )
        facts = {"number": number, "period": invoice["period"], **_amounts(drawn)}
        self._tell(connection, invoice, facts, "invoice.issued", drawn.payees, posted, now, actor, None)
        return number

    def credit(
        self,
        connection: Connection,
        invoice: RowMapping,
        usage_ids: Collection[UUID] | None,
        reason: str,
        *,
        now: datetime,
        actor: Actor,
    ) -> UUID:
        """Issue a credit note over these usage events, or over all that is left (None); returns its id.

        ``invoice`` must be locked. Raises what ``domain.crediting.credit`` raises, and ``reason-missing``.
        """
        invoicing.check_creditable(head(invoice))
        if not reason.strip():
            raise DomainError("reason-missing")
        client_id, day = invoice["client_id"], self._today(connection, now)
        credit = crediting.credit(papers.billed(connection, invoice), usage_ids)
        number, year = self._number(connection, invoicing.CREDIT_SERIES, day)
        note_id = self._write_note(connection, invoice, credit, number, year, day, reason, now, actor)
        self._reverse_usage(
            connection, client_id, credit, note_id, now, rows.company(connection, client_id)["zone"]
        )
        roots = sorted({unit.ticket_id for unit in credit.units if unit.ticket_id})
        for status, some in rows.credited_roots(connection, client_id, roots).items():
            self._tell_tickets(connection, client_id, some, {"credit_note": number, "payment_status": status})
        self._pay(connection, client_id, note_id, credit.payees)
        whole = credit.whole and credit.total.amount == -invoice["total"]
        posted = self._book(
            connection,
            client_id,
            note_id,
            "credit_note",
            number,
            day,
            (
                invoicing.sales_postings(credit.net, credit.taxes, client_id, number),
                invoicing.payout_postings(credit.payees, client_id, number),
            ),
            rows.entries_of(connection, invoice["id"]) if whole else {},
        )
        facts = {
            "number": number,
            "invoice": invoice["number"],
            **_amounts(credit),
            "units": len(credit.units),
        }
        note = rows.get(connection, note_id)
        assert note is not None
        self._tell(connection, note, facts, "credit_note.issued", credit.payees, posted, now, actor, reason)
        return note_id

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
            _drop_lines(connection, invoice_id)
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
            **_amounts(drawn),
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


def head(invoice: RowMapping) -> InvoiceHead:
    """The invoice as the rules of its states read it."""
    return InvoiceHead(
        invoice["id"], invoice["kind"], invoice["state"], invoice["drafted_by"], invoice["number"]
    )


def _emit(event: str, invoice: RowMapping, why: str | None = None) -> Emit:
    after = {"period": invoice["period"], "total": str(invoice["total"]), "currency": invoice["currency"]}
    return Emit(event, after=after, why=why, entity="invoice", entity_id=str(invoice["id"]))


def _amounts(drawn: InvoiceDraft | CreditDraft) -> dict[str, str]:
    return {
        "net": str(drawn.net.amount),
        "tax": str(drawn.tax.amount),
        "total": str(drawn.total.amount),
        "currency": drawn.currency,
    }


def _drop_lines(connection: Connection, invoice_id: UUID) -> None:
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
