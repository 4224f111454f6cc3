"""Fingerprints of a document's text, for finding the same paper sent twice in another file."""

from __future__ import annotations

import hashlib
import re

import numpy

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
    shingles = (" ".join(tokens[start : start + 3]) for start in range(max(1, len(tokens) - 2)))
    digests = b"".join(hashlib.blake2b(it.encode(), digest_size=8).digest() for it in shingles)
    bits = numpy.unpackbits(numpy.frombuffer(digests, numpy.uint8)).reshape(-1, 64)
    # A bit is set where most of the shingles have it.
    return numpy.packbits(2 * bits.sum(axis=0, dtype=numpy.int64) > len(bits)).tobytes().hex()


def distance(first: str, second: str) -> int:
    """How many of the 64 bits of two simhashes differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
