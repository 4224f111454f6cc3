"""Encryption of everything Temporal stores: arguments, results, memos, updates, failure messages and traces.

A payload becomes one of encoding `binary/encrypted` whose data is
`version (1) ‖ master key id (4) ‖ salt (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext`.
The key comes from the master key and the salt by HKDF; each process draws its own salt, so no key is used
without limit, and old payloads stay readable after the master key was replaced. The metadata say which
workflow a payload is for, bound into the ciphertext: the codec endpoint decides by it who may read.

Left readable: nothing (no value), `OpenText` (summaries of our own words) and the SDK's workflow metadata
(handler names and current step).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from schemas.open_text import OpenText
from ticketos.crypto import KEY_ID_BYTES, PAYLOADS, Keyring, UnreadableError

ENCODING = b"binary/encrypted"
WORKFLOW = "for"
"""Metadata key: id of the workflow a payload is for."""
OPEN = "open"
"""Metadata key of payloads that stay readable."""

_VERSION = 1
_SALT_BYTES = 8
_NONCE_BYTES = 12
_HEAD = 1 + KEY_ID_BYTES + _SALT_BYTES
_METADATA_MESSAGE = b"temporal.api.sdk.v1.WorkflowMetadata"


class EncryptingCodec(PayloadCodec, WithSerializationContext):
    """The codec of every client and worker of an installation. Cheap: one AES pass per payload."""

    def __init__(self, keyring: Keyring) -> None:
        self._ciphers = _Ciphers(keyring)
        self._workflow = b""

    def with_context(self, context: SerializationContext) -> Self:
        """The same codec for payloads of one workflow."""
        if not isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return self
        workflow = (context.workflow_id or "").encode()
        if workflow == self._workflow:
            return self
        bound = object.__new__(type(self))
        bound._ciphers, bound._workflow = self._ciphers, workflow
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt all but what is meant to stay readable."""
        return [payload if _stays_open(payload) else self._sealed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt; payloads that are not encrypted pass. Raises UnreadableError, UnknownKeyError."""
        return [self._opened(one) if is_encrypted(one) else one for one in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        head, cipher = self._ciphers.own
        nonce = os.urandom(_NONCE_BYTES)
        data = head + nonce + cipher.encrypt(nonce, payload.SerializeToString(), head + self._workflow)
        return Payload(metadata={"encoding": ENCODING, WORKFLOW: self._workflow}, data=data)

    def _opened(self, payload: Payload) -> Payload:
        data = payload.data
        head, nonce, sealed = data[:_HEAD], data[_HEAD : _HEAD + _NONCE_BYTES], data[_HEAD + _NONCE_BYTES :]
        if len(data) < _HEAD + _NONCE_BYTES or head[0] != _VERSION:
            raise UnreadableError("not a payload of this version")
        try:
            plain = self._ciphers.of(head).decrypt(nonce, sealed, head + payload.metadata.get(WORKFLOW, b""))
            return Payload.FromString(plain)
        except (InvalidTag, DecodeError):
            raise UnreadableError("the payload or the workflow it names was changed") from None


class _Ciphers:
    """One cipher per header; `own` is this process's."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        head = bytes((_VERSION,)) + bytes.fromhex(keyring.key_id) + os.urandom(_SALT_BYTES)
        self.of = lru_cache(maxsize=1024)(self._make)
        self.own = head, self.of(head)

    def _make(self, head: bytes) -> AESGCM:
        key_id, salt = head[1 : 1 + KEY_ID_BYTES].hex(), head[1 + KEY_ID_BYTES :]
        return AESGCM(self._keyring.salted(PAYLOADS, salt, key_id))


class _JsonConverter(PydanticJSONPlainPayloadConverter):
    """Pydantic's JSON, with a mark on texts that stay readable."""

    def to_payload(self, value: Any) -> Payload | None:
        payload = super().to_payload(value)
        if payload is not None and isinstance(value, OpenText):
            payload.metadata[OPEN] = b"1"
        return payload


_CONVERTERS = tuple(
    _JsonConverter() if isinstance(one, JSONPlainPayloadConverter) else one
    for one in DefaultPayloadConverter.default_encoding_payload_converters
)
"""They have no state; the SDK makes a new ``_Converter`` for every activation."""


class _Converter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


class _DataConverter(DataConverter):
    """Of its parts only the codec looks at the context. The SDK asks for a converter of a workflow some hundred
    times a ticket and would construct every part anew each time."""

    def with_context(self, context: SerializationContext) -> Self:
        """The same converter for payloads of one workflow."""
        codec = self.payload_codec
        if not isinstance(codec, EncryptingCodec):
            return super().with_context(context)
        bound = codec.with_context(context)
        if bound is codec:
            return self
        converter = object.__new__(type(self))
        converter.__dict__.update(self.__dict__, payload_codec=bound)
        return converter


def data_converter(keyring: Keyring) -> DataConverter:
    """Pydantic values, encrypted payloads, and failures whose message and trace are encrypted as well."""
    return _DataConverter(
        payload_converter_class=_Converter,
        payload_codec=EncryptingCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def is_encrypted(payload: Payload) -> bool:
    """True for a payload made by `EncryptingCodec.encode`."""
    return payload.metadata.get("encoding") == ENCODING


def workflow_of(payload: Payload) -> str:
    """Id of the workflow an encrypted payload is for; empty when it was made outside of one."""
    return payload.metadata.get(WORKFLOW, b"").decode("utf-8", "replace")


def _stays_open(payload: Payload) -> bool:
    metadata = payload.metadata
    return (
        OPEN in metadata
        or metadata.get("encoding") == b"binary/null"
        or metadata.get("messageType") == _METADATA_MESSAGE
    )
