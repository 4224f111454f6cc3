"""Roles and databases on any PostgreSQL: the embedded one, a test's, or an operator's own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from ticketos.dev.processes import StackError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

OWNER = "ticketos_owner"
APP = "ticketos_app"
SYSTEM = "ticketos_system"
DATABASE = "ticketos"

_ROLES_LOCK = 7_301_884_210_001  # advisory lock: CREATE ROLE has no IF NOT EXISTS


@dataclass(frozen=True)
class Passwords:
    """Passwords of the cluster's superuser and of our three roles."""

    superuser: str
    owner: str
    app: str
    system: str

    @classmethod
    def random(cls) -> Passwords:
        """Fresh ones of 192 bits each."""
        return cls(*(secrets.token_urlsafe(24) for _ in fields(cls)))

    def __repr__(self) -> str:
        return "Passwords(…)"


@dataclass(frozen=True)
class PostgresUrls:
    """One database as each role sees it, in SQLAlchemy form (`postgresql+psycopg://…`)."""

    owner: str
    app: str
    system: str
    superuser: str

    def __repr__(self) -> str:
        return f"PostgresUrls({_parsed(self.owner).render_as_string(hide_password=True)})"


def prepare_database(
    superuser_dsn: str,
    dbname: str = DATABASE,
    *,
    passwords: Passwords,
    template: str | None = None,
) -> PostgresUrls:
    """Make sure the three roles and database `dbname` exist, and return its URLs.

    No role is a superuser or may bypass row-level security; the database belongs to the owner, and nobody
    but our roles may connect. `template` copies an existing database (nobody may be connected to it).
    Idempotent: an existing database is left as it is, the passwords are set to the given ones.
    """
    base = _parsed(superuser_dsn)
    with _connect(superuser_dsn) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_ROLES_LOCK])
        for role, password in ((OWNER, passwords.owner), (APP, passwords.app), (SYSTEM, passwords.system)):
            _ensure_role(connection, role, password)
        known = connection.execute("select 1 from pg_database where datname = %s", [dbname]).fetchone()
        if known is None:
            _create_database(connection, dbname, template)

    def url(role: str, password: str) -> str:
        return base.set(username=role, password=password, database=dbname).render_as_string(
            hide_password=False
        )

    return PostgresUrls(
        owner=url(OWNER, passwords.owner),
        app=url(APP, passwords.app),
        system=url(SYSTEM, passwords.system),
        superuser=base.set(database=dbname).render_as_string(hide_password=False),
    )


def drop_database(superuser_dsn: str, dbname: str) -> None:
    """Delete database `dbname`, ending connections to it."""
    with _connect(superuser_dsn) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(dbname)))


def _parsed(url: str) -> URL:
    # Half of what a short command would import, and most of them need no address.
    from sqlalchemy.engine import make_url

    return make_url(url)


def _connect(dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    url = _parsed(dsn).set(drivername="postgresql")
    if url.database is None:
        url = url.set(database="postgres")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _ensure_role(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    connection.execute(
        sql.SQL(
            "{verb} role {role} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
            " password {password}"
        ).format(
            verb=sql.SQL("create" if known is None else "alter"),
            role=sql.Identifier(role),
            password=sql.Literal(password),
        )
    )


def _create_database(
    connection: psycopg.Connection[tuple[object, ...]], dbname: str, template: str | None
) -> None:
    name = sql.Identifier(dbname)
    statement = sql.SQL("create database {} owner {}").format(name, sql.Identifier(OWNER))
    if template is not None:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    connection.execute(statement)
    roles = sql.SQL(", ").join(sql.Identifier(role) for role in (OWNER, APP, SYSTEM))
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(name, roles))


def prepare_from_urls(superuser_dsn: str, owner_url: str, app_url: str, system_url: str) -> PostgresUrls:
    """`prepare_database` for an operator's own server: names and passwords come from the three URLs.

    Raises StackError when a URL names another role than ours or has no password.
    """
    passwords: dict[str, str] = {}
    for role, text in ((OWNER, owner_url), (APP, app_url), (SYSTEM, system_url)):
        url = _parsed(text)
        if url.username != role or not url.password:
            raise StackError(
                f"A database URL must name role {role} and its password; found role {url.username}."
            )
        passwords[role] = str(url.password)
    database = _parsed(owner_url).database or DATABASE
    known = Passwords("", passwords[OWNER], passwords[APP], passwords[SYSTEM])
    return prepare_database(superuser_dsn, database, passwords=known)
