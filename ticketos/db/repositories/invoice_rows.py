# ruff: noqa: S608 (statements are put together from names of our own, never from values)
"""Invoices as they are read: rows, the snapshot that every rendering of an invoice is made of, and the proof
of a line."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import rows
from ticketos.db.session import driver
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import Party, Unit
from ticketos.domain.state import ContractState

UNIT = "u.id, u.key, u.quantity, u.accepted_at, u.period, u.ticket_id, u.finished_by, u.reverses, u.unit_type"
_CONTRACT = ", ".join(f"c.{name}" for name in rows.CONTRACT)


def company(connection: Connection, client_id: UUID) -> RowMapping:
    """One company, the provider included; raises ``client-unknown``."""
    found = (
        connection.execute(
            text(
                "select id, name, kind, status, zone, currency, country, state_code, tax_id, address,"
                " settings"
                " from client where id = :id"
            ),
            {"id": client_id},
        )
        .mappings()
        .first()
    )
    if found is None:
        raise DomainError("client-unknown", client=str(client_id))
    return found


def provider(connection: Connection) -> UUID:
    """The provider's own company; raises ``provider-missing`` before set-up made one."""
    found: UUID | None = connection.execute(text("select provider_client()")).scalar_one()
    if found is None:
        raise DomainError("provider-missing")
    return found


def party(row: RowMapping) -> Party:
    """A company as invoices name it."""
    gst = (row["settings"] or {}).get("gst") or {}
    return Party(
        row["id"],
        row["name"],
        row["country"],
        row["tax_id"],
        row["state_code"],
        row["address"] or "",
        bool(gst.get("sez")),
        bool(gst.get("reverse_charge")),
        bool(gst.get("under_lut", True)),
    )


def parties(connection: Connection, client_id: UUID) -> tuple[Party, Party]:
    """Seller and buyer."""
    return party(company(connection, provider(connection))), party(company(connection, client_id))


def period(connection: Connection, client_id: UUID, month: str, *, lock: bool = False) -> RowMapping | None:
    """A month's row, when it was ever locked."""
    return (
        connection.execute(
            text(
                "select * from billing_period where client_id = :c and period = :p"
                + (" for update" if lock else "")
            ),
            {"c": client_id, "p": month},
        )
        .mappings()
        .first()
    )


def contracts(connection: Connection, client_id: UUID, only: UUID | None) -> tuple[ContractState, ...]:
    """The client's contracts by number; ``only`` one of them raises ``contract-unknown`` when it is not
    there."""
    found = (
        driver(connection)
        .execute(
            f"select {_CONTRACT}, c.terms, null from contract c where c.client_id = %s and (%s::uuid is null"
            f" or c.id = %s)"
            " order by c.number",
            (client_id, only, only),
        )
        .fetchall()
    )
    if only is not None and not found:
        raise DomainError("contract-unknown", contract=str(only))
    return tuple(map(rows.contract, found))


def billable(
    connection: Connection,
    client_id: UUID,
    contract_id: UUID,
    month: str,
    draft_id: UUID | None,
    *,
    claimed: bool = False,
) -> tuple[Unit, ...]:
    """Units of that month which no invoice holds, but for the draft named; ``claimed`` ignores drafts and
    all."""
    found = (
        driver(connection)
        .execute(
            f"select {UNIT} from usage_event u where u.client_id = %s and u.contract_id = %s and"
            f" u.bill_period = %s"
            " and u.state = 'billable' and (%s or not exists (select from invoice_line_usage x join"
            " invoice_line l on l.id = x.line_id"
            " where x.usage_id = u.id and (%s::uuid is null or l.invoice_id <> %s))) order by u.accepted_at,"
            " u.id",
            (client_id, contract_id, month, claimed, draft_id, draft_id),
        )
        .fetchall()
    )
    return tuple(Unit(*row) for row in found)


def held(connection: Connection, client_id: UUID, month: str) -> int:
    """Units of the month without a contract: they wait for a person."""
    return int(
        connection.execute(
            text(
                "select count(*) from usage_event where client_id = :c and bill_period = :p and state ="
                " 'held'"
            ),
            {"c": client_id, "p": month},
        ).scalar_one()
    )


def of_period(connection: Connection, client_id: UUID, contract_id: UUID, month: str) -> RowMapping | None:
    """The month's invoice of a contract, locked."""
    return (
        connection.execute(
            text(
                "select * from invoice where client_id = :c and contract_id = :k and period = :p and kind ="
                " 'invoice'"
                " and state <> 'cancelled' for update"
            ),
            {"c": client_id, "k": contract_id, "p": month},
        )
        .mappings()
        .first()
    )


def get(connection: Connection, invoice_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One invoice or credit note; ``lock`` holds it until the transaction ends."""
    return (
        connection.execute(
            text("select * from invoice where id = :id" + (" for update" if lock else "")), {"id": invoice_id}
        )
        .mappings()
        .first()
    )


def listed(
    connection: Connection,
    client_ids: Sequence[UUID],
    issued_only: Sequence[UUID],
    *,
    limit: int,
    before: UUID | None = None,
    month: str | None = None,
    state: str | None = None,
) -> Sequence[RowMapping]:
    """Invoices of these clients, newest first; of ``issued_only`` clients those that were issued alone."""
    return (
        connection.execute(
            text(
                "select * from invoice where (client_id = any(:clients) or (client_id = any(:issued) and"
                " state = 'issued'))"
                " and (cast(:before as uuid) is null or id < :before) and (cast(:month as text) is null or"
                " period = :month)"
                " and (cast(:state as text) is null or state = :state) order by id desc limit :limit"
            ),
            {
                "clients": list(client_ids),
                "issued": list(issued_only),
                "before": before,
                "month": month,
                "state": state,
                "limit": limit,
            },
        )
        .mappings()
        .all()
    )


def lines(connection: Connection, invoice_id: UUID) -> Sequence[RowMapping]:
    """Its lines in order."""
    return (
        connection.execute(
            text("select * from invoice_line where invoice_id = :id order by position"), {"id": invoice_id}
        )
        .mappings()
        .all()
    )


def payouts(connection: Connection, invoice_id: UUID) -> Sequence[RowMapping]:
    """Shares of the invoice with the names of those paid."""
    return (
        connection.execute(
            text(
                "select p.*, u.name from payout p left join app_user u on u.id = p.user_id where"
                " p.invoice_id = :id order by p.id"
            ),
            {"id": invoice_id},
        )
        .mappings()
        .all()
    )


def line(connection: Connection, line_id: UUID) -> RowMapping | None:
    """One line with its invoice's number and state."""
    return (
        connection.execute(
            text(
                "select l.*, i.number as invoice_number, i.state as invoice_state, i.kind as invoice_kind,"
                " i.period"
                " from invoice_line l join invoice i on i.client_id = l.client_id and i.id = l.invoice_id"
                " where l.id = :id"
            ),
            {"id": line_id},
        )
        .mappings()
        .first()
    )


def first_line(connection: Connection, invoice_id: UUID) -> UUID:
    """The line that carries a note's reversing events."""
    return UUID(
        str(
            connection.execute(
                text("select id from invoice_line where invoice_id = :id order by position limit 1"),
                {"id": invoice_id},
            ).scalar_one()
        )
    )


def roots_of(connection: Connection, invoice_id: UUID) -> list[UUID]:
    """Requests whose units an invoice or note holds, in order."""
    found = connection.execute(
        text(
            "select distinct u.ticket_id from usage_event u join invoice_line_usage x on x.usage_id = u.id"
            " join invoice_line l on l.id = x.line_id where l.invoice_id = :id and u.ticket_id is not null"
            " order by 1"
        ),
        {"id": invoice_id},
    ).all()
    return [row[0] for row in found]


def credited_roots(connection: Connection, client_id: UUID, roots: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Requests by what a credit note made of them: nothing left to pay, or something."""
    found: dict[str, list[UUID]] = {}
    for root, left in driver(connection).execute(
        "select ticket_id, bool_or(state = 'invoiced') from usage_event where client_id = %s and ticket_id ="
        " any(%s)"
        " group by ticket_id order by ticket_id",
        (client_id, list(roots)),
    ):
        found.setdefault("partly_credited" if left else "credited", []).append(root)
    return found


def entries_of(connection: Connection, invoice_id: UUID) -> dict[str, UUID]:
    """The invoice's entries in the provider's book, by part (``sale``, ``payout``)."""
    found = (
        driver(connection)
        .execute(
            "select split_part(key, ':', 3), id from journal where source_id = %s and source = 'invoice'",
            (invoice_id,),
        )
        .fetchall()
    )
    return dict(found)
