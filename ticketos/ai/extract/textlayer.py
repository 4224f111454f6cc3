"""The text layer of a PDF page as words with boxes, straight from PDFium's characters.

PDFium reads a page about ten times faster than a reader in Python, and places spaces as a viewer does;
words are then cut at its spaces, at jumps, and where the writing turns.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.ocr.page import Page, Word, fraction

# A page with fewer legible words than this is a picture with a stamp or page number on it.
_FEWEST_WORDS = 4
_ILLEGIBLE = re.compile(r"[\ue000-\uf8ff\ufffd\x00-\x08]{2}|^[\ue000-\uf8ff\ufffd\x00-\x08]$")
_HYPHEN_AT_LINE_END = 2
_TURNED = math.radians(20)
_CHARACTERS_PER_WORD = 40
# Boxes reach from the lowest to the highest stroke a font can have: cut to what letters fill.
_ASCENT, _DESCENT = 0.12, 0.12


@dataclass(frozen=True, slots=True)
class _Character:
    text: str
    x0: float
    y0: float
    x1: float
    y1: float


def text_page(page: pypdfium2.PdfPage, number: int, limits: Limits) -> Page | None:
    """The words of a page in points, or None when the page has no text worth the name.

    Raises Quarantined (too-heavy) for a page with more characters than a person could have set.
    """
    width, height = (max(side, 1.0) for side in page.get_size())
    layer = page.get_textpage()
    try:
        count = layer.count_chars()
        if count > limits.words_per_page * _CHARACTERS_PER_WORD:
            raise Quarantined("too-heavy", f"{count} characters on page {number}")
        words = _words(layer, count, _upright(page, width, height), width, height)
    finally:
        layer.close()
    legible = [word for word in words if not _ILLEGIBLE.search(word.text)]
    if len(legible) < _FEWEST_WORDS or len(legible) < len(words) * 0.7:
        return None
    return Page(number, width, height, tuple(words), "text")


_Transform = Callable[[float, float], tuple[float, float]]


def _upright(page: pypdfium2.PdfPage, width: float, height: float) -> tuple[_Transform, float]:
    """From the page's own space to points from the top left of the page as shown, and its turn in radians."""
    left, bottom, right, top = page.get_bbox()
    turn = page.get_rotation() % 360
    turned: dict[int, _Transform] = {
        0: lambda x, y: (x - left, top - y),
        90: lambda x, y: (y - bottom, x - left),
        180: lambda x, y: (right - x, y - bottom),
        270: lambda x, y: (top - y, right - x),
    }
    return turned[turn], math.radians(turn)


def _words(
    layer: pypdfium2.PdfTextPage,
    count: int,
    upright: tuple[_Transform, float],
    width: float,
    height: float,
) -> list[Word]:
    transform, turn = upright
    raw = layer.raw
    box = pdfium.FS_RECTF()
    pointer = ctypes.byref(box)
    words: list[Word] = []
    run: list[_Character] = []

    def flush() -> None:
        word = _word(run, width, height)
        if word:
            words.append(word)
        run.clear()

    for index in range(count):
        text = _character(pdfium.FPDFText_GetUnicode(raw, index))
        if text.isspace():
            flush()
            continue
        # A written angle counts against the page's turn: what is level on the page as shown is kept.
        angle = (pdfium.FPDFText_GetCharAngle(raw, index) - turn) % (2 * math.pi)
        if _TURNED < angle < 2 * math.pi - _TURNED:
            flush()
            continue
        if not pdfium.FPDFText_GetLooseCharBox(raw, index, pointer):
            continue
        (ax, ay), (bx, by) = transform(box.left, box.top), transform(box.right, box.bottom)
        letter = _Character(text, min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        if run and _apart(run[-1], letter):
            flush()
        run.append(letter)
    flush()
    return words


def _character(code: int) -> str:
    """The character of a UTF-16 unit; halves of pairs (emoji) and unmapped glyphs become the replacement
    mark.
    """
    if code == _HYPHEN_AT_LINE_END:
        return "-"
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code <= 0xFFFD else "\ufffd"


def _apart(before: _Character, letter: _Character) -> bool:
    """Whether a letter starts a new word: back, far ahead, or on another line."""
    size = letter.y1 - letter.y0
    gap = letter.x0 - before.x1
    return gap > 0.25 * size or gap < -0.5 * size or abs(letter.y0 - before.y0) > 0.6 * size


def _word(run: list[_Character], width: float, height: float) -> Word | None:
    if not run:
        return None
    x0, x1 = min(it.x0 for it in run), max(it.x1 for it in run)
    y0, y1 = min(it.y0 for it in run), max(it.y1 for it in run)
    y0, y1 = y0 + _ASCENT * (y1 - y0), y1 - _DESCENT * (y1 - y0)
    # Ink outside the page or of no size is not what a person sees.
    if x1 <= x0 or y1 <= y0 or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return None
    text = "".join(it.text for it in run)
    return Word(text, x0, y0, x1, y1, fraction(x0, y0, x1, y1, width, height))
