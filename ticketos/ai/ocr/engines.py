"""Optical readers behind one port: rapidocr reads first, tesseract is the second opinion.

Both are imported when first used, so a process that only reads text layers stays small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Protocol

from PIL import Image

from ticketos.ai.ocr.page import Page, Word, fraction
from ticketos.ai.ocr.tidy import tidied

if TYPE_CHECKING:
    from ticketos.ai.ocr.detect import LineFinder
    from ticketos.ai.ocr.recognise import LineReader
    from ticketos.ai.ocr.turn import Uprighter

# Lines read worse than this are ink that is no text.
_NOISE = 0.5
_TESSERACT_SECONDS = 60
_SURE_OF_TURN = 2.0
_USUAL_LETTERS = 20.0


class OcrEngine(Protocol):
    """Reads the picture of a page, whichever way up and however skewed.

    Boxes refer to the picture as given. `turn`, where it is known, spares the engine finding out.
    """

    @property
    def name(self) -> str: ...

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page: ...


class RapidOcr:
    """The networks of the rapidocr wheel: lines found, set upright, and read, those of one width together, on one thread."""

    name = "rapidocr"

    @cached_property
    def _finder(self) -> LineFinder:
        from ticketos.ai.ocr.detect import LineFinder

        return LineFinder()

    @cached_property
    def _reader(self) -> LineReader:
        from ticketos.ai.ocr.recognise import LineReader

        return LineReader()

    @cached_property
    def _uprighter(self) -> Uprighter:
        from ticketos.ai.ocr.turn import Uprighter

        return Uprighter()

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
        import numpy

        from ticketos.ai.ocr.detect import cut_out
        from ticketos.ai.ocr.lines import line_words
        from ticketos.ai.ocr.recognise import strip
        from ticketos.ai.ocr.turn import turned, turned_back, turned_quad

        pixels = numpy.ascontiguousarray(numpy.asarray(image)[:, :, ::-1])  # the models were trained on BGR
        quads = self._finder.find(pixels)
        turn = self._uprighter.turn(pixels, quads) if turn is None else turn
        upright = turned(pixels, turn)
        if turn:
            quads = [turned_quad(quad, turn, image.size) for quad in quads]
        height, width = upright.shape[:2]
        slope = _slope(quads)
        found: list[Word] = []
        lines = self._reader.read_all([strip(cut_out(upright, quad)) for quad in quads])
        for quad, line in zip(quads, lines, strict=True):
            if line.score >= _NOISE:
                found += line_words(line, quad, slope, (width, height))
        if turn:
            found = [replace(word, box=turned_back(word.box, turn)) for word in found]
        return Page(number, float(width), float(height), tuple(found), "ocr", turn)


class Tesseract:
    """The tesseract program, as second reader; `languages` are its own three-letter codes."""

    name = "tesseract"

    def __init__(self, languages: Sequence[str] = ("eng",)) -> None:
        self._languages = "+".join(languages)

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
        import numpy

        from ticketos.ai.ocr import prepare
        from ticketos.ai.ocr.printed import letter_height
        from ticketos.ai.ocr.turn import turned, turned_back

        grey = numpy.asarray(image.convert("L"))
        turn = self._turn(image) if turn is None else turn
        grey = prepare.evened(turned(grey, turn))
        height, width = grey.shape[:2]
        letters = letter_height(grey)
        angle = prepare.skew(grey)
        grey = prepare.without_rules(prepare.levelled(grey, angle), letters or _USUAL_LETTERS)
        scale = prepare.enlargement(letters)
        found = []
        for word in self._words(Image.fromarray(prepare.scaled(grey, scale))):
            corners = [value / scale for value in (word.x0, word.y0, word.x1, word.y1)]
            box = fraction(*prepare.unlevelled(corners, angle, (width, height)), width, height)
            found.append(
                replace(
                    word,
                    x0=corners[0],
                    y0=corners[1],
                    x1=corners[2],
                    y1=corners[3],
                    box=turned_back(box, turn),
                )
            )
        return Page(number, float(width), float(height), tuple(found), "ocr", turn)

    def _turn(self, image: Image.Image) -> int:
        """What tesseract's own look at the page says; 0 where it has too little to go by."""
        import pytesseract

        try:
            told = pytesseract.image_to_osd(
                image, output_type=pytesseract.Output.DICT, timeout=_TESSERACT_SECONDS
            )
        except pytesseract.TesseractError:
            return 0
        # It tells the clockwise turn that makes the page upright.
        return (360 - int(told["rotate"])) % 360 if float(told["orientation_conf"]) >= _SURE_OF_TURN else 0

    def _words(self, image: Image.Image) -> list[Word]:
        import pytesseract

        image.format = "PPM"  # as such it is handed over: packing it as PNG takes longer than looking at it
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
    return tidied(engine.page(image, number))


def _slope(quads: Sequence[Sequence[tuple[float, float]]]) -> float:
    """The page's skew as rise over run, from the long lines alone (short boxes are noisy)."""
    slopes = [
        (q[1][1] - q[0][1]) / (q[1][0] - q[0][0])
        for q in quads
        if q[1][0] - q[0][0] > 4 * math.dist(q[0], q[3])
    ]
    found = median(slopes) if slopes else 0.0
    return found if abs(found) < 0.3 else 0.0
