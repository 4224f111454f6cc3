"""The keys of clients, fetched once per process and kept unwrapped in memory."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from ticketos.crypto import Keyring
from ticketos.db.session import driver
from ticketos.domain.errors import DomainError


class ClientKeys:
    """Client id → unwrapped key. A client's key never changes (only its wrapping does), so it may be kept.

    Holding a key opens nothing by itself: every use also reads a row that row-level security guards.
    """

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._known: dict[UUID, bytes] = {}

    def of(self, connection: Connection, client_id: UUID) -> bytes:
        """The client's key. Raises DomainError("client-unknown"), UnknownKeyError, UnreadableError."""
        key = self._known.get(client_id)
        if key is None:
            row = (
                driver(connection)
                .execute("select data_key from client where id = %s", (client_id,))
                .fetchone()
            )
            if row is None:
                raise DomainError("client-unknown", client_id=str(client_id))
            key = self._known[client_id] = self.keyring.unwrap(bytes(row[0]))
        return key
