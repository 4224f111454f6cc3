"""Finding the lines of text on a page: quadrilaterals in pixels, in no order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy

from ticketos.ai.ocr.networks import load
from ticketos.ai.ocr.printed import letter_height, printed_area
from ticketos.ai.ocr.shapes import Quad, rectangles

_BUCKET = 64
_UNCLIP = 1.6
# Letters of this height are found surely; larger ones cost time, smaller ones get lost.
_LETTERS = 12.5
_USUAL_SIDE, _LEAST_SIDE, _MOST_SIDE, _ENLARGE = 1280, 640, 1664, 2.0
# Memory grows with the picture: half a gigabyte per million pixels beyond the networks themselves.
_MOST_PIXELS = 1_400_000
_ACROSS, _DOWN = 0.0, 0.0


@dataclass(frozen=True, slots=True)
class Printed:
    """A part of a page as the network takes it (1 × 3 × height × width): its left and top on the page, and how many of
    the page's pixels one of its own is, across and down."""

    batch: Any
    left: int
    top: int
    across: float
    down: float


class LineFinder:
    """The detector, at a resolution that suits the page's letters."""

    def __init__(self, unclip: float = _UNCLIP, whole: bool | None = None) -> None:
        self._network, _ = load("det", whole=whole)
        self._unclip = unclip

    def batch(self, pixels: Any) -> Printed:
        """What the network is given of a BGR image: the part with letters, at the scale it likes."""
        height, width = pixels.shape[:2]
        grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        letters = letter_height(grey)
        left, top, right, bottom = printed_area(grey, letters) if letters else (0, 0, width, height)
        part = pixels[top:bottom, left:right]
        scale = _scale(letters, width, height)
        small_h, small_w = max(round((bottom - top) * scale), 8), max(round((right - left) * scale), 8)
        canvas_h, canvas_w = (math.ceil(side / _BUCKET) * _BUCKET for side in (small_h, small_w))
        small = cv2.resize(
            part, (small_w, small_h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        batch = numpy.ones((1, 3, canvas_h, canvas_w), dtype=numpy.float32)
        batch[0, :, :small_h, :small_w] = (small.astype(numpy.float32) / 127.5 - 1.0).transpose(2, 0, 1)
        return Printed(batch, left, top, (right - left) / small_w, (bottom - top) / small_h)

    def find(self, pixels: Any) -> list[Quad]:
        """The lines of an upright BGR image."""
        height, width = pixels.shape[:2]
        printed = self.batch(pixels)
        heat = self._network(printed.batch)[0, 0]
        found: list[Quad] = []
        for box in rectangles(heat, self._unclip):
            quad = tuple(
                (
                    min(max(printed.left + x * printed.across, 0.0), width - 1.0),
                    min(max(printed.top + y * printed.down, 0.0), height - 1.0),
                )
                for x, y in box
            )
            if min(math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])) > 2:
                found.append(quad)  # type: ignore[arg-type]
        return found


def _scale(letters: float | None, width: int, height: int) -> float:
    """How much to shrink or enlarge a page so that its letters are as high as the network likes."""
    side = max(width, height)
    wanted = _LETTERS / letters if letters else _USUAL_SIDE / side
    most = (_MOST_PIXELS / (width * height)) ** 0.5
    return float(min(max(wanted, _LEAST_SIDE / side), most, _MOST_SIDE / side, _ENLARGE))


def cut_out(pixels: Any, quad: Quad) -> Any:
    """The picture of one line, straightened; a line set upwards is laid down."""
    quad = _wider(quad)
    width = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]), 1.0)
    height = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]), 1.0)
    target = numpy.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=numpy.float32)
    turn = cv2.getPerspectiveTransform(numpy.array(quad, dtype=numpy.float32), target)
    crop = cv2.warpPerspective(
        pixels,
        turn,
        (math.ceil(width), math.ceil(height)),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return numpy.rot90(crop) if height >= 1.5 * width else crop


def _wider(quad: Quad) -> Quad:
    high = math.dist(quad[0], quad[3])
    wide = max(math.dist(quad[0], quad[1]), 1.0)
    ax, ay = (
        (quad[1][0] - quad[0][0]) / wide * high * _ACROSS,
        (quad[1][1] - quad[0][1]) / wide * high * _ACROSS,
    )
    dx, dy = (quad[3][0] - quad[0][0]) * _DOWN, (quad[3][1] - quad[0][1]) * _DOWN
    (a, b), (c, d), (e, f), (g, h) = quad
    return (
        (a - ax - dx, b - ay - dy),
        (c + ax - dx, d + ay - dy),
        (e + ax + dx, f + ay + dy),
        (g - ax + dx, h - ay + dy),
    )
