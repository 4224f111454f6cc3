"""Signed links: a page that one person may open without a login. Opening never acts; posting does.

A link names its purpose, client, ticket and subject, and is good for a limited time.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from ticketos.crypto import Keyring
from ticketos.domain.errors import DomainError

MAX_AGE_S = 60 * 24 * 3600
"""Links work for sixty days, twice the longest pause."""


@dataclass(frozen=True)
class SignedLink:
    """What a link stands for. ``subject`` is the version offered (approval), the survey's id, the
    life of the ticket that was closed (repeat), or the task that asks (password)."""

    purpose: str
    client_id: UUID
    ticket_id: UUID
    subject: str
    person: str


def approval_link(
    base: str, keyring: Keyring, client_id: UUID, ticket_id: UUID, version: str, person: str
) -> str:
    """Where the client signs off this version."""
    return f"{base}/a/{_seal(keyring, 'approval', client_id, ticket_id, version, person)}"


def survey_link(
    base: str, keyring: Keyring, client_id: UUID, ticket_id: UUID, survey_id: UUID | None, person: str
) -> str:
    """Where the client says how it was."""
    return f"{base}/s/{_seal(keyring, 'survey', client_id, ticket_id, str(survey_id or ''), person)}"


def repeat_link(base: str, keyring: Keyring, client_id: UUID, ticket_id: UUID, life: int, person: str) -> str:
    """Where the requester says that the matter is not settled."""
    return f"{base}/r/{_seal(keyring, 'repeat', client_id, ticket_id, str(life), person)}"


def password_link(
    base: str, keyring: Keyring, client_id: UUID, ticket_id: UUID, task_id: UUID, person: str
) -> str:
    """Where the client gives the password of one document."""
    return f"{base}/p/{_seal(keyring, 'password', client_id, ticket_id, str(task_id), person)}"


def open_link(token: str, keyring: Keyring, purpose: str) -> SignedLink:
    """The link behind a token. Raises ``DomainError``: ``link-expired`` or ``link-invalid``."""
    try:
        client, ticket, subject, person = _serializer(keyring, purpose).loads(token, max_age=MAX_AGE_S)
        return SignedLink(purpose, UUID(client), UUID(ticket), str(subject), str(person))
    except SignatureExpired as error:
        raise DomainError("link-expired") from error
    except (BadSignature, ValueError, TypeError) as error:
        raise DomainError("link-invalid") from error


def _seal(keyring: Keyring, purpose: str, client_id: UUID, ticket_id: UUID, subject: str, person: str) -> str:
    return _serializer(keyring, purpose).dumps([str(client_id), str(ticket_id), subject, person])


def _serializer(keyring: Keyring, purpose: str) -> URLSafeTimedSerializer:
    keys = [
        key.hex() for key in reversed(keyring.derived("links"))
    ]  # the newest signs, retired ones still open
    return URLSafeTimedSerializer(keys, salt=purpose)
