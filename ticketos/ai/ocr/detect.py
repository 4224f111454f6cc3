"""Finding the lines of text on a page: quadrilaterals in pixels, in no order."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy

from ticketos.ai.ocr.networks import load

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""The corners of a line from its top left, clockwise as it is read."""

_MULTIPLE = 32
_BUCKET = 128
_UNCLIP = 1.6
_ENLARGE = 1.0
_ACROSS, _DOWN = 0.0, 0.0


class LineFinder:
    """The detector at a resolution that suits the page: `long_side` is the most it works on, in pixels."""

    def __init__(self, long_side: int = 1280, unclip: float = _UNCLIP) -> None:
        from rapidocr.ch_ppocr_det.utils import DBPostProcess

        self._network, _ = load("det")
        self._side = long_side
        self._shapes = DBPostProcess(
            thresh=0.3, box_thresh=0.5, max_candidates=3000, unclip_ratio=unclip, use_dilation=True
        )

    def find(self, pixels: Any) -> list[Quad]:
        """The lines of an upright BGR image."""
        height, width = pixels.shape[:2]
        scale = min(_ENLARGE, self._side / max(height, width))
        small_h, small_w = max(round(height * scale), 8), max(round(width * scale), 8)
        canvas_h, canvas_w = (math.ceil(side / _BUCKET) * _BUCKET for side in (small_h, small_w))
        small = cv2.resize(
            pixels, (small_w, small_h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        batch = numpy.ones((1, 3, canvas_h, canvas_w), dtype=numpy.float32)
        batch[0, :, :small_h, :small_w] = (small.astype(numpy.float32) / 127.5 - 1.0).transpose(2, 0, 1)
        heat = numpy.array(self._network(batch))
        boxes, _ = self._shapes(heat, (canvas_h, canvas_w))
        across, down = width / small_w, height / small_h
        found: list[Quad] = []
        for box in boxes:
            quad = tuple(
                (min(max(float(x) * across, 0.0), width - 1.0), min(max(float(y) * down, 0.0), height - 1.0))
                for x, y in box
            )
            if min(math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])) > 2:
                found.append(quad)  # type: ignore[arg-type]
        return found


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
