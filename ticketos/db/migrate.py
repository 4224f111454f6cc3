"""Brings a database to a revision, and says where tables and database differ. Runs as the owner role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlmodel import SQLModel

from ticketos.db import tables


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Run every missing migration up to `revision`, each in a transaction of its own. Safe to repeat.

    The roles ticketos_owner, ticketos_app and ticketos_system must exist; `owner_url` names the first.
    """
    with _connection(owner_url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Undo migrations down to `revision` (`base` drops every table)."""
    with _connection(owner_url) as connection:
        command.downgrade(_config(connection), revision)


def current(url: str) -> str | None:
    """The revision a database is at, None for an empty one."""
    with _connection(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision this version of the code knows."""
    found = ScriptDirectory(str(_folder())).get_current_head()
    if found is None:
        raise RuntimeError("there is no migration")
    return found


def check(owner_url: str) -> list[str]:
    """Every difference between ``ticketos.db.tables`` and the database, in words; empty means none.

    Beside what ``alembic check`` compares (tables, columns, types, indexes, constraints) it tells which
    client-owned table lacks a forced row-level policy.
    """
    with _connection(owner_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]
        return found + [f"{table}: no forced row-level policy" for table in _unguarded(connection)]


def _unguarded(connection: Connection) -> list[str]:
    guarded = connection.execute(
        text(
            "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and"
            " c.relrowsecurity"
            " and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid)"
        )
    )
    return sorted({"client", *tables.OWNED} - set(guarded.scalars()))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option(
        "file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _folder() -> Path:
    return Path(__file__).parent / "migrations"


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, connect_args={"application_name": "ticketos migrate"})
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
