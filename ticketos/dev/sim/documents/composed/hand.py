"""A maker's hand: choices that never change for one maker and differ from the next one's.

Each choice hangs on the maker and its own name alone, never on what was chosen before: a document with more
lines or without a discount comes out in the same hand.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


class Hand:
    """The choices of one maker; `name` is what they follow from."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shares: dict[str, float] = {}

    def draw(self, key: str) -> random.Random:
        """A fresh generator for one choice."""
        return random.Random(f"{self._name}/{key}")

    def _share(self, key: str) -> float:
        """A number from 0 to below 1 for one choice; much cheaper than a generator."""
        found = self._shares.get(key)
        if found is None:
            digest = hashlib.blake2b(f"{self._name}/{key}".encode(), digest_size=7).digest()
            found = self._shares[key] = int.from_bytes(digest) / 2**56
        return found

    def pick(self, key: str, options: Sequence[Choice]) -> Choice:
        """One of the options; repeat an option to make it likelier."""
        return options[int(self._share(key) * len(options))]

    def chance(self, key: str, probability: float) -> bool:
        """Yes with the probability."""
        return self._share(key) < probability

    def between(self, key: str, low: float, high: float) -> float:
        """A number of the range."""
        return low + (high - low) * self._share(key)

    def shuffled(self, key: str, items: Sequence[Choice]) -> list[Choice]:
        """The items in the maker's order."""
        order = list(items)
        self.draw(key).shuffle(order)
        return order
