"""PDF files: attachments, text layers, and pictures of pages that have no text."""

from __future__ import annotations

import ctypes
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pypdfium2
import pypdfium2.raw as pdfium

from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.textlayer import text_page
from ticketos.ai.ocr.page import Page

if TYPE_CHECKING:
    from PIL import Image

_POINTS_PER_INCH = 72
_OBJECTS_LOOKED_AT = 5_000
# All pictures of a page together may have this many times the pixels of the largest one allowed.
_PICTURES_PER_PAGE = 3
# The smallest linear code has two dozen bars in one row; a square code has more squares, or one shape of many corners.
_SHAPES_OF_A_CODE = 24
_SEGMENTS_OF_A_CODE = 96
_LARGEST_SQUARE = 12.0


class PdfFile:
    """An opened PDF. Raises Quarantined: encrypted (without or with a wrong password), truncated, unreadable,
    too-many-pages.
    """

    def __init__(self, data: bytes, limits: Limits, password: str | None = None) -> None:
        if _cut_off(data):
            raise Quarantined("truncated")
        self._limits = limits
        try:
            self._document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            locked = getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
            code = ("wrong-password" if password else "encrypted") if locked else "unreadable"
            raise Quarantined(code, str(error)) from error
        self.pages = len(self._document)
        if self.pages == 0:
            raise Quarantined("empty")
        if self.pages > limits.pages:
            raise Quarantined("too-many-pages", str(self.pages))

    def xml_attachments(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each attached XML file within the size limit."""
        for index in range(self._document.count_attachments()):
            attachment = self._document.get_attachment(index)
            name = attachment.get_name()
            if not name.lower().endswith(".xml"):
                continue
            try:
                content = bytes(attachment.get_data())
            except pypdfium2.PdfiumError:
                continue  # a reference to nothing: the page itself still reads
            if len(content) <= self._limits.attachment_bytes:
                yield name, content

    def text_page(self, number: int) -> Page | None:
        """The text layer of page `number` (from 1), or None for a page that has to be read optically."""
        try:
            return text_page(self._document[number - 1], number, self._limits)
        except pypdfium2.PdfiumError as error:
            raise Quarantined("unreadable", f"page {number}: {error}") from error

    def may_hold_codes(self, number: int) -> bool:
        """Whether page `number` shows a picture, or shapes like the bars or squares of a code.

        Bars stand in one row; the rules of a table do so only by its columns.
        """
        rows: Counter[tuple[int, int]] = Counter()
        squares = 0
        page = self._document[number - 1]
        for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _OBJECTS_LOOKED_AT)):
            shown = pdfium.FPDFPage_GetObject(page.raw, index)
            kind = pdfium.FPDFPageObj_GetType(shown)
            if kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
                return True
            if kind != pdfium.FPDF_PAGEOBJ_PATH:
                continue
            if pdfium.FPDFPath_CountSegments(shown) >= _SEGMENTS_OF_A_CODE:
                return True
            left, bottom, right, top = _bounds(shown)
            squares += max(right - left, top - bottom) <= _LARGEST_SQUARE
            if right - left < top - bottom:
                rows[round(bottom), round(top)] += 1
        return squares >= _SHAPES_OF_A_CODE or max(rows.values(), default=0) >= _SHAPES_OF_A_CODE

    def picture(self, number: int) -> Image.Image:
        """Page `number` (from 1) in RGB at the limit's resolution, coarser if it would be too many pixels."""
        page = self._document[number - 1]
        self._refuse_picture_bombs(page, number)
        width, height = page.get_size()
        scale = self._limits.render_dpi / _POINTS_PER_INCH
        most = (self._limits.pixels / max(width * height, 1.0)) ** 0.5
        bitmap = page.render(scale=min(scale, most), rev_byteorder=True)
        image: Image.Image = bitmap.to_pil().convert("RGB")
        return image

    def _refuse_picture_bombs(self, page: pypdfium2.PdfPage, number: int) -> None:
        """A few kilobytes can say that they are a billion pixels: what they say is added up before it is done."""
        wide, high = ctypes.c_uint(), ctypes.c_uint()
        total = 0
        for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _OBJECTS_LOOKED_AT)):
            shown = pdfium.FPDFPage_GetObject(page.raw, index)
            if pdfium.FPDFPageObj_GetType(shown) != pdfium.FPDF_PAGEOBJ_IMAGE:
                continue
            if pdfium.FPDFImageObj_GetImagePixelSize(shown, ctypes.byref(wide), ctypes.byref(high)):
                total += wide.value * high.value
        if total > _PICTURES_PER_PAGE * self._limits.pixels:
            raise Quarantined("too-heavy", f"{total} pixels on page {number}")

    def unprotected(self) -> bytes:
        """The same file, attachments included, that opens without a password."""
        copy = io.BytesIO()
        self._document.save(copy, flags=pdfium.FPDF_REMOVE_SECURITY)
        return copy.getvalue()

    def close(self) -> None:
        self._document.close()


def _bounds(shown: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an object on a page, in points."""
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(shown, *(ctypes.byref(edge) for edge in edges))
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _cut_off(data: bytes) -> bool:
    """A PDF ends with %%EOF; objects after the last one mean an update whose end is missing."""
    last = data.rfind(b"%%EOF")
    return last < 0 or re.search(rb"\d+ \d+ obj\b", data[last:]) is not None
