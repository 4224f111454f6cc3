"""What a page needs before Tesseract reads it: level lines, even light, no rules around the cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy

_LARGEST_ANGLE = 10.0
_LEVEL = 0.2
_SEARCH_SIDE = 900
_WANTED_LETTERS = 24.0
_MOST_ENLARGED = 3.0


def skew(grey: Any) -> float:
    """Degrees by which a page has to be turned counter-clockwise to be level, found where its rows of ink stand
    out most; within 10 degrees either way.
    """
    scale = min(1.0, _SEARCH_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    best, step = 0.0, 2.0
    while step >= 0.1:
        around = best if step < 2.0 else 0.0
        reach = _LARGEST_ANGLE if step == 2.0 else 2 * step
        angles = numpy.arange(around - reach, around + reach + step / 2, step)
        best = float(max(angles, key=lambda angle: _contrast(ink, float(angle))))
        step /= 4
    return best if abs(best) > _LEVEL else 0.0


def _contrast(ink: Any, angle: float) -> float:
    rows = _rotated(ink, angle, 0).sum(axis=1, dtype=numpy.float64)
    return float(((rows[1:] - rows[:-1]) ** 2).sum())


def _rotated(pixels: Any, angle: float, paper: int) -> Any:
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return cv2.warpAffine(
        pixels,
        turn,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=paper,
    )


def levelled(grey: Any, angle: float) -> Any:
    """The page turned by its `skew`, white where there was no page."""
    return _rotated(grey, angle, 255) if angle else grey


def scaled(grey: Any, scale: float) -> Any:
    """The page enlarged."""
    if scale == 1.0:
        return grey
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def unlevelled(
    corners: Sequence[float], angle: float, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """A box (left, top, right, bottom) of the levelled page, on the page before: centre and extent kept."""
    x0, y0, x1, y1 = corners
    middle_x, middle_y = size[0] / 2, size[1] / 2
    across, down = (x0 + x1) / 2 - middle_x, (y0 + y1) / 2 - middle_y
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    x, y = middle_x + cosine * across - sine * down, middle_y + sine * across + cosine * down
    return x - (x1 - x0) / 2, y - (y1 - y0) / 2, x + (x1 - x0) / 2, y + (y1 - y0) / 2


def evened(grey: Any) -> Any:
    """Shadows and yellowed paper divided out: each spot relative to the paper around it."""
    side = max(15, int(min(grey.shape) / 20) | 1)
    paper = cv2.medianBlur(cv2.dilate(grey, numpy.ones((7, 7), numpy.uint8)), min(side, 255))
    return cv2.divide(grey, paper, scale=255)


def without_rules(grey: Any, letters: float) -> Any:
    """The page without the straight lines of its tables, which Tesseract takes for letters and cell borders."""
    ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1]
    long = max(40, int(4 * letters))
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, numpy.ones((1, long), numpy.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, numpy.ones((long, 1), numpy.uint8))
    rules = cv2.dilate(cv2.bitwise_or(across, down), numpy.ones((3, 3), numpy.uint8))
    cleaned = grey.copy()
    cleaned[rules > 0] = 255
    return cleaned


def enlargement(letters: float | None) -> float:
    """How much to enlarge a page so that Tesseract sees letters of the height it was taught with."""
    if not letters:
        return 1.0
    return float(min(max(_WANTED_LETTERS / letters, 1.0), _MOST_ENLARGED))
