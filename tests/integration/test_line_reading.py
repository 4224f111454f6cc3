"""The line reader: together or one by one, in whole numbers or exactly, a line says the same."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from ticketos.ai.ocr import whole_numbers
from ticketos.ai.ocr.detect import LineFinder
from ticketos.ai.ocr.networks import load, model_file
from ticketos.ai.ocr.recognise import LineReader, batch_of, bucket, strip

TEXTS = (
    "7", "Total", "INV-2026/0042", "Invoice No.: 4711", "Grand Total 1,28,407.60", "12 MG Road, Bengaluru 560001",
    "14-Feb-2026", "Copier paper A4, 80 gsm", "Rechnungsdatum 03.11.2026", "Sunrise Stationers Pvt Ltd",
    "Summe netto 1.080,00 EUR, zzgl. 19 % Umsatzsteuer 205,20 EUR", "GSTIN: 27AAPFU0939F1ZV", "Qty", "9", "E-mail",
    "Amounts are due within 30 days of the date of this invoice; interest of 1.5 % a month is charged from then on.",
)  # fmt: skip


def strips() -> list[Any]:
    """Each text as a line of a page."""
    font = ImageFont.load_default(size=30)
    made = []
    for text in TEXTS:
        left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
        picture = Image.new("RGB", (right - left + 16, bottom - top + 12), "white")
        ImageDraw.Draw(picture).text((8 - left, 6 - top), text, fill="black", font=font)
        made.append(strip(numpy.asarray(picture)))
    return made


@cache
def reader(whole: bool) -> LineReader:
    """One that computes in whole numbers, or exactly."""

    class Chosen(LineReader):
        def __init__(self) -> None:
            super().__init__()
            self._network, _ = load("rec", self.classes, whole=whole)

    return Chosen()


def texts(lines: Sequence[Any]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize("whole", [False, True])
def test_lines_read_together_say_what_each_says_alone(whole: bool) -> None:
    lines = strips()
    assert len({bucket(line.shape[1]) for line in lines}) > 4
    together = reader(whole).read_all(lines)
    alone = [reader(whole).read_all([line])[0] for line in lines]
    assert texts(together) == texts(alone)
    for one, other in zip(together, alone, strict=True):
        assert [letter.centre for letter in one.letters] == [letter.centre for letter in other.letters]
        assert one.score == pytest.approx(other.score, abs=0.02)


def test_lines_keep_the_order_they_were_given_in() -> None:
    read = reader(False).read_all(strips())
    assert [Levenshtein.distance(line.text, text) <= 2 for line, text in zip(read, TEXTS, strict=True)] == [
        True
    ] * len(TEXTS)


def test_whole_numbers_read_the_same() -> None:
    exact, whole = (texts(reader(kind).read_all(strips())) for kind in (False, True))
    letters = sum(map(len, exact))
    assert sum(map(Levenshtein.distance, exact, whole)) <= letters / 100


def test_no_lines_are_read_as_none() -> None:
    assert reader(False).read_all([]) == []


@pytest.mark.parametrize(("part", "most", "fewest"), [("rec", 43, 25), ("det", 66, 40)])
def test_most_but_not_all_of_each_installed_model_is_listed(part: str, most: int, fewest: int) -> None:
    """Those that change what the network says when rounded stay exact."""
    assert fewest < len(whole_numbers.ranges_of(part, model_file(part))) < most


def test_whole_numbers_change_what_is_computed() -> None:
    pytest.importorskip("openvino")
    batch = batch_of(strips()[:1])
    exact, whole = (
        numpy.array(load("rec", runtime="openvino", whole=kind)[0](batch)) for kind in (False, True)
    )
    assert numpy.abs(exact - whole).max() > 1e-5


def test_another_models_ranges_are_not_used(tmp_path: Path) -> None:
    other = tmp_path / "ranges.json"
    other.write_text(json.dumps({"rec": {"model": "another", "inputs": {"Relu.0:0": [0, 1]}}}))
    assert whole_numbers.ranges_of("rec", model_file("rec"), other) == {}
    assert whole_numbers.ranges_of("det", model_file("det"), other) == {}


@pytest.mark.parametrize(("low", "high"), [(0.0, 7.3), (-0.17, 4.2), (-8.6, 6.7), (-3.0, 0.0), (0.4, 2.0)])
def test_steps_hold_nought_exactly_and_the_whole_range_within_half_a_step(low: float, high: float) -> None:
    first, last = whole_numbers.steady(low, high)
    step = (last - first) / 255
    assert abs(first / step - round(first / step)) < 1e-6
    assert first <= low + step / 2
    assert last >= high - step / 2
    assert step <= (max(high, 0.0) - min(low, 0.0)) / 255 + 1e-9


def page() -> Any:
    """The texts under each other, as a page in BGR."""
    font = ImageFont.load_default(size=22)
    picture = Image.new("RGB", (1300, 60 * len(TEXTS) + 40), "white")
    for place, text in enumerate(TEXTS):
        ImageDraw.Draw(picture).text((40, 30 + 60 * place), text, fill="black", font=font)
    return numpy.asarray(picture)


def test_lines_stand_where_they_stood_when_found_in_whole_numbers() -> None:
    pytest.importorskip("openvino")
    exact, whole = (LineFinder(whole=kind).find(page()) for kind in (False, True))
    assert len(exact) == len(whole) >= len(TEXTS) - 1
    for quad in exact:
        nearest = min(whole, key=lambda other: math.dist(other[0], quad[0]))
        assert max(math.dist(a, b) for a, b in zip(quad, nearest, strict=True)) <= 4
