"""Views people saved of a list."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from ticketos.domain.errors import DomainError

MOST = 50


def of(connection: Connection, client_id: UUID, user_id: UUID, page: str) -> Sequence[RowMapping]:
    """One's own views of a page and those one's company shares, by name."""
    return (
        connection.exec_driver_sql(
            "select id, name, query, shared, user_id from saved_view"
            " where client_id = %s and page = %s and (user_id = %s or shared) order by shared, lower(name), id",
            (client_id, page, user_id),
        )
        .mappings()
        .all()
    )


def keep(
    connection: Connection,
    view_id: UUID,
    client_id: UUID,
    user_id: UUID,
    *,
    page: str,
    name: str,
    query: str,
    shared: bool,
) -> None:
    """Save a view; the same name again replaces it. Raises ``too-many-views``, ``name-missing``."""
    if not name:
        raise DomainError("name-missing")
    count = connection.exec_driver_sql(
        "select count(*) from saved_view where user_id = %s and page = %s and name <> %s",
        (user_id, page, name),
    ).scalar_one()
    if count >= MOST:
        raise DomainError("too-many-views", limit=MOST)
    connection.exec_driver_sql(
        "insert into saved_view (id, client_id, user_id, page, name, query, shared)"
        " values (%s, %s, %s, %s, %s, %s, %s)"
        " on conflict (user_id, page, name) do update set query = excluded.query, shared = excluded.shared",
        (view_id, client_id, user_id, page, name, query, shared),
    )


def forget(connection: Connection, view_id: UUID, user_id: UUID) -> bool:
    """Delete one of one's own views; False when there is none."""
    return bool(
        connection.exec_driver_sql(
            "delete from saved_view where id = %s and user_id = %s", (view_id, user_id)
        ).rowcount
    )
