# ruff: noqa: S608 (statements are put together from names of our own, never from values)
"""The snapshot of an invoice, from which every paper is made, and the invoice as crediting reads it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from ticketos.db.repositories.invoice_rows import UNIT, lines
from ticketos.db.session import driver, encode_json
from ticketos.domain import crediting, tax
from ticketos.domain.crediting import Billed, BilledLine, CreditDraft
from ticketos.domain.invoicing import InvoiceDraft, Line, Party, Payee, Unit
from ticketos.domain.money import Money
from ticketos.domain.state import ContractState
from ticketos.domain.tax import TaxLine

SNAPSHOT = 1
"""Version of the snapshot's form."""


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
        f"select {UNIT}, x.line_id, u.state from usage_event u join invoice_line_usage x on x.usage_id ="
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
