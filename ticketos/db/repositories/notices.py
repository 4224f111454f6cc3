# ruff: noqa: S608 (statements are put together from words of our own, never from values)
"""Notices of desks as people read them: one's own and one's desks', unread first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.repositories import cursors
from ticketos.db.session import driver, encode_json
from ticketos.domain.changes import Notify

MOST_COUNTED = 100
"""A count beyond this says only that there are more."""


@dataclass(frozen=True)
class Reader:
    """Who reads: the person, and per client the desks read for."""

    user_id: UUID
    desks: Mapping[frozenset[str], tuple[UUID, ...]]
    """Desks → the clients for which one reads them."""


@dataclass(frozen=True)
class Filter:
    """What of an inbox is shown; empty and None mean any. ``since`` is where history begins."""

    since: datetime
    unread: bool = True
    desk: str = ""
    kind: str = ""
    client_id: UUID | None = None
    mine: bool = False


# Of a month of a book, or a contract, there is news without a request.
_FROM = """
  from notice n left join ticket t on t.client_id = n.client_id and t.id = n.ticket_id
  left join notice_read r on r.notice_id = n.id and r.user_id = :me"""
_COLUMNS = """select n.id, n.client_id, n.ticket_id, n.kind, n.desk, n.recipient_id, n.detail, n.at, r.read_at,
       t.root_id, t.number, t.subject"""


def listed(
    connection: Connection, reader: Reader, chosen: Filter, *, limit: int, cursor: str | None
) -> tuple[list[RowMapping], str | None]:
    """One page, the newest first, and the cursor of the next. Raises ``cursor-invalid``."""
    where, values = _where(reader, chosen)
    if cursor is not None:
        values["at"], values["id"] = cursors.decode(cursor)
        where += " and (n.at, n.id) < (:at, :id)"
    query = f"{_COLUMNS}{_FROM} where {where} order by n.at desc, n.id desc limit :limit"
    rows = list(connection.execute(text(query), {**values, "limit": limit + 1}).mappings())
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode(rows[limit - 1]["at"], rows[limit - 1]["id"])


def unread(connection: Connection, reader: Reader, since: datetime) -> int:
    """How many wait, counted up to ``MOST_COUNTED``."""
    whose, values = _whose(reader)
    query = f"""
select count(*) from (
  select from notice n where n.at >= :since and {whose}
     and not exists (select from notice_read r where r.notice_id = n.id and r.user_id = :me)
   limit :most) waiting"""
    return int(connection.execute(text(query), {**values, "since": since, "most": MOST_COUNTED}).scalar_one())


def one(connection: Connection, reader: Reader, notice_id: UUID) -> RowMapping | None:
    """One that is the reader's to read."""
    whose, values = _whose(reader)
    query = f"{_COLUMNS}{_FROM} where n.id = :id and {whose}"
    return connection.execute(text(query), {**values, "id": notice_id}).mappings().first()


def read(connection: Connection, reader: Reader, notice_id: UUID, client_id: UUID, at: datetime) -> None:
    """The reader has read it; a second time changes nothing."""
    connection.exec_driver_sql(
        "insert into notice_read (notice_id, user_id, client_id, read_at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (notice_id, reader.user_id, client_id, at),
    )


def tell(connection: Connection, client_id: UUID, ticket_id: UUID | None, told: Notify) -> None:
    """Put it into its desk's inbox, once per key; ``ticket_id`` is None for what is about no request. Changes of a step
    take their own way (``apply``)."""
    driver(connection).execute(
        "insert into notice (id, client_id, ticket_id, key, kind, desk, recipient_id, detail, at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (key) do nothing",
        (
            told.id,
            client_id,
            ticket_id,
            told.key,
            told.kind,
            told.desk,
            told.recipient_id,
            Jsonb(dict(told.detail), dumps=encode_json),
            told.at,
        ),
    )


def read_all(connection: Connection, reader: Reader, chosen: Filter, until: datetime, at: datetime) -> int:
    """The reader has read everything that the filter shows, told up to ``until``; how many were unread."""
    where, values = _where(reader, chosen)
    query = f"""
insert into notice_read (notice_id, user_id, client_id, read_at)
select n.id, :me, n.client_id, :now {_FROM} where {where} and n.at <= :until
on conflict do nothing"""
    return connection.execute(text(query), {**values, "until": until, "now": at}).rowcount


def _where(reader: Reader, chosen: Filter) -> tuple[str, dict[str, Any]]:
    whose, values = _whose(reader)
    parts = [whose]
    if chosen.unread:
        parts.append("r.notice_id is null and n.at >= :since")
        values["since"] = chosen.since
    for name, value in (("desk", chosen.desk), ("kind", chosen.kind), ("client_id", chosen.client_id)):
        if value:
            parts.append(f"n.{name} = :{name}")
            values[name] = value
    if chosen.mine:
        parts.append("n.recipient_id = :me")
    return " and ".join(parts), values


def _whose(reader: Reader) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"me": reader.user_id}
    parts = ["n.recipient_id = :me"]
    for i, (desks, clients) in enumerate(reader.desks.items()):
        parts.append(f"(n.desk = any(:desks{i}) and n.client_id = any(:clients{i}))")
        values |= {f"desks{i}": sorted(desks), f"clients{i}": list(clients)}
    return f"({' or '.join(parts)})", values
