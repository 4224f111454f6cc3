"""Suppliers a client is known to buy from: what a reader may compare a paper with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from ticketos.ai.extract.values import fold

_ALIKE = 88.0
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


@lru_cache(maxsize=4096)
def squeezed(text: str) -> str:
    """Letters and digits alone, folded: what is left when a reader loses spaces and points."""
    return re.sub(r"[\W_]+", "", fold(text))


def normal(text: str) -> str:
    """Upper case, with single spaces for spaces and punctuation: how two values are compared."""
    return re.sub(r"[\W_]+", " ", text.upper()).strip()


def core(text: str) -> str:
    """A name without its legal form, in words."""
    return " ".join(_FORMS.sub(" ", re.sub(r"[\W_]+", " ", fold(text))).split())


def supplier_of(
    known: Sequence[KnownSupplier], name: str | None, tax_ids: Sequence[str] = ()
) -> tuple[KnownSupplier, float] | None:
    """The supplier this paper is from and how sure: a tax identifier decides, then the name, legal forms aside.

    None where two suppliers are equally alike: which of the two is for a person to say.
    """
    ids = {squeezed(it) for it in tax_ids}
    by_id = [it for it in known if ids & {squeezed(number) for number in it.tax_ids}]
    if len(by_id) == 1:
        return by_id[0], 1.0
    if not name:
        return None
    wanted = core(name)
    scored = sorted(
        ((max(fuzz.ratio(wanted, core(own)) for own in it.names), it) for it in by_id or known),
        key=lambda pair: -pair[0],
    )
    if not scored or scored[0][0] < _ALIKE or (len(scored) > 1 and scored[1][0] > scored[0][0] - 2):
        return None
    return scored[0][1], scored[0][0] / 100
