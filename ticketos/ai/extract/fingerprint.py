"""Fingerprints of a document's text, for finding the same paper sent twice in another file."""

from __future__ import annotations

import hashlib
import re

_TOKEN = re.compile(r"\w+")


def text_sha256(text: str) -> str | None:
    """Hash of the letters and digits, without case, spaces or punctuation; None for a text with none."""
    letters = "".join(_TOKEN.findall(text.casefold()))
    return hashlib.sha256(letters.encode()).hexdigest() if letters else None


def simhash(text: str) -> str | None:
    """64 bits in hex over overlapping runs of three words: near-duplicates differ in few bits."""
    tokens = _TOKEN.findall(text.casefold())
    if not tokens:
        return None
    weights = [0] * 64
    for start in range(max(1, len(tokens) - 2)):
        shingle = " ".join(tokens[start : start + 3])
        bits = int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=8).digest())
        for position in range(64):
            weights[position] += 1 if bits >> position & 1 else -1
    return f"{sum(1 << position for position in range(64) if weights[position] > 0):016x}"


def distance(first: str, second: str) -> int:
    """How many of the 64 bits of two simhashes differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
