"""Cursors of lists that are sorted by an instant (or a name) and then by id: opaque text, never an offset."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from ticketos.domain.errors import DomainError


def encode(at: datetime, row_id: UUID) -> str:
    """The cursor that stands behind this row."""
    return encode_named(at.isoformat(), row_id)


def encode_named(name: str, row_id: UUID) -> str:
    """The same in a list sorted by name."""
    raw = json.dumps([name, str(row_id)], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, UUID]:
    """Instant and id of the last row seen. Raises ``cursor-invalid``."""
    at, row_id = decode_named(cursor)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise DomainError("cursor-invalid") from error
    if moment.tzinfo is None:
        raise DomainError("cursor-invalid")
    return moment, row_id


def decode_named(cursor: str) -> tuple[str, UUID]:
    """Name and id of the last row seen. Raises ``cursor-invalid``."""
    try:
        name, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(name, str) or "\0" in name:
            raise ValueError("no name")
        name.encode()
        return name, UUID(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise DomainError("cursor-invalid") from error
