"""The audit trail: who did what, when, from where, before and after, and why, in the transaction of the act."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.audit_form import SCHEMA_VERSION, STORED, clean, hash_of, insert_of, money_hash, stored
from ticketos.db.audit_people import about
from ticketos.db.audit_reads import AuditReads
from ticketos.db.session import driver
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.events import BY_NAME
from ticketos.domain.proof import canonical
from ticketos.domain.state import Actor

_INSERT = insert_of(*("%s" for _ in STORED))


class AuditTrail(AuditReads):
    """Writes and reads the trail. An event that is no money act and names nobody is one insert, no lock."""

    def record(
        self,
        connection: Connection,
        *,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emit: Emit,
    ) -> UUID:
        """Write one event and return its id. See `record_many`."""
        return self.record_many(
            connection,
            client_id=client_id,
            ticket_id=ticket_id,
            root_id=root_id,
            at=at,
            actor=actor,
            emits=(emit,),
        )[0]

    def record_apart(
        self, connection: Connection, client_id: UUID, at: datetime, actor: Actor, *emits: Emit
    ) -> None:
        """Write events of a client that belong to no ticket. See `record_many`."""
        self.record_many(
            connection, client_id=client_id, ticket_id=None, root_id=None, at=at, actor=actor, emits=emits
        )

    def record_many(
        self,
        connection: Connection,
        *,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emits: Sequence[Emit],
    ) -> tuple[UUID, ...]:
        """Write events in this order within the caller's transaction; returns their ids.

        Money acts of a client queue behind each other until the transaction ends, so record them last.
        Raises DomainError: event-unknown, audit-subject-missing (personal values of nobody).
        """
        if not emits:
            return ()
        rows = self._rows(
            connection,
            client_id,
            ticket_id,
            root_id,
            at,
            actor,
            emits,
            self._subjects(connection, client_id, emits),
        )
        values = [tuple(stored(name, row[name]) for name in STORED) for row in rows]
        _write(connection, _INSERT, values)
        self._chain(connection, client_id, [row for row in rows if row["money"]])
        return tuple(row["id"] for row in rows)

    def written(
        self,
        connection: Connection,
        *,
        client_id: UUID,
        ticket_id: UUID,
        at: datetime,
        actor: Actor,
        emit: Emit,
        subject: tuple[UUID, bytes] | None,
    ) -> dict[str, Any]:
        """One event of a request as the parameters of ``INSERT_NAMED``: for the hot path, where it goes to
        the server together with the request itself. ``subject`` is the named person's id and wrapped key if
        the caller has just read them in this transaction (see ``pseudonym``). No money act may be written so,
        since those are chained."""
        known = {}
        if emit.personal and emit.subject and subject is not None:
            name, key = (
                self._subject(connection, client_id, emit.subject),
                self._keys.of(connection, client_id),
            )
            known[name] = (subject[0], self._subject_key(key, client_id, name, subject[1]))
        elif emit.personal:
            known = self._subjects(connection, client_id, (emit,))
        (row,) = self._rows(connection, client_id, ticket_id, ticket_id, at, actor, (emit,), known)
        assert not row["money"]
        return {f"event_{name}": stored(name, row[name]) for name in STORED}

    def _rows(
        self,
        connection: Connection,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emits: Sequence[Emit],
        subjects: Mapping[str, tuple[UUID, bytes]],
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for emit in emits:
            row = self._row(client_id, ticket_id, root_id, at, actor, emit)
            if emit.personal and emit.subject:
                row["subject_id"], key = subjects[self._subject(connection, client_id, emit.subject)]
                row["personal"] = self._keyring.encrypt(
                    key, canonical(clean(emit.personal)), about(row["id"])
                )
            row["hash"] = hash_of(row)
            rows.append(row)
        return rows

    def _row(
        self,
        client_id: UUID,
        ticket_id: UUID | None,
        root_id: UUID | None,
        at: datetime,
        actor: Actor,
        emit: Emit,
    ) -> dict[str, Any]:
        if emit.event not in BY_NAME:
            raise DomainError("event-unknown", event=emit.event)
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self._new_id(),
            "client_id": client_id,
            "at": at,
            "event": emit.event,
            "actor_kind": actor.kind,
            "actor_id": clean(actor.id),
            "origin": clean(actor.origin),
            "ticket_id": ticket_id,
            "root_id": root_id,
            "entity": clean(emit.entity),
            "entity_id": clean(emit.entity_id),
            "subject_id": None,
            "before": clean(emit.before),
            "after": clean(emit.after),
            "personal": None,
            "why": clean(emit.why),
            "money": BY_NAME[emit.event].money,
        }

    def _chain(self, connection: Connection, client_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        # The head is read by a statement that starts after the lock is held, so it sees the last commit.
        sql = driver(connection)
        sql.execute("select pg_advisory_xact_lock(%s)", (_money_lock(client_id),))
        head = sql.execute(
            "select number, hash from money_link where client_id = %s order by number desc limit 1",
            (client_id,),
        ).fetchone()
        number, previous = (0, b"") if head is None else (head[0], bytes(head[1]))
        links: list[tuple[object, ...]] = []
        for row in rows:
            number += 1
            own = money_hash(client_id, number, row["id"], row["hash"], previous)
            links.append((client_id, number, row["id"], row["hash"], previous, own))
            previous = own
        _write(
            connection,
            "insert into money_link (client_id, number, event_id, event_hash, previous, hash)"
            " values (%s, %s, %s, %s, %s, %s)",
            links,
        )


def _write(connection: Connection, query: str, values: Sequence[tuple[object, ...]]) -> None:
    """By the driver itself: every step of every ticket writes here."""
    sql = driver(connection)
    if len(values) == 1:
        sql.execute(query, values[0])
        return
    with sql.cursor() as cursor:
        cursor.executemany(query, values)


def _money_lock(client_id: UUID) -> int:
    """The advisory lock of a client's money chain."""
    digest = hashlib.sha256(b"ticketos/money-chain/" + client_id.bytes).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
