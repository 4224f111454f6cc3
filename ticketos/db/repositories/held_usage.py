"""Usage without a contract as finance lists and settles it; each act in the trail, in one transaction of its caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import invoice_rows
from ticketos.db.session import driver
from ticketos.domain import held
from ticketos.domain.errors import DomainError
from ticketos.domain.held import HeldUsage, Settlement
from ticketos.domain.state import Actor, ContractState

_SHOWN = """
select u.id, u.client_id, u.key, u.state, u.fate, u.unit_type, u.document_id, u.ticket_id, t.number as ticket_number,
       t.subject as ticket_subject, t.service_line, t.received_at, d.filename,
       u.quantity, u.accepted_at, u.period, u.bill_period, u.contract_id
  from usage_event u left join ticket t on t.client_id = u.client_id and t.id = u.ticket_id
  left join document d on d.client_id = u.client_id and d.id = u.document_id"""

_MONTHS = "select pg_advisory_xact_lock_shared(hashtextextended('usage-months:' || %s, 0))"

_SETTLE = """
update usage_event set state = %s, contract_id = coalesce(%s, contract_id), bill_period = coalesce(%s, bill_period),
       fate = coalesce(%s, fate)
 where client_id = %s and id = %s and state = 'held'"""

_TOLD = """
update ticket set detail = detail || %s, seq = seq + 1, row_version = row_version + 1
 where client_id = %s and root_id = %s and kind = 'billing' and not exists (
   select from usage_event u where u.client_id = ticket.client_id and u.ticket_id = ticket.root_id
    and u.state = 'held')"""


def listed(
    connection: Connection, client_ids: Sequence[UUID], *, limit: int, before: UUID | None = None
) -> Sequence[RowMapping]:
    """What waits for a contract, the newest first."""
    return (
        connection.execute(
            text(
                f"{_SHOWN} where u.client_id = any(:clients) and u.state = 'held'"
                " and (cast(:before as uuid) is null or u.id < :before) order by u.id desc limit :limit"
            ),
            {"clients": list(client_ids), "before": before, "limit": limit},
        )
        .mappings()
        .all()
    )


def get(connection: Connection, usage_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One usage event, whatever its state; ``lock`` holds it until the transaction ends."""
    tail = " for update of u" if lock else ""
    return connection.execute(text(f"{_SHOWN} where u.id = :id{tail}"), {"id": usage_id}).mappings().first()


def contracts_for(connection: Connection, row: RowMapping) -> tuple[ContractState, ...]:
    """The contracts of its client that a held unit may be billed under, by number: those of its line that were in
    force when its request came in."""
    zone = invoice_rows.company(connection, row["client_id"])["zone"]
    return tuple(
        one
        for one in invoice_rows.contracts(connection, row["client_id"], None)
        if held.fits(one, _held(row), zone)
    )


class HeldUsages:
    """Gives held usage a contract, or waives it."""

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit

    def give_contract(
        self,
        connection: Connection,
        row: RowMapping,
        contract_id: UUID,
        reason: str,
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """Bill it under that contract. ``row`` must be locked. Raises ``contract-unknown`` and what the rule refuses."""
        client_id = row["client_id"]
        driver(connection).execute(_MONTHS, (str(client_id),))  # no month is locked between look and write
        (contract,) = invoice_rows.contracts(connection, client_id, contract_id)
        locked = connection.execute(
            text("select period from billing_period where client_id = :c and state = 'locked'"),
            {"c": client_id},
        ).scalars()
        zone = invoice_rows.company(connection, client_id)["zone"]
        settled = held.give_contract(_held(row), contract, frozenset(locked), zone, reason.strip())
        self._write(connection, row, settled, now, actor, "not_invoiced")

    def waive(
        self, connection: Connection, row: RowMapping, reason: str, *, now: datetime, actor: Actor
    ) -> None:
        """Never bill it. ``row`` must be locked."""
        self._write(connection, row, held.waive(_held(row), reason), now, actor, "waived")

    def _write(
        self,
        connection: Connection,
        row: RowMapping,
        settled: Settlement,
        now: datetime,
        actor: Actor,
        payment: str,
    ) -> None:
        client_id, sql = row["client_id"], driver(connection)
        changed = sql.execute(
            _SETTLE,
            (
                settled.state,
                settled.contract_id,
                settled.bill_period,
                settled.fate,
                client_id,
                row["id"],
            ),
        ).rowcount
        if changed != 1:
            raise DomainError("usage-not-held", state=row["state"])
        if row["ticket_id"] is not None:
            sql.execute(_TOLD, (Jsonb({"payment_status": payment}), client_id, row["ticket_id"]))
        self._audit.record(
            connection,
            client_id=client_id,
            ticket_id=row["ticket_id"],
            root_id=row["ticket_id"],
            at=now,
            actor=actor,
            emit=settled.emit,
        )


def _held(row: RowMapping) -> HeldUsage:
    return HeldUsage(
        row["id"],
        row["client_id"],
        row["key"],
        row["state"],
        row["unit_type"],
        row["document_id"] or row["ticket_id"],
        row["ticket_id"],
        row["quantity"],
        row["accepted_at"],
        row["service_line"],
        row["received_at"],
    )
