"""The part of a page that letters stand on: margins cost the finder of lines as much as text does."""

from __future__ import annotations

from typing import Any

import cv2
import numpy

Area = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are just outside."""

_FEWEST_LETTERS = 20
_OUTLINE = 8.0
# How much darker than its surroundings ink is, of 255; for the area paler ink counts too, since none may be cut off.
_DARK, _PALE = 15, 8
_CELL, _NEIGHBOURS, _MARGIN = 2.0, 3, 2


def letter_height(grey: Any) -> float | None:
    """The usual height of a letter in pixels, from the ink alone; None for a page with hardly any."""
    half = (
        cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if grey.shape[0] > 2600 else grey
    )
    letters = _letters(half, _DARK, 6, 120)
    if len(letters) < _FEWEST_LETTERS:
        return None
    usual: float = numpy.median(letters[:, 3]) * grey.shape[0] / half.shape[0]
    return usual


def printed_area(grey: Any, letters: float) -> Area:
    """The least upright rectangle around all marks that look like letters and stand near others, with a margin.

    `letters` is the page's `letter_height`. Specks and shadows count as little as blank paper; where nothing is found,
    the whole page is said.
    """
    height, width = grey.shape
    scale = min(_OUTLINE / letters, 1.0)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    usual = letters * scale
    marks = _letters(small, _PALE, 0.4 * usual, 8 * usual)
    cell = _CELL * usual
    count = numpy.zeros((int(small.shape[0] / cell) + 1, int(small.shape[1] / cell) + 1), numpy.float32)
    across, down = marks[:, 0] + marks[:, 2] / 2, marks[:, 1] + marks[:, 3] / 2
    numpy.add.at(count, ((down / cell).astype(int), (across / cell).astype(int)), 1)
    around = cv2.boxFilter(count, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    rows, columns = numpy.nonzero((around >= _NEIGHBOURS) & (count > 0))
    if not len(rows):
        return 0, 0, width, height
    step = cell / scale
    return (
        max(int((columns.min() - _MARGIN) * step), 0),
        max(int((rows.min() - _MARGIN) * step), 0),
        min(int((columns.max() + 1 + _MARGIN) * step), width),
        min(int((rows.max() + 1 + _MARGIN) * step), height),
    )


def _letters(grey: Any, darker: int, least: float, most: float) -> Any:
    """Left, top, width, height and ink of each mark of a letter's proportions; dots, rules and pictures are none."""
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, darker)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    wide, high, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    like = (
        (high >= least) & (high <= most) & (wide <= 3 * high) & (8 * wide >= high) & (8 * area >= wide * high)
    )
    return stats[1:][like]
