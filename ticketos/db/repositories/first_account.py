"""The first login of an empty installation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from ticketos.db.repositories.accounts import Accounts
from ticketos.db.repositories.clients import Clients
from ticketos.db.repositories.credentials import Grant, hash_password
from ticketos.db.session import Database
from ticketos.domain.ports import NewId, Now
from ticketos.domain.state import SYSTEM


@dataclass(frozen=True)
class FirstAccount:
    """The provider and its administrator; the password is shown this once."""

    client_id: UUID
    user_id: UUID
    email: str
    password: str


def bootstrap(
    database: Database,
    clients: Clients,
    accounts: Accounts,
    *,
    now: Now,
    new_id: NewId,
    name: str = "Provider",
    slug: str = "provider",
    prefix: str = "PROV",
    email: str = "admin@ticketos.localhost",
    password: str | None = None,
) -> FirstAccount | None:
    """The provider's company and first administrator, on an empty installation; None when there is a
    provider already.

    Two processes may call it at once: the later one collides on the unique names and gets None.
    """
    with database.transaction(()) as connection:
        if connection.exec_driver_sql("select provider_client()").scalar() is not None:
            return None
    client_id, chosen, at = new_id(), password or secrets.token_urlsafe(18), now()
    company = {"slug": slug, "prefix": prefix, "name": name, "kind": "provider"}
    person = {"email": email, "name": "Administrator", "password_hash": hash_password(chosen)}
    try:
        with database.transaction([client_id]) as connection:
            clients.create(connection, client_id, company, now=at, actor=SYSTEM)
            user_id = accounts.create_user(
                connection,
                client_id,
                person,
                [Grant("admin", None), Grant("ops", None)],
                now=at,
                actor=SYSTEM,
            )
    except IntegrityError:  # another process made the provider in this moment
        return None
    return FirstAccount(client_id, user_id, email, chosen)
