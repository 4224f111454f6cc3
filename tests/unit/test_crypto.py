"""Keys and envelopes: what opens, what does not, and what a new master key changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos import crypto
from ticketos.crypto import Keyring, UnknownKeyError, UnreadableError

MASTER, OTHER = bytes(range(32)), bytes(range(32, 64))
KEYS = Keyring(MASTER)
KEY = KEYS.unwrap(KEYS.new_client_key())


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_sealed_opens_with_the_same_key_and_context(plain: bytes, about: bytes) -> None:
    envelope = KEYS.encrypt(KEY, plain, about)
    assert KEYS.decrypt(KEY, envelope, about) == plain
    assert len(envelope) == len(plain) + crypto.OVERHEAD
    assert KEYS.encrypt(KEY, plain, about) != envelope


def test_another_key_another_context_or_a_changed_byte_opens_nothing() -> None:
    envelope = KEYS.encrypt(KEY, b"secret", b"about")
    with pytest.raises(UnknownKeyError) as refused:
        KEYS.decrypt(crypto.new_key(), envelope, b"about")
    assert refused.value.key_id == crypto.key_id(KEY)
    with pytest.raises(UnreadableError):
        KEYS.decrypt(KEY, envelope, b"About")
    for position in range(len(envelope)):
        changed = bytearray(envelope)
        changed[position] ^= 1
        with pytest.raises(UnreadableError):
            KEYS.decrypt(KEY, bytes(changed), b"about")
    for cut in (b"", envelope[:10], envelope[:-1]):
        with pytest.raises(UnreadableError):
            KEYS.decrypt(KEY, cut, b"about")
    assert KEYS.decrypt(KEY, envelope, b"about") == b"secret"


def test_a_client_key_opens_under_its_master_key_and_after_a_new_one_took_over() -> None:
    wrapped = KEYS.new_client_key()
    key = KEYS.unwrap(wrapped)
    assert len(key) == 32
    assert KEYS.unwrap(KEYS.new_client_key()) != key
    renewed = Keyring(OTHER, retired=[MASTER])
    assert renewed.unwrap(wrapped) == key
    again = renewed.rewrap(wrapped)
    assert again != wrapped
    assert renewed.rewrap(again) == again
    assert Keyring(OTHER).unwrap(again) == key
    with pytest.raises(UnknownKeyError):
        Keyring(OTHER).unwrap(wrapped)


def test_a_master_key_has_32_bytes_and_is_never_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(b"short")
    assert MASTER.hex() not in repr(KEYS)
    assert repr(KEYS) == f"Keyring({KEYS.key_id})"


def test_an_address_depends_on_the_client_and_the_bytes() -> None:
    other = KEYS.unwrap(KEYS.new_client_key())
    assert KEYS.address(KEY, b"invoice") == KEYS.address(KEY, b"invoice")
    assert (
        len({KEYS.address(KEY, b"invoice"), KEYS.address(other, b"invoice"), KEYS.address(KEY, b"invoicE")})
        == 3
    )
    assert len(KEYS.address(KEY, b"")) == 64


@pytest.mark.parametrize("same", ["Asha@Example.com", " asha@example.com ", "ASHA@EXAMPLE.COM"])
def test_a_person_is_the_same_in_any_spelling_of_the_address(same: str) -> None:
    assert KEYS.subject(KEY, same) == KEYS.subject(KEY, "asha@example.com")
    assert KEYS.subject(KEY, same) != KEYS.subject(KEY, "ben@example.com")
    assert KEYS.subject(KEY, "asha@example.com") != KEYS.address(KEY, b"asha@example.com")


def test_named_keys_differ_by_purpose_and_retired_ones_still_check() -> None:
    assert KEYS.derive("mail-tokens") == Keyring(MASTER).derive("mail-tokens")
    assert (
        len({KEYS.derive("mail-tokens"), KEYS.derive("signed-links"), Keyring(OTHER).derive("mail-tokens")})
        == 3
    )
    renewed = Keyring(OTHER, retired=[MASTER])
    assert renewed.derived("mail-tokens") == (
        Keyring(OTHER).derive("mail-tokens"),
        KEYS.derive("mail-tokens"),
    )
    assert renewed.salted("payloads", b"salt", KEYS.key_id) == KEYS.salted("payloads", b"salt")
    assert KEYS.salted("payloads", b"salt") != KEYS.salted("payloads", b"Salt")
    with pytest.raises(UnknownKeyError):
        KEYS.salted("payloads", b"salt", Keyring(OTHER).key_id)


def test_a_signature_holds_for_its_maker_and_bytes_alone() -> None:
    signature = KEYS.sign(b"head")
    assert KEYS.signed(b"head", signature)
    assert Keyring(OTHER, retired=[MASTER]).signed(b"head", signature)
    assert crypto.verify_signature(KEYS.public_key(), b"head", signature)
    assert not KEYS.signed(b"Head", signature)
    assert not KEYS.signed(b"head", b"")
    assert not Keyring(OTHER).signed(b"head", signature)
    assert not crypto.verify_signature(b"no key", b"head", signature)
