"""Documents as people read them. What happens to a document is written by its ticket's activities alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, select, text, tuple_
from sqlmodel import SQLModel

from ticketos.db.repositories import cursors
from ticketos.db.tables.documents import Document
from ticketos.db.tables.tickets import Ticket

_DOCUMENT = SQLModel.metadata.tables[str(Document.__tablename__)]
_TICKET = SQLModel.metadata.tables[str(Ticket.__tablename__)]
COLUMNS = tuple(
    column
    for column in _DOCUMENT.c
    if column.name not in ("read_result", "address", "readable", "business_key")
)
"""All but what is large or internal."""


def of_ticket(
    connection: Connection,
    ticket_id: UUID,
    *,
    states: Sequence[str] = (),
    after: int = -1,
    limit: int = 5_000,
) -> Sequence[RowMapping]:
    """Documents of a ticket in the order they came; ``after`` is the last position already known."""
    query = select(*COLUMNS).where(_DOCUMENT.c.ticket_id == ticket_id, _DOCUMENT.c.position > after)
    if states:
        query = query.where(_DOCUMENT.c.state.in_(states))
    return (
        connection.execute(query.order_by(_DOCUMENT.c.position, _DOCUMENT.c.id).limit(limit)).mappings().all()
    )


def standing(connection: Connection, ticket_id: UUID) -> Sequence[tuple[UUID, str, str]]:
    """Id, state and approval of a ticket's documents in the order they came, and nothing of what they say."""
    columns = (_DOCUMENT.c.id, _DOCUMENT.c.state, _DOCUMENT.c.approval)
    query = select(*columns).where(_DOCUMENT.c.ticket_id == ticket_id)
    found = connection.execute(query.order_by(_DOCUMENT.c.position, _DOCUMENT.c.id).limit(5_000))
    return [tuple(row) for row in found]


def get(connection: Connection, document_id: UUID) -> RowMapping | None:
    """One document, with its number of ticket and address of bytes."""
    query = (
        select(*COLUMNS, _DOCUMENT.c.address, _DOCUMENT.c.readable, _TICKET.c.root_id)
        .join(
            _TICKET, (_TICKET.c.client_id == _DOCUMENT.c.client_id) & (_TICKET.c.id == _DOCUMENT.c.ticket_id)
        )
        .where(_DOCUMENT.c.id == document_id)
    )
    return connection.execute(query).mappings().first()


def candidates_of(connection: Connection, document_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """What else each field could be, as the reader saw it."""
    found = connection.execute(
        text("select read_result -> 'candidates' from document where id = :id"), {"id": document_id}
    ).scalar()
    return found if isinstance(found, dict) else {}


def suggested_of(connection: Connection, document_id: UUID) -> dict[str, Any]:
    """Type and lines that AI may only suggest: ``doc_type`` and ``lines``; empty where the reading counts."""
    found = connection.execute(
        text("select read_result -> 'suggested' from document where id = :id"), {"id": document_id}
    ).scalar()
    return found if isinstance(found, dict) else {}


def quality_of(connection: Connection, ticket_id: UUID) -> Sequence[RowMapping]:
    """Every quality verdict on a ticket's documents, oldest first."""
    return (
        connection.execute(
            text("select * from qa_check where ticket_id = :id order by at, id"), {"id": ticket_id}
        )
        .mappings()
        .all()
    )


@dataclass(frozen=True)
class Filter:
    """What a list of documents shows: those of ``client_ids``; elsewhere empty and None mean any. ``found`` are
    the ids a search came to."""

    client_ids: tuple[UUID, ...] = ()
    states: tuple[str, ...] = ()
    doc_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    found: tuple[UUID, ...] | None = None


def searched(connection: Connection, client_ids: Sequence[UUID], q: str, most: int = 500) -> tuple[UUID, ...]:
    """Documents by the beginnings of words: file name, supplier, number, total, ERP reference."""
    hits = connection.exec_driver_sql(
        "select id from search_document(%s, %s, %s)", (list(client_ids), q, most)
    )
    return tuple(row.id for row in hits)


def listed(
    connection: Connection, chosen: Filter, limit: int, cursor: str | None
) -> tuple[Sequence[RowMapping], str | None]:
    """One page of documents with the number of their request, the newest first, and the cursor of the next.
    Raises ``cursor-invalid``."""
    query = (
        select(*COLUMNS, _TICKET.c.number, _TICKET.c.subject)
        .join(
            _TICKET, (_TICKET.c.client_id == _DOCUMENT.c.client_id) & (_TICKET.c.id == _DOCUMENT.c.ticket_id)
        )
        .where(_DOCUMENT.c.client_id.in_(chosen.client_ids))
    )
    if chosen.states:
        query = query.where(_DOCUMENT.c.state.in_(chosen.states))
    if chosen.doc_type is not None:
        query = query.where(_DOCUMENT.c.doc_type == chosen.doc_type)
    if chosen.since is not None:
        query = query.where(_DOCUMENT.c.received_at >= chosen.since)
    if chosen.until is not None:
        query = query.where(_DOCUMENT.c.received_at < chosen.until)
    if chosen.found is not None:
        query = query.where(_DOCUMENT.c.id.in_(chosen.found))
    order = tuple_(_DOCUMENT.c.received_at, _DOCUMENT.c.id)
    if cursor is not None:
        query = query.where(order < tuple_(*(bindparam(None, value) for value in cursors.decode(cursor))))
    query = query.order_by(_DOCUMENT.c.received_at.desc(), _DOCUMENT.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode(rows[limit - 1]["received_at"], rows[limit - 1]["id"])
