"""The channels, in the order people see them. A new channel is one folder and one line here."""

from ticketos.channels.api import API
from ticketos.channels.channel import Channel, Delivery, UnreadableDeliveryError
from ticketos.channels.email import EMAIL

CHANNELS: tuple[Channel, ...] = (
    EMAIL,
    API,
)


def channel(key: str) -> Channel:
    """The registered channel with that key (KeyError when there is none)."""
    for entry in CHANNELS:
        if entry.key == key:
            return entry
    raise KeyError(key)


__all__ = ["CHANNELS", "Channel", "Delivery", "UnreadableDeliveryError", "channel"]
