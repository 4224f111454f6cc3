"""Lines of running text, for names and addresses: cells joined where a reader has torn a line apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from ticketos.ai.extract.doctype import names_a_paper
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.labels import Mention
from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.taxid import tax_ids
from ticketos.ai.extract.values import amounts, days, fold
from ticketos.ai.ocr.page import Cell, Word

# A gap of this many heights inside a picture's line is a wide space, not a column.
_TORN = {"text": 1.1, "ocr": 2.0}
_NARROW = 1.6
_BLOCK = 9


@dataclass(frozen=True)
class TextLine:
    """Cells `first` to `last` of a row as one line of text."""

    row: int
    first: int
    last: int
    cell: Cell
    mentions: tuple[Mention, ...]

    @cached_property
    def text(self) -> str:
        return self.cell.text

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @property
    def page(self) -> int:
        return self.cell.page

    @cached_property
    def letters(self) -> int:
        return sum(character.isalpha() for character in self.text)

    @cached_property
    def digits(self) -> int:
        return sum(character.isdigit() for character in self.text)

    @cached_property
    def has_day(self) -> bool:
        return bool(days(self.text))

    @cached_property
    def has_money(self) -> bool:
        return any(it.money for it in amounts(self.text))

    @cached_property
    def has_tax_id(self) -> bool:
        return bool(tax_ids(self.text))

    @cached_property
    def places(self) -> int:
        """How many words of an address it holds."""
        return len(says.PLACE.findall(self.folded))

    @cached_property
    def postcode(self) -> bool:
        return bool(says.POSTCODE.search(self.text))

    @cached_property
    def contact(self) -> bool:
        return bool(says.CONTACT.search(self.folded))

    @cached_property
    def legal(self) -> int:
        """2 for a legal form, 1 for a word of trades, 0 for neither."""
        return 2 if says.LEGAL.search(self.folded) else 1 if says.TRADE.search(self.folded) else 0

    @cached_property
    def registration(self) -> bool:
        """A company's registration and nothing else."""
        return bool(says.REGISTRATION.fullmatch(self.folded.strip()))

    @cached_property
    def announced(self) -> bool:
        """Whether it starts with a label, so that what follows is a value of that label."""
        return any(not self.text[: it.start].strip(" .:-*(") for it in self.mentions)

    @cached_property
    def leaves_a_block(self) -> bool:
        """Whether it tells something else than whose block it stands under: a heading, or a label that is none of a
        party's own (its tax number, telephone and the like)."""
        own = ("tax_id", "buyer_tax_id", "-other")
        return self.title or (self.announced and not any(it.of(*own) for it in self.mentions))

    @cached_property
    def title(self) -> bool:
        return bool(says.TITLE.search(self.folded)) or bool(says.GREETING.search(self.folded))


@dataclass(frozen=True)
class Layout:
    """The lines of the whole paper and what is usual on it."""

    paper: Paper
    lines: tuple[TextLine, ...]
    usual: float
    left: float
    right: float

    @cached_property
    def narrow(self) -> bool:
        """Till rolls and other papers of one column."""
        page = self.paper.pages[0]
        return page.height / max(page.width, 1.0) > _NARROW

    @cached_property
    def first_page(self) -> tuple[TextLine, ...]:
        number = self.paper.pages[0].number if self.paper.pages else 0
        return tuple(it for it in self.lines if it.page == number)

    def under(self, line: TextLine) -> TextLine | None:
        """The next line that stands under this one in the same block."""
        return self.below.get(id(line))

    def block(self, lines: Sequence[TextLine], apart: Sequence[TextLine]) -> frozenset[tuple[int, int]]:
        """The cells (row, place in it) of these lines and of those under the last of them, down to one of `apart` or one
        that leaves the block."""
        block, at = list(lines), self.under(lines[-1])
        while at is not None and len(block) < _BLOCK and at not in apart and not at.leaves_a_block:
            block.append(at)
            at = self.under(at)
        return frozenset((it.row, place) for it in block for place in range(it.first, it.last + 1))

    @cached_property
    def below(self) -> dict[int, TextLine]:
        found: dict[int, TextLine] = {}
        for index, line in enumerate(self.lines):
            for other in self.lines[index + 1 : index + 14]:
                if other.row == line.row:
                    continue
                if other.page != line.page or other.cell.y0 - line.cell.y1 > 2.2 * max(
                    line.cell.height, self.usual
                ):
                    break
                if aligned(line.cell, other.cell):
                    found[id(line)] = other
                    break
        return found

    @cached_property
    def above(self) -> dict[int, TextLine]:
        found: dict[int, TextLine] = {}
        for line in self.lines:
            other = self.below.get(id(line))
            if other is not None:
                found.setdefault(id(other), line)
        return found


def aligned(first: Cell, second: Cell) -> bool:
    """Left edges, middles or right edges on one line, or one over the other on a narrow column."""
    height = max(first.height, second.height)
    if abs(first.x0 - second.x0) < 1.2 * height or abs(first.x1 - second.x1) < 0.8 * height:
        return True
    if abs((first.x0 + first.x1) - (second.x0 + second.x1)) / 2 < 2.0 * height:
        return True
    shared = min(first.x1, second.x1) - max(first.x0, second.x0)
    return (
        shared > 0.75 * min(first.x1 - first.x0, second.x1 - second.x0)
        and abs(first.x0 - second.x0) < 6 * height
    )


def layout(paper: Paper) -> Layout:
    """All lines of the paper, top to bottom, left to right."""
    lines: list[TextLine] = []
    sources = {page.number: page.source for page in paper.pages}
    for index, row in enumerate(paper.rows):
        widest = _TORN[sources[row.page]]
        start = 0
        for position in range(1, len(row.cells) + 1):
            ends = position == len(row.cells)
            if not ends:
                before, cell = row.cells[position - 1], row.cells[position]
                ends = cell.x0 - before.x1 > widest * min(before.height, cell.height)
                ends = ends or names_a_paper(before.text) or names_a_paper(cell.text)
            if ends:
                lines.append(_line(paper, index, row.cells[start:position], start, position - 1))
                start = position
    heights = [word.height for page in paper.pages[:1] for word in page.words]
    xs = [(line.cell.x0, line.cell.x1) for line in lines] or [(0.0, 1.0)]
    return Layout(paper, tuple(lines), median(heights or [1.0]), min(x for x, _ in xs), max(x for _, x in xs))


def _line(paper: Paper, row: int, cells: Sequence[Cell], first: int, last: int) -> TextLine:
    if len(cells) == 1:
        return TextLine(row, first, last, cells[0], tuple(paper.found[row][first]))
    words: list[Word] = []
    mentions: list[Mention] = []
    shift = 0
    for offset, cell in enumerate(cells):
        mentions += [
            Mention(it.start + shift, it.end + shift, it.labels) for it in paper.found[row][first + offset]
        ]
        shift += len(cell.text) + 1
        words += cell.words
    return TextLine(row, first, last, Cell(tuple(words), cells[0].page), tuple(mentions))
