"""The text layer of a PDF page as words with boxes, straight from PDFium's characters.

PDFium reads a page about ten times faster than a reader in Python, and places spaces as a viewer does;
words are then cut at its spaces, at jumps, and where the writing turns.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable
from functools import lru_cache

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


_Character = tuple[str, float, float, float, float]
"""A character and its box: left, top, right, bottom in points of the page as shown."""


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
        words = _words(layer, count, upright(page), width, height)
    finally:
        layer.close()
    legible = [word for word in words if not _ILLEGIBLE.search(word.text)]
    if len(legible) < _FEWEST_WORDS or len(legible) < len(words) * 0.7:
        return None
    return Page(number, width, height, tuple(words), "text")


_Transform = Callable[[float, float], tuple[float, float]]


def upright(page: pypdfium2.PdfPage) -> tuple[_Transform, float]:
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
    shown: tuple[_Transform, float],
    width: float,
    height: float,
) -> list[Word]:
    transform, turn = shown
    raw = layer.raw
    box = pdfium.FS_RECTF()
    pointer = ctypes.byref(box)
    # Three questions for each of a page's thousands of characters: what can be settled before the loop, is.
    unicode_of, angle_of, box_of = (
        pdfium.FPDFText_GetUnicode,
        pdfium.FPDFText_GetCharAngle,
        pdfium.FPDFText_GetLooseCharBox,
    )
    whole, most = 2 * math.pi, 2 * math.pi - _TURNED
    words: list[Word] = []
    run: list[_Character] = []

    def flush() -> None:
        if run:
            word = _word(run, width, height)
            if word:
                words.append(word)
            run.clear()

    for index in range(count):
        text = _character(unicode_of(raw, index))
        if text.isspace():
            flush()
            continue
        # A written angle counts against the page's turn: what is level on the page as shown is kept.
        angle = angle_of(raw, index) - turn
        if angle and _TURNED < angle % whole < most:
            flush()
            continue
        if not box_of(raw, index, pointer):
            continue
        ax, ay = transform(box.left, box.top)
        bx, by = transform(box.right, box.bottom)
        letter = (
            text,
            ax if ax < bx else bx,
            ay if ay < by else by,
            bx if ax < bx else ax,
            by if ay < by else ay,
        )
        if run and _apart(run[-1], letter):
            flush()
        run.append(letter)
    flush()
    return words


@lru_cache(maxsize=4096)
def _character(code: int) -> str:
    """The character of a UTF-16 unit; halves of pairs (emoji) and unmapped glyphs become the replacement
    mark.
    """
    if code == _HYPHEN_AT_LINE_END:
        return "-"
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code <= 0xFFFD else "\ufffd"


def _apart(before: _Character, letter: _Character) -> bool:
    """Whether a letter starts a new word: back, far ahead, or on another line."""
    _, x0, y0, _, y1 = letter
    size = y1 - y0
    gap = x0 - before[3]
    return gap > 0.25 * size or gap < -0.5 * size or abs(y0 - before[2]) > 0.6 * size


def _word(run: list[_Character], width: float, height: float) -> Word | None:
    letters, lefts, tops, rights, bottoms = zip(*run, strict=True)
    x0, x1, y0, y1 = min(lefts), max(rights), min(tops), max(bottoms)
    y0, y1 = y0 + _ASCENT * (y1 - y0), y1 - _DESCENT * (y1 - y0)
    # Ink outside the page or of no size is not what a person sees.
    if x1 <= x0 or y1 <= y0 or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return None
    return Word("".join(letters), x0, y0, x1, y1, fraction(x0, y0, x1, y1, width, height))
