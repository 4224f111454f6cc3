"""The first answer to a request with an ``Idempotency-Key``, kept so that a repeat gets it again.

Where the effect is in the database, the answer is written in the very transaction of the effect: there is
no moment in which one exists without the other. Where the effect is elsewhere (an act of a workflow), the
request is announced first and the answer written after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from ticketos.domain.errors import DomainError

KEPT = timedelta(hours=48)
"""How long answers are kept (at least 24 hours are promised)."""

ABANDONED = timedelta(seconds=60)
"""After this an announced request without an answer was cut off, and its repeat may run."""

_FIND = """
select pg_try_advisory_xact_lock(hashtextextended(%s, 7301884210)) as free,
       r.request_hash, r.status, r.body, r.headers, r.created_at
  from (select 1) one left join idempotency_record r on r.principal = %s and r.key = %s"""

_KEEP = """
insert into idempotency_record (client_id, principal, key, request_hash, status, body, headers, created_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (principal, key) do update
   set status = excluded.status, body = excluded.body, headers = excluded.headers
 where idempotency_record.request_hash = excluded.request_hash and idempotency_record.status is null"""


@dataclass(frozen=True)
class Keyed:
    """A request that may be repeated: whose (``principal`` of ``client_id``), which key, and a hash of all
    it asks."""

    client_id: UUID
    principal: str
    key: str
    request_hash: bytes


@dataclass(frozen=True)
class Answer:
    """A stored answer. ``body`` is what JSON said, or None for an empty one."""

    status: int
    body: dict[str, Any] | None
    headers: dict[str, str]


class AlreadyAnsweredError(Exception):
    """Another request with the same key was answered while this one worked."""


def find(connection: Connection, keyed: Keyed, now: datetime) -> Answer | None:
    """The stored answer, or None when this transaction may do the work (it then holds the key until it ends).

    Raises DomainError ``idempotency-key-reused`` (another request came with that key) and
    ``idempotency-in-flight`` (the first one is still being worked on).
    """
    name = f"{keyed.principal}\n{keyed.key}"
    row = connection.exec_driver_sql(_FIND, (name, keyed.principal, keyed.key)).one()
    if row.request_hash is not None:
        if bytes(row.request_hash) != keyed.request_hash:
            raise DomainError("idempotency-key-reused", key=keyed.key)
        if row.status is not None:
            return Answer(row.status, row.body, dict(row.headers))
        if not row.headers.get("repeatable") and now < row.created_at + ABANDONED:
            raise DomainError("idempotency-in-flight", key=keyed.key)
    if not row.free:
        raise DomainError("idempotency-in-flight", key=keyed.key)
    return None


def announce(connection: Connection, keyed: Keyed, now: datetime) -> None:
    """Say that work has begun whose effect is not in this transaction."""
    connection.exec_driver_sql(
        "insert into idempotency_record (client_id, principal, key, request_hash, created_at)"
        " values (%s, %s, %s, %s, %s)"
        " on conflict (principal, key) do update set created_at = excluded.created_at, headers = '{}'",
        (keyed.client_id, keyed.principal, keyed.key, keyed.request_hash, now),
    )


def keep(connection: Connection, keyed: Keyed, answer: Answer, now: datetime) -> None:
    """Store the answer. Raises ``AlreadyAnsweredError`` when another transaction with that key came first:
    roll back and ask ``find`` again, it then has that answer."""
    done = connection.exec_driver_sql(
        _KEEP,
        (
            keyed.client_id,
            keyed.principal,
            keyed.key,
            keyed.request_hash,
            answer.status,
            None if answer.body is None else Jsonb(answer.body),
            Jsonb(answer.headers),
            now,
        ),
    )
    if done.rowcount == 0:
        raise AlreadyAnsweredError(keyed.key)


def leave_open(connection: Connection, keyed: Keyed) -> None:
    """What became of the request is not known yet: its repeat may ask again at once."""
    connection.exec_driver_sql(
        """update idempotency_record set headers = '{"repeatable": true}'"""
        " where principal = %s and key = %s and status is null",
        (keyed.principal, keyed.key),
    )


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete answers past their time; returns how many."""
    return connection.exec_driver_sql(
        "delete from idempotency_record where created_at < %s", (now - KEPT,)
    ).rowcount
