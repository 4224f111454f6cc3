"""Fresh databases for tests: one cluster per run, migrated once, then copied."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.shared import Started, shared
from ticketos.dev.database import Passwords, PostgresUrls, drop_database, prepare_database
from ticketos.dev.machine import locked
from ticketos.dev.postgres import EmbeddedPostgres

TEMPLATE = "ticketos_template"


@dataclass(frozen=True)
class PostgresCluster:
    """A running cluster. `superuser_url` is for making databases; tests use the roles' URLs."""

    superuser_url: str
    passwords: Passwords
    folder: Path

    def empty_database(self, prefix: str = "test") -> PostgresUrls:
        """A new database with the roles and nothing in it."""
        return prepare_database(self.superuser_url, _fresh(prefix), passwords=self.passwords)

    def migrated_database(self, prefix: str = "test") -> PostgresUrls:
        """A new database at the newest migration, copied from one that was migrated once per run."""
        self._ensure_template()
        return prepare_database(
            self.superuser_url, _fresh(prefix), passwords=self.passwords, template=TEMPLATE
        )

    def drop(self, urls: PostgresUrls) -> None:
        """Delete a database made here."""
        drop_database(self.superuser_url, urls.owner.rsplit("/", 1)[1])

    def _ensure_template(self) -> None:
        from ticketos.db.migrate import upgrade

        with (
            locked(self.folder / "template.lock", 300, "Another test process migrates for too long."),
            psycopg.connect(self.superuser_url.replace("+psycopg", "", 1), autocommit=True) as connection,
        ):
            known = connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone()
            if known is None:
                draft = f"{TEMPLATE}_draft"
                drop_database(self.superuser_url, draft)
                upgrade(prepare_database(self.superuser_url, draft, passwords=self.passwords).owner)
                connection.execute(
                    sql.SQL("alter database {} rename to {}").format(
                        sql.Identifier(draft), sql.Identifier(TEMPLATE)
                    )
                )


@contextmanager
def running_cluster(folder: Path) -> Iterator[PostgresCluster]:
    """The run's cluster, shared by every process that names the same folder."""

    def start() -> Started:
        server = EmbeddedPostgres(folder / "home", durable=False, ephemeral=True)
        superuser_url = server.start().superuser
        passwords = server.passwords
        return asdict(passwords) | {"superuser_url": superuser_url}, server.stop

    with shared(folder, start) as facts:
        known = dict(facts)
        yield PostgresCluster(known.pop("superuser_url"), Passwords(**known), folder)


def _fresh(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(6)}"
