"""Where a page of a PDF shows what a code could be: pictures, stamps, bars and squares, writing in a font of bars.

Only these places are rendered and searched: looking for codes on the whole of a page takes longer than reading it.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from ticketos.ai.extract.textlayer import upright

Area = tuple[float, float, float, float]
"""Left, top, right and bottom in points from the top left of the page as it is shown."""

_OBJECTS_LOOKED_AT = 5_000
# The smallest linear code has two dozen bars in one row; a square code has more squares, or one shape of many corners.
_SHAPES_OF_A_CODE = 24
_SEGMENTS_OF_A_CODE = 96
_LARGEST_SQUARE = 12.0
# White around a code belongs to it; pictures nearer to each other than this may be the strips of one.
_QUIET = 14.0
_SMALLEST = 8.0
# Beyond these, looking at one place after another saves nothing.
_MOST_AREAS, _MOST_OF_A_PAGE = 6, 0.6
_NO_CODES = (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_POPUP)
_FONT_OF_BARS = re.compile(
    rb"barcode|code[ _-]?(?:39|93|128)|[23]of[59]|c(?:39|128)|ean[ _-]?(?:8|13)|upc|idautomation",
    re.IGNORECASE,
)
_LONGEST_NAME = 128


def areas_of_codes(page: pypdfium2.PdfPage) -> list[Area]:
    """The places of a page that may hold a code, from the top; none for a page of writing and rules alone.

    Where they are many or most of the page, the one answer is the page.
    """
    width, height = (max(side, 1.0) for side in page.get_size())
    transform, _ = upright(page)
    found: list[Area] = []
    for left, bottom, right, top in _shown(page):
        (ax, ay), (bx, by) = transform(left, top), transform(right, bottom)
        area = (
            max(min(ax, bx) - _QUIET, 0.0),
            max(min(ay, by) - _QUIET, 0.0),
            min(max(ax, bx) + _QUIET, width),
            min(max(ay, by) + _QUIET, height),
        )
        if min(area[2] - area[0], area[3] - area[1]) >= _SMALLEST:
            found.append(area)
    apart = _apart(found)
    covered = sum((right - left) * (bottom - top) for left, top, right, bottom in apart)
    if len(apart) > _MOST_AREAS or covered > _MOST_OF_A_PAGE * width * height:
        return [(0.0, 0.0, width, height)]
    return sorted(apart, key=lambda it: (it[1], it[0]))


def _shown(page: pypdfium2.PdfPage) -> Iterator[Area]:
    """Bounds, in the page's own space, of everything on it that may be a code or hold one."""
    rows: Counter[tuple[int, int]] = Counter()
    upended: list[tuple[tuple[int, int], Area]] = []
    squares: list[Area] = []
    fonts: dict[int, bool] = {}
    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _OBJECTS_LOOKED_AT)):
        shown = pdfium.FPDFPage_GetObject(page.raw, index)
        kind = pdfium.FPDFPageObj_GetType(shown)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            if _in_bars(shown, fonts):
                yield _bounds(shown)
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            yield _bounds(shown)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            left, bottom, right, top = bounds = _bounds(shown)
            if pdfium.FPDFPath_CountSegments(shown) >= _SEGMENTS_OF_A_CODE:
                yield bounds
            if max(right - left, top - bottom) <= _LARGEST_SQUARE:
                squares.append(bounds)
            if right - left < top - bottom:
                row = (round(bottom), round(top))
                rows[row] += 1
                upended.append((row, bounds))
    if len(squares) >= _SHAPES_OF_A_CODE:
        yield from squares
    # Bars stand in one row; the rules of a table do so only by its columns.
    yield from (bounds for row, bounds in upended if rows[row] >= _SHAPES_OF_A_CODE)
    yield from _stamps(page)


def _stamps(page: pypdfium2.PdfPage) -> Iterator[Area]:
    """What was put on the page after it was made, without links, form fields and notes that open."""
    edges = pdfium.FS_RECTF()
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _OBJECTS_LOOKED_AT)):
        note = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not note:
            continue
        shows = pdfium.FPDFAnnot_GetSubtype(note) not in _NO_CODES
        if shows and pdfium.FPDFAnnot_GetRect(note, ctypes.byref(edges)):
            yield edges.left, edges.bottom, edges.right, edges.top
        pdfium.FPDFPage_CloseAnnot(note)


def _in_bars(text: Any, fonts: dict[int, bool]) -> bool:
    """Whether some writing is set in a font that by its name draws bars; each font is asked once."""
    font = pdfium.FPDFTextObj_GetFont(text)
    key = ctypes.cast(font, ctypes.c_void_p).value or 0
    if key not in fonts:
        name = ctypes.create_string_buffer(_LONGEST_NAME)
        pdfium.FPDFFont_GetBaseFontName(font, name, _LONGEST_NAME)
        fonts[key] = _FONT_OF_BARS.search(name.value) is not None
    return fonts[key]


def _apart(areas: list[Area]) -> list[Area]:
    """The areas, those that touch made one."""
    found: list[Area] = []
    for area in areas:
        joined = area
        while touching := [it for it in found if _touch(it, joined)]:
            found = [it for it in found if it not in touching]
            joined = (
                min(joined[0], *(it[0] for it in touching)),
                min(joined[1], *(it[1] for it in touching)),
                max(joined[2], *(it[2] for it in touching)),
                max(joined[3], *(it[3] for it in touching)),
            )
        found.append(joined)
    return found


def _touch(first: Area, second: Area) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]


def _bounds(shown: Any) -> Area:
    """Left, bottom, right and top of an object on a page, in points."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(
        shown, ctypes.byref(left), ctypes.byref(bottom), ctypes.byref(right), ctypes.byref(top)
    )
    return left.value, bottom.value, right.value, top.value
