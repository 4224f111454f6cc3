"""Proof of the audit trail: canonical bytes, Merkle roots per batch, seals chained by hash (TA5).

The tree is that of Certificate Transparency (RFC 6962 section 2.1, kept by RFC 9162): SHA-256, a leaf hashes
as H(0x00 ‖ leaf), a node as H(0x01 ‖ left ‖ right), so no node can pass for a leaf; a list splits at the
largest power of two below its length, so no element is ever doubled.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from ticketos.domain.calendar import require_aware
from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money

_EMPTY_ROOT = hashlib.sha256(b"").digest()


def canonical(obj: object) -> bytes:
    """One byte string for one value: JSON, keys sorted by code point, no spaces, UTF-8, no floats.

    Equal values give equal bytes whatever their spelling: Decimals lose trailing zeros (a database gives
    3.5 back as 3.5000), instants are UTC with six fraction digits, UUIDs lower case, bytes hex.
    """
    try:
        return json.dumps(
            _plain(obj), ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
        ).encode()
    except UnicodeEncodeError:
        raise DomainError("canonical-text-invalid") from None


def event_hash(fields: Mapping[str, object]) -> bytes:
    """SHA-256 of the canonical fields of one audit event; they include its `schema` and `seq`."""
    return hashlib.sha256(canonical(fields)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of a batch of event hashes; SHA-256 of nothing for an empty batch."""
    if not leaves:
        return _EMPTY_ROOT
    if len(leaves) == 1:
        return _leaf(leaves[0])
    cut = _cut(len(leaves))
    return _node(merkle_root(leaves[:cut]), merkle_root(leaves[cut:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The sibling hashes from leaf `index` up to the root (RFC 6962 section 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise DomainError("proof-index-invalid", index=index, size=len(leaves))
    if len(leaves) == 1:
        return ()
    cut = _cut(len(leaves))
    if index < cut:
        return (*inclusion_proof(leaves[:cut], index), merkle_root(leaves[cut:]))
    return (*inclusion_proof(leaves[cut:], index - cut), merkle_root(leaves[:cut]))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True when `leaf` is number `index` of the `size` leaves under `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, _leaf(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 == 1 or position == last:
            found = _node(sibling, found)
            while position % 2 == 0 and position != 0:
                position, last = position >> 1, last >> 1
        else:
            found = _node(found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, root)


@dataclass(frozen=True)
class Seal:
    """A batch of one client's audit events under one root, chained to the seal before it.

    `first_seq` and `last_seq` bound the batch; numbers in between may belong to other clients, so `count`
    is stated apart. `previous` is the hash of seal `number − 1`, empty for number 1.
    """

    client_id: str
    number: int
    first_seq: int
    last_seq: int
    count: int
    root: bytes
    previous: bytes
    hash: bytes


@dataclass(frozen=True)
class BrokenLink:
    """The first batch that does not hold, and why (kebab-case)."""

    client_id: str
    number: int
    reason: str


def seal(
    previous: Seal | None, client_id: str, first_seq: int, last_seq: int, leaves: Sequence[bytes]
) -> Seal:
    """Seal the next batch of a client: `leaves` are the event hashes in order of `seq`."""
    if not leaves or last_seq - first_seq + 1 < len(leaves):
        raise DomainError("seal-batch-invalid", first_seq=first_seq, last_seq=last_seq, count=len(leaves))
    if previous is not None and (previous.client_id != client_id or previous.last_seq >= first_seq):
        raise DomainError("seal-out-of-order", client_id=client_id, first_seq=first_seq)
    number = 1 if previous is None else previous.number + 1
    before = b"" if previous is None else previous.hash
    root = merkle_root(leaves)
    draft = Seal(client_id, number, first_seq, last_seq, len(leaves), root, before, b"")
    return Seal(client_id, number, first_seq, last_seq, len(leaves), root, before, _seal_hash(draft))


def verify_chain(
    seals: Sequence[Seal],
    leaves_by_seal: Mapping[int, Sequence[bytes]],
    heads: Mapping[int, bytes] | None = None,
) -> BrokenLink | None:
    """The first broken link of one client's seals (in order, from number 1), or None.

    `leaves_by_seal` holds the recomputed event hashes per seal number. `heads` are hashes kept outside
    (number → hash); they catch a chain rewritten as a whole or cut off at the end.
    """
    kept = dict(heads or {})
    previous: Seal | None = None
    for item in seals:
        reason = _fault(item, previous, leaves_by_seal.get(item.number, ()))
        if reason is None and not hmac.compare_digest(kept.pop(item.number, item.hash), item.hash):
            reason = "differs-from-kept-head"
        if reason is not None:
            expected = 1 if previous is None else previous.number + 1
            number = expected if reason == "seal-missing" else item.number
            return BrokenLink(seals[0].client_id, number, reason)
        previous = item
    if kept:
        return BrokenLink(seals[0].client_id if seals else "", min(kept), "seal-missing")
    return None


def _fault(item: Seal, previous: Seal | None, leaves: Sequence[bytes]) -> str | None:
    expected = 1 if previous is None else previous.number + 1
    before = b"" if previous is None else previous.hash
    checks = (
        ("seal-missing", item.number > expected),
        ("seal-repeated", item.number < expected),
        ("client-differs", previous is not None and item.client_id != previous.client_id),
        ("previous-differs", not hmac.compare_digest(item.previous, before)),
        ("sequence-overlaps", previous is not None and item.first_seq <= previous.last_seq),
        ("hash-differs", not hmac.compare_digest(item.hash, _seal_hash(item))),
        ("event-count-differs", item.count != len(leaves)),
        ("root-differs", not hmac.compare_digest(item.root, merkle_root(leaves))),
    )
    return next((reason for reason, broken in checks if broken), None)


def _seal_hash(item: Seal) -> bytes:
    return event_hash(
        {
            "schema": "ticketos.seal.1",
            "client_id": item.client_id,
            "number": item.number,
            "first_seq": item.first_seq,
            "last_seq": item.last_seq,
            "count": item.count,
            "root": item.root,
            "previous": item.previous,
        }
    )


def _plain(obj: object) -> Any:
    match obj:
        case Enum():
            return _plain(obj.value)
        case None | bool() | str():
            return obj
        case int():
            return int(obj)
        case Decimal():
            return _decimal_text(obj)
        case datetime():
            return require_aware(obj).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return obj.isoformat()
        case UUID():
            return str(obj)
        case bytes() | bytearray() | memoryview():
            return bytes(obj).hex()
        case Money():
            return {"amount": _decimal_text(obj.amount), "currency": obj.currency}
        case Mapping():
            if not all(isinstance(key, str) for key in obj):
                raise DomainError("canonical-key-invalid", keys=[repr(key) for key in obj])
            return {key: _plain(value) for key, value in obj.items()}
        case list() | tuple():
            return [_plain(value) for value in obj]
        case float():
            raise DomainError("canonical-float-refused", value=repr(obj))
    raise DomainError("canonical-type-refused", type=type(obj).__name__)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        raise DomainError("canonical-number-invalid", value=str(value))
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _cut(size: int) -> int:
    """The largest power of two smaller than `size` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
