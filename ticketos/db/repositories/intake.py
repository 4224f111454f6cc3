"""A message from outside becomes a ticket, an answer or a line in the trail, in one transaction (MF1).

This is the hot path: a new request without files is two statements, one that reads all there is to know and
one that writes everything. The counter row, which all of a client's new tickets queue for, is taken by the
second one, so that it is held for that statement and the commit and never while we think.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Row, RowMapping, select

from ticketos.channels.email.address import ticket_of
from ticketos.db.audit import AuditTrail
from ticketos.db.objects import ObjectStore
from ticketos.db.repositories.intake_sql import (
    DOCUMENT,
    FACTS,
    LINK,
    MESSAGE_INSERT,
    OPEN_TICKET,
    OUTBOX_INSERT,
    REFERENCED,
    SIGNED,
    TICKET,
)
from ticketos.db.repositories.intake_writes import IntakeWrites, Message, emits_of, person_of
from ticketos.db.session import driver, finish
from ticketos.domain import document_class as classes
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.intake import Known, Route, ThreadTicket, fiscal_year, number_stem, route
from ticketos.domain.intake_types import Intake
from ticketos.domain.ports import NewId
from ticketos.domain.stages import DESKS
from ticketos.domain.state import PROGRESS, Actor

MAX_FILES = 2_000
"""How many documents one request may carry (MF14)."""

HEAD_START = timedelta(seconds=2)
"""How long the relay leaves a new ticket to the process that took it in, which starts it at once."""


_AS_BEFORE = (
    "update ticket t set service_line = o.service_line, ticket_type = o.ticket_type from ticket o"
    " where t.client_id = %s and t.id = %s and o.client_id = t.client_id and o.id = %s returning t.*"
)
"""A request that comes back is the same kind of work."""


@dataclass(frozen=True)
class Accepted:
    """What became of a message. ``ticket_id`` and ``number`` are None for a refused one alone, which is in
    the trail with ``code``. ``row`` is the ticket as the database has it."""

    ticket_id: UUID | None
    number: str | None
    duplicate: bool = False
    reply_to_existing: bool = False
    code: str | None = None
    row: Mapping[str, Any] | RowMapping | None = None


class _Facts(NamedTuple):
    """What is known before a message is judged, in the order of ``FACTS``."""

    prefix: str
    zone: str
    status: str
    same_message: UUID | None
    subject_id: UUID | None
    wrapped_key: bytes | None


class IntakeStore(IntakeWrites):
    """Takes messages in. ``reply_keys`` are the keys signed reply addresses may be made with, newest
    first."""

    def __init__(
        self, audit: AuditTrail, objects: ObjectStore, reply_keys: Sequence[bytes], new_id: NewId
    ) -> None:
        super().__init__(audit, objects, new_id)
        self._reply_keys = tuple(reply_keys)

    def accept(
        self,
        connection: Connection,
        intake: Intake,
        *,
        client_id: UUID,
        actor: Actor,
        priority: str | None = None,
        document_class: str | None = None,
        raw: bytes | None = None,
        last: bool = False,
        repeat_of: UUID | None = None,
    ) -> Accepted:
        """Take one message of ``client_id`` in, within the caller's transaction (which sees that client).

        ``priority`` and ``document_class`` are the sender's wish; ``raw`` the message as it arrived, kept as evidence.
        ``last`` says that nothing follows in this transaction, which may then be over on return (see ``finish``).
        ``repeat_of`` is the finished ticket whose requester comes back: a new request is linked to it and keeps its line
        and type. Raises DomainError ``client-unknown``, ``client-inactive``, ``too-many-files``. Two transactions with the
        same message collide on ``uq_message_external``: run the later one again, it then finds a duplicate.
        """
        if len(intake.attachments) > MAX_FILES:
            raise DomainError("too-many-files", limit=MAX_FILES, files=len(intake.attachments))
        person = self._audit.pseudonym(connection, client_id, intake.sender) if intake.sender else ""
        found = (
            driver(connection)
            .execute(FACTS, (intake.channel, intake.external_id, person, client_id))
            .fetchone()
        )
        if found is None:
            raise DomainError("client-unknown")
        facts = _Facts(*found)
        if facts.status != "active":
            raise DomainError("client-inactive", status=facts.status)
        message = Message(self._new_id(), intake, client_id, actor, raw)
        chosen = route(intake, self._known(connection, intake, client_id, facts.same_message))
        match chosen.kind:
            case "duplicate":
                return self._existing(connection, chosen, duplicate=True)
            case "reply":
                return self._reply(connection, message, chosen)
            case "refused":
                return self._refuse(connection, message, chosen)
            case "new":
                if repeat_of is None:
                    return self._open(connection, message, chosen, facts, priority, last, document_class)
                accepted = self._open(connection, message, chosen, facts, priority, False, document_class)
                return self._repeat(connection, message, accepted, repeat_of)

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
                signed = _thread(connection.exec_driver_sql(SIGNED, (ticket_id, client_id)).first())
        references = [known for known in (intake.in_reply_to, *intake.references) if known]
        if signed is None and references:
            referenced = _thread(connection.exec_driver_sql(REFERENCED, (client_id, references)).first())
        return Known(signed=signed, referenced=referenced)

    def _open(
        self,
        connection: Connection,
        message: Message,
        chosen: Route,
        facts: _Facts,
        priority: str | None,
        last: bool,
        document_class: str | None,
    ) -> Accepted:
        intake, client_id, ticket_id = message.intake, message.client_id, self._new_id()
        documents = self._store_files(
            connection, client_id, ticket_id, intake.attachments, 0, intake.received_at
        )
        headers = self._headers(connection, message)
        received, listed = emits_of(message, "ticket.received", documents)
        event = self._audit.written(
            connection,
            client_id=client_id,
            ticket_id=ticket_id,
            at=intake.received_at,
            actor=message.actor,
            emit=received,
            subject=None if facts.subject_id is None else (facts.subject_id, bytes(facts.wrapped_key or b"")),
        )
        year = fiscal_year(intake.received_at.astimezone(ZoneInfo(facts.zone)).date())
        wishes = {
            "suppress_reply": intake.suppress_reply,
            "priority_hint": priority,
            classes.WISH: document_class or classes.wished(intake.headers),
        }
        values: dict[str, Any] = {
            **self._message(message, ticket_id, headers),
            **event,
            **self._leaving(
                client_id,
                ticket_id,
                f"start:{ticket_id}:1",
                "start",
                {"ticket_id": str(ticket_id), "client_id": str(client_id), "life": 1},
                intake.received_at + HEAD_START,
            ),
            "ticket_id": ticket_id,
            "ticket_client_id": client_id,
            "ticket_root_id": ticket_id,
            "number_stem": number_stem(facts.prefix, year),
            "fiscal_year": year,
            "ticket_stage": "intake",
            "ticket_progress": PROGRESS["intake"],
            "ticket_channel": intake.channel,
            "ticket_subject": intake.subject,
            "ticket_requester_name": intake.sender_name,
            "ticket_requester_email": intake.sender,
            "ticket_priority": priority or "P3",
            "ticket_desk": DESKS["intake"],
            "ticket_next_action": "Start the work",
            "ticket_next_at": intake.received_at,
            "ticket_documents_total": len(documents),
            "ticket_detail": Jsonb({name: wish for name, wish in wishes.items() if wish}),
            "ticket_received_at": intake.received_at,
        }
        if last and not documents and chosen.follow_up_of is None:
            row = finish(connection, OPEN_TICKET, values)
        else:
            with driver(connection).cursor(row_factory=dict_row) as cursor:
                row = cursor.execute(OPEN_TICKET, values).fetchone()
        assert row is not None
        if documents:
            connection.execute(DOCUMENT.insert(), documents)
            self._record(connection, message, ticket_id, listed)
        if chosen.follow_up_of is not None:
            connection.execute(
                LINK.insert(),
                {
                    "id": self._new_id(),
                    "client_id": client_id,
                    "ticket_id": ticket_id,
                    "other_id": chosen.follow_up_of,
                    "kind": "follow_up",
                },
            )
        return Accepted(ticket_id, row["number"], row=row)

    def _repeat(
        self, connection: Connection, message: Message, accepted: Accepted, repeat_of: UUID
    ) -> Accepted:
        connection.execute(
            LINK.insert(),
            {
                "id": self._new_id(),
                "client_id": message.client_id,
                "ticket_id": accepted.ticket_id,
                "other_id": repeat_of,
                "kind": "repeat_contact",
            },
        )
        row = (
            connection.exec_driver_sql(_AS_BEFORE, (message.client_id, accepted.ticket_id, repeat_of))
            .mappings()
            .one()
        )
        self._audit.record(
            connection,
            client_id=message.client_id,
            ticket_id=repeat_of,
            root_id=repeat_of,
            at=message.intake.received_at,
            actor=message.actor,
            emit=Emit("ticket.linked", after={"other": accepted.number, "kind": "repeat_contact"}),
        )
        return replace(accepted, row=row)

    def _reply(self, connection: Connection, message: Message, chosen: Route) -> Accepted:
        intake, client_id, ticket_id = message.intake, message.client_id, chosen.ticket_id
        assert ticket_id is not None
        files = intake.attachments if chosen.wakes else ()  # an echo only brings our own mail back
        documents: list[dict[str, Any]] = []
        if files:
            # The ticket's row is locked so that two answers with files do not take the same positions.
            taken = connection.exec_driver_sql(
                "update ticket set documents_total = documents_total + %s, row_version = row_version + 1"
                " where id = %s returning documents_total",
                (len(files), ticket_id),
            ).scalar_one()
            if taken > MAX_FILES:
                raise DomainError("too-many-files", limit=MAX_FILES, files=taken)
            behind = connection.exec_driver_sql(
                "select coalesce(max(position) + 1, 0) from document where client_id = %s and ticket_id = %s",
                (client_id, ticket_id),
            ).scalar_one()
            documents = self._store_files(connection, client_id, ticket_id, files, behind, intake.received_at)
            connection.execute(DOCUMENT.insert(), documents)
        raw = driver(connection)
        raw.execute(MESSAGE_INSERT, self._message(message, ticket_id, self._headers(connection, message)))
        received, listed = emits_of(message, "ticket.reply_received", documents)
        self._record(connection, message, ticket_id, (received, *listed))
        if chosen.wakes:
            raw.execute(
                OUTBOX_INSERT,
                self._leaving(
                    client_id,
                    ticket_id,
                    f"reply:{message.id}",
                    "reply",
                    {
                        "ticket_id": str(ticket_id),
                        "client_id": str(client_id),
                        "message_id": str(message.id),
                        "documents": len(documents),
                    },
                    intake.received_at,
                ),
            )
        if chosen.lost:
            raw.execute(
                OUTBOX_INSERT,
                self._leaving(
                    client_id,
                    ticket_id,
                    f"bounce:{message.id}",
                    "bounce",
                    {"message_id": str(message.id), "references": list(intake.references)},
                    intake.received_at,
                ),
            )
        return self._existing(connection, chosen, reply=True)

    def _refuse(self, connection: Connection, message: Message, chosen: Route) -> Accepted:
        """An echo of our own mail: only the trail keeps it. The same echo twice is two lines, which is what
        happened."""
        emit = Emit(
            "access.refused",
            after={"channel": message.intake.channel},
            why=chosen.code,
            entity="message",
            entity_id=hashlib.sha256(message.intake.external_id.encode()).hexdigest()[:32],
            **person_of(message.intake),
        )
        self._audit.record_apart(
            connection, message.client_id, message.intake.received_at, message.actor, emit
        )
        return Accepted(None, None, code=chosen.code)

    def _existing(
        self, connection: Connection, chosen: Route, *, duplicate: bool = False, reply: bool = False
    ) -> Accepted:
        found = connection.execute(select(TICKET).where(TICKET.c.id == chosen.ticket_id)).mappings().one()
        return Accepted(found["id"], found["number"], duplicate=duplicate, reply_to_existing=reply, row=found)


def started(connection: Connection, starts: Sequence[tuple[UUID, int]], at: datetime) -> None:
    """The workflows of these tickets and lives run: the outbox need not start them."""
    connection.exec_driver_sql(
        "update outbox set state = 'done', done_at = %s where key = any(%s) and state = 'waiting'",
        (at, [f"start:{ticket_id}:{life}" for ticket_id, life in starts]),
    )


def _thread(row: Row[Any] | None) -> ThreadTicket | None:
    return None if row is None else ThreadTicket(row.id, row.state, row.subject)
