"""Raw mail to `Intake`. Whatever arrives, something readable comes out and no attachment is lost."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from ticketos.channels.email import guards, headers, html, mime, reply
from ticketos.domain.intake_types import Attachment, Intake

_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|wg|tr|rv|enc|i|doorst)\s*:", re.IGNORECASE)
_TICKET_NUMBER = re.compile(r"\[([A-Z][A-Z0-9]{1,11}-\d{2}-\d{6}(?:-[A-Z]\d{1,4})?)\]")
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "To", "Cc")
_REPORT_PARTS = ("message/delivery-status", "message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


def parse(
    raw: bytes,
    envelope_sender: str | None,
    envelope_recipients: tuple[str, ...],
    received_at: datetime,
    own_domain: str,
) -> Intake:
    """Read one message.

    `envelope_sender` is None when there was no SMTP envelope (an imported file) and "" for the null sender;
    `own_domain` is the domain whose addresses are ours. Malformed mail never raises; a naive or non-UTC
    `received_at` does (ValueError), since it would be the caller's fault.
    """
    tree = mime.read(raw)
    parts = mime.take_apart(tree)
    listed = tuple((name, headers.header_text(value)) for name, value in mime.header_items(tree))
    subject = headers.header_text(mime.raw_header(tree, "Subject"))
    full, new = _texts(parts.pieces, forwarded=bool(_FORWARD_SUBJECT.match(subject)))
    sender_name, sender = _sender(tree, envelope_sender)
    kind, params = mime.content_type(tree)
    mail = guards.Mail(
        headers={name.lower(): value for name, value in reversed(listed)},
        envelope_sender=envelope_sender,
        sender=sender,
        subject=subject,
        content_type=kind,
        report_type=params.get("report-type", "").lower(),
        body=full,
        reports=parts.attachments,
    )
    suppress = guards.suppress_reason(mail, own_domain)
    returned = _returned(parts.attachments) if suppress and suppress.startswith("bounce") else ""
    recipients = _recipients(tree, envelope_recipients)
    in_reply_to = headers.message_ids(mime.raw_header(tree, "In-Reply-To"))
    references = (
        *headers.message_ids(mime.raw_header(tree, "References")),
        *in_reply_to,
        *headers.message_ids(_first_header(returned, "Message-ID")),
    )
    return Intake(
        channel="email",
        external_id=_external_id(tree, raw),
        recipient=_recipient(envelope_recipients, recipients, own_domain),
        sender=sender,
        sender_name=sender_name,
        subject=subject,
        text=new,
        full_text=full,
        attachments=parts.attachments,
        received_at=received_at,
        sent_at=headers.moment(mime.raw_header(tree, "Date")),
        thread_tokens=_thread_tokens(recipients, subject, f"{full}\n{returned}", own_domain),
        in_reply_to=in_reply_to[0] if in_reply_to else None,
        references=tuple(dict.fromkeys(references)),
        suppress_reply=suppress,
        headers=tuple((headers.storable(name), value) for name, value in listed),
    )


def _texts(pieces: Sequence[mime.Piece], *, forwarded: bool) -> tuple[str, str]:
    """All of the body, and the newly written part of it."""
    full: list[str] = []
    new: list[str] = []
    for piece in pieces:
        if piece.kind == "plain":
            full.append(piece.text.strip())
            new.append(reply.new_text(piece.text, forwarded=forwarded))
            continue
        read = html.to_text(piece.text)
        full.append(read.full)
        marked = read.full if read.new is None or forwarded or html.is_forward(read.full) else read.new
        new.append(reply.new_text(marked or read.full, forwarded=forwarded))
    return "\n\n".join(t for t in full if t), "\n\n".join(t for t in new if t)


def _sender(tree: mime.Node, envelope_sender: str | None) -> tuple[str, str]:
    """Name and address of From, else Sender, else the envelope; the address may be empty."""
    name, local = "", ""
    for header in ("From", "Sender", "Reply-To"):
        for shown, address in headers.addresses(mime.raw_header(tree, header)):
            name, local = name or shown, local or address
            if "@" in address:
                return shown or name, address
    return name, local or headers.storable((envelope_sender or "").strip().strip("<>"))


def _recipients(tree: mime.Node, envelope: tuple[str, ...]) -> tuple[str, ...]:
    """Every address the mail was meant for: the envelope's first, then the headers'."""
    shown = [
        address
        for header in _RECIPIENT_HEADERS
        for name, value in mime.header_items(tree)
        if name.lower() == header.lower()
        for _, address in headers.addresses(value)
        if address
    ]
    return tuple(dict.fromkeys((*(headers.storable(a.strip().strip("<>")) for a in envelope), *shown)))


def _recipient(envelope: tuple[str, ...], recipients: tuple[str, ...], own_domain: str) -> str:
    """The address that says whose mail this is: one of ours, before a signed reply address."""
    own = [a for a in recipients if own_domain and a.lower().endswith(f"@{own_domain.lower()}")]
    candidates = [*recipients[: len(envelope)], *own, *recipients] if envelope else [*own, *recipients]
    plain = [a for a in candidates if not a.lower().startswith("t+")]
    return next(iter([*plain, *candidates]), "")


def _thread_tokens(recipients: tuple[str, ...], subject: str, text: str, own_domain: str) -> tuple[str, ...]:
    signed = [a for a in recipients if a.lower().startswith("t+")]
    if own_domain:
        # Mail programs that drop Reply-To still quote our address in the history below the answer.
        signed += re.findall(rf"\bt\+[a-z2-7]{{20,60}}@{re.escape(own_domain)}\b", text, re.IGNORECASE)
        signed = [a for a in signed if a.lower().endswith(f"@{own_domain.lower()}")]
    return tuple(dict.fromkeys((*(a.lower() for a in signed), *_TICKET_NUMBER.findall(subject))))


def _returned(attachments: Sequence[Attachment]) -> str:
    """The report and the returned message of a bounce as text: they name the mail that bounced."""
    found = [a.content[:65_536] for a in attachments if a.content_type in _REPORT_PARTS]
    return headers.decode_bytes(b"\n".join(found))


def _first_header(text: str, name: str) -> str:
    match = re.search(rf"^{name}:[ \t]*(.*(?:\n[ \t]+.*)*)", text, re.IGNORECASE | re.MULTILINE)
    return match[1] if match else ""


def _external_id(tree: mime.Node, raw: bytes) -> str:
    """The Message-ID, else a hash of what a second delivery leaves unchanged: who, when, what, the body."""
    named = headers.message_ids(mime.raw_header(tree, "Message-ID"))
    if named:
        return named[0][:900]
    digest = hashlib.sha256()
    for name in ("From", "To", "Date", "Subject"):
        digest.update(mime.raw_header(tree, name).encode("utf-8", "surrogateescape") + b"\0")
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)
    digest.update(body[-1].replace(b"\r\n", b"\n").rstrip())
    return f"sha256:{digest.hexdigest()}"
