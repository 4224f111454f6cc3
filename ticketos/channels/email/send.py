"""Mail out: composing a message that cannot start a loop, and delivering it with a typed result."""

import asyncio
import hashlib
import html as html_escape
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.header import Header
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import nh3

from ticketos.channels.email.guards import LOOP_HEADER
from ticketos.domain.intake_types import Attachment

_TIMEOUT_SECONDS = 30.0
_DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PERMANENT = 500
_REFERENCES = 20
# A mail is composed for most stages of a ticket, and the newer policies of the library parse every header anew as they
# write it, which costs more than all the rest of a mail.
_POLICY = compat32.clone(linesep="\r\n")
_QUOTED = Charset("utf-8")
_QUOTED.body_encoding = QP


class UnsendableMailError(ValueError):
    """A mail that no server could accept, told before anything is sent; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class OutMail:
    """One mail to send. `message_id`, `in_reply_to` and `references` stand without angle brackets.

    `reply_to` is the signed reply address of the ticket; `loop_token` names this installation, not a person.
    """

    sender: str
    sender_name: str
    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    sent_at: datetime
    loop_token: str
    html: str | None = None
    reply_to: str | None = None
    cc: tuple[str, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One recipient the server did not take."""

    recipient: str
    code: int
    detail: str

    @property
    def permanent(self) -> bool:
        """Whether trying again is pointless."""
        return self.code >= _PERMANENT


@dataclass(frozen=True, slots=True)
class Delivered:
    """Handed over for `accepted`; `refused` are the other recipients of the same mail."""

    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """No use trying again: a person must look at the address or the mail."""

    code: int
    detail: str
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class TemporaryFailure:
    """Try again later; `code` is 0 when no server answered."""

    code: int
    detail: str
    refused: tuple[Refusal, ...] = ()


DeliveryResult: TypeAlias = Delivered | PermanentFailure | TemporaryFailure


def message_id(outbox_id: UUID, domain: str) -> str:
    """The Message-ID of an outbox row: a repeated delivery carries the same one, so receivers can drop it."""
    return f"{outbox_id.hex}.out@{domain}"


def compose(mail: OutMail) -> bytes:
    """The mail as bytes with CRLF line ends, the same for the same mail. `UnsendableMailError` when a header
    cannot be sent."""
    if not mail.to:
        raise UnsendableMailError("mail.no_recipient", mail.subject)
    seed = hashlib.sha256(mail.message_id.encode()).hexdigest()[:24]
    words = MIMEMultipart("alternative", f"=_{seed}_1", policy=_POLICY)
    words.attach(_words(mail.text, "plain"))
    words.attach(_words(_html(mail), "html"))
    message = words
    if mail.attachments:
        message = MIMEMultipart("mixed", f"=_{seed}_0", policy=_POLICY)
        message.attach(words)
        for item in mail.attachments:
            message.attach(_attached(item))
    headers: Any = message  # it takes encoded words as they are, whatever its type says
    for name, value in _headers(mail):
        headers[name] = value if value.isascii() else Header(value, "utf-8", header_name=name)
    return message.as_bytes()


def _headers(mail: OutMail) -> Iterator[tuple[str, str]]:
    """Each in one line: what a person wrote cannot add another."""
    yield "From", _address(mail.sender, mail.sender_name)
    yield "To", ", ".join(_address(a) for a in mail.to)
    if mail.cc:
        yield "Cc", ", ".join(_address(a) for a in mail.cc)
    if mail.reply_to:
        yield "Reply-To", _address(mail.reply_to, mail.sender_name)
    yield "Subject", _one_line(mail.subject)
    yield "Date", format_datetime(mail.sent_at)
    yield "Message-ID", _bracketed(mail.message_id)
    if mail.in_reply_to:
        yield "In-Reply-To", _bracketed(mail.in_reply_to)
    chain = tuple(dict.fromkeys((*mail.references, *((mail.in_reply_to,) if mail.in_reply_to else ()))))
    if chain:
        # The first names the thread, the last ones the branch; what lies between may go.
        kept = chain if len(chain) <= _REFERENCES else (chain[0], *chain[1 - _REFERENCES :])
        yield "References", " ".join(_bracketed(r) for r in kept)
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield LOOP_HEADER, _one_line(mail.loop_token)


async def deliver(
    raw: bytes, from_: str, to: tuple[str, ...], smtp_url: str | None, folder: Path | None
) -> DeliveryResult:
    """Hand a mail to an SMTP server, or write it into a folder when no server is configured.

    `smtp_url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password when the server wants
    them; plain `smtp` uses TLS when the server offers it. ValueError without either and on a wrong URL.
    """
    if smtp_url:
        return await _by_smtp(raw, from_, to, smtp_url)
    if folder is None:
        raise ValueError("mail needs an SMTP server or a folder")
    try:
        await asyncio.to_thread(_write, raw, folder)
    except OSError as error:
        return TemporaryFailure(0, str(error))
    return Delivered(to)


async def _by_smtp(raw: bytes, from_: str, to: tuple[str, ...], smtp_url: str) -> DeliveryResult:
    url = urlsplit(smtp_url)
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise ValueError("an SMTP address starts with smtp://, smtp+starttls:// or smtps:// and names a host")
    starttls = {"smtp": None, "smtp+starttls": True, "smtps": False}[url.scheme]
    try:
        refused, _ = await aiosmtplib.send(
            raw,
            sender=from_,
            recipients=list(to),
            hostname=url.hostname,
            port=url.port or _DEFAULT_PORTS[url.scheme],
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=url.scheme == "smtps",
            start_tls=starttls,
            timeout=_TIMEOUT_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusals = tuple(Refusal(r.recipient, r.code, r.message) for r in error.recipients)
        worst = min(refusals, key=lambda r: r.code)
        # One recipient that may be accepted later keeps the mail alive.
        kind = PermanentFailure if all(r.permanent for r in refusals) else TemporaryFailure
        return kind(worst.code, worst.detail, refusals)
    except aiosmtplib.SMTPAuthenticationError as error:
        # Our own configuration is wrong; the mail is fine and must survive until someone mends it.
        return TemporaryFailure(error.code, error.message)
    except aiosmtplib.SMTPResponseException as error:
        kind = PermanentFailure if error.code >= _PERMANENT else TemporaryFailure
        return kind(error.code, error.message)
    except (aiosmtplib.SMTPException, OSError) as error:
        return TemporaryFailure(0, str(error) or type(error).__name__)
    return Delivered(tuple(a for a in to if a not in refused), _refusals(refused))


def _refusals(refused: Mapping[str, aiosmtplib.SMTPResponse]) -> tuple[Refusal, ...]:
    return tuple(Refusal(address, answer.code, answer.message) for address, answer in refused.items())


def _write(raw: bytes, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Named by content: delivering the same mail again leaves one file.
    target = folder / f"{hashlib.sha256(raw).hexdigest()[:32]}.eml"
    part = target.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(raw)
    part.replace(target)


def _address(address: str, name: str = "") -> str:
    try:
        checked = Address(addr_spec=address).addr_spec
    except (ValueError, IndexError) as error:
        raise UnsendableMailError("mail.bad_address", repr(address)) from error
    if not checked.isascii():
        raise UnsendableMailError("mail.bad_address", repr(address))
    return formataddr((_one_line(name), checked))


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()


def _bracketed(identifier: str) -> str:
    if not re.fullmatch(r"[\x21-\x3b\x3d\x3f-\x7e]+", identifier):
        raise UnsendableMailError("mail.bad_message_id", repr(identifier))
    return f"<{identifier}>"


def _html(mail: OutMail) -> str:
    if mail.html is not None:
        return nh3.clean(mail.html)
    paragraphs = re.split(r"\n\s*\n", mail.text.strip())
    return "\n".join(f"<p>{html_escape.escape(p).replace(chr(10), '<br>')}</p>" for p in paragraphs) + "\n"


def _words(text: str, subtype: str) -> MIMEText:
    part = MIMEText("", subtype, "us-ascii", policy=_POLICY)
    del part["Content-Type"], part["Content-Transfer-Encoding"], part["MIME-Version"]
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part.set_payload(text, _QUOTED)
    return part


def _attached(item: Attachment) -> MIMEBase:
    kind = (
        item.content_type
        if re.fullmatch(r"[\w.+-]+/[\w.+-]+", item.content_type)
        else "application/octet-stream"
    )
    maintype, _, subtype = kind.partition("/")
    if maintype in ("multipart", "message"):  # those may not be base64; as plain bytes they arrive unchanged
        maintype, subtype = "application", "octet-stream"
    part = MIMEBase(maintype, subtype, policy=_POLICY)
    part.set_payload(item.content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=_one_line(item.filename))
    return part
