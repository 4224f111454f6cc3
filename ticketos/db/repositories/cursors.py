"""Cursors of lists that are sorted by an instant and then by id: opaque text, never an offset."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from ticketos.domain.errors import DomainError


def encode(at: datetime, row_id: UUID) -> str:
    """The cursor that stands behind this row."""
    raw = json.dumps([at.isoformat(), str(row_id)], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, UUID]:
    """Instant and id of the last row seen. Raises ``cursor-invalid``."""
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment, UUID(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise DomainError("cursor-invalid") from error
