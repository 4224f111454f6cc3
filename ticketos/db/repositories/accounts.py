"""People with a login: who is asking, sign-in, sessions, keys, roles and grants (CS7)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from sqlalchemy import Connection, Row, RowMapping, case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.clients import Clients
from ticketos.db.session import Database
from ticketos.db.tables import ApiKey, AppUser, UserGrant
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId, Now
from ticketos.domain.state import SYSTEM, Actor

SESSION_PREFIX = "tos_s_"
KEY_PREFIX = "tos_k_"
SESSION_LIFE = timedelta(hours=12)
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
_SHOWN = len(KEY_PREFIX) + 8

_USER = SQLModel.metadata.tables[str(AppUser.__tablename__)]
_KEY = SQLModel.metadata.tables[str(ApiKey.__tablename__)]
_GRANT = SQLModel.metadata.tables[str(UserGrant.__tablename__)]
_SECRET = frozenset({"password_hash", "totp_secret", "totp_step", "recovery_hashes"})
_USER_COLUMNS = tuple(column for column in _USER.c if column.name not in _SECRET)
_KEY_COLUMNS = tuple(column for column in _KEY.c if column.name != "secret_hash")


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


class Accounts:
    """Changes to logins, each in the trail."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def begin_session(
        self,
        connection: Connection,
        login: Login,
        *,
        now: datetime,
        actor: Actor,
        agent: str | None,
        by: str | None = None,
    ) -> tuple[str, datetime]:
        """A new session; returns its token, which is kept nowhere, and when it ends. ``by`` is the identity provider
        that vouched, where one did."""
        token, ends = SESSION_PREFIX + secrets.token_urlsafe(32), now + SESSION_LIFE
        connection.exec_driver_sql(
            "update app_user set failed_logins = 0, locked_until = null"
            " where id = %s and (failed_logins > 0 or locked_until is not null)",
            (login.user_id,),
        )
        session_id = self._new_id()
        connection.exec_driver_sql(
            "insert into user_session"
            " (id, client_id, user_id, token_hash, expires_at, last_seen_at, address, agent)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (session_id, login.client_id, login.user_id, digest(token), ends, now, actor.origin, agent),
        )
        self._record(
            connection,
            login.client_id,
            actor,
            now,
            Emit(
                "access.signed_in",
                after={"by": by} if by else None,
                entity="user_session",
                entity_id=str(session_id),
            ),
        )
        return token, ends

    def refuse_sign_in(self, connection: Connection, login: Login, *, now: datetime, actor: Actor) -> None:
        """Count a failed attempt; from the fifth on the account is locked, each time twice as long."""
        failed = connection.exec_driver_sql(
            "update app_user set failed_logins = failed_logins + 1 where id = %s returning failed_logins",
            (login.user_id,),
        ).scalar_one()
        if failed >= FREE_ATTEMPTS:
            locked = min(timedelta(minutes=2 ** min(failed - FREE_ATTEMPTS, 10)), LONGEST_LOCK)
            connection.exec_driver_sql(
                "update app_user set locked_until = %s where id = %s", (now + locked, login.user_id)
            )
        self._record(
            connection,
            login.client_id,
            actor,
            now,
            Emit(
                "access.sign_in_failed",
                after={"failed": failed},
                entity="app_user",
                entity_id=str(login.user_id),
            ),
        )

    def end_session(self, connection: Connection, caller: Caller, *, now: datetime, actor: Actor) -> None:
        """End the session that is asking; a key is not a session."""
        if caller.via != "session":
            raise DomainError("session-required")
        connection.exec_driver_sql(
            "update user_session set ended_at = %s where id = %s and ended_at is null",
            (now, caller.credential_id),
        )
        self._record(
            connection,
            caller.client_id,
            actor,
            now,
            Emit("access.signed_out", entity="user_session", entity_id=str(caller.credential_id)),
        )

    def end_session_of(
        self, connection: Connection, caller: Caller, session_id: UUID, *, now: datetime, actor: Actor
    ) -> bool:
        """End one of the caller's sessions from another place; False when there is none that is open."""
        ended = connection.exec_driver_sql(
            "update user_session set ended_at = %s where id = %s and user_id = %s and ended_at is null",
            (now, session_id, caller.user_id),
        ).rowcount
        if ended:
            emit = Emit("access.session_ended", entity="user_session", entity_id=str(session_id))
            self._record(connection, caller.client_id, actor, now, emit)
        return bool(ended)

    def create_key(
        self,
        connection: Connection,
        caller: Caller,
        *,
        name: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        now: datetime,
        actor: Actor,
    ) -> tuple[str, RowMapping]:
        """A new key of the caller; returns the secret, which is kept nowhere, and the row."""
        if expires_at is not None and expires_at <= now:
            raise DomainError("expiry-in-the-past", expires_at=expires_at.isoformat())
        secret, key_id = KEY_PREFIX + secrets.token_urlsafe(32), self._new_id()
        connection.exec_driver_sql(
            "insert into api_key (id, client_id, user_id, name, prefix, secret_hash, scopes, expires_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                key_id,
                caller.client_id,
                caller.user_id,
                name,
                secret[:_SHOWN],
                digest(secret),
                Jsonb(sorted(set(scopes))),
                expires_at,
            ),
        )
        self._record(
            connection,
            caller.client_id,
            actor,
            now,
            Emit(
                "access.key_created",
                after={"prefix": secret[:_SHOWN], "scopes": sorted(set(scopes))},
                entity="api_key",
                entity_id=str(key_id),
            ),
        )
        row = connection.execute(select(*_KEY_COLUMNS).where(_KEY.c.id == key_id)).mappings().one()
        return secret, row

    def revoke_key(
        self, connection: Connection, caller: Caller, key_id: UUID, *, now: datetime, actor: Actor
    ) -> bool:
        """End one of the caller's keys at once; False when there is none. Ending it twice is once."""
        owned = connection.exec_driver_sql(
            "select revoked_at from api_key where id = %s and user_id = %s for update",
            (key_id, caller.user_id),
        ).first()
        if owned is None:
            return False
        if owned.revoked_at is None:
            connection.exec_driver_sql("update api_key set revoked_at = %s where id = %s", (now, key_id))
            self._record(
                connection,
                caller.client_id,
                actor,
                now,
                Emit("access.key_revoked", entity="api_key", entity_id=str(key_id)),
            )
        return True

    def create_user(
        self,
        connection: Connection,
        client_id: UUID,
        values: Mapping[str, Any],
        grants: Sequence[Grant],
        *,
        now: datetime,
        actor: Actor,
    ) -> UUID:
        """A new person of a client. ``values`` are columns of ``app_user``. Collides on
        ``uq_app_user_email``."""
        user_id = self._new_id()
        connection.execute(_USER.insert().values(id=user_id, client_id=client_id, **values))
        self._replace_grants(connection, client_id, user_id, grants)
        self._record(
            connection,
            client_id,
            actor,
            now,
            Emit(
                "admin.user_saved",
                after=_told(values, grants),
                entity="app_user",
                entity_id=str(user_id),
                personal={"email": values["email"], "name": values["name"]},
                subject=values["email"],
            ),
        )
        return user_id

    def edit_user(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        grants: Sequence[Grant] | None,
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a person. Taking away the login or changing the password ends their sessions."""
        connection.execute(
            update(_USER).where(_USER.c.id == row["id"]).values(**values, row_version=_USER.c.row_version + 1)
        )
        if values.get("active") is False or "password_hash" in values:
            connection.exec_driver_sql(
                "update user_session set ended_at = %s where user_id = %s and ended_at is null",
                (now, row["id"]),
            )
        before = _told({name: row[name] for name in values if name in row}, ())
        if grants is not None:
            before["grants"] = [_shown(one) for one in grants_of(connection, [row["id"]]).get(row["id"], [])]
            self._replace_grants(connection, row["client_id"], row["id"], grants)
        self._record(
            connection,
            row["client_id"],
            actor,
            now,
            Emit(
                "admin.user_saved",
                before=before,
                after=_told(values, grants or ()),
                entity="app_user",
                entity_id=str(row["id"]),
            ),
        )

    def _replace_grants(
        self, connection: Connection, client_id: UUID, user_id: UUID, grants: Sequence[Grant]
    ) -> None:
        abroad = next((grant for grant in grants if grant.client_id != client_id), None)
        if abroad is not None and not _is_provider(connection, client_id):
            raise DomainError("grant-outside-company", role=abroad.role)
        connection.exec_driver_sql("delete from user_grant where user_id = %s", (user_id,))
        for grant in dict.fromkeys(grants):
            connection.exec_driver_sql(
                "insert into user_grant (id, client_id, user_id, role, scope_client_id)"
                " values (%s, %s, %s, %s, %s)",
                (self._new_id(), client_id, user_id, grant.role, grant.client_id),
            )

    def _record(
        self, connection: Connection, client_id: UUID, actor: Actor, at: datetime, emit: Emit
    ) -> None:
        self._audit.record(
            connection, client_id=client_id, ticket_id=None, root_id=None, at=at, actor=actor, emit=emit
        )


def _is_provider(connection: Connection, client_id: UUID) -> bool:
    found = connection.exec_driver_sql("select kind from client where id = %s", (client_id,)).scalar()
    return bool(found == "provider")


def _told(values: Mapping[str, Any], grants: Sequence[Grant]) -> dict[str, Any]:
    """What the trail says of a person: no name, address or secret."""
    told = {
        name: value
        for name, value in values.items()
        if name in ("active", "available", "level", "capacity", "skills", "certifications", "ring_fence")
    }
    if "password_hash" in values:
        told["new_password"] = True
    if grants:
        told["grants"] = [_shown(grant) for grant in grants]
    return told


def _shown(grant: Grant) -> dict[str, str | None]:
    return {"role": grant.role, "client": str(grant.client_id) if grant.client_id else None}


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
            select(*_KEY_COLUMNS)
            .where(_KEY.c.user_id == user_id)
            .order_by(_KEY.c.created_at.desc(), _KEY.c.id)
        )
        .mappings()
        .all()
    )


def users(
    connection: Connection, client_ids: Iterable[UUID], *, limit: int, after: UUID | None = None
) -> Sequence[RowMapping]:
    """People of these companies, in the order they were created."""
    query = select(*_USER_COLUMNS).where(_USER.c.client_id.in_(list(client_ids)))
    if after is not None:
        query = query.where(_USER.c.id > after)
    return connection.execute(query.order_by(_USER.c.id).limit(limit)).mappings().all()


def named(connection: Connection, client_ids: Iterable[UUID], words: str, limit: int) -> Sequence[RowMapping]:
    """People of these companies whose name or address holds the words, by name."""
    query = select(*_USER_COLUMNS).where(
        _USER.c.client_id.in_(list(client_ids)),
        _USER.c.name.icontains(words, autoescape=True) | _USER.c.email.icontains(words, autoescape=True),
    )
    return connection.execute(query.order_by(_USER.c.name, _USER.c.id).limit(limit)).mappings().all()


def names_of(connection: Connection, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these people, as far as the transaction sees them."""
    wanted = list(set(user_ids))
    if not wanted:
        return {}
    return {
        row.id: row.name
        for row in connection.execute(select(_USER.c.id, _USER.c.name).where(_USER.c.id.in_(wanted)))
    }


def signers_of(connection: Connection, client_id: UUID) -> Sequence[RowMapping]:
    """The client's active people who may sign off in the portal, administrators first: ``name`` and ``email``."""
    mine = (_GRANT.c.client_id == _USER.c.client_id) & (_GRANT.c.user_id == _USER.c.id)
    rank = func.min(case((_GRANT.c.role == "client_admin", 0), else_=1))
    query = (
        select(_USER.c.name, _USER.c.email)
        .join(_GRANT, mine)
        .where(
            _USER.c.client_id == client_id, _USER.c.active, _GRANT.c.role.in_(("client_admin", "client_user"))
        )
        .group_by(_USER.c.id, _USER.c.name, _USER.c.email)
        .order_by(rank, _USER.c.id)
    )
    return connection.execute(query).mappings().all()


def person_at(connection: Connection, email: str) -> RowMapping | None:
    """Who has this address: ``name``, ``client_id`` and ``active``, as far as the transaction sees them."""
    query = select(_USER.c.name, _USER.c.client_id, _USER.c.active)
    return connection.execute(query.where(func.lower(_USER.c.email) == email.lower())).mappings().first()


def user(connection: Connection, user_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One person."""
    query = select(*_USER_COLUMNS).where(_USER.c.id == user_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def grants_of(connection: Connection, user_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """The grants of these people."""
    found: dict[UUID, list[Grant]] = {}
    query = select(_GRANT.c.user_id, _GRANT.c.role, _GRANT.c.scope_client_id).where(
        _GRANT.c.user_id.in_(list(user_ids))
    )
    for row in connection.execute(query.order_by(_GRANT.c.role, _GRANT.c.scope_client_id)):
        found.setdefault(row.user_id, []).append(Grant(row.role, row.scope_client_id))
    return found


def open_loads(connection: Connection, user_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many open tasks each of these people has, over all clients; none: not named."""
    wanted = list(set(user_ids))
    rows = connection.exec_driver_sql("select user_id, load from open_load(%s)", (wanted,)) if wanted else ()
    return {row.user_id: int(row.load) for row in rows}


def open_load(connection: Connection, user_id: UUID) -> int:
    """How many open tasks a person has, over all clients."""
    row: Row[Any] | None = connection.exec_driver_sql("select load from open_load(%s)", ([user_id],)).first()
    return 0 if row is None else int(row.load)


@dataclass(frozen=True)
class FirstAccount:
    """The provider and its administrator; the password is shown this once."""

    client_id: UUID
    user_id: UUID
    email: str
    password: str


def bootstrap(
    database: Database,
    clients: Clients,
    accounts: Accounts,
    *,
    now: Now,
    new_id: NewId,
    name: str = "Provider",
    slug: str = "provider",
    prefix: str = "PROV",
    email: str = "admin@ticketos.localhost",
    password: str | None = None,
) -> FirstAccount | None:
    """The provider's company and first administrator, on an empty installation; None when there is a
    provider already.

    Two processes may call it at once: the later one collides on the unique names and gets None.
    """
    with database.transaction(()) as connection:
        if connection.exec_driver_sql("select provider_client()").scalar() is not None:
            return None
    client_id, chosen, at = new_id(), password or secrets.token_urlsafe(18), now()
    company = {"slug": slug, "prefix": prefix, "name": name, "kind": "provider"}
    person = {"email": email, "name": "Administrator", "password_hash": hash_password(chosen)}
    try:
        with database.transaction([client_id]) as connection:
            clients.create(connection, client_id, company, now=at, actor=SYSTEM)
            user_id = accounts.create_user(
                connection,
                client_id,
                person,
                [Grant("admin", None), Grant("ops", None)],
                now=at,
                actor=SYSTEM,
            )
    except IntegrityError:  # another process made the provider in this moment
        return None
    return FirstAccount(client_id, user_id, email, chosen)


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
