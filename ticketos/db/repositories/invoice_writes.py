# ruff: noqa: S608 (statements are put together from names of our own, never from values)
"""What the commands on invoices write: lines, numbers, payouts, entries of the provider's book, the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import invoice_rows as rows
from ticketos.db.repositories import ledger
from ticketos.db.session import driver, encode_json
from ticketos.domain import invoicing, tax
from ticketos.domain.changes import Emit, PostJournal
from ticketos.domain.invoicing import Line, Payee
from ticketos.domain.ledger import Posting
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor

_NUMBER = """insert into invoice_counter (client_id, series, fiscal_year, next) values (%s, %s, %s, 2)
  on conflict (client_id, series, fiscal_year) do update set next = invoice_counter.next + 1
  returning next - 1"""
_BILLED_TICKETS = """update ticket t set detail = t.detail || %s, seq = seq + 1, row_version = row_version + 1
  where t.client_id = %s and t.kind = 'billing' and t.root_id = any(%s) returning t.id"""


class InvoiceWrites:
    """The parts commands are made of; ``Invoices`` puts them together."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def _write_lines(
        self,
        connection: Connection,
        client_id: UUID,
        invoice_id: UUID,
        lines: Sequence[tuple[UUID | None, Line]],
    ) -> None:
        links: dict[
            UUID, tuple[UUID, UUID, UUID]
        ] = {}  # a unit that reaches into a second tier stands on the first line
        for credited, line in lines:
            line_id = self._new_id()
            self._insert(
                connection,
                "invoice_line",
                id=line_id,
                client_id=client_id,
                invoice_id=invoice_id,
                code=line.code,
                position=line.position,
                description=line.description,
                quantity=line.quantity,
                unit=line.unit,
                unit_price=line.unit_price.amount,
                amount=line.amount.amount,
                sac=line.sac,
                tax_rate=line.tax_rate,
                credits_line_id=credited,
            )
            links |= {
                usage_id: (client_id, line_id, usage_id) for usage_id in line.usage if usage_id not in links
            }
        link(connection, list(links.values()))

    def _tell_tickets(
        self, connection: Connection, client_id: UUID, roots: Sequence[UUID], detail: Mapping[str, str]
    ) -> None:
        if roots:
            driver(connection).execute(_BILLED_TICKETS, (Jsonb(dict(detail)), client_id, list(roots)))

    def _pay(
        self, connection: Connection, client_id: UUID, invoice_id: UUID, payees: Sequence[Payee]
    ) -> None:
        for one in payees:
            self._insert(
                connection,
                "payout",
                id=self._new_id(),
                client_id=client_id,
                invoice_id=invoice_id,
                user_id=one.user_id,
                value=one.value.amount,
                fee=one.fee.amount,
                payout=one.payout.amount,
                currency=one.payout.currency,
                units=one.units,
            )

    def _book(
        self,
        connection: Connection,
        client_id: UUID,
        source_id: UUID,
        source: str,
        number: str,
        day: date,
        parts: tuple[tuple[Posting, ...], tuple[Posting, ...]],
        undone: Mapping[str, UUID] | None = None,
    ) -> tuple[tuple[UUID, str], ...]:
        """Entries of the provider's book: the sale, and what the agents get of it."""
        book = rows.provider(connection)
        ledger.ensure_chart(connection, book, invoicing.CHART)
        journals = [
            PostJournal(
                self._new_id(),
                f"{source}:{source_id}:{part}",
                day,
                f"{memo} {number}",
                postings,
                source,
                source_id,
                (undone or {}).get(part),
            )
            for part, memo, postings in (("sale", "Sale", parts[0]), ("payout", "Payouts of", parts[1]))
            if postings
        ]
        return ledger.post(connection, book, journals, self._new_id)

    def _number(self, connection: Connection, series: str, day: date) -> tuple[str, str]:
        """The next number of the provider's series and fiscal year; its row stays locked until the end."""
        year = tax.fiscal_year(day)
        row = driver(connection).execute(_NUMBER, (rows.provider(connection), series, year)).fetchone()
        assert row is not None
        return tax.invoice_number(series, year, row[0]), year

    def _today(self, connection: Connection, now: datetime) -> date:
        """The provider's day: an invoice bears the date of its place of issue."""
        return now.astimezone(ZoneInfo(rows.company(connection, rows.provider(connection))["zone"])).date()

    def _tell(
        self,
        connection: Connection,
        invoice: RowMapping,
        facts: Mapping[str, Any],
        event: str,
        payees: Sequence[Payee],
        posted: Sequence[tuple[UUID, str]],
        now: datetime,
        actor: Actor,
        why: str | None,
    ) -> None:
        """The trail: the invoice under the client and under each of its tickets, payouts and entries under
        the provider."""
        client_id, about, number = invoice["client_id"], str(invoice["id"]), facts["number"]
        self._record(
            connection,
            client_id,
            now,
            actor,
            Emit(event, after=facts, why=why, entity="invoice", entity_id=about),
        )
        short = {"number": number, "period": invoice["period"]}
        for root in rows.roots_of(connection, invoice["id"]):
            emit = Emit(event, after=short, why=why, entity="invoice", entity_id=about)
            self._record(connection, client_id, now, actor, emit, root=root)
        emits = [
            Emit(
                "payout.recorded",
                entity="invoice",
                entity_id=about,
                after={
                    "number": number,
                    "user": str(one.user_id) if one.user_id else "house",
                    "fee": str(one.fee),
                    "payout": str(one.payout),
                    "units": one.units,
                },
            )
            for one in payees
        ]
        emits += [
            Emit("journal.posted", after={"number": entry, "for": number}, entity="journal", entity_id=str(i))
            for i, entry in posted
        ]
        self._record(connection, rows.provider(connection), now, actor, *emits)

    def _set(self, connection: Connection, invoice: RowMapping, **values: Any) -> None:
        names = sorted(values)
        sets = "".join(f"{name} = %s, " for name in names)
        driver(connection).execute(
            f"update invoice set {sets}row_version = row_version + 1 where client_id = %s and id = %s",
            [*(_parameter(values[name]) for name in names), invoice["client_id"], invoice["id"]],
        )

    def _insert(self, connection: Connection, table: str, **values: Any) -> None:
        names = ", ".join(values)
        driver(connection).execute(
            f"insert into {table} ({names}) values ({', '.join(['%s'] * len(values))})",
            [_parameter(value) for value in values.values()],
        )

    def _record(
        self,
        connection: Connection,
        client_id: UUID,
        now: datetime,
        actor: Actor,
        *emits: Emit,
        root: UUID | None = None,
    ) -> None:
        self._audit.record_many(
            connection, client_id=client_id, ticket_id=root, root_id=root, at=now, actor=actor, emits=emits
        )


def link(connection: Connection, links: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Say which usage events a line bills: (client, line, event)."""
    if links:
        with driver(connection).cursor() as cursor:
            cursor.executemany(
                "insert into invoice_line_usage (client_id, line_id, usage_id) values (%s, %s, %s)", links
            )


def _parameter(value: Any) -> Any:
    return Jsonb(value, dumps=encode_json) if isinstance(value, dict | list | tuple) else value
