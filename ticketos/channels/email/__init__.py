"""E-mail: reading, answering, and the signed addresses that bind an answer to its ticket."""

from pathlib import Path

from ticketos.channels.channel import Channel, Delivery
from ticketos.channels.email.address import reply_address, ticket_of
from ticketos.channels.email.parse import parse
from ticketos.domain.intake_types import Intake


def _parse_delivery(delivery: Delivery) -> Intake:
    return parse(
        delivery.raw,
        delivery.envelope_sender,
        delivery.envelope_recipients,
        delivery.received_at,
        delivery.own_domain,
    )


EMAIL = Channel(
    key="email",
    title="E-mail",
    parse=_parse_delivery,
    answers_by="email",
    samples=Path(__file__).parent / "samples",
)

__all__ = ["EMAIL", "parse", "reply_address", "ticket_of"]
