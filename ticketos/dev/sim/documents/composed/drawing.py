"""What is on a paper, as data: from it come the PDF, and the words with boxes without drawing anything.

Coordinates are points from the top left corner. Text is made of runs; a run may carry a mark, the name of
the field it shows, so that every word on the paper knows what it stands for. A mark may number the rows of a
field behind a slash ("supplier_address/0"): rows of one number were one before they were broken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ticketos.ai.ocr.page import Page, Word, fraction
from ticketos.dev.sim.documents.canvas import BLACK, Align, Canvas, Colour, faces

Run = tuple[str, str | None]
Runs = list[Run]
Marks = dict[str, list[tuple[int, int]]]
"""Mark → places: page (from 0) and index of the word on it."""

# What the letters of a line fill above and below the base line, as parts of the size.
_ABOVE, _BELOW = 0.76, 0.2


@dataclass(frozen=True, slots=True)
class Text:
    """Runs on one base line; `x` is their left end. `stretch` widens letters, `angle` turns (degrees)."""

    page: int
    x: float
    y: float
    runs: tuple[Run, ...]
    size: float
    bold: bool
    stretch: float
    angle: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Shape:
    """A line (two points), a box (x, y, width, height) or a filled polygon."""

    page: int
    kind: str
    points: tuple[tuple[float, float], ...]
    fill: Colour | None
    stroke: Colour | None
    width: float


@dataclass
class Drawing:
    """Everything on the pages of one paper, in the order it was put there."""

    width: float
    height: float
    family: str
    pages: int = 1
    texts: list[Text] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    @cached_property
    def _showing(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position, text in enumerate(self.texts):
            for name in dict.fromkeys(field_of(mark) for _, mark in text.runs if mark):
                found.setdefault(name, []).append(position)
        return found

    @property
    def marks(self) -> frozenset[str]:
        """Which fields the paper shows; to be asked when the drawing is done."""
        return frozenset(self._showing)

    def showing(self, name: str) -> list[tuple[int, Text]]:
        """The texts that show a field, with their places in the order of drawing."""
        return [(position, self.texts[position]) for position in self._showing.get(name, ())]

    def pdf(self, made_on: dt.date) -> bytes:
        """The drawing as a PDF with a text layer."""
        canvas = Canvas(self.family, (self.width, self.height))
        for page in range(self.pages):
            if page:
                canvas.new_page()
            for shape in self.shapes:
                if shape.page == page:
                    _draw_shape(canvas, shape)
            for text in self.texts:
                if text.page == page:
                    written = "".join(run for run, _ in text.runs)
                    canvas.text(
                        text.x,
                        text.y,
                        written,
                        text.size,
                        bold=text.bold,
                        colour=text.colour,
                        stretch=text.stretch,
                        angle=text.angle,
                    )
        return canvas.finish(made_on)

    def words(self) -> tuple[list[Page], Marks]:
        """The words as a reader of the text layer gets them, and where each marked field stands."""
        words: list[list[Word]] = [[] for _ in range(self.pages)]
        marks: Marks = {}
        for text in self.texts:
            if abs(text.angle) > 20:
                continue
            face = faces(self.family)[text.bold]
            edges = face.edges("".join(run for run, _ in text.runs))
            for start, end, written, names in _words_of(text.runs):
                x0 = text.x + edges[start] * text.size * text.stretch
                x1 = text.x + edges[end] * text.size * text.stretch
                y0, y1 = text.y - _ABOVE * text.size, text.y + _BELOW * text.size
                if x1 <= 0 or x0 >= self.width or y0 >= self.height:
                    continue
                for name in names:
                    marks.setdefault(name, []).append((text.page, len(words[text.page])))
                box = fraction(x0, y0, x1, y1, self.width, self.height)
                words[text.page].append(Word(written, x0, y0, x1, y1, box))
        pages = [
            Page(index + 1, self.width, self.height, tuple(found), "text")
            for index, found in enumerate(words)
        ]
        return pages, marks


def field_of(mark: str) -> str:
    """The field of a mark, without the number of its row."""
    return mark.partition("/")[0]


def _draw_shape(canvas: Canvas, shape: Shape) -> None:
    if shape.kind == "line":
        (x1, y1), (x2, y2) = shape.points
        canvas.line(x1, y1, x2, y2, width=shape.width, colour=shape.stroke or BLACK)
    elif shape.kind == "box":
        (x, y), (width, height) = shape.points
        canvas.box(x, y, width, height, fill=shape.fill, stroke=shape.stroke)
    else:
        canvas.blob(list(shape.points), shape.fill or BLACK)


def _words_of(runs: Sequence[Run]) -> list[tuple[int, int, str, list[str]]]:
    """Start, end, text and marks of each word of a line."""
    line = "".join(text for text, _ in runs)
    found, position = [], 0
    spans, at = [], 0
    for text, mark in runs:
        spans.append((at, at + len(text), mark))
        at += len(text)
    for written in line.split():
        start = line.index(written, position)
        position = end = start + len(written)
        names = dict.fromkeys(
            field_of(mark) for first, last, mark in spans if mark and first < end and start < last
        )
        found.append((start, end, written, list(names)))
    return found


class Pen:
    """Writes on a drawing, page after page."""

    def __init__(self, family: str, width: float, height: float) -> None:
        self.drawing = Drawing(width, height, family)
        self.page = 0

    def new_page(self) -> None:
        """Goes on to another page of the same size."""
        self.page += 1
        self.drawing.pages = self.page + 1

    def measure(self, runs: Runs | str, size: float, *, bold: bool = False, stretch: float = 1.0) -> float:
        """How wide the runs will be, in points."""
        text = runs if isinstance(runs, str) else "".join(run for run, _ in runs)
        return faces(self.drawing.family)[bold].width(text, size) * stretch

    def text(
        self,
        x: float,
        y: float,
        runs: Runs | str,
        size: float,
        *,
        bold: bool = False,
        align: Align = "left",
        colour: Colour = BLACK,
        stretch: float = 1.0,
        angle: float = 0.0,
    ) -> None:
        """Writes one line on the base line `y`; `x` is its left end, right end or middle."""
        parts: list[Run] = [(runs, None)] if isinstance(runs, str) else runs
        parts = [part for part in parts if part[0]]
        if not any(text.strip() for text, _ in parts):
            return
        if align != "left":
            x -= self.measure(parts, size, bold=bold, stretch=stretch) / (1 if align == "right" else 2)
        self.drawing.texts.append(Text(self.page, x, y, tuple(parts), size, bold, stretch, angle, colour))

    def wrap(self, runs: Runs | str, width: float, size: float, *, bold: bool = False) -> list[Runs]:
        """The runs broken between words into lines no wider than `width`; a longer word stays whole."""
        parts: list[Run] = [(runs, None)] if isinstance(runs, str) else runs
        lines: list[Runs] = [[]]
        used = 0.0
        space = self.measure(" ", size, bold=bold)
        for word in _pieces(parts):
            needed = self.measure(word, size, bold=bold)
            if lines[-1] and used + space + needed > width:
                lines.append([])
                used = 0.0
            if lines[-1]:
                lines[-1].append((" ", None))
                used += space
            lines[-1] += word
            used += needed
        return lines

    def line(
        self, x1: float, y1: float, x2: float, y2: float, width: float = 0.6, colour: Colour = BLACK
    ) -> None:
        """A straight line."""
        self.drawing.shapes.append(Shape(self.page, "line", ((x1, y1), (x2, y2)), None, colour, width))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
    ) -> None:
        """A rectangle with its top left corner at (x, y)."""
        self.drawing.shapes.append(Shape(self.page, "box", ((x, y), (width, height)), fill, stroke, 0.7))

    def blob(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        """A filled polygon."""
        self.drawing.shapes.append(Shape(self.page, "blob", tuple(points), fill, None, 0))


def _pieces(runs: Sequence[Run]) -> list[Runs]:
    """The runs cut into words, each still made of marked runs."""
    words: list[Runs] = [[]]
    for text, mark in runs:
        parts = text.split(" ")
        for index, part in enumerate(parts):
            if index:
                words.append([])
            if part:
                words[-1].append((part, mark))
    return [word for word in words if word]
