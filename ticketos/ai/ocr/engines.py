"""Optical readers behind one port: rapidocr reads first, tesseract is the second opinion.

Both are imported when first used, so a process that only reads text layers stays small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Protocol

from PIL import Image

from ticketos.ai.ocr.page import Page, Word, fraction

if TYPE_CHECKING:
    from ticketos.ai.ocr.detect import LineFinder
    from ticketos.ai.ocr.recognise import LineReader

# Lines read worse than this are ink that is no text.
_NOISE = 0.5
_TESSERACT_SECONDS = 60


class OcrEngine(Protocol):
    """Reads an upright RGB image into words in pixels, with the probability that each is right."""

    @property
    def name(self) -> str: ...

    def words(self, image: Image.Image) -> list[Word]: ...


class RapidOcr:
    """The onnx models inside the rapidocr wheel, on one thread."""

    name = "rapidocr"

    @cached_property
    def _finder(self) -> LineFinder:
        from ticketos.ai.ocr.detect import LineFinder

        return LineFinder()

    @cached_property
    def _reader(self) -> LineReader:
        from ticketos.ai.ocr.recognise import LineReader

        return LineReader()

    def words(self, image: Image.Image) -> list[Word]:
        import numpy

        from ticketos.ai.ocr.detect import cut_out
        from ticketos.ai.ocr.lines import line_words

        pixels = numpy.ascontiguousarray(numpy.asarray(image)[:, :, ::-1])  # the models were trained on BGR
        quads = self._finder.find(pixels)
        slope = _slope(quads)
        found = []
        for quad in quads:
            line = self._reader.read(cut_out(pixels, quad))
            if line.score >= _NOISE:
                found += line_words(line, quad, slope, image.size)
        return found


class Tesseract:
    """The tesseract program, as second reader; `languages` are its own three-letter codes."""

    name = "tesseract"

    def __init__(self, languages: Sequence[str] = ("eng",)) -> None:
        self._languages = "+".join(languages)

    def words(self, image: Image.Image) -> list[Word]:
        import pytesseract

        table = pytesseract.image_to_data(
            image,
            lang=self._languages,
            config="--psm 3",
            output_type=pytesseract.Output.DICT,
            timeout=_TESSERACT_SECONDS,
        )
        found = []
        for text, score, left, top, width, height in zip(
            *(table[key] for key in ("text", "conf", "left", "top", "width", "height")), strict=True
        ):
            if not text.strip() or float(score) < 0:
                continue
            box = (float(left), float(top), float(left + width), float(top + height))
            found.append(
                Word(text.strip(), *box, fraction(*box, *image.size), min(float(score) / 100, 0.985))
            )
        return found


def read_page(engine: OcrEngine, image: Image.Image, number: int) -> Page:
    """Read an image that may lie on its side or head; boxes refer to the image as given."""
    words = engine.words(image)
    turns = _turns_to_try(words)
    best, best_turn = words, 0
    for turn in turns:
        turned = engine.words(image.rotate(turn, expand=True))
        if _legibility(turned) > _legibility(best):
            best, best_turn = turned, turn
    width, height = image.size if best_turn in (0, 180) else image.size[::-1]
    if best_turn:
        best = [
            Word(w.text, w.x0, w.y0, w.x1, w.y1, _turn_back(w.box, best_turn), w.confidence) for w in best
        ]
    return Page(number, float(width), float(height), tuple(best), "ocr")


def _turns_to_try(words: Sequence[Word]) -> tuple[int, ...]:
    """Tall words mean a page on its side; a page read badly may stand on its head."""
    long = [word for word in words if len(word.text) >= 4]
    if len(long) < 3:
        return ()
    if sum(word.height > 1.5 * (word.x1 - word.x0) for word in long) > len(long) / 2:
        return (90, 270)
    return (180,) if median(word.confidence for word in long) < 0.6 else ()


def _legibility(words: Sequence[Word]) -> float:
    return sum(word.confidence * len(word.text) for word in words if word.height < 3 * (word.x1 - word.x0))


def _turn_back(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """A box of the image turned counter-clockwise by `turn` degrees, on the image before."""
    x0, y0, x1, y1 = box
    if turn == 90:
        return (1 - y1, x0, 1 - y0, x1)
    if turn == 270:
        return (y0, 1 - x1, y1, 1 - x0)
    return (1 - x1, 1 - y1, 1 - x0, 1 - y0)


def _slope(quads: Sequence[Sequence[tuple[float, float]]]) -> float:
    """The page's skew as rise over run, from the long lines alone (short boxes are noisy)."""
    slopes = [
        (q[1][1] - q[0][1]) / (q[1][0] - q[0][0])
        for q in quads
        if q[1][0] - q[0][0] > 4 * math.dist(q[0], q[3])
    ]
    found = median(slopes) if slopes else 0.0
    return found if abs(found) < 0.3 else 0.0
