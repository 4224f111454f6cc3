"""Signed reply addresses: the address itself proves which ticket an answer belongs to."""

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

_PREFIX = "t+"
_CONTEXT = b"ticketos.reply-address.v1\0"
# 80 bits: a forger would need about 10^24 deliveries, and the local part stays under its 64 characters.
_MAC_BYTES = 10
_MIN_KEY_BYTES = 16


def reply_address(ticket_id: UUID, domain: str, key: bytes) -> str:
    """`t+<token>@domain`, where the token is the ticket id and its HMAC. ValueError on a weak key."""
    raw = ticket_id.bytes + _mac(ticket_id.bytes, key)
    # base32 because mail systems may change the case of a local part.
    token = base64.b32encode(raw).decode("ascii").rstrip("=").lower()
    return f"{_PREFIX}{token}@{domain}"


def ticket_of(address: str, key: bytes) -> UUID | None:
    """The ticket a reply address names, or None when it is no reply address or not signed by `key`."""
    local = address.strip().rpartition("@")[0]
    if not local.lower().startswith(_PREFIX):
        return None
    token = local[len(_PREFIX) :].upper()
    try:
        raw = base64.b32decode(token + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + _MAC_BYTES or not hmac.compare_digest(raw[16:], _mac(raw[:16], key)):
        return None
    return UUID(bytes=raw[:16])


def _mac(ticket: bytes, key: bytes) -> bytes:
    if len(key) < _MIN_KEY_BYTES:
        raise ValueError(f"the reply address key needs at least {_MIN_KEY_BYTES} bytes")
    return hmac.new(key, _CONTEXT + ticket, hashlib.sha256).digest()[:_MAC_BYTES]
