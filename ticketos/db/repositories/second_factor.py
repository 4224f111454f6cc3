"""The second factor of a login: enrolling, checking a code, recovery codes. The secret is kept encrypted under a
key of the installation; a code works once, a recovery code too."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from ticketos.crypto import Keyring, UnreadableError, decrypt, encrypt
from ticketos.db.audit import AuditTrail
from ticketos.domain import totp
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

PURPOSE = "second-factor"
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


@dataclass(frozen=True)
class Factor:
    """How a login's second factor stands. ``since`` None: it is off."""

    since: datetime | None
    recovery_left: int


class SecondFactor:
    """Changes to second factors, each in the trail."""

    def __init__(self, audit: AuditTrail, keyring: Keyring) -> None:
        self._audit = audit
        self._keyring = keyring

    def of(self, connection: Connection, user_id: UUID) -> Factor:
        """How it stands."""
        row = connection.exec_driver_sql(
            "select totp_since, jsonb_array_length(recovery_hashes) as codes from app_user where id = %s",
            (user_id,),
        ).one()
        return Factor(row.totp_since, row.codes)

    def switch_on(
        self,
        connection: Connection,
        client_id: UUID,
        user_id: UUID,
        secret: bytes,
        code: str,
        *,
        now: datetime,
        actor: Actor,
    ) -> tuple[str, ...]:
        """Keep the secret once a code proves that the authenticator has it; returns the recovery codes, which
        are kept nowhere. Raises ``code-refused``, ``factor-already-on``."""
        if self.of(connection, user_id).since is not None:
            raise DomainError("factor-already-on")
        step = totp.matching_step(secret, code, now)
        if step is None:
            raise DomainError("code-refused")
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        sealed = encrypt(self._keyring.derive(PURPOSE), secret, user_id.bytes)
        connection.exec_driver_sql(
            "update app_user set totp_secret = %s, totp_since = %s, totp_step = %s, recovery_hashes = %s where id = %s",
            (sealed, now, step, Jsonb([_digest(one) for one in codes]), user_id),
        )
        self._record(connection, client_id, user_id, now, actor, "access.factor_on")
        return codes

    def switch_off(
        self, connection: Connection, client_id: UUID, user_id: UUID, *, now: datetime, actor: Actor
    ) -> None:
        """Forget secret and recovery codes."""
        connection.exec_driver_sql(
            "update app_user set totp_secret = null, totp_since = null, totp_step = 0, recovery_hashes = '[]'"
            " where id = %s",
            (user_id,),
        )
        self._record(connection, client_id, user_id, now, actor, "access.factor_off")

    def check(
        self,
        connection: Connection,
        client_id: UUID,
        user_id: UUID,
        code: str,
        *,
        now: datetime,
        actor: Actor,
    ) -> Literal["off", "right", "wrong"]:
        """Whether this code lets the login in; a right one is used up. ``off``: none is asked for."""
        row = connection.exec_driver_sql(
            "select totp_secret, totp_step, recovery_hashes from app_user where id = %s for update",
            (user_id,),
        ).one()
        if row.totp_secret is None:
            return "off"
        step = totp.matching_step(self._opened(bytes(row.totp_secret), user_id), code, now, row.totp_step)
        if step is not None:
            connection.exec_driver_sql("update app_user set totp_step = %s where id = %s", (step, user_id))
            return "right"
        used = _digest(code)
        if used in row.recovery_hashes:
            left = [one for one in row.recovery_hashes if one != used]
            connection.exec_driver_sql(
                "update app_user set recovery_hashes = %s where id = %s", (Jsonb(left), user_id)
            )
            self._record(
                connection, client_id, user_id, now, actor, "access.recovery_used", {"left": len(left)}
            )
            return "right"
        return "wrong"

    def _opened(self, sealed: bytes, user_id: UUID) -> bytes:
        for key in self._keyring.derived(PURPOSE):
            try:
                return decrypt(key, sealed, user_id.bytes)
            except UnreadableError:
                continue
        raise DomainError("factor-unreadable")

    def _record(
        self,
        connection: Connection,
        client_id: UUID,
        user_id: UUID,
        now: datetime,
        actor: Actor,
        event: str,
        after: dict[str, int] | None = None,
    ) -> None:
        emit = Emit(event, after=after, entity="app_user", entity_id=str(user_id))
        self._audit.record_apart(connection, client_id, now, actor, emit)


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join(letters[at : at + 4] for at in (0, 4, 8))


def _digest(code: str) -> str:
    # 59 random bits behind a lock after five attempts: a plain hash cannot be searched from outside.
    return hashlib.sha256(
        "".join(code.lower().replace("-", "").split()).encode("utf-8", "replace")
    ).hexdigest()
