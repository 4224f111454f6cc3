"""The audit trail: who did what, when, from where, before and after, and why, in the transaction of the act.

`hash` of an event covers the columns in `COVERED`: all a person or rule stated. The database's own columns
are left out of it: `xid` and `recorded_at` are unknown before the insert, and `seq`, unknown as well, is
covered by the seal, whose leaf is (`seq`, `hash`). `personal` enters as ciphertext, so a check needs no key
and dropping a person's key breaks no hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection

from ticketos.crypto import Keyring, UnknownKeyError, UnreadableError, new_key
from ticketos.db.keys import ClientKeys
from ticketos.db.session import driver
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.events import BY_NAME
from ticketos.domain.ports import NewId
from ticketos.domain.proof import canonical, event_hash
from ticketos.domain.state import Actor

PersonalState = Literal["none", "readable", "erased", "damaged"]

SCHEMA_VERSION = 1
"""Version of the set and the meaning of `COVERED`; a check knows every version ever written."""

COVERED = (
    *("schema_version", "id", "client_id", "at", "event", "actor_kind", "actor_id", "origin", "ticket_id"),
    *("root_id", "entity", "entity_id", "subject_id", "before", "after", "personal", "why", "money"),
)
"""Columns of `audit_event` under its hash, schema version 1."""

_STORED = (*COVERED, "hash")
_AS_JSON = frozenset({"before", "after"})


def insert_of(*placeholders: str) -> str:
    """An insert of one event with these placeholders, one for each of ``COVERED`` and the hash."""
    values = (
        f"{place}::jsonb" if name in _AS_JSON else place
        for name, place in zip(_STORED, placeholders, strict=True)
    )
    return f"insert into audit_event ({', '.join(_STORED)}) values ({', '.join(values)})"  # noqa: S608


INSERT_NAMED = insert_of(*(f"%(event_{name})s" for name in _STORED))
"""An insert of what ``AuditTrail.written`` returns, for a statement that does more than that."""

_INSERT = insert_of(*("%s" for _ in _STORED))
_TIMELINE = """
select e.id, e.seq, e.client_id, e.at, e.recorded_at, e.event, e.actor_kind, e.actor_id, e.origin,
       e.ticket_id, e.root_id, e.entity, e.entity_id, e.before::text, e.after::text, e.why, e.money,
       e.personal, k.subject, k.wrapped_key
from audit_event e left join subject_key k on k.client_id = e.client_id and k.id = e.subject_id
where e.root_id = %s and e.seq > %s order by e.seq limit %s
"""

_EXPLORED = """
select e.id, e.seq, e.client_id, e.at, e.recorded_at, e.event, e.actor_kind, e.actor_id, e.origin,
       e.ticket_id, e.root_id, e.entity, e.entity_id, e.before::text, e.after::text, e.why, e.money,
       e.personal, k.subject, k.wrapped_key
from audit_event e left join subject_key k on k.client_id = e.client_id and k.id = e.subject_id
where e.client_id = any(%(clients)s)
  and (cast(%(before)s as bigint) is null or e.seq < %(before)s)
  and (cast(%(event)s as text) is null or e.event = %(event)s or starts_with(e.event, %(event)s || '.'))
  and (cast(%(actor)s as text) is null or e.actor_id = %(actor)s)
  and (cast(%(root)s as uuid) is null or e.root_id = %(root)s)
  and (cast(%(since)s as timestamptz) is null or e.at >= %(since)s)
  and (cast(%(until)s as timestamptz) is null or e.at < %(until)s)
  and (not %(money)s or e.money)
order by e.seq desc limit %(limit)s
"""

_RECENT = _TIMELINE.replace("e.seq > %s order by e.seq limit", "e.seq < %s order by e.seq desc limit")


def hash_of(fields: Mapping[str, object]) -> bytes:
    """The hash of an event from its columns (more than `COVERED` may be given). Raises DomainError for values
    no event was ever written with, a float or an unknown schema version."""
    if fields["schema_version"] != SCHEMA_VERSION:
        raise DomainError("audit-schema-unknown", version=fields["schema_version"])
    return event_hash({name: fields[name] for name in COVERED})


@dataclass(frozen=True)
class TimelineEvent:
    """One entry of a request's timeline. `personal` is readable while the person's key exists, and
    `personal_state` says why it is None: nothing there, the person was erased, or damaged ciphertext."""

    id: UUID
    seq: int
    client_id: UUID
    at: datetime
    recorded_at: datetime
    event: str
    title: str
    actor_kind: str
    actor_id: str | None
    origin: str | None
    ticket_id: UUID | None
    root_id: UUID | None
    entity: str | None
    entity_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    why: str | None
    money: bool
    personal: Mapping[str, Any] | None
    personal_state: PersonalState


class AuditTrail:
    """Writes and reads the trail. An event that is no money act and names nobody is one insert, no lock."""

    def __init__(self, keyring: Keyring, new_id: NewId) -> None:
        self._keyring = keyring
        self._keys = ClientKeys(keyring)
        self._new_id = new_id

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
        values = [tuple(_stored(name, row[name]) for name in _STORED) for row in rows]
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
        return {f"event_{name}": _stored(name, row[name]) for name in _STORED}

    def pseudonym(self, connection: Connection, client_id: UUID, person: str) -> str:
        """What ``subject_key.subject`` calls this person."""
        return self._subject(connection, client_id, person)

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
                    key, canonical(_clean(emit.personal)), _about(row["id"])
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
            "actor_id": _clean(actor.id),
            "origin": _clean(actor.origin),
            "ticket_id": ticket_id,
            "root_id": root_id,
            "entity": _clean(emit.entity),
            "entity_id": _clean(emit.entity_id),
            "subject_id": None,
            "before": _clean(emit.before),
            "after": _clean(emit.after),
            "personal": None,
            "why": _clean(emit.why),
            "money": BY_NAME[emit.event].money,
        }

    def timeline(
        self, connection: Connection, root_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> tuple[TimelineEvent, ...]:
        """Every event of a request's tree in the order of writing; `after` is the last `seq` known."""
        found = connection.exec_driver_sql(_TIMELINE, (root_id, after, limit)).all()
        return tuple(self._shown(connection, row) for row in found)

    def last_about(
        self, connection: Connection, root_id: UUID, entity_ids: Sequence[str], events: Sequence[str]
    ) -> dict[str, str]:
        """The newest of these events about each of these entities within a request's tree, by the entity's id."""
        if not entity_ids:
            return {}
        found = connection.exec_driver_sql(
            "select entity_id, event from audit_event where root_id = %s and entity_id = any(%s)"
            " and event = any(%s) order by seq",
            (root_id, list(entity_ids), list(events)),
        )
        return {row.entity_id: row.event for row in found}

    def explore(
        self,
        connection: Connection,
        client_ids: Sequence[UUID],
        *,
        limit: int,
        before: int | None = None,
        event: str | None = None,
        actor: str | None = None,
        root: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        money: bool = False,
    ) -> tuple[TimelineEvent, ...]:
        """Events of these clients, the newest first. `event` is a name or what stands before its dot, `before`
        the lowest `seq` known, the span half-open."""
        asked = {
            "before": before,
            "event": event,
            "actor": actor,
            "root": root,
            "since": since,
            "until": until,
        }
        found = connection.exec_driver_sql(
            _EXPLORED, {**asked, "clients": list(client_ids), "money": money, "limit": limit}
        ).all()
        return tuple(self._shown(connection, row) for row in found)

    def recent(
        self, connection: Connection, root_id: UUID, *, before: int | None = None, limit: int = 200
    ) -> tuple[TimelineEvent, ...]:
        """The last events of a request's tree in the order of writing; `before` is the first `seq` known."""
        last = 2**62 if before is None else before
        found = connection.exec_driver_sql(_RECENT, (root_id, last, limit)).all()
        return tuple(self._shown(connection, row) for row in reversed(found))

    def erase(self, connection: Connection, client_id: UUID, person: str) -> bool:
        """Drop the key of a person (by address): what the trail held of them is unreadable for ever.
        True when there was a key. The person may appear again later, under a new key."""
        subject = self._subject(connection, client_id, person)
        done = connection.exec_driver_sql(
            "update subject_key set wrapped_key = null"
            " where client_id = %s and subject = %s and wrapped_key is not null",
            (client_id, subject),
        )
        return done.rowcount > 0

    def _subject(self, connection: Connection, client_id: UUID, person: str) -> str:
        return self._keyring.subject(self._keys.of(connection, client_id), person)

    def _subjects(
        self, connection: Connection, client_id: UUID, emits: Sequence[Emit]
    ) -> dict[str, tuple[UUID, bytes]]:
        """Pseudonym → (id, key) of the persons named, made at need."""
        wanted: set[str] = set()
        for emit in emits:
            if emit.personal:
                if not emit.subject:
                    raise DomainError("audit-subject-missing", event=emit.event)
                wanted.add(self._subject(connection, client_id, emit.subject))
        if not wanted:
            return {}
        client_key = self._keys.of(connection, client_id)
        found = driver(connection).execute(
            "select subject, id, wrapped_key from subject_key"
            " where client_id = %s and subject = any(%s) and wrapped_key is not null",
            (client_id, sorted(wanted)),
        )
        known = {
            row[0]: (row[1], self._subject_key(client_key, client_id, row[0], bytes(row[2]))) for row in found
        }
        # In order, so that two transactions that meet the same new persons never deadlock.
        for subject in sorted(wanted - known.keys()):
            known[subject] = self._new_subject(connection, client_key, client_id, subject)
        return known

    def _new_subject(
        self, connection: Connection, client_key: bytes, client_id: UUID, subject: str
    ) -> tuple[UUID, bytes]:
        wrapped = self._keyring.encrypt(client_key, new_key(), _person(client_id, subject))
        row = (
            driver(connection)
            .execute(
                "insert into subject_key (id, client_id, subject, wrapped_key) values (%s, %s, %s, %s)"
                " on conflict (client_id, subject)"
                " do update set wrapped_key = coalesce(subject_key.wrapped_key, excluded.wrapped_key)"
                " returning id, wrapped_key",
                (self._new_id(), client_id, subject, wrapped),
            )
            .fetchone()
        )
        assert row is not None
        return row[0], self._subject_key(client_key, client_id, subject, bytes(row[1]))

    def _subject_key(self, client_key: bytes, client_id: UUID, subject: str, wrapped: bytes) -> bytes:
        return self._keyring.decrypt(client_key, wrapped, _person(client_id, subject))

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

    def _shown(self, connection: Connection, row: Any) -> TimelineEvent:
        personal, state = self._personal(connection, row)
        return TimelineEvent(
            id=row.id,
            seq=row.seq,
            client_id=row.client_id,
            at=row.at,
            recorded_at=row.recorded_at,
            event=row.event,
            title=BY_NAME[row.event].title if row.event in BY_NAME else row.event,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            origin=row.origin,
            ticket_id=row.ticket_id,
            root_id=row.root_id,
            entity=row.entity,
            entity_id=row.entity_id,
            before=_parsed(row.before),
            after=_parsed(row.after),
            why=row.why,
            money=row.money,
            personal=personal,
            personal_state=state,
        )

    def _personal(self, connection: Connection, row: Any) -> tuple[Mapping[str, Any] | None, PersonalState]:
        if row.personal is None:
            return None, "none"
        if row.wrapped_key is None:
            return None, "erased"
        try:
            client_key = self._keys.of(connection, row.client_id)
            key = self._subject_key(client_key, row.client_id, row.subject, bytes(row.wrapped_key))
            return json.loads(self._keyring.decrypt(key, bytes(row.personal), _about(row.id))), "readable"
        except UnknownKeyError:  # erased once, and the person came back under a new key
            return None, "erased"
        except UnreadableError:
            return None, "damaged"


def money_hash(client_id: UUID, number: int, event_id: UUID, event: bytes, previous: bytes) -> bytes:
    """The hash of a link of the money chain."""
    return event_hash(
        {
            "schema": "ticketos.money.1",
            "client_id": client_id,
            "number": number,
            "event_id": event_id,
            "event_hash": event,
            "previous": previous,
        }
    )


def _write(connection: Connection, query: str, values: Sequence[tuple[object, ...]]) -> None:
    """By the driver itself: every step of every ticket writes here."""
    sql = driver(connection)
    if len(values) == 1:
        sql.execute(query, values[0])
        return
    with sql.cursor() as cursor:
        cursor.executemany(query, values)


def _stored(name: str, value: object) -> object:
    return canonical(value).decode() if name in _AS_JSON and value is not None else value


def _parsed(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else json.loads(text)


def _clean(value: Any) -> Any:
    """`value` as PostgreSQL can keep it: the trail must never be the reason why an act fails. Text loses
    NUL and lone surrogates (both arrive in mail), floats become decimal text, sets are sorted."""
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case float():
            return str(Decimal(repr(value)))
        case Mapping():
            return {_clean(str(key)): _clean(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_clean(item) for item in value), key=canonical)
        case list() | tuple():
            return [_clean(item) for item in value]
    return value


def _about(event_id: object) -> bytes:
    return f"ticketos/audit-personal/{event_id}".encode()


def _person(client_id: UUID, subject: str) -> bytes:
    return f"ticketos/subject-key/{client_id}/{subject}".encode()


def _money_lock(client_id: UUID) -> int:
    """The advisory lock of a client's money chain."""
    digest = hashlib.sha256(b"ticketos/money-chain/" + client_id.bytes).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
