"""Runs migrations over a connection handed in by ``ticketos.db.migrate``; one at a time per database."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from ticketos.db import tables

_ONE_AT_A_TIME = 7_301_884_210_002


def _run(connection: Connection) -> None:
    # Under forced policies the owner sees no row, so a backfill would change nothing and say nothing. With
    # row_security off PostgreSQL raises instead, and the migration must open its bracket (rls.unforced).
    connection.execute(text("set row_security = off"))
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
    connection.commit()
    try:
        context.configure(
            connection=connection, target_metadata=SQLModel.metadata, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.commit()


assert tables.OWNED, "the tables must be registered before they are compared"
_run(context.config.attributes["connection"])
