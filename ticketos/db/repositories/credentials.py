"""Who is asking: session tokens, API keys and passwords, and what they let their owners do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from sqlalchemy import Connection, RowMapping, select
from sqlmodel import SQLModel

from ticketos.db.tables.people import ApiKey

SESSION_PREFIX = "tos_s_"
KEY_PREFIX = "tos_k_"
SEEN_EVERY = timedelta(minutes=1)

KEY = SQLModel.metadata.tables[str(ApiKey.__tablename__)]
KEY_COLUMNS = tuple(column for column in KEY.c if column.name != "secret_hash")


@dataclass(frozen=True)
class Grant:
    """A role over one client, or over all of them (None)."""

    role: str
    client_id: UUID | None


@dataclass(frozen=True)
class Caller:
    """Who a token belongs to, with what it may do. ``clients`` are all that some role covers; ``scopes`` is
    None for a person's session."""

    user_id: UUID
    client_id: UUID
    name: str
    email: str
    credential_id: UUID
    via: Literal["session", "key"]
    grants: tuple[Grant, ...]
    clients: tuple[UUID, ...]
    scopes: frozenset[str] | None


def digest(token: str) -> bytes:
    """What is kept of a token: it has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def caller_of(connection: Connection, token: str) -> Caller | None:
    """Who this session token or key belongs to; None when it is unknown, ended, expired or its owner
    inactive."""
    if token.startswith(SESSION_PREFIX):
        via: Literal["session", "key"] = "session"
        query = "select * from auth_session(%s)"
    elif token.startswith(KEY_PREFIX):
        via, query = "key", "select * from auth_api_key(%s)"
    else:
        return None
    row = connection.exec_driver_sql(query, (digest(token),)).first()
    if row is None:
        return None
    grants = tuple(Grant(one["role"], UUID(one["client"]) if one["client"] else None) for one in row.grants)
    scopes = frozenset(row.scopes) if via == "key" else None
    return Caller(
        row.user_id,
        row.client_id,
        row.name,
        row.email,
        row.credential_id,
        via,
        grants,
        tuple(row.clients),
        scopes,
    )


def seen(connection: Connection, caller: Caller, now: datetime) -> None:
    """Remember that the token was used, at most once a minute."""
    table, column = (
        ("user_session", "last_seen_at") if caller.via == "session" else ("api_key", "last_used_at")
    )
    connection.exec_driver_sql(
        f"update {table} set {column} = %s where id = %s and ({column} is null or {column} < %s)",  # noqa: S608
        (now, caller.credential_id, now - SEEN_EVERY),
    )


@dataclass(frozen=True)
class Login:
    """What sign-in needs to know of an account."""

    user_id: UUID
    client_id: UUID
    password_hash: str | None
    active: bool
    locked_until: datetime | None

    def open(self, now: datetime) -> bool:
        """Whether the account is in use and not locked, however its owner proves who they are."""
        return self.active and (self.locked_until is None or self.locked_until <= now)

    def may_try(self, now: datetime) -> bool:
        """Whether a right password would be let in now."""
        return self.password_hash is not None and self.open(now)


def login_of(connection: Connection, email: str) -> Login | None:
    """The account of an address, whichever client it belongs to."""
    row = connection.exec_driver_sql("select * from auth_by_email(%s)", (email,)).first()
    return (
        None
        if row is None
        else Login(row.user_id, row.client_id, row.password_hash, row.active, row.locked_until)
    )


def sessions_of(connection: Connection, user_id: UUID, now: datetime) -> Sequence[RowMapping]:
    """Where a person is signed in, the latest used first."""
    return (
        connection.exec_driver_sql(
            "select id, created_at, expires_at, last_seen_at, address, agent from user_session"
            " where user_id = %s and ended_at is null and expires_at > %s"
            " order by coalesce(last_seen_at, created_at) desc, id",
            (user_id, now),
        )
        .mappings()
        .all()
    )


def keys_of(connection: Connection, user_id: UUID) -> Sequence[RowMapping]:
    """A person's keys, newest first."""
    return (
        connection.execute(
            select(*KEY_COLUMNS).where(KEY.c.user_id == user_id).order_by(KEY.c.created_at.desc(), KEY.c.id)
        )
        .mappings()
        .all()
    )


_HASHER = PasswordHash.recommended()
_NOBODY = _HASHER.hash(secrets.token_urlsafe(18))


def hash_password(password: str) -> str:
    """Argon2id, 64 MiB: about 70 ms of one core."""
    return _HASHER.hash(password)


def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. An absent or unknown hash takes as long and is never right, so
    the time of an answer does not tell which addresses exist."""
    try:
        return _HASHER.verify(password, stored or _NOBODY) and stored is not None
    except UnknownHashError:
        _HASHER.verify(password, _NOBODY)
        return False
