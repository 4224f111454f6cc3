"""Companies: the provider and those who buy from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, RowMapping, select, update
from sqlmodel import SQLModel

from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import chart
from ticketos.db.tables.clients import Client
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor

_CLIENT = SQLModel.metadata.tables[str(Client.__tablename__)]
COLUMNS = tuple(column for column in _CLIENT.c if column.name != "data_key")
_EDITABLE = (
    "name",
    "status",
    "zone",
    "currency",
    "country",
    "state_code",
    "tax_id",
    "address",
    "approver_email",
    "settings",
)


def listed(
    connection: Connection, client_ids: Sequence[UUID], *, limit: int, after: UUID | None = None
) -> Sequence[RowMapping]:
    """Companies in the order they were created."""
    query = select(*COLUMNS).where(_CLIENT.c.id.in_(client_ids))
    if after is not None:
        query = query.where(_CLIENT.c.id > after)
    return connection.execute(query.order_by(_CLIENT.c.id).limit(limit)).mappings().all()


def get(connection: Connection, client_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One company."""
    query = select(*COLUMNS).where(_CLIENT.c.id == client_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def by_slug(connection: Connection, slug: str) -> RowMapping | None:
    """One company by its short name."""
    return connection.execute(select(*COLUMNS).where(_CLIENT.c.slug == slug)).mappings().first()


def version(row: RowMapping) -> str:
    """A hash of what may be edited, for ETag and If-Match."""
    content = json.dumps({name: row[name] for name in _EDITABLE}, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class Clients:
    """Changes to companies, each in the trail."""

    def __init__(self, audit: AuditTrail, keyring: Keyring) -> None:
        self._audit = audit
        self._keyring = keyring

    def create(
        self,
        connection: Connection,
        client_id: UUID,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """A new company with a data key of its own. The transaction must see ``client_id`` already. Collides
        on ``uq_client_slug`` and ``uq_client_prefix``."""
        _check(values)
        connection.execute(
            _CLIENT.insert().values(id=client_id, data_key=self._keyring.new_client_key(), **values)
        )
        self._record(connection, client_id, None, values, now, actor)

    def edit(
        self,
        connection: Connection,
        row: RowMapping,
        values: Mapping[str, Any],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """New values of a company. Raises ``account-unknown``, ``account-inactive`` for accounts that the settings newly
        name."""
        _check(values)
        if (settings := values.get("settings")) is not None:
            chart.require_settings(connection, row["id"], row["settings"], settings)
        connection.execute(update(_CLIENT).where(_CLIENT.c.id == row["id"]).values(**values))
        self._record(connection, row["id"], {name: row[name] for name in values}, values, now, actor)

    def _record(
        self,
        connection: Connection,
        client_id: UUID,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(
            "admin.client_saved", before=before, after=dict(after), entity="client", entity_id=str(client_id)
        )
        self._audit.record_apart(connection, client_id, now, actor, emit)


def _check(values: Mapping[str, Any]) -> None:
    if (zone := values.get("zone")) is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise DomainError("zone-unknown", zone=zone) from None
