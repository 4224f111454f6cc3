"""The part of a page with letters: margins go, ink near other ink stays, and a line keeps its place on the page."""

from __future__ import annotations

import random
from typing import Any

import cv2
import numpy
import pytest
from PIL import Image, ImageDraw, ImageFont

from ticketos.ai.ocr.printed import letter_height, printed_area
from ticketos.ai.ocr.recognise import bucket, strip

WIDTH, HEIGHT = 1400, 2000


def page(lines: dict[tuple[int, int], str], size: int = 28, shade: int = 0) -> Any:
    """A grey page with lines of text, each at its left and top."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=size)
    for place, text in lines.items():
        draw.text(place, text, fill=shade, font=font)
    return numpy.asarray(picture)


BILL = {(300, 400 + 60 * row): f"{row} Copier paper A4 80 gsm, 12 reams 1,284.0{row}" for row in range(9)}


def area(grey: Any) -> tuple[int, int, int, int]:
    letters = letter_height(grey)
    assert letters is not None
    return printed_area(grey, letters)


def test_margins_are_no_part_of_it() -> None:
    left, top, right, bottom = area(page(BILL))
    assert 150 < left <= 300
    assert 250 < top <= 400
    assert 900 <= right < 1300
    assert 905 <= bottom < 1060


def test_a_few_letters_far_from_the_rest_are_in_it() -> None:
    left, top, right, bottom = area(
        page({**BILL, (1250, 60): "Page 1/2", (40, 1900): "GSTIN 27AAPFU0939F1ZV"})
    )
    assert left <= 40
    assert top <= 60
    assert right >= 1350
    assert bottom >= 1930


def test_pale_print_is_in_it() -> None:
    grey = page(BILL).copy()
    pale = page({(300, 1700): "Amounts are due within 30 days"}, shade=235)
    assert area(numpy.minimum(grey, pale))[3] >= 1730


def test_a_headline_is_in_it() -> None:
    title = page({(320, 120): "INVOICE"}, size=110)
    assert area(numpy.minimum(page(BILL), title))[1] <= 140


def test_specks_and_dust_are_none() -> None:
    grey, chance = page(BILL).copy(), random.Random(4)
    for _ in range(60):
        cv2.circle(grey, (chance.randrange(WIDTH), chance.randrange(HEIGHT)), chance.choice((1, 2, 7)), 0, -1)
    found = area(grey)
    assert (found[2] - found[0]) * (found[3] - found[1]) < 0.6 * WIDTH * HEIGHT


def test_without_letters_nearby_the_whole_page_is_said() -> None:
    grey = numpy.full((HEIGHT, WIDTH), 255, numpy.uint8)
    assert printed_area(grey, 20.0) == (0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize("turn", range(4))
def test_no_ink_of_a_page_on_its_side_or_head_is_cut_off(turn: int) -> None:
    grey = numpy.ascontiguousarray(numpy.rot90(page(BILL), turn))
    left, top, right, bottom = area(grey)
    down, across = numpy.nonzero(grey < 128)
    assert left < across.min()
    assert across.max() < right
    assert top < down.min()
    assert down.max() < bottom
    assert (right - left) * (bottom - top) < 0.4 * WIDTH * HEIGHT


@pytest.mark.parametrize(
    ("wide", "drawn"),
    [(40, 40), (66, 64), (70, 70), (130, 128), (133, 128), (140, 140), (660, 640), (700, 700)],
)
def test_a_line_a_little_too_long_for_a_canvas_is_pressed_into_it(wide: int, drawn: int) -> None:
    found = strip(numpy.zeros((48, wide, 3), numpy.uint8)).shape[1]
    assert found == drawn
    assert bucket(found) <= bucket(wide)
