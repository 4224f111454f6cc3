"""From the line finder's heat to the lines themselves: level or slanted rectangles around what is hot.

The rapidocr package does the same; to have its one class, a process would load its configuration, a web client and a
geometry library, seconds of the first scan. The network was taught to paint lines thinner than they are, which is why
each rectangle is grown.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""The corners of a line from its top left, clockwise as it is read."""

_HOT, _SURE = 0.3, 0.5
_MOST = 3000
_THIN, _FLAT = 3.0, 5.0
"""Sides in pixels of the heat: painted thinner than the one or still flatter than the other when grown, it is dust."""


def rectangles(heat: Any, unclip: float) -> list[Quad]:
    """The lines on a heat map of probabilities (height × width), in no order. `unclip` tells how much they are grown:
    on every side by this many times area over perimeter."""
    hot = cv2.dilate((heat > _HOT).astype(numpy.uint8), numpy.ones((2, 2), numpy.uint8))
    outlines, _ = cv2.findContours(hot, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines[:_MOST]:
        middle, (wide, high), angle = cv2.minAreaRect(outline)
        if min(wide, high) < _THIN or _warmth(heat, cv2.boxPoints((middle, (wide, high), angle))) < _SURE:
            continue
        more = unclip * wide * high / (wide + high)  # on both sides together
        if min(wide, high) + more >= _FLAT:
            grown = cv2.boxPoints((middle, (wide + more, high + more), angle))
            found.append(_in_reading_order(grown, heat.shape))
    return found


def _warmth(heat: Any, corners: Any) -> float:
    """The mean probability within a rectangle."""
    high, wide = heat.shape
    left, top = (max(math.floor(edge), 0) for edge in corners.min(axis=0))
    right, bottom = (
        min(math.ceil(edge) + 1, end) for edge, end in zip(corners.max(axis=0), (wide, high), strict=True)
    )
    if right <= left or bottom <= top:
        return 0.0
    within = numpy.zeros((bottom - top, right - left), numpy.uint8)
    cv2.fillConvexPoly(within, (corners - (left, top)).astype(numpy.int32), 1)
    return float(cv2.mean(heat[top:bottom, left:right], within)[0])


def _in_reading_order(corners: Any, shape: tuple[int, int]) -> Quad:
    """The corners from the top left, clockwise, none beyond the map's edge."""
    high, wide = shape
    points = sorted(
        (min(max(float(x), 0.0), wide - 1.0), min(max(float(y), 0.0), high - 1.0)) for x, y in corners
    )
    (top_left, bottom_left), (top_right, bottom_right) = (
        sorted(side, key=lambda point: point[1]) for side in (points[:2], points[2:])
    )
    return top_left, top_right, bottom_right, bottom_left
