"""Finding the rows that name a table's columns, on one row or stacked on several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ticketos.ai.extract.tables.columns import Kind, hits_in, kind_of
from ticketos.ai.extract.values import amounts
from ticketos.ai.ocr.page import Cell, Row, Word

_AMOUNTS: frozenset[Kind] = frozenset({"quantity", "unit_price", "net", "gross", "discount"})
_TAXES: frozenset[Kind] = frozenset({"tax_rate", "tax_amount", "base"})
_STACKED_ROWS = 4
# Widest gap to the next row of the same paragraph, in heights of its capitals.
_NEXT_ROW = 1.0
_LONGEST_PIECE = 4  # words
_MOST_COLUMNS = 14


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its heading: what it holds and where its heading stands."""

    kind: Kind
    x0: float
    x1: float
    title: str
    percent: bool = False


@dataclass(frozen=True)
class Heading:
    """The rows first to last (inclusive) head a table of lines or of taxes."""

    first: int
    last: int
    columns: tuple[Column, ...]
    table: Literal["lines", "taxes"]

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(column.kind for column in self.columns)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of heading words that belong together; `named` when the vocabulary knows it."""

    words: tuple[Word, ...]
    named: bool

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def headings(rows: Sequence[Row]) -> list[Heading]:
    """Every heading on the paper, from top to bottom."""
    found: list[Heading] = []
    for index in range(len(rows)):
        if found and index <= found[-1].last:
            continue
        heading = _heading(rows, index)
        if heading is not None:
            if found and heading.first <= found[-1].last:
                heading = Heading(found[-1].last + 1, heading.last, heading.columns, heading.table)
            found.append(heading)
    return found


def _heading(rows: Sequence[Row], index: int) -> Heading | None:
    main = _pieces(rows[index])
    if len(main) < 2 or len(main) > _MOST_COLUMNS or not any(piece.named for piece in main):
        return None
    if not _titles(rows[index]) or sum(piece.named for piece in main) * 2 < len(main):
        return None
    first = last = index
    stacked: list[tuple[int, list[_Piece]]] = [(index, main)]
    for step in (-1, 1):
        edge = index
        while 0 <= edge + step < len(rows) and abs(edge + step - index) <= _STACKED_ROWS:
            pieces = _stacking(rows, edge, edge + step, [it for _, row in stacked for it in row])
            if pieces is None:
                break
            edge += step
            stacked.append((edge, pieces))
        first, last = min(first, edge), max(last, edge)
    columns = _columns(main, sorted(stacked, key=lambda item: item[0]), index)
    table = _table_of(columns)
    return Heading(first, last, columns, table) if table else None


def _titles(row: Row) -> bool:
    """Whether a row can name columns: no amounts in it, and no cell that starts with a number."""
    return not any(
        cell.text[0].isdigit() or any(amount.money or amount.percent for amount in amounts(cell.text))
        for cell in row.cells
    )


def _pieces(row: Row) -> list[_Piece]:
    """The row's cells, cut where one cell runs over several headings."""
    found: list[_Piece] = []
    for cell in row.cells:
        hits = hits_in(cell.text)
        # "Goods / services" is one heading.
        apart = [
            hit for i, hit in enumerate(hits) if not (i and hit.kind == hits[i - 1].kind == "description")
        ]
        starts = [_first_word(cell, hit.start) for hit in apart]
        cuts = sorted({0, *starts[1:], len(cell.words)})
        for start, end in pairwise(cuts):
            if not any(c.isalnum() or c in "#%°" for word in cell.words[start:end] for c in word.text):
                continue  # a line drawn with characters
            found.append(_Piece(cell.words[start:end], bool(hits)))
    return _rejoined(found)


def _first_word(cell: Cell, position: int) -> int:
    """The index of the word that holds the character at `position`."""
    passed = 0
    for index, word in enumerate(cell.words):
        passed += len(word.text) + 1
        if position < passed:
            return index
    return len(cell.words) - 1


def _rejoined(pieces: list[_Piece]) -> list[_Piece]:
    """Puts pieces together again that one blank parts and one heading names: "Price" "Net" is two columns,
    "Net" "amount" was found as one phrase already; "Steuersatz" "[%]" is one.
    """
    joined: list[_Piece] = []
    for piece in pieces:
        bare = not any(character.isalpha() for character in piece.text)
        if joined and bare and piece.x0 - joined[-1].x1 < piece.words[0].height:
            joined[-1] = _Piece(joined[-1].words + piece.words, joined[-1].named)
        else:
            joined.append(piece)
    return joined


def _stacking(rows: Sequence[Row], edge: int, index: int, known: Sequence[_Piece]) -> list[_Piece] | None:
    """The pieces of the row if it continues the heading: close by, short words, over or under its columns."""
    row, beside = rows[index], rows[edge]
    if row.page != beside.page or not _titles(row):
        return None
    gap = max(row.y0 - beside.y1, beside.y0 - row.y1)
    if gap > _NEXT_ROW * min(row.height, beside.height):
        return None
    pieces = _pieces(row)
    for piece in pieces:
        if len(piece.words) > _LONGEST_PIECE or any(c.isdigit() for c in piece.text) or ":" in piece.text:
            return None
        over = any(piece.x0 < other.x1 and other.x0 < piece.x1 for other in known)
        if not (piece.named or over):
            return None
    inside = gap < 0
    if not inside and not any(piece.named for piece in pieces):
        # A word of the heading broken over two rows has no name alone, but stands under a column's head.
        return (
            pieces
            if all(len(piece.words) <= 2 for piece in pieces) and len(pieces) <= 2 and index < edge
            else None
        )
    return pieces


def _columns(
    main: Sequence[_Piece], stacked: Sequence[tuple[int, list[_Piece]]], index: int
) -> tuple[Column, ...]:
    """One column per heading of the main row with what stands over and under it, and those of other rows."""
    groups: list[list[_Piece]] = [[piece] for piece in main]
    spans = [(piece.x0, piece.x1) for piece in main]
    for row, pieces in stacked:
        if row == index:
            continue
        for piece in pieces:
            shared = [min(piece.x1, x1) - max(piece.x0, x0) for x0, x1 in spans]
            best = max(range(len(spans)), key=lambda i: shared[i])
            if shared[best] > 0:
                groups[best].append(piece)
                x0, x1 = spans[best]
                spans[best] = (min(x0, piece.x0), max(x1, piece.x1))
            else:
                groups.append([piece])
                spans.append((piece.x0, piece.x1))
    columns = []
    for group, (x0, x1) in zip(groups, spans, strict=True):
        title = " ".join(piece.text for piece in sorted(group, key=lambda piece: piece.words[0].y0))
        columns.append(Column(kind_of(title), x0, x1, title, "%" in title))
    return tuple(sorted(columns, key=lambda column: column.x0))


def _table_of(columns: Sequence[Column]) -> Literal["lines", "taxes"] | None:
    kinds = {column.kind for column in columns}
    what = "description" in kinds
    if (
        not what
        and "quantity" not in kinds
        and kinds & _TAXES
        and ("tax_amount" in kinds or "base" in kinds or len(kinds & _TAXES) > 1)
    ):
        return "taxes"
    told = kinds & _AMOUNTS
    if what and (len(told) >= 2 or (told and len(columns) >= 3) or kinds & {"net", "gross", "quantity"}):
        return "lines"
    if {"quantity", "unit_price", "net"} <= kinds or ({"code", "quantity"} <= kinds and len(columns) >= 3):
        return "lines"
    return None
