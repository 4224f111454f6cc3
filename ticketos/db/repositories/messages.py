"""What the provider's people write on a ticket: notes for the house, replies for the requester.

A reply is on the request's page at once, and the first of them is the request's first response. Where there is an
address it also leaves as mail, by the outbox, in the thread of the request; the relay then gives the message the mail's
id, so that an answer finds its way back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import rows
from ticketos.db.repositories.apply import Writer
from ticketos.db.repositories.facts import Facts
from ticketos.db.session import driver
from ticketos.db.tables.steps import Outbox
from ticketos.db.tables.tickets import Message
from ticketos.domain.changes import Emit
from ticketos.domain.deadline import answered, timing_of
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor, TicketState

_TABLES = SQLModel.metadata.tables
_MESSAGE, _OUTBOX = _TABLES[str(Message.__tablename__)], _TABLES[str(Outbox.__tablename__)]
_LOCKED = (
    f"select {rows.columns(TicketState, 't')} from ticket t where t.client_id = %s and t.id = %s"  # noqa: S608
    " for no key update"
)
REPLY = "reply"
"""Template of the mail that carries a person's reply."""


class Conversation:
    """Writes messages, each with its line in the trail, within the caller's transaction."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit, self._new_id = audit, new_id

    def note(
        self, connection: Connection, ticket: RowMapping, text: str, by: str, *, at: datetime, actor: Actor
    ) -> RowMapping:
        """A note for the house; ``by`` is the name of whoever writes it."""
        row = self._write(connection, ticket, "note", "portal", text, by, "", at)
        self._tell(connection, ticket, row, Emit("ticket.noted"), at, actor)
        return row

    def reply(
        self, connection: Connection, ticket: RowMapping, text: str, *, at: datetime, actor: Actor
    ) -> RowMapping:
        """A reply to the requester, by mail where the ticket has an address. The house speaks with one voice: the
        message bears no name, the trail does. The clock of the first response stops with the first of them."""
        first = self._stops_clock(connection, ticket, at)
        to = str(ticket["requester_email"] or "")
        channel: Literal["email", "portal"] = "email" if to else "portal"
        row = self._write(connection, ticket, "out", channel, text, "", to, at)
        said = {"channel": channel, **({"first_response": True} if first else {})}
        self._tell(connection, ticket, row, Emit("ticket.replied", after=said), at, actor)
        if to:
            connection.execute(
                _OUTBOX.insert(),
                {
                    "id": self._new_id(),
                    "client_id": ticket["client_id"],
                    "ticket_id": ticket["root_id"],
                    "kind": "mail",
                    "key": f"mail:{row['id']}",
                    "payload": {"template": REPLY, "to": to, "message": str(row["id"])},
                    "next_at": at,
                },
            )
        return row

    def _stops_clock(self, connection: Connection, ticket: RowMapping, at: datetime) -> bool:
        """The ticket is locked, as its steps lock it, so that a deadline that comes now sees one or the other."""
        sql = driver(connection)
        row = sql.execute(_LOCKED, (ticket["client_id"], ticket["root_id"])).fetchone()
        provider = sql.execute("select provider_client()").fetchone()
        if row is None or provider is None:
            return False
        state = rows.ticket(row)
        facts = Facts(sql, state, provider[0])
        changes = answered(state, facts.clocks(), timing_of(facts.contract()), at)
        Writer(sql, state, state.life, provider[0], at, self._new_id).write(changes)
        return bool(changes)

    def _write(
        self,
        connection: Connection,
        ticket: RowMapping,
        direction: str,
        channel: str,
        text: str,
        sender: str,
        to: str,
        at: datetime,
    ) -> RowMapping:
        message_id = self._new_id()
        return (
            connection.execute(
                _MESSAGE.insert().returning(*_MESSAGE.c),
                {
                    "id": message_id,
                    "client_id": ticket["client_id"],
                    "ticket_id": ticket["root_id"],
                    "direction": direction,
                    "channel": channel,
                    "external_id": str(message_id),
                    "sender": sender,
                    "recipient": to,
                    "body": text,
                    "received_at": at,
                },
            )
            .mappings()
            .one()
        )

    def _tell(
        self,
        connection: Connection,
        ticket: RowMapping,
        row: RowMapping,
        emit: Emit,
        at: datetime,
        actor: Actor,
    ) -> None:
        self._audit.record(
            connection,
            client_id=ticket["client_id"],
            ticket_id=ticket["root_id"],
            root_id=ticket["root_id"],
            at=at,
            actor=actor,
            emit=Emit(emit.event, after=emit.after, entity="message", entity_id=str(row["id"])),
        )


def body_of(connection: Connection, message_id: UUID) -> str | None:
    """What a message says; None when it is gone."""
    found: str | None = connection.execute(
        select(_MESSAGE.c.body).where(_MESSAGE.c.id == message_id)
    ).scalar()
    return found


def left_as_mail(
    connection: Connection, message_id: UUID, external_id: str, sender: str, subject: str, at: datetime
) -> None:
    """A reply has left: it is known by the mail's id from now on."""
    connection.execute(
        update(_MESSAGE)
        .where(_MESSAGE.c.id == message_id)
        .values(external_id=external_id, sender=sender, subject=subject, sent_at=at)
    )
