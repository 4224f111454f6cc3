"""PDF files: attachments, text layers, and pictures of pages that have no text."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pypdfium2
import pypdfium2.raw as pdfium

from schemas.extraction import Box
from ticketos.ai.extract.drawings import areas_of_codes
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.textlayer import text_page
from ticketos.ai.ocr.page import Page

if TYPE_CHECKING:
    from PIL import Image

_POINTS_PER_INCH = 72
_OBJECTS_LOOKED_AT = 5_000
_ANNOTATIONS_LOOKED_AT = 2_000
# All pictures of a page together may have this many times the pixels of the largest one allowed.
_PICTURES_PER_PAGE = 3


class PdfFile:
    """An opened PDF. Raises Quarantined: encrypted (without or with a wrong password), truncated, unreadable,
    too-many-pages.
    """

    def __init__(self, data: bytes, limits: Limits, password: str | None = None) -> None:
        if _cut_off(data):
            raise Quarantined("truncated")
        self._limits = limits
        self._parsed: tuple[int, pypdfium2.PdfPage] | None = None
        try:
            self._document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            locked = getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
            code = ("wrong-password" if password else "encrypted") if locked else "unreadable"
            raise Quarantined(code, str(error)) from error
        if self._document.get_formtype():
            self._document.init_forms()
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
            return text_page(self._page(number), number, self._limits)
        except pypdfium2.PdfiumError as error:
            raise Quarantined("unreadable", f"page {number}: {error}") from error

    def code_pictures(self, number: int) -> Iterator[tuple[Image.Image, Box]]:
        """The places of page `number` that may hold a code: each in grey, and where it stands in fractions of the page.

        None for a page of writing and rules alone. Raises Quarantined as `picture` does.
        """
        page = self._page(number)
        areas = areas_of_codes(page)
        if not areas:
            return
        self._refuse_picture_bombs(page, number)
        width, height = page.get_size()
        scale = self._scale(page)
        for left, top, right, bottom in areas:
            bitmap = page.render(
                scale=scale, crop=(left, height - bottom, width - right, top), grayscale=True
            )
            yield bitmap.to_pil(), (left / width, top / height, right / width, bottom / height)

    def picture(self, number: int) -> Image.Image:
        """Page `number` (from 1) in RGB at the limit's resolution, coarser if it would be too many pixels."""
        page = self._page(number)
        self._refuse_picture_bombs(page, number)
        bitmap = page.render(scale=self._scale(page), rev_byteorder=True)
        image: Image.Image = bitmap.to_pil().convert("RGB")
        return image

    def _scale(self, page: pypdfium2.PdfPage) -> float:
        """Pixels per point at which a page is rendered."""
        width, height = page.get_size()
        most: float = (self._limits.pixels / max(width * height, 1.0)) ** 0.5
        return min(self._limits.render_dpi / _POINTS_PER_INCH, most)

    def _page(self, number: int) -> pypdfium2.PdfPage:
        """Page `number`, parsed once for all that is asked of it before another one is; what is filled into a form's
        fields is part of it, as for whoever looks at it in a viewer."""
        if self._parsed is None or self._parsed[0] != number:
            page = self._document[number - 1]
            if self._document.formenv is not None and _has_fields(page):
                page.flatten()
                page.close()
                page = self._document[number - 1]  # only a page parsed anew shows it
            self._parsed = number, page
        return self._parsed[1]

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
        self._parsed = None
        self._document.close()


def _has_fields(page: pypdfium2.PdfPage) -> bool:
    """Whether a page has fields of a form."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _ANNOTATIONS_LOOKED_AT)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET:
                return True
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return False


def _cut_off(data: bytes) -> bool:
    """A PDF ends with %%EOF; objects after the last one mean an update whose end is missing."""
    last = data.rfind(b"%%EOF")
    return last < 0 or re.search(rb"\d+ \d+ obj\b", data[last:]) is not None
