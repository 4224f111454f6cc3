"""A message posted as JSON to `Intake`. The caller is a program, so what is wrong is said, not guessed at."""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime

from ticketos.channels.channel import Delivery, UnreadableDeliveryError
from ticketos.domain.intake_types import Attachment, Intake

_TEXT_FIELDS = ("external_id", "sender", "sender_name", "subject", "text", "in_reply_to")


def parse(delivery: Delivery) -> Intake:
    """Read one JSON object; raises `UnreadableDeliveryError` naming the field that is wrong.

    Without an `external_id` the `Idempotency-Key` header counts, and without both a hash of the body, so a
    repeated request is recognised in every case.
    """
    try:
        body = json.loads(delivery.raw.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UnreadableDeliveryError("api.not_json", str(error)) from error
    if not isinstance(body, dict):
        raise UnreadableDeliveryError("api.not_an_object", type(body).__name__)
    text = {name: _text(body, name) for name in _TEXT_FIELDS}
    key = next((v for n, v in delivery.headers.items() if n.lower() == "idempotency-key" and v), "")
    attachments = _attachments(body.get("attachments", []))
    if not text["text"].strip() and not text["subject"].strip() and not attachments:
        raise UnreadableDeliveryError("api.empty", "text, subject and attachments are all missing")
    return Intake(
        channel="api",
        external_id=text["external_id"] or key or f"sha256:{hashlib.sha256(delivery.raw).hexdigest()}",
        recipient=next(iter(delivery.envelope_recipients), ""),
        sender=text["sender"],
        sender_name=text["sender_name"],
        subject=text["subject"],
        text=text["text"],
        full_text=text["text"],
        attachments=attachments,
        received_at=delivery.received_at,
        sent_at=_moment(body.get("sent_at")),
        thread_tokens=(),
        in_reply_to=text["in_reply_to"] or None,
        references=(text["in_reply_to"],) if text["in_reply_to"] else (),
        suppress_reply=None,
        headers=(),
    )


def _text(body: dict[str, object], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableDeliveryError("api.not_text", name)
    # NUL and lone surrogates (JSON allows both) cannot be stored.
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _attachments(listed: object) -> tuple[Attachment, ...]:
    if not isinstance(listed, list):
        raise UnreadableDeliveryError("api.not_a_list", "attachments")
    found: list[Attachment] = []
    for index, item in enumerate(listed):
        where = f"attachments[{index}]"
        if not isinstance(item, dict):
            raise UnreadableDeliveryError("api.not_an_object", where)
        content = item.get("content")
        if not isinstance(content, str):
            raise UnreadableDeliveryError("api.not_text", f"{where}.content")
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnreadableDeliveryError("api.not_base64", f"{where}.content") from error
        name = _text(item, "filename").replace("\\", "/").rpartition("/")[2]
        shown = "".join(c for c in name if c.isprintable()).strip(" .")[:180]
        kind = _text(item, "content_type") or "application/octet-stream"
        found.append(Attachment(shown or f"attachment-{index + 1}", kind, raw))
    return tuple(found)


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableDeliveryError("api.not_a_moment", "sent_at")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise UnreadableDeliveryError("api.not_a_moment", "sent_at") from error
    if moment.utcoffset() is None:
        raise UnreadableDeliveryError("api.no_time_zone", "sent_at")
    return moment.astimezone(UTC)
