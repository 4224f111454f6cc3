"""What lies in the outbox, and what is said of what can never leave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Item:
    """One row taken from the outbox."""

    id: UUID
    client_id: UUID
    ticket_id: UUID | None
    key: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int


class Hopeless(str):
    """A failure that trying again cannot mend."""

    __slots__ = ()
