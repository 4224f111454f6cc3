"""A message from outside becomes a ticket, an answer or a line in the trail, in one transaction (MF1).

This is the hot path: statements are few and plain, and the counter row, which all of a client's new tickets
queue for, is taken as late as possible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row
from sqlmodel import SQLModel

from ticketos.channels.email.address import ticket_of
from ticketos.db.audit import AuditTrail
from ticketos.db.objects import ObjectStore
from ticketos.db.tables import Document, Message, Outbox, Ticket, TicketLink
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.intake import Known, Route, ThreadTicket, fiscal_year, route, ticket_number
from ticketos.domain.intake_types import Attachment, Intake
from ticketos.domain.ports import NewId
from ticketos.domain.stages import DESKS
from ticketos.domain.state import PROGRESS, Actor

MAX_FILES = 2_000
"""How many documents one request may carry (MF14)."""

HEAD_START = timedelta(seconds=2)
"""How long the relay leaves a new ticket to the process that took it in, which starts it at once."""

_FACTS = """
select c.prefix, c.zone, c.status,
       (select m.ticket_id from message m
         where m.client_id = c.id and m.channel = %s and m.direction = 'in' and m.external_id = %s)
  from client c where c.id = %s"""

_SIGNED = "select id, state, subject from ticket where id = %s and client_id = %s and kind = 'request'"

_REFERENCED = """
select t.id, t.state, t.subject from message m join ticket t on t.client_id = m.client_id and t.id = m.ticket_id
 where m.client_id = %s and m.external_id = any(%s) order by m.received_at desc limit 1"""

_COUNT = """
insert into ticket_counter (client_id, fiscal_year, next) values (%s, %s, 2)
on conflict (client_id, fiscal_year) do update set next = ticket_counter.next + 1 returning next - 1"""

_TABLES = SQLModel.metadata.tables
_TICKET, _MESSAGE, _OUTBOX, _DOCUMENT, _LINK = (
    _TABLES[str(model.__tablename__)] for model in (Ticket, Message, Outbox, Document, TicketLink))


@dataclass(frozen=True)
class Accepted:
    """What became of a message. ``ticket_id`` and ``number`` are None for a refused one alone, which is in the
    trail with ``code``."""

    ticket_id: UUID | None
    number: str | None
    duplicate: bool = False
    reply_to_existing: bool = False
    code: str | None = None
    life: int = 1


@dataclass(frozen=True)
class _Message:
    """One message on its way in."""

    id: UUID
    intake: Intake
    client_id: UUID
    actor: Actor
    raw: bytes | None


class IntakeStore:
    """Takes messages in. ``reply_keys`` are the keys signed reply addresses may be made with, newest first."""

    def __init__(self, audit: AuditTrail, objects: ObjectStore, reply_keys: Sequence[bytes], new_id: NewId) -> None:
        self._audit = audit
        self._objects = objects
        self._reply_keys = tuple(reply_keys)
        self._new_id = new_id

    def accept(self, connection: Connection, intake: Intake, *, client_id: UUID, actor: Actor,
               priority: str | None = None, raw: bytes | None = None) -> Accepted:
        """Take one message of ``client_id`` in, within the caller's transaction (which sees that client).

        ``priority`` is the sender's wish; ``raw`` the message as it arrived, kept as evidence. Raises DomainError
        ``client-unknown``, ``client-inactive``, ``too-many-files``. Two transactions with the same message collide
        on ``uq_message_external``: run the later one again, it then finds a duplicate.
        """
        if len(intake.attachments) > MAX_FILES:
            raise DomainError("too-many-files", limit=MAX_FILES, files=len(intake.attachments))
        facts = connection.exec_driver_sql(_FACTS, (intake.channel, intake.external_id, client_id)).first()
        if facts is None:
            raise DomainError("client-unknown")
        if facts.status != "active":
            raise DomainError("client-inactive", status=facts.status)
        message = _Message(self._new_id(), intake, client_id, actor, raw)
        chosen = route(intake, self._known(connection, intake, client_id, facts[3]))
        match chosen.kind:
            case "duplicate":
                return self._existing(connection, chosen, duplicate=True)
            case "reply":
                return self._reply(connection, message, chosen)
            case "refused":
                return self._refuse(connection, message, chosen)
            case "new":
                return self._open(connection, message, chosen, facts, priority)

    def signed_ticket(self, address: str) -> UUID | None:
        """The ticket a signed reply address names."""
        for key in self._reply_keys:
            if (ticket_id := ticket_of(address, key)) is not None:
                return ticket_id
        return None

    def _known(self, connection: Connection, intake: Intake, client_id: UUID, same: UUID | None) -> Known:
        if same is not None:
            return Known(same_message=same)
        signed = referenced = None
        for token in intake.thread_tokens:
            if signed is None and "@" in token and (ticket_id := self.signed_ticket(token)) is not None:
                signed = _thread(connection.exec_driver_sql(_SIGNED, (ticket_id, client_id)).first())
        references = [known for known in (intake.in_reply_to, *intake.references) if known]
        if signed is None and references:
            referenced = _thread(connection.exec_driver_sql(_REFERENCED, (client_id, references)).first())
        return Known(signed=signed, referenced=referenced)

    def _open(self, connection: Connection, message: _Message, chosen: Route, facts: Row[Any],
              priority: str | None) -> Accepted:
        intake, client_id, ticket_id = message.intake, message.client_id, self._new_id()
        documents = self._store_files(connection, client_id, ticket_id, intake.attachments, 0, intake.received_at)
        headers = self._headers(connection, message)
        self._trail(connection, message, ticket_id, "ticket.received", documents)
        year = fiscal_year(intake.received_at.astimezone(ZoneInfo(facts.zone)).date())
        count = connection.exec_driver_sql(_COUNT, (client_id, year)).scalar_one()
        number = ticket_number(facts.prefix, year, count)
        wishes = {"suppress_reply": intake.suppress_reply, "priority_hint": priority}
        connection.execute(_TICKET.insert(), {
            "id": ticket_id, "client_id": client_id, "root_id": ticket_id, "number": number, "stage": "intake",
            "progress": PROGRESS["intake"], "channel": intake.channel, "subject": intake.subject,
            "requester_name": intake.sender_name, "requester_email": intake.sender, "priority": priority or "P3",
            "desk": DESKS["intake"], "next_action": "Start the work", "next_at": intake.received_at,
            "documents_total": len(documents), "detail": {name: wish for name, wish in wishes.items() if wish},
            "received_at": intake.received_at})
        self._insert_message(connection, message, ticket_id, headers)
        if documents:
            connection.execute(_DOCUMENT.insert(), documents)
        if chosen.follow_up_of is not None:
            connection.execute(_LINK.insert(), {"id": self._new_id(), "client_id": client_id, "ticket_id": ticket_id,
                                                "other_id": chosen.follow_up_of, "kind": "follow_up"})
        self._leave(connection, client_id, ticket_id, f"start:{ticket_id}:1", "start",
                    {"ticket_id": str(ticket_id), "client_id": str(client_id), "life": 1},
                    intake.received_at + HEAD_START)
        return Accepted(ticket_id, number)

    def _reply(self, connection: Connection, message: _Message, chosen: Route) -> Accepted:
        intake, client_id, ticket_id = message.intake, message.client_id, chosen.ticket_id
        assert ticket_id is not None
        files = intake.attachments if chosen.wakes else ()  # an echo only brings our own mail back
        documents: list[dict[str, Any]] = []
        if files:
            # The ticket's row is locked so that two answers with files do not take the same positions.
            taken = connection.exec_driver_sql(
                "update ticket set documents_total = documents_total + %s, row_version = row_version + 1"
                " where id = %s returning documents_total", (len(files), ticket_id)).scalar_one()
            if taken > MAX_FILES:
                raise DomainError("too-many-files", limit=MAX_FILES, files=taken)
            documents = self._store_files(
                connection, client_id, ticket_id, files, taken - len(files), intake.received_at)
            connection.execute(_DOCUMENT.insert(), documents)
        self._insert_message(connection, message, ticket_id, self._headers(connection, message))
        self._trail(connection, message, ticket_id, "ticket.reply_received", documents)
        if chosen.wakes:
            self._leave(connection, client_id, ticket_id, f"reply:{message.id}", "reply",
                        {"ticket_id": str(ticket_id), "client_id": str(client_id), "message_id": str(message.id),
                         "documents": len(documents)}, intake.received_at)
        return self._existing(connection, chosen, reply=True)

    def _refuse(self, connection: Connection, message: _Message, chosen: Route) -> Accepted:
        """An echo of our own mail: only the trail keeps it. The same echo twice is two lines, which is what happened."""
        emit = Emit("access.refused", after={"channel": message.intake.channel}, why=chosen.code, entity="message",
                    entity_id=hashlib.sha256(message.intake.external_id.encode()).hexdigest()[:32],
                    **_person(message.intake))
        self._audit.record(connection, client_id=message.client_id, ticket_id=None, root_id=None,
                           at=message.intake.received_at, actor=message.actor, emit=emit)
        return Accepted(None, None, code=chosen.code)

    def _existing(self, connection: Connection, chosen: Route, *, duplicate: bool = False, reply: bool = False) -> Accepted:
        row = connection.exec_driver_sql("select number, life from ticket where id = %s", (chosen.ticket_id,)).one()
        return Accepted(chosen.ticket_id, row.number, duplicate=duplicate, reply_to_existing=reply, life=row.life)

    def _store_files(self, connection: Connection, client_id: UUID, ticket_id: UUID, files: Sequence[Attachment],
                     first: int, at: datetime) -> list[dict[str, Any]]:
        """Encrypt and keep the bytes; returns the rows of their documents."""
        if not files:
            return []
        addresses = self._objects.put_all_in(connection, client_id, [file.content for file in files])
        return [
            {"id": self._new_id(), "client_id": client_id, "ticket_id": ticket_id, "position": first + index,
             "filename": file.filename, "content_type": file.content_type[:200], "size": len(file.content),
             "sha256": hashlib.sha256(file.content).hexdigest(), "address": address, "received_at": at}
            for index, (file, address) in enumerate(zip(files, addresses, strict=True))
        ]

    def _headers(self, connection: Connection, message: _Message) -> dict[str, Any]:
        intake = message.intake
        kept: dict[str, Any] = {}
        if intake.headers:
            kept["headers"] = [list(pair) for pair in intake.headers]
        if intake.in_reply_to or intake.references:
            kept["in_reply_to"], kept["references"] = intake.in_reply_to, list(intake.references)
        if intake.full_text != _body(intake):
            kept["full_text"] = intake.full_text
        if intake.suppress_reply:
            kept["suppress_reply"] = intake.suppress_reply
        if message.raw is not None:
            kept["raw"] = self._objects.put_in(connection, message.client_id, message.raw)
        return kept

    def _insert_message(self, connection: Connection, message: _Message, ticket_id: UUID, headers: dict[str, Any]) -> None:
        intake = message.intake
        connection.execute(_MESSAGE.insert(), {
            "id": message.id, "client_id": message.client_id, "ticket_id": ticket_id, "direction": "in",
            "channel": intake.channel, "external_id": intake.external_id, "sender": intake.sender,
            "recipient": intake.recipient, "subject": intake.subject, "body": _body(intake), "headers": headers,
            "sent_at": intake.sent_at, "received_at": intake.received_at})

    def _trail(self, connection: Connection, message: _Message, ticket_id: UUID, event: str,
               documents: Sequence[dict[str, Any]]) -> None:
        intake = message.intake
        after: dict[str, Any] = {"channel": intake.channel, "message": str(message.id), "documents": len(documents)}
        if intake.suppress_reply:
            after["suppress_reply"] = intake.suppress_reply
        emits: list[Emit] = [Emit(event, after=after, **_person(intake))]
        if documents:
            listed = [{"id": str(row["id"]), **{name: row[name] for name in ("position", "size", "sha256")}} for row in documents]
            emits.append(Emit("document.received", after={"documents": listed}))
        self._audit.record_many(connection, client_id=message.client_id, ticket_id=ticket_id, root_id=ticket_id,
                                at=intake.received_at, actor=message.actor, emits=emits)

    def _leave(self, connection: Connection, client_id: UUID, ticket_id: UUID, key: str, kind: str,
               payload: dict[str, Any], at: datetime) -> None:
        connection.execute(_OUTBOX.insert(), {
            "id": self._new_id(), "client_id": client_id, "ticket_id": ticket_id, "key": key, "kind": kind,
            "payload": payload, "next_at": at})


def started(connection: Connection, ticket_id: UUID, life: int, at: datetime) -> None:
    """The workflow of this life runs: the outbox need not start it."""
    connection.exec_driver_sql(
        "update outbox set state = 'done', done_at = %s where key = %s and state = 'waiting'",
        (at, f"start:{ticket_id}:{life}"))


def _body(intake: Intake) -> str:
    return intake.text if intake.text.strip() else intake.full_text


def _person(intake: Intake) -> dict[str, Any]:
    if not intake.sender:
        return {}
    return {"personal": {"sender": intake.sender, "name": intake.sender_name}, "subject": intake.sender}


def _thread(row: Row[Any] | None) -> ThreadTicket | None:
    return None if row is None else ThreadTicket(row.id, row.state, row.subject)
