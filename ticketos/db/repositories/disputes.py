"""Disputes of invoices: what there is, and each act on one, in the trail, in one transaction of its caller.

The invoice is locked before its disputes, as credit notes lock it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import invoice_rows, notices
from ticketos.db.repositories import invoice_snapshot as papers
from ticketos.db.repositories.contracts import on_its_calendar
from ticketos.db.repositories.invoices import Invoices, head
from ticketos.db.session import driver
from ticketos.domain import disputing
from ticketos.domain.changes import Emit, Notify
from ticketos.domain.disputing import Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import SYSTEM, Actor

REMINDER = "dispute_due"
"""The kind under which the outbox keeps the instant an answer is due."""
ANSWERED = "dispute_answered"
"""The mail that tells the client."""

_SHOWN = """
select d.*, i.number as invoice_number, i.period, l.position as line_position, l.description as line_description,
       u.ticket_id, t.number as ticket_number, o.filename, p.name as raised_by_name, a.name as answered_by_name,
       n.number as credit_note_number
  from invoice_dispute d
  join invoice i on i.client_id = d.client_id and i.id = d.invoice_id
  join invoice_line l on l.client_id = d.client_id and l.id = d.line_id
  left join usage_event u on u.client_id = d.client_id and u.id = d.usage_id
  left join ticket t on t.client_id = u.client_id and t.id = u.ticket_id
  left join document o on o.client_id = u.client_id and o.id = u.document_id
  left join app_user p on p.id = d.raised_by
  left join app_user a on a.id = d.answered_by
  left join invoice n on n.client_id = d.client_id and n.id = d.credit_note_id"""

_ANSWER = """
update invoice_dispute set state = %s, answer = %s, answered_by = %s, answered_at = %s, credit_note_id = %s,
       row_version = row_version + 1 where client_id = %s and id = %s and state = 'open'"""

_OUTBOX = """insert into outbox (id, client_id, key, kind, payload, state, attempts, next_at)
values (%s, %s, %s, %s, %s, 'waiting', 0, %s) on conflict (key) do nothing"""


def listed(
    connection: Connection,
    client_ids: Sequence[UUID],
    *,
    limit: int,
    before: UUID | None = None,
    state: str | None = None,
) -> Sequence[RowMapping]:
    """Disputes, the newest first."""
    found = connection.execute(
        text(
            f"{_SHOWN} where d.client_id = any(:clients) and (cast(:before as uuid) is null or d.id < :before)"
            " and (cast(:state as text) is null or d.state = :state) order by d.id desc limit :limit"
        ),
        {"clients": list(client_ids), "before": before, "state": state, "limit": limit},
    )
    return found.mappings().all()


def get(connection: Connection, dispute_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One dispute; ``lock`` holds it until the transaction ends."""
    tail = " for update of d" if lock else ""
    return connection.execute(text(f"{_SHOWN} where d.id = :id{tail}"), {"id": dispute_id}).mappings().first()


def of_invoice(connection: Connection, invoice_id: UUID) -> Sequence[RowMapping]:
    """All disputes of an invoice, the oldest first."""
    return (
        connection.execute(text(f"{_SHOWN} where d.invoice_id = :id order by d.id"), {"id": invoice_id})
        .mappings()
        .all()
    )


def frozen(connection: Connection, invoice_id: UUID) -> Decimal:
    """What of an invoice is in dispute now, taxes included."""
    found = connection.execute(
        text("select coalesce(sum(total), 0) from invoice_dispute where invoice_id = :id and state = 'open'"),
        {"id": invoice_id},
    )
    return Decimal(found.scalar_one())


class Disputes:
    """Raises and answers disputes."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def raise_(
        self,
        connection: Connection,
        invoice: RowMapping,
        about: Standing,
        reason: str,
        *,
        by: UUID,
        now: datetime,
        actor: Actor,
    ) -> UUID:
        """A client disputes a line or unit of its invoice, which must be locked. Returns the dispute's id; raises what
        ``disputing.check_invoice`` and ``disputing.raise_`` raise."""
        client_id = invoice["client_id"]
        contract = on_its_calendar(connection, client_id, invoice["contract_id"])
        zone = ZoneInfo(invoice_rows.company(connection, client_id)["zone"])
        terms, today = contract.terms.disputes, now.astimezone(zone).date()
        disputing.check_invoice(head(invoice), invoice["issued_on"], terms, reason, today)
        standing = [
            Standing(one["line_id"], one["usage_id"])
            for one in of_invoice(connection, invoice["id"])
            if one["state"] == disputing.OPEN
        ]
        billed = papers.billed(connection, invoice)
        raised = disputing.raise_(billed, about, standing, terms, contract.calendar, now)
        dispute_id = self._new_id()
        driver(connection).execute(
            "insert into invoice_dispute (id, client_id, invoice_id, line_id, usage_id, state, reason, net, total,"
            " currency, raised_by, raised_at, due_at, row_version)"
            " values (%s, %s, %s, %s, %s, 'open', %s, %s, %s, %s, %s, %s, %s, 1)",
            (
                *(dispute_id, client_id, invoice["id"], about.line_id, about.usage_id, reason.strip()),
                *(raised.net.amount, raised.total.amount, raised.net.currency, by, now, raised.due_at),
            ),
        )
        self._later(connection, client_id, dispute_id, raised.due_at)
        row = get(connection, dispute_id)
        assert row is not None
        self._record(connection, row, "dispute.raised", reason.strip(), now, actor)
        self._news(connection, row, now)
        return dispute_id

    def accept(
        self,
        connection: Connection,
        invoice: RowMapping,
        row: RowMapping,
        answer: str,
        chosen: Sequence[UUID] | None,
        *,
        by: UUID,
        now: datetime,
        actor: Actor,
    ) -> UUID | None:
        """Finance agrees: a credit note over what was disputed, or over the units ``chosen`` of it. Returns the note's id;
        None where earlier notes took it all. Invoice and dispute must be locked."""
        disputing.check_answer(row["state"], answer)
        about = Standing(row["line_id"], row["usage_id"])
        any_note, units = disputing.to_credit(papers.billed(connection, invoice), about, chosen)
        note = None
        if any_note:
            note = Invoices(self._audit, self._new_id).credit(
                connection, invoice, units, answer.strip(), now=now, actor=actor
            )
        self._answer(connection, row, disputing.ACCEPTED, answer, by, note, now, actor)
        return note

    def refuse(
        self, connection: Connection, row: RowMapping, answer: str, *, by: UUID, now: datetime, actor: Actor
    ) -> None:
        """Finance disagrees, with the reason. The dispute must be locked."""
        disputing.check_answer(row["state"], answer)
        self._answer(connection, row, disputing.REFUSED, answer, by, None, now, actor)

    def withdraw(
        self, connection: Connection, row: RowMapping, *, by: UUID, now: datetime, actor: Actor
    ) -> None:
        """The client lets it be. The dispute must be locked."""
        disputing.check_open(row["state"])
        self._answer(connection, row, disputing.WITHDRAWN, None, by, None, now, actor)

    def fell_due(self, connection: Connection, dispute_id: UUID, now: datetime) -> None:
        """The instant an answer was due has come: while there is none, finance and client success hear of it, once."""
        row = get(connection, dispute_id, lock=True)
        if row is None or row["state"] != disputing.OPEN:
            return
        self._record(connection, row, "dispute.overdue", None, now, SYSTEM)
        detail = {"dispute": str(row["id"]), **_facts(row)}
        for desk in (disputing.DESK, "success"):
            key = f"dispute_late:{row['id']}:{desk}"
            told = Notify(self._new_id(), key, "dispute_late", desk, now, None, detail)
            notices.tell(connection, row["client_id"], None, told)

    def _answer(
        self,
        connection: Connection,
        row: RowMapping,
        state: str,
        answer: str | None,
        by: UUID,
        note: UUID | None,
        now: datetime,
        actor: Actor,
    ) -> None:
        said = answer.strip() if answer else None
        values = (state, said, by, now, note, row["client_id"], row["id"])
        if driver(connection).execute(_ANSWER, values).rowcount != 1:
            raise DomainError("dispute-answered", state=row["state"])
        now_is = get(connection, row["id"])
        assert now_is is not None
        self._record(connection, now_is, f"dispute.{state}", said, now, actor)
        if state == disputing.WITHDRAWN:
            self._news(connection, now_is, now)
        else:
            self._mail(connection, now_is, now)

    def _record(
        self,
        connection: Connection,
        row: RowMapping,
        event: str,
        why: str | None,
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(event, after=_facts(row), why=why, entity="invoice_dispute", entity_id=str(row["id"]))
        root = row["ticket_id"]
        self._audit.record(
            connection,
            client_id=row["client_id"],
            ticket_id=root,
            root_id=root,
            at=now,
            actor=actor,
            emit=emit,
        )

    def _news(self, connection: Connection, row: RowMapping, now: datetime) -> None:
        """Finance hears that something is disputed, or no longer."""
        key, detail = f"dispute:{row['id']}:{row['state']}", {"dispute": str(row["id"]), **_facts(row)}
        told = Notify(self._new_id(), key, "dispute", disputing.DESK, now, None, detail)
        notices.tell(connection, row["client_id"], None, told)

    def _later(self, connection: Connection, client_id: UUID, dispute_id: UUID, due_at: datetime) -> None:
        payload = Jsonb({"dispute": str(dispute_id)})
        driver(connection).execute(
            _OUTBOX, (self._new_id(), client_id, f"{REMINDER}:{dispute_id}", REMINDER, payload, due_at)
        )

    def _mail(self, connection: Connection, row: RowMapping, now: datetime) -> None:
        """To whoever raised it, while they are somebody here."""
        to = driver(connection).execute(
            "select email from app_user where id = %s and active", (row["raised_by"],)
        )
        if (found := to.fetchone()) is None:
            return
        payload = {
            "template": ANSWERED,
            "to": found[0],
            "about": {"number": row["invoice_number"], "subject": ""},
            "values": {
                "state": row["state"],
                "answer": row["answer"],
                "line": row["line_description"],
                "file": row["filename"] or row["ticket_number"],
                "credit_note": row["credit_note_number"],
            },
        }
        key = f"dispute:{row['id']}:{row['state']}"
        driver(connection).execute(
            _OUTBOX, (self._new_id(), row["client_id"], key, "mail", Jsonb(payload), now)
        )


def _facts(row: RowMapping) -> Mapping[str, Any]:
    """What trail and notices say of a dispute."""
    return {
        "invoice": row["invoice_number"],
        "line": row["line_position"],
        "unit": None if row["usage_id"] is None else str(row["usage_id"]),
        "state": row["state"],
        "total": str(row["total"]),
        "currency": row["currency"],
        "due_at": row["due_at"].isoformat(),
        **({"credit_note": row["credit_note_number"]} if row["credit_note_number"] else {}),
    }
