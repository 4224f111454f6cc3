"""People with a login, as they are read: one, many, by name or address, with their grants and their load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, case, func, select
from sqlmodel import SQLModel

from ticketos.db.repositories.credentials import Grant
from ticketos.db.tables.people import AppUser, UserGrant

USER = SQLModel.metadata.tables[str(AppUser.__tablename__)]
_GRANT = SQLModel.metadata.tables[str(UserGrant.__tablename__)]
_SECRET = frozenset({"password_hash", "totp_secret", "totp_step", "recovery_hashes"})
_USER_COLUMNS = tuple(column for column in USER.c if column.name not in _SECRET)


def users(
    connection: Connection, client_ids: Iterable[UUID], *, limit: int, after: UUID | None = None
) -> Sequence[RowMapping]:
    """People of these companies, in the order they were created."""
    query = select(*_USER_COLUMNS).where(USER.c.client_id.in_(list(client_ids)))
    if after is not None:
        query = query.where(USER.c.id > after)
    return connection.execute(query.order_by(USER.c.id).limit(limit)).mappings().all()


def named(connection: Connection, client_ids: Iterable[UUID], words: str, limit: int) -> Sequence[RowMapping]:
    """People of these companies whose name or address holds the words, by name."""
    query = select(*_USER_COLUMNS).where(
        USER.c.client_id.in_(list(client_ids)),
        USER.c.name.icontains(words, autoescape=True) | USER.c.email.icontains(words, autoescape=True),
    )
    return connection.execute(query.order_by(USER.c.name, USER.c.id).limit(limit)).mappings().all()


def names_of(connection: Connection, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these people, as far as the transaction sees them."""
    wanted = list(set(user_ids))
    if not wanted:
        return {}
    return {
        row.id: row.name
        for row in connection.execute(select(USER.c.id, USER.c.name).where(USER.c.id.in_(wanted)))
    }


def signers_of(connection: Connection, client_id: UUID) -> Sequence[RowMapping]:
    """The client's active people who may sign off in the portal, administrators first: ``name`` and ``email``."""
    mine = (_GRANT.c.client_id == USER.c.client_id) & (_GRANT.c.user_id == USER.c.id)
    rank = func.min(case((_GRANT.c.role == "client_admin", 0), else_=1))
    query = (
        select(USER.c.name, USER.c.email)
        .join(_GRANT, mine)
        .where(
            USER.c.client_id == client_id, USER.c.active, _GRANT.c.role.in_(("client_admin", "client_user"))
        )
        .group_by(USER.c.id, USER.c.name, USER.c.email)
        .order_by(rank, USER.c.id)
    )
    return connection.execute(query).mappings().all()


def person_at(connection: Connection, email: str) -> RowMapping | None:
    """Who has this address: ``name``, ``client_id`` and ``active``, as far as the transaction sees them."""
    query = select(USER.c.name, USER.c.client_id, USER.c.active)
    return connection.execute(query.where(func.lower(USER.c.email) == email.lower())).mappings().first()


def user(connection: Connection, user_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One person."""
    query = select(*_USER_COLUMNS).where(USER.c.id == user_id)
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
