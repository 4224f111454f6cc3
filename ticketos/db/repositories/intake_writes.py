"""What taking a message in writes: its row and its files, what leaves for the workflow, its lines in the trail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from ticketos.db.audit import AuditTrail
from ticketos.db.objects import ObjectStore
from ticketos.domain.changes import Emit
from ticketos.domain.intake_types import Attachment, Intake
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor


@dataclass(frozen=True)
class Message:
    """One message on its way in."""

    id: UUID
    intake: Intake
    client_id: UUID
    actor: Actor
    raw: bytes | None


class IntakeWrites:
    """The parts taking in is made of; ``IntakeStore`` puts them together."""

    def __init__(self, audit: AuditTrail, objects: ObjectStore, new_id: NewId) -> None:
        self._audit = audit
        self._objects = objects
        self._new_id = new_id

    def _store_files(
        self,
        connection: Connection,
        client_id: UUID,
        ticket_id: UUID,
        files: Sequence[Attachment],
        first: int,
        at: datetime,
    ) -> list[dict[str, Any]]:
        """Encrypt and keep the bytes; returns the rows of their documents."""
        if not files:
            return []
        addresses = self._objects.put_all_in(connection, client_id, [file.content for file in files])
        return [
            {
                "id": self._new_id(),
                "client_id": client_id,
                "ticket_id": ticket_id,
                "position": first + index,
                "filename": file.filename,
                "content_type": file.content_type[:200],
                "size": len(file.content),
                "sha256": hashlib.sha256(file.content).hexdigest(),
                "address": address,
                "received_at": at,
            }
            for index, (file, address) in enumerate(zip(files, addresses, strict=True))
        ]

    def _headers(self, connection: Connection, message: Message) -> dict[str, Any]:
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

    def _message(self, message: Message, ticket_id: UUID, headers: dict[str, Any]) -> dict[str, Any]:
        intake = message.intake
        return {
            "message_id": message.id,
            "message_client_id": message.client_id,
            "message_ticket_id": ticket_id,
            "message_direction": "in",
            "message_channel": intake.channel,
            "message_external_id": intake.external_id,
            "message_sender": intake.sender,
            "message_recipient": intake.recipient,
            "message_subject": intake.subject,
            "message_body": _body(intake),
            "message_headers": Jsonb(headers),
            "message_sent_at": intake.sent_at,
            "message_received_at": intake.received_at,
        }

    def _record(
        self, connection: Connection, message: Message, ticket_id: UUID, emits: Sequence[Emit]
    ) -> None:
        self._audit.record_many(
            connection,
            client_id=message.client_id,
            ticket_id=ticket_id,
            root_id=ticket_id,
            at=message.intake.received_at,
            actor=message.actor,
            emits=emits,
        )

    def _leaving(
        self, client_id: UUID, ticket_id: UUID, key: str, kind: str, payload: dict[str, Any], at: datetime
    ) -> dict[str, Any]:
        return {
            "outbox_id": self._new_id(),
            "outbox_client_id": client_id,
            "outbox_ticket_id": ticket_id,
            "outbox_key": key,
            "outbox_kind": kind,
            "outbox_payload": Jsonb(payload),
            "outbox_next_at": at,
        }


def emits_of(
    message: Message, event: str, documents: Sequence[dict[str, Any]]
) -> tuple[Emit, tuple[Emit, ...]]:
    """What the trail says of a message, and of the documents that came with it."""
    intake = message.intake
    after: dict[str, Any] = {
        "channel": intake.channel,
        "message": str(message.id),
        "documents": len(documents),
    }
    if intake.suppress_reply:
        after["suppress_reply"] = intake.suppress_reply
    received = Emit(event, after=after, **person_of(intake))
    if not documents:
        return received, ()
    listed = [
        {"id": str(row["id"]), **{name: row[name] for name in ("position", "size", "sha256")}}
        for row in documents
    ]
    return received, (Emit("document.received", after={"documents": listed}),)


def _body(intake: Intake) -> str:
    return intake.text if intake.text.strip() else intake.full_text


def person_of(intake: Intake) -> dict[str, Any]:
    """Who wrote, for the trail: readable while the person's key exists. Nothing where nobody is named."""
    if not intake.sender:
        return {}
    return {"personal": {"sender": intake.sender, "name": intake.sender_name}, "subject": intake.sender}
