"""Suppliers a client is known to buy from: what a reader may compare a paper with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from ticketos.ai.extract.values import fold

_ALIKE = 88.0
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


class KnownSuppliers:
    """The suppliers a paper is compared with, made ready once for many papers: those that corrections taught, and
    those of the client's vendor list. One that is in both, by tax number or name, is one, called as people corrected
    it."""

    def __init__(self, taught: Sequence[KnownSupplier] = (), listed: Sequence[KnownSupplier] = ()) -> None:
        both, rest = _merged(taught, listed)
        self.all: tuple[KnownSupplier, ...] = (*both, *rest)
        self.taught = frozenset(squeezed(name) for it in both for name in it.names)
        """Names that corrections taught, squeezed."""
        named = {squeezed(name) for it in rest for name in it.names} - self.taught
        self.listed = tuple(sorted(name for name in named if len(name) >= _SHORT))
        """Further names of the vendor list, squeezed."""
        self._listed = frozenset(self.listed)
        self._cores = [(core(name), at) for at, it in enumerate(self.all) for name in it.names]
        self._names = [name for name, _ in self._cores]
        self._by_core: dict[str, set[int]] = {}
        for name, at in self._cores:
            self._by_core.setdefault(name, set()).add(at)
        self._by_number: dict[str, set[int]] = {}
        for at, it in enumerate(self.all):
            for number in it.tax_ids:
                self._by_number.setdefault(squeezed(number), set()).add(at)

    def has(self, short: str) -> bool:
        """Whether a squeezed text is the name of one."""
        return short in self.taught or short in self._listed

    def likeness(self, short: str) -> float:
        """How like a squeezed text is to the nearest name, from 0 to 1."""
        taught = max((fuzz.ratio(short, it) for it in self.taught), default=0.0)
        best = process.extractOne(
            short, self.listed, scorer=fuzz.ratio, score_cutoff=max(_LISTED_ALIKE, taught)
        )
        return (best[1] if best else taught) / 100

    def supplier_of(
        self, name: str | None, tax_ids: Sequence[str] = ()
    ) -> tuple[KnownSupplier, float] | None:
        """The supplier this paper is from and how sure: a tax identifier decides, then the name, legal forms aside.

        None where two suppliers are equally alike, or the number is one's and the name another's: which of the two is
        for a person to say.
        """
        by_id = {at for it in tax_ids for at in self._by_number.get(squeezed(it), ())}
        exact = self._by_core.get(core(name), set()) if name else set()
        if by_id and exact and not by_id & exact:
            return None  # the number of one and the name of another
        if len(by_id) == 1:
            return self.all[next(iter(by_id))], 1.0
        if not name:
            return None
        best: dict[int, float] = {}
        for _, score, index in process.extract(
            core(name), self._names, scorer=fuzz.ratio, score_cutoff=_ALIKE - 2, limit=None
        ):
            at = self._cores[index][1]
            if not by_id or at in by_id:
                best[at] = max(score, best.get(at, 0.0))
        scored = sorted(best.items(), key=lambda pair: -pair[1])
        if not scored or scored[0][1] < _ALIKE or (len(scored) > 1 and scored[1][1] > scored[0][1] - 2):
            return None
        return self.all[scored[0][0]], scored[0][1] / 100


def _merged(
    taught: Sequence[KnownSupplier], listed: Sequence[KnownSupplier]
) -> tuple[list[KnownSupplier], list[KnownSupplier]]:
    """Taught suppliers with what the list adds to them, and the listed ones that are no one taught."""
    if not taught or not listed:
        return list(taught), list(listed)
    by_sign: dict[str, int] = {}
    for at, it in enumerate(taught):
        for sign in (*(f"#{squeezed(number)}" for number in it.tax_ids), *map(core, it.names)):
            by_sign.setdefault(sign, at)
    both = list(taught)
    rest: list[KnownSupplier] = []
    for it in listed:
        signs = (*(f"#{squeezed(number)}" for number in it.tax_ids), *map(core, it.names))
        found = next((by_sign[sign] for sign in signs if sign in by_sign), None)
        if found is None:
            rest.append(it)
            continue
        one = both[found]
        both[found] = replace(
            one,
            tax_ids=tuple(dict.fromkeys((*one.tax_ids, *it.tax_ids))),
            address=one.address or it.address,
            aliases=tuple(dict.fromkeys(name for name in (*one.aliases, *it.names) if name != one.name)),
        )
    return both, rest
