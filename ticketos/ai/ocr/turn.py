"""Which way up a page lies, told from its lines before any of them is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy

from ticketos.ai.ocr.detect import cut_out
from ticketos.ai.ocr.networks import load
from ticketos.ai.ocr.shapes import Point, Quad

Turn = int
"""Degrees counter-clockwise that make a page upright: 0, 90, 180 or 270."""

_HEIGHT, _WIDTH = 48, 192
_ASKED, _AGREED = 9, 5
_SURE = 0.8


class Uprighter:
    """Tells the turn of a page with the direction classifier on its longest lines (2 ms each)."""

    def __init__(self) -> None:
        self._network, _ = load("cls")

    def turn(self, pixels: Any, quads: Sequence[Quad]) -> Turn:
        """The turn that sets the page upright; 0 where too few lines are sure."""
        long = [quad for quad in quads if _stretch(quad) > 2.5]
        if len(long) < 2:
            return 0
        sideways = sum(_tall(quad) for quad in long) > len(long) / 2
        lines = sorted((quad for quad in long if _tall(quad) == sideways), key=_length, reverse=True)[:_ASKED]
        # A tall line is cut out laid on its side, as it reads after a turn by 90 degrees.
        sure: list[bool] = []
        for quad in lines:
            head, odds = self._upside_down(cut_out(pixels, quad))
            if odds >= _SURE:
                sure.append(head)
            if len(sure) >= _AGREED and len(set(sure)) == 1:
                break
        over = len(sure) >= 2 and sum(sure) > 0.6 * len(sure)
        if sideways:
            return 270 if over else 90
        return 180 if over else 0

    def _upside_down(self, crop: Any) -> tuple[bool, float]:
        height, width = crop.shape[:2]
        wide = min(max(math.ceil(width * _HEIGHT / height), 8), _WIDTH)
        # The start of a line at its own proportions says more than all of it squeezed.
        start = crop[:, : max(1, math.ceil(wide * height / _HEIGHT))]
        batch = numpy.zeros((1, 3, _HEIGHT, _WIDTH), dtype=numpy.float32)
        scaled = cv2.resize(start, (wide, _HEIGHT), interpolation=cv2.INTER_AREA)
        batch[0, :, :, :wide] = (scaled.astype(numpy.float32) / 127.5 - 1.0).transpose(2, 0, 1)
        upright, over = (float(odds) for odds in self._network(batch)[0])
        return over > upright, max(upright, over)


def turned(pixels: Any, turn: Turn) -> Any:
    """The picture turned counter-clockwise."""
    return numpy.ascontiguousarray(numpy.rot90(pixels, turn // 90)) if turn else pixels


def turned_quad(quad: Quad, turn: Turn, size: tuple[int, int]) -> Quad:
    """Where a line of a picture of `size` (width, height) stands after the turn, its corners in reading order."""
    width, height = size

    def moved(point: Point) -> Point:
        x, y = point
        return {0: (x, y), 90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[turn]

    points = sorted(moved(point) for point in quad)
    (top_left, bottom_left), (top_right, bottom_right) = (
        sorted(side, key=lambda point: point[1]) for side in (points[:2], points[2:])
    )
    return top_left, top_right, bottom_right, bottom_left


def turned_back(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """A box (in fractions) of the turned page, on the page as it was."""
    x0, y0, x1, y1 = box
    if turn == 90:
        return (1 - y1, x0, 1 - y0, x1)
    if turn == 270:
        return (y0, 1 - x1, y1, 1 - x0)
    return (1 - x1, 1 - y1, 1 - x0, 1 - y0) if turn == 180 else box


def _tall(quad: Quad) -> bool:
    return math.dist(quad[0], quad[3]) > math.dist(quad[0], quad[1])


def _length(quad: Quad) -> float:
    return max(math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3]))


def _stretch(quad: Quad) -> float:
    return _length(quad) / max(min(math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])), 1.0)
