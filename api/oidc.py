"""Signing in with a company's own identity provider: OpenID Connect, code flow with PKCE.

What is spoken is Authlib's and joserfc's business (addresses, challenges, signatures, the rules of claims); here is
what we ask for, what we believe, and what we refuse. Nothing here makes an account: an address the provider vouches for
must belong to somebody who has one.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ticketos.crypto import Keyring, UnreadableError, decrypt, encrypt
from ticketos.domain.errors import DomainError
from ticketos.domain.ports import Now

log = structlog.get_logger()

SCOPE = "openid email profile"
LIFE_S = 600
"""How long somebody may take at the provider."""
LEEWAY_S = 60
"""How far the provider's clock may be from ours."""
FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face", "iris", "retina", "vbm", "sc"})
"""Methods of RFC 8176 that are more than a password."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key; never ``none`` and never one made with the secret we share."""
_PURPOSE = "oidc-under-way"
_MOST = 1_000_000
_TIMEOUT_S = 10.0
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class Registration:
    """What an operator agreed with the provider. ``secret`` None: a public client, held by PKCE alone.
    ``trust_factor``: a second factor the provider asked for counts as one's own."""

    issuer: str
    client_id: str
    secret: str | None = None
    name: str = ""
    trust_factor: bool = False


@dataclass(frozen=True)
class UnderWay:
    """A sign-in that has begun and not come back. It lives in the browser, encrypted."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    ends: int


@dataclass(frozen=True)
class Vouched:
    """Who the provider says it is: a verified address, and whether a second factor was shown."""

    subject: str
    email: str
    factor: bool


class Provider:
    """One provider. What it publishes is asked for when first needed; its keys again when a signature names one that
    is not known, which is how keys are rotated."""

    def __init__(self, registration: Registration, keyring: Keyring, now: Now, public_url: str) -> None:
        self.registration = registration
        self._keyring, self._now = keyring, now
        self._back = f"{public_url}/login/oidc/back"
        self._home = f"{public_url}/login"
        self._lock = Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: KeySet | None = None

    @property
    def name(self) -> str:
        """What people call it; its host where nobody said."""
        return self.registration.name or urlsplit(self.registration.issuer).netloc

    def metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself. Raises ``oidc-unavailable``."""
        with self._lock:
            if self._metadata is None:
                self._metadata = self._discovered()
            return self._metadata

    def begin(self, wanted: str) -> tuple[str, str]:
        """Where the browser goes, and what it carries until it is back."""
        under_way = UnderWay(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
            wanted=wanted,
            ends=int(self._now().timestamp()) + LIFE_S,
        )
        address: str = prepare_grant_uri(
            self.metadata()["authorization_endpoint"],
            self.registration.client_id,
            "code",
            redirect_uri=self._back,
            scope=SCOPE,
            state=under_way.state,
            nonce=under_way.nonce,
            code_challenge=create_s256_code_challenge(under_way.verifier),
            code_challenge_method="S256",
        )
        return address, self._sealed(under_way)

    def came_back(self, query: Mapping[str, str], carried: str) -> tuple[Vouched, str]:
        """Who came back, and where they wanted to go. Raises ``oidc-expired`` for an answer to nothing this browser
        asked, ``oidc-refused`` when the provider says no, ``oidc-answer-invalid`` for one that is not to be believed,
        ``oidc-email-unverified``, ``oidc-unavailable``."""
        under_way = self._opened(carried)
        if under_way is None or not secrets.compare_digest(
            query.get("state", "").encode(), under_way.state.encode()
        ):
            raise DomainError("oidc-expired")
        if query.get("iss", self.registration.issuer) != self.registration.issuer:
            raise self._unbelievable("another issuer answered")
        if "error" in query or "code" not in query:
            log.info("oidc.refused", error=query.get("error", "")[:80])
            raise DomainError("oidc-refused", provider=self.name)
        tokens = self._tokens(query["code"], under_way.verifier)
        claims = self._believed(tokens, under_way.nonce)
        return self._vouched(claims, str(tokens.get("access_token") or "")), under_way.wanted

    def settles_factor(self, vouched: Vouched) -> bool:
        """Whether what happened at the provider stands for the second factor of an account here."""
        return self.registration.trust_factor and vouched.factor

    def sign_out_address(self) -> str | None:
        """Where the provider ends its own session; None where it offers none."""
        end = self.metadata().get("end_session_endpoint")
        if not isinstance(end, str) or not trustworthy(end):
            return None
        return f"{end}?" + urlencode(
            {"client_id": self.registration.client_id, "post_logout_redirect_uri": self._home}
        )

    def _discovered(self) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        found = self._asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if any(not isinstance(found.get(name), str) for name in _NEEDED) or found["issuer"] != issuer:
            log.error("oidc.metadata_wrong", issuer=issuer, found=str(found.get("issuer"))[:200])
            raise DomainError("oidc-unavailable", provider=self.name)
        if not all(trustworthy(found[name]) for name in _NEEDED[1:]):
            log.error("oidc.metadata_plain", issuer=issuer)
            raise DomainError("oidc-unavailable", provider=self.name)
        return found

    def _tokens(self, code: str, verifier: str) -> Mapping[str, Any]:
        known = self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        basic = None
        if known.secret is None:
            form["client_id"] = known.client_id
        elif self.metadata().get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            form |= {"client_id": known.client_id, "client_secret": known.secret}
        else:  # RFC 6749, 2.3.1: both are form-encoded before they are joined
            basic = (quote_plus(known.client_id), quote_plus(known.secret))
        return self._asked("POST", self.metadata()["token_endpoint"], refused=True, data=form, auth=basic)

    def _believed(self, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of the ID token: signed by a key of the provider, of this issuer, for us, now, for this very
        sign-in."""
        known, token = self.registration, tokens.get("id_token")
        if not isinstance(token, str):
            raise self._unbelievable("no ID token")
        try:
            decoded = self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": known.issuer},
                    "sub": {"essential": True},
                    "aud": {"essential": True, "value": known.client_id},
                    "exp": {"essential": True},
                    "iat": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                params={
                    "nonce": nonce,
                    "client_id": known.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._unbelievable(f"{type(error).__name__}: {error}"[:200]) from error
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._keys_of(fresh=False), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # A key that is not known, or another under a known name: the provider may have changed them.
            return jwt.decode(token, self._keys_of(fresh=True), algorithms=ALGORITHMS)

    def _keys_of(self, *, fresh: bool) -> KeySet:
        with self._lock:
            if self._keys is not None and not fresh:
                return self._keys
        published = self._asked("GET", self.metadata()["jwks_uri"])
        keys = KeySet.import_key_set({"keys": [one for one in published.get("keys", ()) if _usable(one)]})
        with self._lock:
            self._keys = keys
        return keys

    def _vouched(self, claims: Mapping[str, Any], access_token: str) -> Vouched:
        subject, told = str(claims["sub"]), claims
        if (
            "email" not in claims
            and access_token
            and isinstance(self.metadata().get("userinfo_endpoint"), str)
        ):
            bearer = {"Authorization": f"Bearer {access_token}"}
            told = self._asked("GET", self.metadata()["userinfo_endpoint"], refused=True, headers=bearer)
            if told.get("sub") != subject:  # an answer about somebody else
                raise self._unbelievable("userinfo of another subject")
        email = told.get("email")
        if not isinstance(email, str) or "@" not in email or told.get("email_verified") is not True:
            raise DomainError("oidc-email-unverified", provider=self.name)
        methods = claims.get("amr")
        shown = isinstance(methods, list) and any(one in FACTORS for one in methods if isinstance(one, str))
        return Vouched(subject, email.strip(), shown)

    def _asked(
        self,
        method: str,
        address: str,
        *,
        refused: bool = False,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """An answer of the provider, bounded in time and size; redirects are not followed. ``refused``: a 4xx is its
        judgement of what we brought and not a fault of the line."""
        if not trustworthy(address):
            raise DomainError("oidc-unavailable", provider=self.name)
        try:
            with (
                httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
                client.stream(
                    method,
                    address,
                    data=data,
                    auth=auth,
                    headers={"Accept": "application/json", **(headers or {})},
                ) as answer,
            ):
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _MOST:
                        raise ValueError("an answer of more than a megabyte")
            if refused and 400 <= answer.status_code < 500:
                raise self._unbelievable(f"{answer.status_code}: {bytes(content[:200])!r}")
            found = json.loads(content) if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("oidc.unavailable", address=address, cause=str(error)[:200])
            raise DomainError("oidc-unavailable", provider=self.name) from error
        if not isinstance(found, dict):
            log.error("oidc.unavailable", address=address, status=answer.status_code)
            raise DomainError("oidc-unavailable", provider=self.name)
        return found

    def _unbelievable(self, cause: str) -> DomainError:
        log.warning("oidc.answer_invalid", issuer=self.registration.issuer, cause=cause)
        return DomainError("oidc-answer-invalid", provider=self.name)

    def _sealed(self, under_way: UnderWay) -> str:
        content = json.dumps(vars(under_way)).encode()
        return urlsafe_b64encode(encrypt(self._keyring.derive(_PURPOSE), content, b"oidc")).decode()

    def _opened(self, carried: str) -> UnderWay | None:
        try:
            sealed = urlsafe_b64decode(carried)
        except ValueError:
            return None
        for key in self._keyring.derived(_PURPOSE):
            try:
                found = UnderWay(**json.loads(decrypt(key, sealed, b"oidc")))
            except (UnreadableError, ValueError, TypeError):
                continue
            return found if found.ends >= self._now().timestamp() else None
        return None


def trustworthy(address: str) -> bool:
    """Whether an address may carry secrets: https, or plain http to this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and (host == "localhost" or _loopback(host))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _usable(key: object) -> bool:
    """A public key for signatures; a provider may publish others beside."""
    return (
        isinstance(key, dict)
        and key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use", "sig") == "sig"
        and "d" not in key
    )
