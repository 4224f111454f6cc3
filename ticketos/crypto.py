"""Keys and envelopes. Every primitive comes from `cryptography`; here is only which key is for what.

    master key ─┬─ wraps each client's key (column client.data_key)
                └─ HKDF ─► named keys: mail tokens, signed links, checkpoint signatures, workflow payloads
    client key ─┬─ wraps the key of each stored object and of each person in the audit trail
                └─ HKDF ─► HMAC keys for object addresses and for persons

An envelope is `version (1) ‖ key id (4) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`. The key id is a
one-way fingerprint of the key: it lets a new master key take over while old envelopes stay readable, and
tells "another key" (a person was erased) from "damaged".
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
KEY_ID_BYTES = 4
OVERHEAD = 1 + KEY_ID_BYTES + 12 + 16
"""Bytes an envelope is longer than what it holds."""

MAIL_TOKENS = "mail-tokens"
SIGNED_LINKS = "signed-links"
CHECKPOINTS = "checkpoints"
PAYLOADS = "payloads"

_VERSION = 1
_NONCE_BYTES = 12
_CLIENT_KEY = b"ticketos/client-key"


class UnreadableError(Exception):
    """An envelope cannot be opened: its bytes or context differ from what was sealed, or it is none."""


class UnknownKeyError(UnreadableError):
    """An envelope was made with a key that is not at hand. `key_id` is its fingerprint in hex."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"made with key {key_id}, which is not at hand")
        self.key_id = key_id


class Keyring:
    """All keys of an installation, from its 32-byte master key.

    `retired` are earlier master keys: they open what they once sealed and are never used for new things.
    """

    def __init__(self, master: bytes, retired: Iterable[bytes] = ()) -> None:
        masters = (master, *retired)
        if any(len(one) != KEY_BYTES for one in masters):
            raise ValueError(f"a master key has {KEY_BYTES} bytes")
        self._master = master
        self._by_id = {key_id(one): one for one in reversed(masters)}
        self.key_id = key_id(master)
        """Fingerprint of the master key in use, hex."""

    def __repr__(self) -> str:
        return f"Keyring({self.key_id})"

    def new_client_key(self) -> bytes:
        """A fresh client key, wrapped: the value of `client.data_key`."""
        return encrypt(_derived(self._master, "wrap"), new_key(), _CLIENT_KEY, label=self.key_id)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The client key inside `client.data_key`. Raises UnknownKeyError, UnreadableError."""
        name = envelope_key_id(wrapped)
        return decrypt(_derived(self._master_of(name), "wrap"), wrapped, _CLIENT_KEY, label=name)

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same client key under the master key in use; unchanged when it is already."""
        if envelope_key_id(wrapped) == self.key_id:
            return wrapped
        return encrypt(_derived(self._master, "wrap"), self.unwrap(wrapped), _CLIENT_KEY, label=self.key_id)

    def encrypt(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Envelope of `plaintext`; it opens only with the same `aad` (say what and whose it is)."""
        return encrypt(key, plaintext, aad)

    def decrypt(self, key: bytes, envelope: bytes, aad: bytes) -> bytes:
        """What `encrypt` sealed. Raises UnknownKeyError (other key), UnreadableError (changed)."""
        return decrypt(key, envelope, aad)

    def address(self, client_key: bytes, content: bytes) -> str:
        """Where `content` of this client lies: HMAC-SHA256, hex; outsiders cannot test for a known file."""
        return hmac.digest(_derived(client_key, "address"), content, "sha256").hex()

    def subject(self, client_key: bytes, person_address: str) -> str:
        """The pseudonym of a person within one client, hex; upper and lower case are the same person."""
        plain = unicodedata.normalize("NFKC", person_address).strip().casefold()
        return hmac.digest(_derived(client_key, "subject"), plain.encode("utf-8", "replace"), "sha256").hex()

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key of this purpose under the master key in use: to make tokens and signatures."""
        return _derived(self._master, f"purpose/{purpose}")

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """The key of this purpose under every master key, the one in use first (to check tokens with)."""
        retired = (one for name, one in self._by_id.items() if name != self.key_id)
        return tuple(_derived(one, f"purpose/{purpose}") for one in (self._master, *retired))

    def salted(self, purpose: str, salt: bytes, key_id: str | None = None) -> bytes:
        """A key of this purpose for one salt, so that no single key seals without limit.

        `key_id` names the master key (default: the one in use). Raises UnknownKeyError.
        """
        master = self._master if key_id is None else self._master_of(key_id)
        return HKDF(hashes.SHA256(), KEY_BYTES, salt, f"ticketos/salted/{purpose}".encode()).derive(master)

    def sign(self, data: bytes) -> bytes:
        """Ed25519 signature of a checkpoint."""
        return self._signer().sign(data)

    def public_key(self) -> bytes:
        """The 32-byte Ed25519 key that checks `sign`; keep a copy outside with the checkpoints."""
        return _public(self._signer())

    def signed(self, data: bytes, signature: bytes) -> bool:
        """True when `signature` was made over `data` by this installation, under any of its master keys."""
        signers = map(Ed25519PrivateKey.from_private_bytes, self.derived(CHECKPOINTS))
        return any(verify_signature(_public(signer), data, signature) for signer in signers)

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.derive(CHECKPOINTS))

    def _master_of(self, name: str) -> bytes:
        if name not in self._by_id:
            raise UnknownKeyError(name)
        return self._by_id[name]


def new_key() -> bytes:
    """A random 256-bit key."""
    return AESGCM.generate_key(256)


def encrypt(key: bytes, plaintext: bytes, aad: bytes, *, label: str | None = None) -> bytes:
    """AES-256-GCM envelope under `key`; `label` is the key id to state, by default that of `key` itself."""
    header = bytes((_VERSION,)) + bytes.fromhex(label or key_id(key))
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, header + aad)


def decrypt(key: bytes, envelope: bytes, aad: bytes, *, label: str | None = None) -> bytes:
    """What `encrypt` sealed under `key` with this `aad`. Raises UnknownKeyError, UnreadableError."""
    name = envelope_key_id(envelope)
    if name != (label or key_id(key)):
        raise UnknownKeyError(name)
    head = 1 + KEY_ID_BYTES
    nonce, sealed = envelope[head : head + _NONCE_BYTES], envelope[head + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, envelope[:head] + aad)
    except InvalidTag:
        raise UnreadableError("the bytes or their context were changed") from None


def envelope_key_id(envelope: bytes) -> str:
    """Fingerprint (hex) of the key an envelope was made with. Raises UnreadableError."""
    if len(envelope) < OVERHEAD or envelope[0] != _VERSION:
        raise UnreadableError("not an envelope of this version")
    return envelope[1 : 1 + KEY_ID_BYTES].hex()


def key_id(key: bytes) -> str:
    """One-way fingerprint of a key, hex."""
    return _derived(key, "id")[:KEY_ID_BYTES].hex()


def verify_signature(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """True when the Ed25519 `signature` over `data` is by the owner of `public_key`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """Short name of a public key for people to compare: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


@lru_cache(maxsize=4096)
def _derived(key: bytes, purpose: str) -> bytes:
    # Cached: the same few keys are asked for at every ticket, and the parent key is in memory anyway.
    return HKDF(hashes.SHA256(), KEY_BYTES, None, f"ticketos/{purpose}".encode()).derive(key)
