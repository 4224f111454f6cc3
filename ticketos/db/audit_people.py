"""The people an event names: each has a key of its own, and without it nobody can read what the trail holds of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from ticketos.crypto import Keyring, new_key
from ticketos.db.keys import ClientKeys
from ticketos.db.session import driver
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId


class AuditPeople:
    """Keeps the keys of people, by pseudonym."""

    def __init__(self, keyring: Keyring, new_id: NewId) -> None:
        self._keyring = keyring
        self._keys = ClientKeys(keyring)
        self._new_id = new_id

    def pseudonym(self, connection: Connection, client_id: UUID, person: str) -> str:
        """What ``subject_key.subject`` calls this person."""
        return self._subject(connection, client_id, person)

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


def about(event_id: object) -> bytes:
    """What personal values of an event are bound to: moved to another event, they cannot be read."""
    return f"ticketos/audit-personal/{event_id}".encode()


def _person(client_id: UUID, subject: str) -> bytes:
    return f"ticketos/subject-key/{client_id}/{subject}".encode()
