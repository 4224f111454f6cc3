"""The line reader: together or one by one, in whole numbers or exactly, a line says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from ticketos.ai.ocr import whole_numbers
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


def test_shipped_ranges_belong_to_the_installed_model_and_change_what_is_computed() -> None:
    pytest.importorskip("openvino")
    assert len(whole_numbers.ranges_of(model_file("rec"))) > 30
    batch = batch_of(strips()[:1])
    exact, whole = (
        numpy.array(load("rec", runtime="openvino", whole=kind)[0](batch)) for kind in (False, True)
    )
    assert numpy.abs(exact - whole).max() > 1e-5


def test_another_models_ranges_are_not_used(tmp_path: Path) -> None:
    other = tmp_path / "ranges.json"
    other.write_text(json.dumps({"model": "another", "inputs": {"Relu.0:0": [0, 1]}}))
    assert whole_numbers.ranges_of(model_file("rec"), other) == {}


def test_steps_hold_nought_exactly() -> None:
    for low, high in ((0.0, 7.3), (-0.17, 4.2), (-8.6, 6.7)):
        first, last = whole_numbers._steady(low, high)
        assert first <= low
        assert last >= high
        step = (last - first) / 255
        assert abs(first / step - round(first / step)) < 1e-6
