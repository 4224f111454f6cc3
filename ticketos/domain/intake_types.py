"""What every channel turns a message into, before anyone decides anything about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

SuppressReason = Literal[
    "auto-submitted",
    "bulk",
    "null-sender",
    "loop",
    "list",
    "bounce-permanent",
    "bounce-temporary",
    "out-of-office",
]
"""Why no automatic answer may be sent to a message."""

SUPPRESS_REASONS: tuple[SuppressReason, ...] = get_args(SuppressReason)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that came with a message, byte for byte as it was sent.

    `filename` is safe to show and to store: no folders, no control characters. `content_type` is what
    the sender declared, which proves nothing about the bytes.
    """

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """One message from outside, readable and complete.

    `external_id` is the same whenever the same message arrives again in the same channel, so together with
    the client it is the key against doubles. `text` is what the sender newly wrote, `full_text` all of it.
    `thread_tokens` are what may name an existing ticket, strongest first: signed reply addresses (they hold
    an `@` and must be verified with the key) before ticket numbers (a hint that anyone can guess).
    `received_at` comes from our edge and starts clocks; `sent_at` is the sender's claim. Both are aware UTC.
    All strings can be stored in PostgreSQL: no NUL, no lone surrogates.
    """

    channel: str
    external_id: str
    recipient: str
    sender: str
    sender_name: str
    subject: str
    text: str
    full_text: str
    attachments: tuple[Attachment, ...]
    received_at: datetime
    sent_at: datetime | None
    thread_tokens: tuple[str, ...]
    in_reply_to: str | None
    references: tuple[str, ...]
    suppress_reply: SuppressReason | None
    headers: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        """Refuse what would corrupt clocks or the key against doubles (ValueError)."""
        if not self.external_id:
            raise ValueError("an intake needs an external_id")
        for name, moment in (("received_at", self.received_at), ("sent_at", self.sent_at)):
            if moment is not None and moment.utcoffset() != timedelta(0):
                raise ValueError(f"{name} must be aware UTC")
        if self.suppress_reply is not None and self.suppress_reply not in SUPPRESS_REASONS:
            raise ValueError(f"unknown suppress_reply {self.suppress_reply!r}")
