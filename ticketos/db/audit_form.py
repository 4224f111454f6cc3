"""How an event is stored and hashed.

`hash` of an event covers the columns in `COVERED`: all a person or rule stated. The database's own columns
are left out of it: `xid` and `recorded_at` are unknown before the insert, and `seq`, unknown as well, is
covered by the seal, whose leaf is (`seq`, `hash`). `personal` enters as ciphertext, so a check needs no key
and dropping a person's key breaks no hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain.errors import DomainError
from ticketos.domain.proof import canonical, event_hash

SCHEMA_VERSION = 1
"""Version of the set and the meaning of `COVERED`; a check knows every version ever written."""

COVERED = (
    *("schema_version", "id", "client_id", "at", "event", "actor_kind", "actor_id", "origin", "ticket_id"),
    *("root_id", "entity", "entity_id", "subject_id", "before", "after", "personal", "why", "money"),
)
"""Columns of `audit_event` under its hash, schema version 1."""

STORED = (*COVERED, "hash")
_AS_JSON = frozenset({"before", "after"})


def insert_of(*placeholders: str) -> str:
    """An insert of one event with these placeholders, one for each of ``COVERED`` and the hash."""
    values = (
        f"{place}::jsonb" if name in _AS_JSON else place
        for name, place in zip(STORED, placeholders, strict=True)
    )
    return f"insert into audit_event ({', '.join(STORED)}) values ({', '.join(values)})"  # noqa: S608


INSERT_NAMED = insert_of(*(f"%(event_{name})s" for name in STORED))
"""An insert of what ``AuditTrail.written`` returns, for a statement that does more than that."""


def hash_of(fields: Mapping[str, object]) -> bytes:
    """The hash of an event from its columns (more than `COVERED` may be given). Raises DomainError for values
    no event was ever written with, a float or an unknown schema version."""
    if fields["schema_version"] != SCHEMA_VERSION:
        raise DomainError("audit-schema-unknown", version=fields["schema_version"])
    return event_hash({name: fields[name] for name in COVERED})


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


def stored(name: str, value: object) -> object:
    """A value as its column takes it."""
    return canonical(value).decode() if name in _AS_JSON and value is not None else value


def clean(value: Any) -> Any:
    """`value` as PostgreSQL can keep it: the trail must never be the reason why an act fails. Text loses
    NUL and lone surrogates (both arrive in mail), floats become decimal text, sets are sorted."""
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case float():
            return str(Decimal(repr(value)))
        case Mapping():
            return {clean(str(key)): clean(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((clean(item) for item in value), key=canonical)
        case list() | tuple():
            return [clean(item) for item in value]
    return value
