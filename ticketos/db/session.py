"""Connections and transactions. Every transaction names its clients, or runs as the system role.

Built for many small transactions: ``BEGIN`` and the setting that row-level policies read go to the server in
one message, statements are prepared on the server, and a connection that died in the pool is noticed by that
first message and replaced. Whatever the driver raises leaves a transaction as ``sqlalchemy.exc``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from ticketos.domain.money import Money

_SETTINGS = (
    "-c timezone=UTC -c lock_timeout=15s -c statement_timeout=60s -c idle_in_transaction_session_timeout=120s"
)
"""A wait for a lock or a runaway statement ends in an error that the caller repeats, never in a hang."""


class Database:
    """The application's database as its two roles. Thread-safe; connections are made on first use.

    `app_url` is the URL of ticketos_app; `system_url` of ticketos_system, which only the relay, the sealer
    and the reconciler need. Sizes are the most connections kept; a caller waits `wait_s` seconds for a free
    one and then gets ``sqlalchemy.exc.TimeoutError``.
    """

    def __init__(
        self,
        app_url: str,
        system_url: str | None = None,
        *,
        app_pool: int = 10,
        system_pool: int = 2,
        wait_s: float = 15.0,
    ) -> None:
        self._app = _engine(app_url, "ticketos app", app_pool, wait_s)
        self._system = (
            None if system_url is None else _engine(system_url, "ticketos system", system_pool, wait_s)
        )

    @contextmanager
    def transaction(self, clients: Collection[UUID]) -> Iterator[Connection]:
        """One transaction that sees and writes the rows of `clients` alone; an empty collection sees nothing.

        Commits when the block ends, rolls back when it raises. Do not commit inside: the setting would be
        gone and every later statement would see no row.
        """
        named = ",".join(sorted(str(UUID(str(client))) for client in clients))
        with _transaction(self._app, f"begin; set local app.clients = '{{{named}}}'") as connection:
            yield connection

    @contextmanager
    def system(self) -> Iterator[Connection]:
        """One transaction of the system role, which sees across clients what its policies name."""
        if self._system is None:
            raise RuntimeError("this process was given no URL of the system role")
        with _transaction(self._system, "begin") as connection:
            yield connection

    def dispose(self) -> None:
        """Close every pooled connection; the object stays usable."""
        self._app.dispose()
        if self._system is not None:
            self._system.dispose()


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection under `connection`, in the same transaction: for statements on the hot path."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"expected a psycopg connection, found {type(raw)}")
    return raw


def finish(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Run a transaction's last statement and commit, in one message to the server; returns the first row.

    What the statement locks is free as soon as the server is done, however busy this process is. The transaction
    is over afterwards: nothing more can be read or written in its block. An error of the statement raises and
    leaves the transaction to be rolled back.
    """
    raw = driver(connection)
    with raw.cursor(row_factory=dict_row) as cursor:
        with raw.pipeline():
            cursor.execute(statement, parameters)
            raw.commit()
        return cursor.fetchone()


def encode_json(value: object) -> str:
    """JSON for a ``jsonb`` column: exact numbers and ids as strings, instants as ISO 8601, sets sorted.

    What PostgreSQL cannot keep, a NUL or half a surrogate pair out of a damaged file, becomes U+FFFD.
    Not-a-number is refused; an ordinary float is not, since a box on a page is measured in floats.
    """
    text = _dumps(value)
    if "\\u0000" in text or not _is_unicode(text):
        text = _dumps(_storable(json.loads(text)))
    return text


def _dumps(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(value: object) -> object:
    if isinstance(value, str):
        halves = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return halves.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def _plain(value: object) -> object:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return sorted(value)
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _engine(url: str, name: str, size: int, wait_s: float) -> Engine:
    # The driver is in autocommit mode, so that `_transaction` can open with one message instead of two.
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_s,
        pool_use_lifo=True,
        json_serializer=encode_json,
        connect_args={
            "application_name": name,
            "connect_timeout": 10,
            "prepare_threshold": 2,
            "options": _SETTINGS,
        },
    )


@contextmanager
def _transaction(engine: Engine, opening: str) -> Iterator[Connection]:
    connection = _opened(engine, opening)
    try:
        yield connection
        driver(connection).commit()
    except psycopg.Error as error:
        _roll_back(connection)
        raise _translated(error, engine) from error
    except BaseException:
        _roll_back(connection)
        raise
    finally:
        connection.close()


def _opened(engine: Engine, opening: str) -> Connection:
    connection = engine.connect()
    try:
        driver(connection).execute(opening, prepare=False)
        return connection
    except psycopg.OperationalError:
        # The server was restarted while this connection lay in the pool. Nothing was asked of it yet, so a
        # new one may be tried; should the server be away, making it raises.
        connection.invalidate()
        connection.close()
    except BaseException:
        connection.invalidate()
        connection.close()
        raise
    connection = engine.connect()
    try:
        driver(connection).execute(opening, prepare=False)
    except psycopg.Error as error:
        connection.invalidate()
        connection.close()
        raise _translated(error, engine) from error
    return connection


def _roll_back(connection: Connection) -> None:
    """End the failed transaction; a connection that cannot even do that is thrown away."""
    if connection.closed or connection.invalidated:
        return
    try:
        driver(connection).rollback()
    except psycopg.Error:
        connection.invalidate()


def _translated(error: psycopg.Error, engine: Engine) -> BaseException:
    """The same error as SQLAlchemy would have raised it, so that callers know one family."""
    return DBAPIError.instance(None, None, error, psycopg.Error, dialect=engine.dialect)
