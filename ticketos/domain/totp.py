"""One-time codes from time (RFC 6238 over RFC 4226): SHA-1, 30 seconds, six digits, as every authenticator has
them. Pure: the instant comes in, and so does the last step used, because a code works once."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
DRIFT_STEPS = 1
"""How many steps a clock may be off, either way."""


def step_of(now: datetime) -> int:
    """The time step an instant lies in."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, now: datetime, last: int = 0) -> int | None:
    """The step this code belongs to, if it is right now and later than the last one used; else None. Spaces that
    people type are left out."""
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    present = step_of(now)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step), given) and step > last:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """The secret as authenticators take it by hand: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(secret: bytes, account: str, issuer: str) -> str:
    """The secret as an ``otpauth`` address, for a QR code or a tap on a phone."""
    label = quote(f"{issuer}:{account}")
    return (
        f"otpauth://totp/{label}?secret={spelled(secret).replace(' ', '')}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )
