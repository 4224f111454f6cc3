"""Documents as people read them. What happens to a document is written by its ticket's activities alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, text
from sqlmodel import SQLModel

from ticketos.db.tables import Document, Ticket

_DOCUMENT = SQLModel.metadata.tables[str(Document.__tablename__)]
_TICKET = SQLModel.metadata.tables[str(Ticket.__tablename__)]
COLUMNS = tuple(
    column for column in _DOCUMENT.c if column.name not in ("read_result", "address", "business_key")
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


def get(connection: Connection, document_id: UUID) -> RowMapping | None:
    """One document, with its number of ticket and address of bytes."""
    query = (
        select(*COLUMNS, _DOCUMENT.c.address, _TICKET.c.root_id)
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


def quality_of(connection: Connection, ticket_id: UUID) -> Sequence[RowMapping]:
    """Every quality verdict on a ticket's documents, oldest first."""
    return (
        connection.execute(
            text("select * from qa_check where ticket_id = :id order by at, id"), {"id": ticket_id}
        )
        .mappings()
        .all()
    )
