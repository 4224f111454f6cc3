"""Mail as the client's people use it: sending to the client's address, and reading what came back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from pathlib import Path

import aiosmtplib

from ticketos.dev.sim.api import Upload

_LINK = re.compile(r"https?://[^\s<>\"]+/(?P<page>[as])/[^\s<>\"]+")
_NUMBER = re.compile(r"\[([A-Z0-9]+-\d\d-\d+)\]")


@dataclass(frozen=True)
class Letter:
    """A mail that came: ``number`` is the ticket's, ``link`` leads to sign-off (``page`` a) or survey (s)."""

    to: tuple[str, ...]
    subject: str
    reply_to: str
    message_id: str
    number: str
    page: str
    link: str


@dataclass
class Postbox:
    """Sends by SMTP to the edge at ``port``; reads the folder outgoing mail is written to."""

    host: str
    port: int
    folder: Path
    letters: list[Letter] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    async def send(self, message: EmailMessage) -> None:
        """Hand a mail over; raises aiosmtplib's errors when it is refused."""
        await aiosmtplib.send(message, hostname=self.host, port=self.port, timeout=30, start_tls=False)

    def collect(self) -> list[Letter]:
        """Mail that came since the last time."""
        fresh: list[Letter] = []
        for path in sorted(self.folder.glob("*.eml")) if self.folder.exists() else ():
            if path.name in self._seen:
                continue
            self._seen.add(path.name)
            fresh.append(_letter(path.read_bytes()))
        self.letters += fresh
        return fresh


def compose(
    *,
    sender: tuple[str, str],
    to: str,
    subject: str,
    text: str,
    message_id: str,
    at: datetime,
    files: tuple[Upload, ...] = (),
    in_reply_to: str = "",
) -> EmailMessage:
    """A mail as an ordinary program writes it. ``sender`` is (name, address), ``at`` an aware datetime."""
    name, address = sender
    message = EmailMessage()
    message["From"] = f"{name} <{address}>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{message_id}>"
    message["Date"] = format_datetime(at)
    if in_reply_to:
        message["In-Reply-To"] = in_reply_to
        message["References"] = in_reply_to
    message.set_content(text)
    for one in files:
        main, _, sub = one.content_type.partition("/")
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.filename)
    return message


def _letter(raw: bytes) -> Letter:
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    subject = str(message["Subject"] or "")
    number, link = _NUMBER.search(subject), _LINK.search(text)
    return Letter(
        to=tuple(address.lower() for _, address in getaddresses([str(message["To"] or "")])),
        subject=subject,
        reply_to=next((a for _, a in getaddresses([str(message["Reply-To"] or "")])), ""),
        message_id=str(message["Message-ID"] or "").strip(),
        number=number[1] if number else "",
        page=link["page"] if link else "",
        link=link[0] if link else "",
    )
