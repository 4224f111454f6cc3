# ruff: noqa: S608 (statements are put together from column names of our own, never from values)
"""Invoices as they are read: rows, the snapshot that every rendering of an invoice is made of, and the proof
of a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import rows
from ticketos.db.session import driver, encode_json
from ticketos.domain import crediting, tax
from ticketos.domain.crediting import Billed, BilledLine, CreditDraft
from ticketos.domain.errors import DomainError
from ticketos.domain.invoicing import InvoiceDraft, Line, Party, Payee, Unit
from ticketos.domain.money import Money
from ticketos.domain.state import ContractState
from ticketos.domain.tax import TaxLine

SNAPSHOT = 1
"""Version of the snapshot's form."""

_UNIT = "u.id, u.key, u.quantity, u.accepted_at, u.period, u.ticket_id, u.finished_by, u.reverses"
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
            f"select {_UNIT} from usage_event u where u.client_id = %s and u.contract_id = %s and"
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


# --- the snapshot -------------------------------------------------------------------------------------------


def snapshot(contract: ContractState, seller: Party, buyer: Party, drawn: InvoiceDraft) -> dict[str, Any]:
    """Everything an invoice says. ``internal`` never leaves the house: terms it was priced by, fees and
    payouts."""
    terms = contract.terms.pricing
    place = buyer.place_of_supply if drawn.taxes else None
    return {
        "version": SNAPSHOT,
        "kind": "invoice",
        "number": None,
        "fiscal_year": None,
        "issued_on": None,
        "due_on": None,
        "period": drawn.period,
        "currency": drawn.currency,
        "seller": _party(seller),
        "buyer": _party(buyer),
        "contract": {"number": contract.number, "name": contract.name},
        "place_of_supply": None
        if place is None
        else {"code": place, "name": tax.GST_STATES.get(place, "Outside India")},
        "reverse_charge": any(one.payable_by == "recipient" for one in drawn.taxes),
        "zero_rated": bool(drawn.taxes) and (buyer.sez or place == tax.ABROAD),
        "lines": [_line(one) for one in drawn.lines],
        "taxes": [_tax(one) for one in drawn.taxes],
        "net": _plain(drawn.net),
        "tax": _plain(drawn.tax),
        "total": _plain(drawn.total),
        "internal": {
            "contract_id": contract.id,
            "kind": terms.kind,
            "data": dict(terms.data),
            "currency": terms.currency,
            "sac": terms.sac,
            "tax_rate": terms.tax_rate,
            "fee_percent": terms.fee_percent,
            "due_days": terms.due_days,
            "seller": _whole(seller),
            "buyer": _whole(buyer),
            "settled": list(drawn.settled),
            "credit_due": list(drawn.credit_due),
            "payees": [
                {
                    "user": one.user_id,
                    "fee": _plain(one.fee),
                    "payout": _plain(one.payout),
                    "units": one.units,
                }
                for one in drawn.payees
            ],
        },
    }


def note_snapshot(
    invoice: RowMapping, credit: CreditDraft, number: str, year: str, day: date, reason: str
) -> dict[str, Any]:
    """What a credit note says: the invoice's heading, its own lines (negative) and why."""
    of = invoice["snapshot"]
    return {
        **{
            key: of[key]
            for key in (
                "version",
                "period",
                "currency",
                "seller",
                "buyer",
                "contract",
                "place_of_supply",
                "reverse_charge",
                "zero_rated",
            )
        },
        "kind": "credit_note",
        "number": number,
        "fiscal_year": year,
        "issued_on": day.isoformat(),
        "due_on": None,
        "of": {"number": invoice["number"], "issued_on": of["issued_on"]},
        "reason": reason,
        "lines": [_line(one) for _, one in credit.lines],
        "taxes": [_tax(one) for one in credit.taxes],
        "net": _plain(credit.net),
        "tax": _plain(credit.tax),
        "total": _plain(credit.total),
        "internal": {},
    }


def as_stored(value: Mapping[str, Any]) -> Any:
    """A snapshot as it comes back from the database."""
    return json.loads(encode_json(value))


def drawn_from(stored: Mapping[str, Any]) -> InvoiceDraft:
    """The draft behind a snapshot, without its lines."""
    currency, inside = stored["currency"], stored["internal"]

    def money(value: str) -> Money:
        return Money.of(value, currency)

    taxes = tuple(
        TaxLine(one["name"], Decimal(one["rate"]), money(one["amount"]), one["sac"], one["payable_by"])
        for one in stored["taxes"]
    )
    payees = tuple(
        Payee(
            UUID(one["user"]) if one["user"] else None, money(one["fee"]), money(one["payout"]), one["units"]
        )
        for one in inside["payees"]
    )
    return InvoiceDraft(
        stored["period"],
        currency,
        (),
        money(stored["net"]),
        taxes,
        money(stored["tax"]),
        payees,
        tuple(map(UUID, inside["settled"])),
        tuple(map(UUID, inside["credit_due"])),
    )


def billed(connection: Connection, invoice: RowMapping) -> Billed:
    """An issued invoice as crediting reads it, with what earlier notes took."""
    sql, stored, currency = driver(connection), invoice["snapshot"], invoice["currency"]
    taken = {
        line_id: (quantity, amount)
        for line_id, quantity, amount in sql.execute(
            "select n.credits_line_id, -sum(n.quantity), -sum(n.amount) from invoice_line n join invoice i"
            " on i.id = n.invoice_id"
            " where i.client_id = %s and i.of_invoice_id = %s and i.state = 'issued' group by"
            " n.credits_line_id",
            (invoice["client_id"], invoice["id"]),
        )
    }
    units, on_line, credited = _units(connection, invoice)
    found = []
    for row in lines(connection, invoice["id"]):
        quantity, amount = taken.get(row["id"], (Decimal(0), Decimal(0)))
        one = Line(
            row["position"],
            row["code"],
            row["description"],
            row["quantity"],
            Money(row["unit_price"], currency),
            Money(row["amount"], currency),
            row["sac"],
            row["tax_rate"],
            tuple(on_line.get(row["id"], ())),
            {},
            row["unit"],
        )
        found.append(BilledLine(row["id"], one, quantity, Money(amount, currency)))
    paid = [
        Payee(user, Money(fee, currency), Money(payout, currency), count)
        for user, fee, payout, count in sql.execute(
            "select p.user_id, p.fee, p.payout, p.units from payout p join invoice i on i.id = p.invoice_id"
            " where i.client_id = %s and (i.id = %s or i.of_invoice_id = %s)",
            (invoice["client_id"], invoice["id"], invoice["id"]),
        )
    ]
    inside = stored["internal"]
    return Billed(
        crediting.terms_of(inside),
        _parties(inside["seller"]),
        _parties(inside["buyer"]),
        tuple(found),
        units,
        frozenset(credited),
        crediting.remaining(paid, currency),
    )


def _units(
    connection: Connection, invoice: RowMapping
) -> tuple[tuple[Unit, ...], dict[UUID, list[UUID]], set[UUID]]:
    units: dict[UUID, Unit] = {}
    on_line: dict[UUID, list[UUID]] = {}
    credited: set[UUID] = set()
    for *columns, line_id, state in driver(connection).execute(
        f"select {_UNIT}, x.line_id, u.state from usage_event u join invoice_line_usage x on x.usage_id ="
        f" u.id"
        " join invoice_line l on l.id = x.line_id where l.client_id = %s and l.invoice_id = %s order by"
        " u.accepted_at, u.id",
        (invoice["client_id"], invoice["id"]),
    ):
        units[columns[0]] = Unit(*columns)
        on_line.setdefault(line_id, []).append(columns[0])
        if state == "reversed":
            credited.add(columns[0])
    return tuple(units.values()), on_line, credited


def _party(one: Party) -> dict[str, Any]:
    state = one.gst_state if one.country == "IN" and (one.state_code or one.tax_id) else None
    return {
        "name": one.name,
        "address": one.address,
        "country": one.country,
        "tax_id": one.tax_id,
        "state": None if state is None else {"code": state, "name": tax.GST_STATES.get(state, state)},
    }


def _whole(one: Party) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Party.__dataclass_fields__}


def _parties(stored: Mapping[str, Any]) -> Party:
    return Party(**{**stored, "id": UUID(stored["id"])})


def _line(one: Line) -> dict[str, Any]:
    return {
        "position": one.position,
        "code": one.code,
        "description": one.description,
        "quantity": f"{one.quantity.normalize():f}",
        "unit": one.unit,
        "unit_price": f"{one.unit_price.amount:f}",
        "amount": _plain(one.amount),
        "sac": one.sac,
        "tax_rate": f"{one.tax_rate.normalize():f}",
        "late": dict(one.late),
        "units": len(one.usage),
    }


def _tax(one: TaxLine) -> dict[str, Any]:
    return {
        "name": one.name,
        "rate": f"{one.rate.normalize():f}",
        "amount": _plain(one.amount),
        "sac": one.sac,
        "payable_by": one.payable_by,
    }


def _plain(money: Money) -> str:
    return f"{money.rounded().amount:f}"
