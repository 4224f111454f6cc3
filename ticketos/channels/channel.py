"""What a channel is: a key, a title and a parser from raw bytes to an `Intake`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ticketos.domain.intake_types import Intake


class UnreadableDeliveryError(ValueError):
    """A delivery that cannot become an intake; `code` is stable, `detail` names the offending part."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Delivery:
    """Raw bytes as they reached the edge, with what the transport knew about them.

    `envelope_sender` is None when the transport has none, and "" for the null sender. `own_domain` is the
    domain that receives our mail. `headers` are transport headers (HTTP), empty for mail.
    """

    raw: bytes
    received_at: datetime
    own_domain: str = ""
    envelope_sender: str | None = None
    envelope_recipients: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in. `parse` may raise `UnreadableDeliveryError` alone; `samples` holds recorded deliveries."""

    key: str
    title: str
    parse: Callable[[Delivery], Intake]
    answers_by: str
    """Key of the channel that carries answers: mail answers by mail, the API by webhook ("")."""
    samples: Path
