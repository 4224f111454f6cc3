"""Every table of TicketingOS, a file an area. Rules live in ``ticketos.domain``; here is only shape, keys and indexes.

Every client-owned row carries ``client_id NOT NULL`` and is guarded by a forced row-level policy
(``migrations/versions``). A row that belongs to a ticket, document or invoice points at it by
``(client_id, id)``, so that the database itself refuses a reference across clients.
Timestamps are aware UTC; money is ``numeric`` with a currency beside it; ids are UUIDv7 made in Python.
"""

from __future__ import annotations

from sqlmodel import SQLModel

from ticketos.db.tables import (
    audit,
    books,
    clients,
    documents,
    invoices,
    learning,
    own_lists,
    people,
    quality,
    steps,
    tickets,
)

AREAS = (audit, books, clients, documents, invoices, learning, own_lists, people, quality, steps, tickets)
"""Naming them loads them: a table is known to the metadata once its file is."""

OWNED: tuple[str, ...] = tuple(
    sorted(
        table.name
        for table in SQLModel.metadata.tables.values()
        if "client_id" in table.columns and table.name != "client"
    )
)
"""Tables with a ``client_id``: each has row-level security forced on it (and ``client`` itself by its id)."""
