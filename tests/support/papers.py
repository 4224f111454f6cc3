"""Papers made of words in a few lines: what a text layer gives, without making a PDF."""

from __future__ import annotations

from ticketos.ai.extract.find import Paper
from ticketos.ai.ocr.page import Page, Word, fraction

WIDTH, HEIGHT = 600.0, 800.0
CHARACTER, CAPITAL = 4.0, 7.0


def paper(*pages: str, leading: float = 12.0) -> Paper:
    """A paper from drawings of its pages: a row of text is a row of words, a column of the drawing is
    four points. Two blanks part cells, an empty row is empty paper, and a row that starts with `^` stands
    half a row higher than it would, as cells do that are set beside the middle of others.
    """
    return Paper([_page(number, drawing, leading) for number, drawing in enumerate(pages, start=1)])


def _page(number: int, drawing: str, leading: float) -> Page:
    words: list[Word] = []
    y = 40.0
    for row in drawing.strip("\n").split("\n"):
        y -= leading / 2 if row.startswith("^") else 0.0
        words += _row(row.replace("^", " ", 1), y)
        y += leading
    return Page(number, WIDTH, HEIGHT, tuple(words), "text")


def _row(row: str, y: float) -> list[Word]:
    found, position = [], 0
    for text in row.split():
        position = row.index(text, position)
        x0, x1 = position * CHARACTER, (position + len(text)) * CHARACTER - 0.5
        box = fraction(x0, y, x1, y + CAPITAL, WIDTH, HEIGHT)
        found.append(Word(text, x0, y, x1, y + CAPITAL, box))
        position += len(text)
    return found
