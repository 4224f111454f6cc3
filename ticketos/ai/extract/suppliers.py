"""Suppliers a client is known to buy from: what a reader may compare a paper with."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from ticketos.ai.extract.values import fold

_ALIKE, _LEAD = 88.0, 2.0
_LISTED_ALIKE = 80.0
"""Of thousands of names one is always half like another: less alike than that says nothing."""
_SHORT = 5
_KEPT = 32_768
"""Names whose folded forms are kept: those of several long lists."""
_FORMS = re.compile(
    r"\b(?:private limited|pvt ltd|ltd|limited|llc|inc|gmbh|ag|kg|sarl|sas|sa|srl|spa|sdn bhd|s b|bhd|co)\b"
)


@dataclass(frozen=True, slots=True)
class KnownSupplier:
    """One supplier as the client's books or earlier corrections have it. `aliases` are names papers print instead."""

    name: str
    tax_ids: tuple[str, ...] = ()
    address: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    @classmethod
    def from_list(cls, row: Mapping[str, Any]) -> KnownSupplier:
        """A vendor of the client's own list (``ports.VendorList``)."""
        return cls(row["name"], tuple(row["tax_ids"]), row["address"] or None, tuple(row["aliases"]))


@lru_cache(maxsize=_KEPT)
def squeezed(text: str) -> str:
    """Letters and digits alone, folded: what is left when a reader loses spaces and points."""
    return re.sub(r"[\W_]+", "", fold(text))


def normal(text: str) -> str:
    """Upper case, with single spaces for spaces and punctuation: how two values are compared."""
    return re.sub(r"[\W_]+", " ", text.upper()).strip()


@lru_cache(maxsize=_KEPT)
def core(text: str) -> str:
    """A name without its legal form, in words."""
    return " ".join(_FORMS.sub(" ", re.sub(r"[\W_]+", " ", fold(text))).split())


class SupplierIndex:
    """Suppliers made ready to be looked up by tax number and by name: worth keeping where they are thousands."""

    def __init__(self, suppliers: Sequence[KnownSupplier] = ()) -> None:
        self.suppliers = tuple(suppliers)
        self.squeezed = frozenset(squeezed(name) for it in suppliers for name in it.names)
        self._nearest: dict[str, float] = {}
        named = [(core(name), at) for at, it in enumerate(suppliers) for name in it.names]
        self._cores, self._owners = [name for name, _ in named], [at for _, at in named]
        self._by_core: dict[str, set[int]] = {}
        for name, at in named:
            self._by_core.setdefault(name, set()).add(at)
        self._by_number: dict[str, set[int]] = {}
        for at, it in enumerate(suppliers):
            for number in it.tax_ids:
                self._by_number.setdefault(squeezed(number), set()).add(at)

    @cached_property
    def _by_length(self) -> tuple[list[int], list[str]]:
        """Their names, squeezed, the short ones first, and their lengths; those too short to be told from other words are
        left out."""
        names = sorted((name for name in self.squeezed if len(name) >= _SHORT), key=lambda it: (len(it), it))
        return [len(name) for name in names], names

    def nearest(self, short: str) -> float:
        """How like a squeezed text is to the nearest name, from 0 to 100; 0 for less than says anything."""
        if short not in self._nearest:
            if len(self._nearest) >= _KEPT:
                self._nearest.clear()
            lengths, names = self._by_length
            # Of names one half longer or shorter, none can be that much alike.
            first, last = (
                bisect_left(lengths, len(short) / 1.5),
                bisect_right(lengths, len(short) * 1.5),
            )
            best = process.extractOne(short, names[first:last], scorer=fuzz.ratio, score_cutoff=_LISTED_ALIKE)
            self._nearest[short] = best[1] if best else 0.0
        return self._nearest[short]

    def numbered(self, tax_ids: Sequence[str]) -> set[int]:
        """Those that have one of these numbers."""
        return {at for it in tax_ids for at in self._by_number.get(squeezed(it), ())}

    def called(self, name: str) -> set[int]:
        """Those with that very name, legal forms aside."""
        return self._by_core.get(core(name), set())

    def alike(self, name: str, least: float) -> dict[int, float]:
        """Those with a name like it, and how like, from 0 to 100."""
        best: dict[int, float] = {}
        for _, score, index in process.extract(
            core(name), self._cores, scorer=fuzz.ratio, score_cutoff=least, limit=None
        ):
            at = self._owners[index]
            best[at] = max(score, best.get(at, 0.0))
        return best


NOBODY = SupplierIndex()


class KnownSuppliers:
    """The suppliers a paper is compared with: those that corrections taught, and those of the client's vendor list. One
    that is in both, by tax number or name, is one, called as people corrected it. `client` are the client's own tax
    numbers, squeezed, as far as people confirmed them on papers: no supplier of its has one of them."""

    def __init__(
        self,
        taught: Sequence[KnownSupplier] = (),
        listed: SupplierIndex = NOBODY,
        client: frozenset[str] = frozenset(),
    ) -> None:
        self.client = client
        both = list(taught)
        self._merged: set[int] = set()
        for at, it in enumerate(taught):
            same = listed.numbered(it.tax_ids).union(*map(listed.called, it.names)) - self._merged
            for one in sorted(same):
                both[at] = _with(both[at], listed.suppliers[one])
            self._merged |= same
        self._taught, self._listed = SupplierIndex(both), listed

    def __bool__(self) -> bool:
        return bool(self._taught.suppliers or self._listed.suppliers or self.client)

    def has(self, short: str) -> bool:
        """Whether a squeezed text is the name of one."""
        return short in self._taught.squeezed or (len(short) >= _SHORT and short in self._listed.squeezed)

    def likeness(self, short: str) -> float:
        """How like a squeezed text is to the nearest name, from 0 to 1."""
        taught = max((fuzz.ratio(short, it) for it in self._taught.squeezed), default=0.0)
        return max(taught, self._listed.nearest(short)) / 100

    def supplier_of(
        self, name: str | None, tax_ids: Sequence[str] = ()
    ) -> tuple[KnownSupplier, float] | None:
        """The supplier this paper is from and how sure: a tax identifier decides, then the name, legal forms aside.

        None where two suppliers are equally alike, or the number is one's and the name another's: which of the two is
        for a person to say.
        """
        by_id = self._both(self._taught.numbered(tax_ids), self._listed.numbered(tax_ids))
        if name:
            exact = self._both(self._taught.called(name), self._listed.called(name))
            if by_id and exact and not by_id & exact:
                return None
        if len(by_id) == 1:
            return self._one(next(iter(by_id))), 1.0
        if not name:
            return None
        least = _ALIKE - _LEAD
        scored = {(True, at): score for at, score in self._taught.alike(name, least).items()}
        scored |= {
            (False, at): score
            for at, score in self._listed.alike(name, least).items()
            if at not in self._merged
        }
        ranked = sorted(
            ((score, which) for which, score in scored.items() if not by_id or which in by_id),
            key=lambda pair: -pair[0],
        )
        if not ranked or ranked[0][0] < _ALIKE or (len(ranked) > 1 and ranked[1][0] > ranked[0][0] - _LEAD):
            return None
        return self._one(ranked[0][1]), ranked[0][0] / 100

    def _both(self, taught: set[int], listed: set[int]) -> set[tuple[bool, int]]:
        return {(True, at) for at in taught} | {(False, at) for at in listed - self._merged}

    def _one(self, which: tuple[bool, int]) -> KnownSupplier:
        taught, at = which
        return (self._taught if taught else self._listed).suppliers[at]


def _with(one: KnownSupplier, listed: KnownSupplier) -> KnownSupplier:
    """A supplier with what the vendor list adds to it."""
    return replace(
        one,
        tax_ids=tuple(dict.fromkeys((*one.tax_ids, *listed.tax_ids))),
        address=one.address or listed.address,
        aliases=tuple(dict.fromkeys(name for name in (*one.aliases, *listed.names) if name != one.name)),
    )
