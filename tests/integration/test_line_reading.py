"""The line reader: together or one by one, a line says the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from ticketos.ai.ocr.recognise import LineReader, bucket, strip

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
def reader() -> LineReader:
    """One for all tests: it takes a second to load."""
    return LineReader()


def texts(lines: Sequence[Any]) -> list[str]:
    return [line.text for line in lines]


def test_lines_read_together_say_what_each_says_alone() -> None:
    lines = strips()
    assert len({bucket(line.shape[1]) for line in lines}) > 4
    together = reader().read_all(lines)
    alone = [reader().read_all([line])[0] for line in lines]
    assert texts(together) == texts(alone)
    for one, other in zip(together, alone, strict=True):
        assert [letter.centre for letter in one.letters] == [letter.centre for letter in other.letters]
        assert one.score == pytest.approx(other.score, abs=0.02)


def test_lines_keep_the_order_they_were_given_in() -> None:
    read = reader().read_all(strips())
    assert [Levenshtein.distance(line.text, text) <= 2 for line, text in zip(read, TEXTS, strict=True)] == [
        True
    ] * len(TEXTS)


def test_no_lines_are_read_as_none() -> None:
    assert reader().read_all([]) == []
