"""Changes to logins: sign-in, sessions, keys, roles and grants (CS7)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, select, update

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.credentials import (
    KEY,
    KEY_COLUMNS,
    KEY_PREFIX,
    SESSION_PREFIX,
    Caller,
    Grant,
    Login,
    digest,
)
from ticketos.db.repositories.persons import USER, grants_of
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import NewId
from ticketos.domain.state import Actor

SESSION_LIFE = timedelta(hours=12)
FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=15)
_SHOWN = len(KEY_PREFIX) + 8


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
        row = connection.execute(select(*KEY_COLUMNS).where(KEY.c.id == key_id)).mappings().one()
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
        connection.execute(USER.insert().values(id=user_id, client_id=client_id, **values))
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
            update(USER).where(USER.c.id == row["id"]).values(**values, row_version=USER.c.row_version + 1)
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
        self._audit.record_apart(connection, client_id, at, actor, emit)


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
