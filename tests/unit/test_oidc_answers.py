"""What a provider answers is believed only when everything about it is right: who signed it, for whom, when, and for
which sign-in. The provider here tells every lie there is."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from api.oidc import Provider, Registration, trustworthy
from ticketos.crypto import Keyring, new_key
from ticketos.dev.doctor import _oidc
from ticketos.domain.errors import DomainError
from ticketos.settings import Settings

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Liar:
    """A provider whose every answer a test may bend."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    metadata: dict[str, Any] = field(default_factory=dict)
    token: Callable[[dict[str, Any]], Any] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: Any = None
    nonce: str = ""
    asked: list[str] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            known = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/me",
            }
            return 200, {**known, **self.metadata}
        if path == "/jwks":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/me":
            return 200, self.userinfo
        claims = {
            "iss": self.issuer,
            "sub": "s1",
            "aud": "us",
            "iat": int(NOW.timestamp()),
            "exp": int(NOW.timestamp()) + 300,
            "nonce": self.nonce,
            "email": "asha@x.example",
            "email_verified": True,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        made = self.token(kept) if self.token else jwt.encode(self.header, kept, self.key)
        return 200, {"id_token": made, "access_token": "a", "token_type": "Bearer"}


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, body = made.answer(urlsplit(self.path).path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 (the library finds them by these names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's word)
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


def _provider(liar: Liar, **more: Any) -> Provider:
    return Provider(
        Registration(**{"issuer": liar.issuer, "client_id": "us", "secret": SECRET, "name": "X", **more}),
        Keyring(new_key()),
        lambda: NOW,
        "http://localhost:8080",
    )


def _sign_in(liar: Liar, provider: Provider) -> Any:
    address, carried = provider.begin("/work")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    liar.nonce = asked["nonce"]
    return provider.came_back({"state": asked["state"], "code": "c"}, carried)


def _refused(liar: Liar, provider: Provider) -> str:
    with pytest.raises(DomainError) as refusal:
        _sign_in(liar, provider)
    return refusal.value.code


def test_a_right_answer_is_believed(liar: Liar) -> None:
    vouched, wanted = _sign_in(liar, _provider(liar))
    assert (vouched.email, vouched.subject, vouched.factor, wanted) == (
        "asha@x.example",
        "s1",
        False,
        "/work",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": ["us", "somebody-else"]},  # for two, without saying which of them asked
        {"aud": ["us", "somebody-else"], "azp": "somebody-else"},
        {"aud": None},
        {"exp": int(NOW.timestamp()) - 120},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(NOW.timestamp()) + 3600},
        {"iat": None},
        {"nbf": int(NOW.timestamp()) + 3600},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"amr": "mfa"},
    ],
    ids=str,
)
def test_a_wrong_claim_is_not(liar: Liar, wrong: dict[str, Any]) -> None:
    liar.claims = wrong
    assert _refused(liar, _provider(liar)) == "oidc-answer-invalid"


def test_a_clock_may_be_a_little_off(liar: Liar) -> None:
    liar.claims = {"exp": int(NOW.timestamp()) - 30, "iat": int(NOW.timestamp()) + 30}
    assert _sign_in(liar, _provider(liar))[0].subject == "s1"


def _unsigned(claims: dict[str, Any]) -> str:
    from base64 import urlsafe_b64encode

    parts = (json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode())
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def test_a_signature_is_the_providers_own_and_made_with_its_private_key(liar: Liar) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    lies: tuple[Callable[[dict[str, Any]], Any], ...] = (
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, stranger),
        lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, stranger),
        _unsigned,
        lambda claims: jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET)),
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, liar.key)[:-8] + "AAAAAAAA",
        lambda _: "nothing.like.it",
        lambda _: None,
        lambda _: 17,
    )
    for lie in lies:
        liar.token = lie
        assert _refused(liar, _provider(liar)) == "oidc-answer-invalid"


def test_keys_are_asked_for_again_when_one_is_not_known(liar: Liar) -> None:
    provider = _provider(liar)
    _sign_in(liar, provider)
    _sign_in(liar, provider)
    assert liar.asked.count("/jwks") == 1
    for kid in ("two", "two"):  # a new name, then another key under a known one
        liar.key, liar.header = RSAKey.generate_key(2048, {"kid": kid}), {"alg": "RS256", "kid": kid}
        assert _sign_in(liar, provider)[0].subject == "s1"
    assert liar.asked.count("/jwks") == 3


@pytest.mark.parametrize(
    "told", [{"email_verified": False}, {"email_verified": "true"}, {"email_verified": None}, {"email": 7}]
)
def test_only_an_address_that_is_verified_counts(liar: Liar, told: dict[str, Any]) -> None:
    liar.claims = told
    assert _refused(liar, _provider(liar)) == "oidc-email-unverified"


def test_what_userinfo_says_must_be_about_the_same_person(liar: Liar) -> None:
    liar.claims = {"email": None, "email_verified": None}
    liar.userinfo = {"sub": "s1", "email": "asha@x.example", "email_verified": True}
    assert _sign_in(liar, _provider(liar))[0].email == "asha@x.example"
    liar.userinfo = {**liar.userinfo, "sub": "s2"}
    assert _refused(liar, _provider(liar)) == "oidc-answer-invalid"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
    ids=str,
)
def test_what_a_provider_says_of_itself_must_fit(liar: Liar, wrong: dict[str, Any]) -> None:
    liar.metadata = wrong
    with pytest.raises(DomainError, match="oidc-unavailable"):
        _provider(liar).begin("/")


def test_factors_are_named_by_the_provider_and_trusted_by_the_operator(liar: Liar) -> None:
    liar.claims = {"amr": ["pwd", "otp"]}
    careful, trusting = _provider(liar), _provider(liar, trust_factor=True)
    vouched, _ = _sign_in(liar, careful)
    assert vouched.factor and not careful.settles_factor(vouched) and trusting.settles_factor(vouched)
    liar.claims = {"amr": ["pwd", "sms"]}
    assert not trusting.settles_factor(_sign_in(liar, trusting)[0])


def test_what_the_browser_carries_cannot_be_read_or_made_by_it(liar: Liar) -> None:
    provider = _provider(liar)
    address, carried = provider.begin("/work")
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert state not in carried and "work" not in carried
    for other in ("", "x", carried[:-4] + "AAAA", _provider(liar).begin("/")[1]):
        with pytest.raises(DomainError, match="oidc-expired"):
            provider.came_back({"state": state, "code": "c"}, other)


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("https://id.example/x", True),
        ("http://localhost:9/x", True),
        ("http://127.0.0.1/x", True),
        ("http://[::1]:80/x", True),
        ("http://id.example", False),
        ("http://localhost.evil.example", False),
        ("ftp://localhost", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("http://[", False),
    ],
)
def test_secrets_go_over_https_or_stay_on_this_machine(address: str, right: bool) -> None:
    assert trustworthy(address) is right


def test_there_is_no_way_round_the_clock(liar: Liar) -> None:
    provider = _provider(liar)
    address, carried = provider.begin("/")
    state = parse_qs(urlsplit(address).query)["state"][0]
    provider._now = lambda: NOW + timedelta(minutes=11)
    with pytest.raises(DomainError, match="oidc-expired"):
        provider.came_back({"state": state, "code": "c"}, carried)


def test_the_doctor_tells_what_is_configured(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> tuple[bool, str, str]:
        found = _oidc(Settings())
        return found.ok, found.found, found.fix

    for name in [name for name in os.environ if name.startswith("TICKETOS_OIDC")]:
        monkeypatch.delenv(name)
    assert told()[:2] == (True, "not configured (TICKETOS_OIDC_ISSUER)")
    monkeypatch.setenv("TICKETOS_OIDC_ISSUER", liar.issuer)
    monkeypatch.setenv("TICKETOS_OIDC_CLIENT_ID", "us")
    ok, found, _ = told()
    assert ok and liar.issuer in found and "public client" in found and "/login/oidc/back" in found
    monkeypatch.setenv("TICKETOS_OIDC_ISSUER", f"{liar.issuer}/")
    ok, found, fix = told()
    assert not ok and "names another issuer" in found and fix.endswith(liar.issuer)
    monkeypatch.setenv("TICKETOS_OIDC_ISSUER", "http://127.0.0.1:9")
    ok, found, _ = told()
    assert not ok and "does not answer" in found
