"""The REST API as a channel: programs hand in messages as JSON."""

from pathlib import Path

from ticketos.channels.api.parse import parse
from ticketos.channels.channel import Channel

API = Channel(
    key="api",
    title="API",
    parse=parse,
    answers_by="",
    samples=Path(__file__).parent / "samples",
)

__all__ = ["API", "parse"]
