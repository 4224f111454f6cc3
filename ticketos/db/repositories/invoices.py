"""Invoices from a locked month to a credit note (PB10): each command runs within one transaction of its
caller.

The transaction must see the client and the provider. Locks are taken in one order (invoice, number series,
tickets, entry numbers, chain of money acts), so that commands never wait for each other in a circle. A number
is taken in the transaction that issues: should it fail, the number is free again, and there is no gap.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import invoice_snapshot as papers
from ticketos.db.repositories.invoice_drafts import InvoiceDrafts, amounts_of, drop_lines
from ticketos.db.session import driver
from ticketos.domain import crediting, invoicing, usage
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceHead
from ticketos.domain.state import Actor

_MONTHS = "select pg_advisory_xact_lock(hashtextextended('usage-months:' || %s, 0))"


class Invoices(InvoiceDrafts):
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
        drop_lines(connection, invoice["id"])
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
        facts = {"number": number, "period": invoice["period"], **amounts_of(drawn)}
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
            **amounts_of(credit),
            "units": len(credit.units),
        }
        note = rows.get(connection, note_id)
        assert note is not None
        self._tell(connection, note, facts, "credit_note.issued", credit.payees, posted, now, actor, reason)
        return note_id


def head(invoice: RowMapping) -> InvoiceHead:
    """The invoice as the rules of its states read it."""
    return InvoiceHead(
        invoice["id"], invoice["kind"], invoice["state"], invoice["drafted_by"], invoice["number"]
    )


def _emit(event: str, invoice: RowMapping, why: str | None = None) -> Emit:
    after = {"period": invoice["period"], "total": str(invoice["total"]), "currency": invoice["currency"]}
    return Emit(event, after=after, why=why, entity="invoice", entity_id=str(invoice["id"]))
