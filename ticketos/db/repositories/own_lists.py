"""What the lists that a client keeps of its own (vendors, accounts) share: pages, searching, files, the trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, bindparam, select, tuple_, update

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories import cursors
from ticketos.domain.changes import Emit
from ticketos.domain.state import Actor
from ticketos.lines.data_entry.list_file import Refused


@dataclass(frozen=True)
class Imported:
    """What a file did, or would do: numbers of rows, and the rows refused."""

    created: int
    updated: int
    unchanged: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Sorted:
    """The good rows of a file against what is there: new ones, and known ones with their news (none: as before)."""

    new: Sequence[Mapping[str, Any]]
    met: Sequence[tuple[RowMapping, Mapping[str, Any]]]

    @property
    def changed(self) -> list[tuple[RowMapping, Mapping[str, Any]]]:
        """The known ones that get other values."""
        return [(row, news) for row, news in self.met if news]

    def done(self, refused: tuple[Refused, ...]) -> Imported:
        """The file in numbers."""
        return Imported(len(self.new), len(self.changed), len(self.met) - len(self.changed), refused)


def page(
    connection: Connection,
    query: Select[Any],
    name: ColumnElement[str],
    row_id: ColumnElement[UUID],
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[RowMapping], str | None]:
    """One page by name, and the cursor of the next. Raises ``cursor-invalid``."""
    if cursor is not None:
        after = tuple_(*(bindparam(None, value) for value in cursors.decode_named(cursor)))
        query = query.where(tuple_(name, row_id) > after)
    rows = connection.execute(query.order_by(name, row_id).limit(limit + 1)).mappings().all()
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], cursors.encode_named(last[name], last[row_id])


def part_of(text: str) -> str:
    """A pattern for ``like`` that finds this text anywhere, whatever signs it holds."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"


def news_of(row: RowMapping, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the values given, those the row does not have yet."""
    return {name: value for name, value in values.items() if value != row[name]}


def against(
    connection: Connection, table: Table, client_id: UUID, rows: Sequence[Mapping[str, Any]]
) -> Sorted:
    """The rows of a file against those the client has. Known ones are held, so that nobody changes them meanwhile; all
    are in one order, as another file's: two files with the same codes wait for each other in turn, never both."""
    query = (
        select(table)
        .where(table.c.client_id == client_id, table.c.code.in_([row["code"] for row in rows]))
        .order_by(table.c.code)
        .with_for_update()
    )
    known = {row["code"]: row for row in connection.execute(query).mappings()}
    new = sorted((row for row in rows if row["code"] not in known), key=lambda row: str(row["code"]))
    met = [(known[row["code"]], news_of(known[row["code"]], row)) for row in rows if row["code"] in known]
    return Sorted([{**row, "client_id": client_id} for row in new], met)


def add(connection: Connection, table: Table, new: Mapping[UUID, Mapping[str, Any]], now: datetime) -> None:
    """Write new rows, by id."""
    if new:
        stamped = {"row_version": 1, "updated_at": now}
        connection.execute(
            table.insert(), [{"id": row_id, **values, **stamped} for row_id, values in new.items()]
        )


def change(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    merged: Mapping[UUID, Mapping[str, Any]],
    now: datetime,
) -> None:
    """Write these columns of rows anew, by id."""
    if merged:
        fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
        connection.execute(
            update(table)
            .where(table.c.id == bindparam("row"))
            .values(**fresh, row_version=table.c.row_version + 1, updated_at=now),
            [
                {"row": row_id} | {f"new_{name}": values[name] for name in columns}
                for row_id, values in merged.items()
            ],
        )


def saved(event: str, entity: str, row: RowMapping, news: Mapping[str, Any]) -> Emit:
    """A change of a row as the trail tells it."""
    was = {name: row[name] for name in news}
    return Emit(event, before=was, after=news, entity=entity, entity_id=str(row["id"]))


def told(done: Imported, event: str, client_id: UUID) -> Emit:
    """A file as the trail tells it."""
    numbers = {name: getattr(done, name) for name in ("created", "updated", "unchanged")}
    after = {**numbers, "refused": len(done.refused)}
    return Emit(event, after=after, entity="client", entity_id=str(client_id))


class Trail:
    """Changes of a client's list, told in the trail."""

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit

    def _tell(
        self,
        connection: Connection,
        client_id: UUID,
        emits: Iterable[Emit],
        now: datetime,
        actor: Actor,
    ) -> None:
        self._audit.record_apart(connection, client_id, now, actor, *emits)
