"""Forms that only our own pages can send, and that can be sent twice without harm.

Every form carries three hidden fields: ``_csrf`` (a signed double-submit token), ``_key`` (the idempotency key
of what it does) and, where it edits something, ``_version`` (the row version it was made from).
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.edge import require_same_site
from api.services import Services
from ticketos.crypto import Keyring
from ticketos.domain.errors import DomainError

SEED_COOKIE, FLASH_COOKIE = "tos_form", "tos_flash"
_FLASH_LIFE_S = 60
_SALT_BYTES = 8
_MOST_FIELDS = 12_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Form:
    """What was posted, read with care: NUL and lone surrogates never get further than here."""

    data: FormData
    raw: bytes

    def text(self, name: str, most: int = 2_000) -> str:
        """The value of a field without surrounding white space; nothing when it is absent."""
        value = self.data.get(name)
        return _clean(value)[:most].strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Every value of a repeated field."""
        return [_clean(value).strip() for value in self.data.getlist(name) if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """The files of a field; an empty file input sends one without a name."""
        return [
            one
            for one in self.data.getlist(name)
            if isinstance(one, UploadFile) and (one.filename or one.size)
        ]

    def prefixed(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The fields that begin with a prefix, without it, in the order of the page."""
        for name, value in self.data.multi_items():
            if name.startswith(prefix) and isinstance(value, str):
                yield name.removeprefix(prefix), _clean(value)

    @property
    def key(self) -> str | None:
        """The idempotency key."""
        return self.text("_key", 255) or None

    @property
    def version(self) -> int | None:
        """The row version the form was made from."""
        value = self.text("_version", 18)
        return int(value) if value.isascii() and value.isdigit() else None


def _clean(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Said:
    """What the page before left: tone, key of the catalogue with its facts, and where to go on (key and address)."""

    tone: str
    key: str
    facts: Mapping[str, Any]
    follow: tuple[str, str] | None = None


class Guard:
    """Makes and checks the tokens of forms, and signs what is said after a redirect."""

    def __init__(self, keyring: Keyring, *, secure: bool = False) -> None:
        self._secure = secure
        self._key = keyring.derive("portal-forms")
        newest_last = [key.hex() for key in reversed(keyring.derived("portal-flash"))]
        self._flash = URLSafeTimedSerializer(newest_last, salt="flash")

    def token(self, seed: str, session: str) -> str:
        """A token for this browser and session. Its salt makes each copy different, so a compressed page does
        not tell what is in it."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return base64.urlsafe_b64encode(salt + self._mac(salt, seed, session)).decode().rstrip("=")

    def check(self, token: str, seed: str | None, session: str) -> None:
        """Refuse (``form-expired``) a form that is not of this browser and session."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        salt, mac = raw[:_SALT_BYTES], raw[_SALT_BYTES:]
        if not seed or not hmac.compare_digest(mac, self._mac(salt, seed, session)):
            raise DomainError("form-expired")

    def _mac(self, salt: bytes, seed: str, session: str) -> bytes:
        return hmac.digest(self._key, b"\0".join((salt, seed.encode(), session.encode())), "sha256")

    def say(
        self,
        response: Response,
        tone: str,
        key: str,
        *,
        follow: tuple[str, str] | None = None,
        **facts: object,
    ) -> None:
        """Leave a message for the next page; ``key`` is of the catalogue. ``follow`` leads on from there: a key of the
        catalogue and an address of ours."""
        value = self._flash.dumps(
            [
                tone,
                key,
                {name: fact if isinstance(fact, int) else str(fact)[:200] for name, fact in facts.items()},
                *(follow or ()),
            ]
        )
        response.set_cookie(
            FLASH_COOKIE,
            value,
            max_age=_FLASH_LIFE_S,
            httponly=True,
            samesite="lax",
            secure=self._secure,
            path="/",
        )

    def said(self, request: Request) -> Said | None:
        """The message left by the page before, if any."""
        value = request.cookies.get(FLASH_COOKIE)
        if not value:
            return None
        try:
            tone, key, facts, *follow = self._flash.loads(value, max_age=_FLASH_LIFE_S)
        except (BadSignature, ValueError, TypeError):
            return None
        return Said(str(tone), str(key), dict(facts), (follow[0], follow[1]) if follow else None)


async def posted(request: Request, services: Services, guard: Guard, session: str) -> Form:
    """The form of a request, once it is certain that a page of ours sent it.

    Refused: another site's page (``cross-site-request``), a missing or foreign token (``form-expired``)."""
    require_same_site(request.headers, services.options.public_url)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = b"" if media == "multipart/form-data" else await request.body()
    form = Form(await request.form(max_fields=_MOST_FIELDS, max_files=2_001), raw)
    guard.check(form.text("_csrf", 200), request.cookies.get(SEED_COOKIE), session)
    return form


def new_seed() -> str:
    """A browser's half of the token."""
    return secrets.token_urlsafe(18)


def safe_next(wanted: str | None, fallback: str = "/") -> str:
    """Where to go after signing in: a path of ours, never another host's (``//host``, ``/\\host``, a scheme)."""
    if not wanted or len(wanted) > 2_000 or _CONTROL.search(wanted):
        return fallback
    if not wanted.startswith("/") or wanted.startswith("//"):
        return fallback
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path.startswith(("/login", "/logout")):
        return fallback
    return wanted


def packed(value: object) -> str:
    """A small value as the text of a hidden field."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
