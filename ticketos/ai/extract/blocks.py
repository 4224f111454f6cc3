"""Whose block something on the paper stands in: the writer's, the addressee's, that of somebody who is neither, or none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from rapidfuzz import fuzz

from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring.lines import Layout, TextLine
from ticketos.ai.extract.scoring.names import ADDRESSING, NameOption
from ticketos.ai.extract.suppliers import squeezed

Whose = Literal["writer", "addressee", "stranger"]
Cells = Collection[tuple[int, int]]

_ALIKE = 88.0
_SHORT = 5
_HIGHEST = 9
"""Lines of a block over what stands in it."""
_FOOT = 0.75
_ADDRESS = 8
"""Letters and digits that an address has at least."""
_BESIDE = 2
_BANK = re.compile(r"(?<![a-z])(?:iban|bic|swift|ifsc|sort code)(?![a-z])")
"""Rows of a foot that belong together."""


class Blocks:
    """The blocks of a paper of which writer and addressee are known, as far as they are."""

    def __init__(
        self,
        layout: Layout,
        writer: NameOption | None = None,
        addressee: NameOption | None = None,
        address: Cells = (),
        by_buyer: bool = False,
        sure: bool = True,
    ) -> None:
        self.sure = sure
        """Whether the writer is known well enough to say by its name what is whose."""
        self._layout = layout
        self._written = {(it.row, place): it for it in layout.lines for place in range(it.first, it.last + 1)}
        if _same(writer, addressee):
            addressee = None
        self._names = {"writer": _name(writer), "addressee": _name(addressee)}
        self._own, self._address = _under(layout, writer, addressee), frozenset(address)
        self._others = _under(layout, addressee, writer)
        self._labels: dict[str, Whose] = {
            "buyer": "writer" if by_buyer else "addressee",
            "supplier": "addressee" if by_buyer else "writer",
        }

    @property
    def paper(self) -> Paper:
        return self._layout.paper

    def whose(self, row: int, place: int) -> Whose | None:
        """Who is told about at this cell; None where no name, label or address says."""
        line = self._written.get((row, place))
        if line is None:
            return None
        over = self._over(line)
        if over not in ("writer", "addressee") and (row, place) in self._own | self._others:
            return "writer" if (row, place) in self._own else "addressee"
        return over or self._beside(line)

    def _over(self, line: TextLine) -> Whose | None:
        """By the lines of its block, from it upwards: the first that names somebody."""
        housed = False
        for it in self._upwards(line):
            named = self._named(it) or self._labelled(it)
            if named == "writer" and housed and self._is_senders(it):
                return "addressee"
            if named:
                return named
            if it is not line and it.legal == 2 and not it.announced and not it.contact:
                return "stranger"
            housed |= it.postcode and it is not line and (it.row, it.first) not in self._address
            if it.leaves_a_block and it is not line:
                break
        return "stranger" if housed else None

    def _upwards(self, line: TextLine) -> Iterator[TextLine]:
        at: TextLine | None = line
        for _ in range(_HIGHEST):
            if at is None:
                return
            yield at
            at = self._layout.above.get(id(at))

    def _beside(self, line: TextLine) -> Whose | None:
        """A foot tells its writer in columns: the name in one, the numbers in another; the bank beside them is the
        writer's too."""
        page = next(it for it in self.paper.pages if it.number == line.page)
        if line.cell.y0 < _FOOT * page.height:
            return None
        near = [it for it in self._layout.lines if it.page == line.page and abs(it.row - line.row) <= _BESIDE]
        named = next((found for found in map(self._named, near) if found), None)
        return named or ("writer" if any(_BANK.search(it.folded) for it in near) else None)

    def _named(self, line: TextLine) -> Whose | None:
        text = squeezed(line.text)
        for whose in ("writer", "addressee"):
            name = self._names[whose]
            if len(name) >= _SHORT and (
                name in text or (len(text) >= len(name) - 2 and fuzz.partial_ratio(name, text) >= _ALIKE)
            ):
                return whose
        return None

    def _labelled(self, line: TextLine) -> Whose | None:
        for mention in line.mentions[:1]:
            alone = not any(c.isalnum() for c in line.text[mention.end :])
            for field, whose in self._labels.items():
                # "Seller: Ahmad" names whoever sold it; "Customer: Bright Paper Ltd" heads a block.
                label = mention.of(field)
                if label is not None and (alone or field == "buyer"):
                    return "addressee" if label.phrase in ADDRESSING else whose
        return None

    def _is_senders(self, line: TextLine) -> bool:
        """Whether a line goes on from the name to the address, as over the window of an envelope: what stands under
        it is another's."""
        return len(squeezed(line.text)) > len(self._names["writer"]) + _ADDRESS and line.digits > 0


def _name(option: NameOption | None) -> str:
    return squeezed(option.option.value) if option else ""


def _same(writer: NameOption | None, addressee: NameOption | None) -> bool:
    """Whether one name is but a part of the other: then nobody is addressed by it."""
    first, second = _name(writer), _name(addressee)
    return bool(first and second) and (first in second or second in first)


def _under(layout: Layout, of: NameOption | None, other: NameOption | None) -> frozenset[tuple[int, int]]:
    """The cells under a name, down to the other party's."""
    apart: Sequence[TextLine] = other.lines if other else ()
    return layout.block(of.lines, apart) if of and not of.rest.strip() else frozenset()
