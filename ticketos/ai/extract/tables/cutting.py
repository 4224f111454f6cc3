"""Cutting a row of a table along the columns its heading names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketos.ai.extract.tables.columns import Kind
from ticketos.ai.extract.tables.headings import Column
from ticketos.ai.extract.tables.numbers import is_beside_number, is_glued, is_number_word
from ticketos.ai.ocr.page import Cell, Row, Word

NUMERIC: frozenset[Kind] = frozenset(
    {"quantity", "unit_price", "discount", "tax_rate", "tax_amount", "net", "gross", "base"}
)
Cut = dict[int, tuple[Word, ...]]
# Gaps in heights of the writing.
_THOUSANDS_GAP, _WORD_GAP, _UNIT_GAP = 0.8, 0.75, 1.15
_MARGIN = 2.0  # heights that a cell may stand left of the first heading
_LONGEST_UNIT = 10
_TIMES = ("x", "X", "*", "×", "-", "–")


class Cutter:
    """Cuts rows along columns. Where the numbers of a column really stand is learnt from the rows, since a
    heading may be much narrower or wider than what it heads.
    """

    def __init__(self, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        self._columns = columns
        self._zones: dict[int, tuple[float, float]] = {}
        rows = list(rows)
        # Text beside the table shows where a row has that and a first column as well; without it, what
        # stands left of the first heading is the first column, set to the left of a heading in the middle.
        both = alone = 0
        for row in rows:
            if any(map(self._is_left, row.cells)) and len(row.cells) > 1:
                first = any(cell.overlaps(columns[0].x0, columns[0].x1) for cell in row.cells)
                both, alone = both + first, alone + (not first)
        self._beside = both > alone
        for row in rows:
            for cell in row.cells:
                self._learn(cell)

    def _is_left(self, cell: Cell) -> bool:
        return cell.x1 < self._columns[0].x0 - _MARGIN * cell.height

    def _learn(self, cell: Cell) -> None:
        """Notes where a cell of a lone number, perhaps with its unit, stands."""
        runs = _runs(cell.words)
        if len(runs) > 2 or not _is_number(runs[0]) or (len(runs) == 2 and _is_number(runs[1])):
            return
        first, last = runs[0][0].x0, runs[0][-1].x1
        place = self._nearest(first, last)
        x0, x1 = self._zones.get(place, (first, last))
        self._zones[place] = (min(x0, first), max(x1, last))

    def __call__(self, row: Row) -> Cut:
        """The row's words by index of their column."""
        parts: dict[int, list[Word]] = {}
        for cell in row.cells:
            if self._beside and self._is_left(cell):
                continue
            runs = _runs(cell.words)
            for run, place in zip(runs, self._places(runs), strict=True):
                parts.setdefault(place, []).extend(run)
        return {place: tuple(words) for place, words in parts.items()}

    def _places(self, runs: Sequence[Sequence[Word]]) -> list[int]:
        places: list[int] = []
        if len(runs) == 1 and is_glued(" ".join(word.text for word in runs[0])):
            place = self._nearest(runs[0][0].x0, runs[0][-1].x1)
            around = [i for i in (place, place - 1, place + 1) if 0 <= i < len(self._columns)]
            counts = [i for i in around if self._columns[i].kind == "quantity"]
            if counts and self._columns[place].kind in ("quantity", "unit"):
                return counts[:1]
        for index, run in enumerate(runs):
            if _is_number(run):
                places.append(self._number_place(run, runs[index - 1] if index else None))
            elif index and self._is_unit(places[-1], runs, index):
                places.append(self._unit_place(run, places[-1]))
            else:
                places.append(self._text_place(run))
        for index in range(len(runs) - 2, -1, -1):
            # Columns follow each other from left to right, within a cell too: a number in the middle of a
            # text that runs on belongs to the text.
            places[index] = min(places[index], places[index + 1])
        for index in range(1, len(runs)):
            # And a text does not leave its column for a word that stands further right.
            text = self._columns[places[index - 1]].kind not in NUMERIC and not _is_number(runs[index])
            if text and self._columns[places[index]].kind in NUMERIC:
                places[index] = places[index - 1]
        return places

    def _number_place(self, run: Sequence[Word], before: Sequence[Word] | None) -> int:
        """Right behind a word, a number is in a column of numbers only where it is set like those."""
        place = self._nearest(run[0].x0, run[-1].x1)
        if before is None or not _is_close(before[-1], run[0], _WORD_GAP) or _is_number(before):
            return place
        column = self._columns[place]
        x0, x1 = self._zones.get(place, (column.x0, column.x1))
        slack = run[0].height / 2
        aligned = abs(run[-1].x1 - x1) <= slack or abs(run[0].x0 - x0) <= slack
        return place if aligned else self._text_place(run)

    def _is_unit(self, before: int, runs: Sequence[Sequence[Word]], index: int) -> bool:
        counted = self._columns[before].kind in NUMERIC
        named = any(self._columns[i].kind == "description" for i in self._over(runs[index]))
        return (
            counted and not named and _is_unit_of(runs[index - 1], runs[index], runs[index + 1 : index + 2])
        )

    def _unit_place(self, run: Sequence[Word], before: int) -> int:
        over = [i for i in self._over(run) if self._columns[i].kind == "unit"]
        return over[0] if over else before

    def _text_place(self, run: Sequence[Word]) -> int:
        """Words go to the text column they stand under, else to the last one that starts left of them."""
        over = self._over(run)
        texts = [i for i in over if self._columns[i].kind not in NUMERIC]
        if texts:
            return texts[0]
        started = [i for i, it in enumerate(self._columns) if it.x0 <= run[0].x0 + run[0].height / 2]
        left = [i for i in started if self._columns[i].kind not in NUMERIC]
        return left[-1] if left else started[-1] if started else 0

    def _over(self, run: Sequence[Word]) -> list[int]:
        return [i for i, it in enumerate(self._columns) if run[0].x0 < it.x1 and it.x0 < run[-1].x1]

    def _nearest(self, x0: float, x1: float) -> int:
        """Numbers go to the column they stand under, else to that whose edge or middle is nearest."""

        def far(column: Column) -> tuple[float, float]:
            shared = min(x1, column.x1) - max(x0, column.x0)
            if shared > 0:
                return 0.0, -shared
            middle = abs((x0 + x1) - (column.x0 + column.x1)) / 2
            return min(abs(x0 - column.x0), abs(x1 - column.x1), middle), 0.0

        return min(range(len(self._columns)), key=lambda i: far(self._columns[i]))


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Words that make one value: thousands parted by a blank, a number and its currency or percent sign."""
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if last is not None and _joins(last, word):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _is_close(left: Word, right: Word, gap: float) -> bool:
    return right.x0 - left.x1 <= gap * min(left.height, right.height)


def _joins(left: Word, right: Word) -> bool:
    digits = left.text.lstrip("-−–(€$£")
    whole = right.text.replace(",", ".").split(".")[0]
    thousands = digits.isdigit() and len(digits) <= 3 and whole.isdigit() and len(whole) == 3
    behind = is_number_word(left.text) and is_beside_number(right.text) and right.text not in _TIMES
    before = is_beside_number(left.text) and left.text not in (*_TIMES, "%") and is_number_word(right.text)
    return (thousands and _is_close(left, right, _THOUSANDS_GAP)) or (
        (behind or before) and _is_close(left, right, _UNIT_GAP)
    )


def _is_number(run: Sequence[Word]) -> bool:
    return any(is_number_word(word.text) for word in run)


def _is_unit_of(before: Sequence[Word], run: Sequence[Word], after: Sequence[Sequence[Word]]) -> bool:
    """A short word right behind a number, with no further word behind it."""
    text = run[0].text
    ends = (
        not after
        or _is_number(after[0])
        or not _is_close(run[-1], after[0][0], _UNIT_GAP)
        or after[0][0].text == text  # a column of units beside counts that bear theirs
    )
    return (
        _is_number(before)
        and len(text) <= _LONGEST_UNIT
        and not text.endswith(":")
        and text not in _TIMES
        and _is_close(before[-1], run[0], _UNIT_GAP)
        and ends
    )
