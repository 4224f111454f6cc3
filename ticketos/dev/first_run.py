"""The first account of an empty installation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ticketos.crypto import Keyring
from ticketos.db.audit import AuditTrail
from ticketos.db.ids import new_id
from ticketos.db.repositories.accounts import Accounts
from ticketos.db.repositories.clients import Clients
from ticketos.db.repositories.first_account import FirstAccount, bootstrap
from ticketos.db.session import Database
from ticketos.dev.database import PostgresUrls
from ticketos.settings import ensure_master_key


def first_account(urls: PostgresUrls, home: Path, **company: str) -> FirstAccount | None:
    """Create the provider and its administrator with a generated password; None when there is a provider already.

    ``company`` may name ``name``, ``slug``, ``prefix``, ``email`` and ``password``."""
    keyring = Keyring(ensure_master_key(home))
    audit = AuditTrail(keyring, new_id)
    database = Database(urls.app, urls.system)
    try:
        return bootstrap(
            database,
            Clients(audit, keyring),
            Accounts(audit, new_id),
            now=lambda: datetime.now(UTC),
            new_id=new_id,
            **company,
        )
    finally:
        database.dispose()
