"""Where the lines stand on a heat map: as the package that the network comes from finds them."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy
import pytest

from ticketos.ai.ocr.shapes import rectangles

UNCLIP = 1.6


def heat(*lines: tuple[tuple[float, float], tuple[float, float], float, float]) -> Any:
    """A map with slanted bars: middle, size, angle in degrees, probability."""
    painted = numpy.zeros((320, 480), numpy.float32)
    for middle, size, angle, odds in lines:
        bar = numpy.zeros_like(painted)
        cv2.fillPoly(bar, [cv2.boxPoints((middle, size, angle)).astype(numpy.int32)], odds)
        painted = numpy.maximum(painted, bar)
    return cv2.GaussianBlur(painted, (3, 3), 0)


PAGE = heat(
    ((100, 40), (120, 9), 0, 0.9),
    ((300, 60), (200, 12), 4, 0.95),
    ((240, 160), (90, 7), -12, 0.8),
    ((440, 200), (8, 120), 0, 0.9),
    ((60, 300), (100, 10), 0, 0.9),
    ((476, 20), (60, 10), 0, 0.9),  # runs off the page
    ((200, 240), (60, 8), 0, 0.4),  # too faint
    ((300, 260), (2, 2), 0, 0.9),  # dust
)


def test_lines_stand_where_the_packages_own_code_sets_them() -> None:
    theirs = pytest.importorskip("rapidocr.ch_ppocr_det.utils").DBPostProcess(
        thresh=0.3, box_thresh=0.5, max_candidates=3000, unclip_ratio=UNCLIP, use_dilation=True
    )
    wanted, _ = theirs(PAGE[None, None], PAGE.shape)
    found = rectangles(PAGE, UNCLIP)
    assert len(found) == len(wanted) == 6
    for quad in wanted:
        nearest = min(numpy.abs(numpy.array(mine) - quad).max() for mine in found)
        assert nearest <= 2.5


def test_lines_are_grown_on_every_side() -> None:
    [(first, second, third, last)] = rectangles(heat(((240, 160), (100, 10), 0, 0.9)), UNCLIP)
    wide, high = math.dist(first, second), math.dist(first, last)
    assert second[0] > first[0]
    assert third[1] > second[1]
    # 1.6 × 100 × 10 / 110 is added to both the width and the height; the blur and the thickening add a little.
    assert 112 < wide < 122
    assert 22 < high < 30


def test_no_corner_lies_beyond_the_map() -> None:
    corners = [corner for quad in rectangles(PAGE, UNCLIP) for corner in quad]
    assert all(0 <= x <= 479 and 0 <= y <= 319 for x, y in corners)


def test_an_empty_map_has_no_lines() -> None:
    assert rectangles(numpy.zeros((64, 64), numpy.float32), UNCLIP) == []
