"""PDF files: attachments, the text layer with its boxes, and pictures of pages that have no text."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pypdfium2
import pypdfium2.raw as pdfium

from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.ocr.page import Page, Word, fraction

if TYPE_CHECKING:
    from PIL import Image

# A page with fewer legible words than this is a picture with a stamp or page number on it.
_FEWEST_WORDS = 4
_CID = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff\ufffd]")
_POINTS_PER_INCH = 72


class PdfFile:
    """An opened PDF. Raises Quarantined: encrypted, truncated, unreadable, too-many-pages."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        if _cut_off(data):
            raise Quarantined("truncated")
        self._data = data
        self._limits = limits
        try:
            self._document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            locked = getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
            raise Quarantined("encrypted" if locked else "unreadable", str(error)) from error
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

    def text_pages(self) -> Iterator[Page | None]:
        """Each page's text layer, or None for a page that has to be read optically."""
        import pdfplumber
        from pdfminer.pdfexceptions import PDFException
        from pdfplumber.utils.exceptions import PdfminerException

        logging.getLogger("pdfminer").setLevel(logging.ERROR)
        try:
            with pdfplumber.open(io.BytesIO(self._data)) as document:
                for page in document.pages:
                    yield _text_page(page, self._limits)
                    page.close()
        except (PDFException, PdfminerException, RecursionError) as error:
            raise Quarantined("unreadable", f"{type(error).__name__}: {error}") from error

    def picture(self, number: int) -> Image.Image:
        """Page `number` (from 1) in RGB at the limit's resolution, coarser if it would be too many pixels."""
        page = self._document[number - 1]
        width, height = page.get_size()
        scale = self._limits.render_dpi / _POINTS_PER_INCH
        most = (self._limits.pixels / max(width * height, 1.0)) ** 0.5
        bitmap = page.render(scale=min(scale, most), rev_byteorder=True)
        image: Image.Image = bitmap.to_pil().convert("RGB")
        return image

    def close(self) -> None:
        self._document.close()


def _cut_off(data: bytes) -> bool:
    """A PDF ends with %%EOF; objects after the last one mean an update whose end is missing."""
    last = data.rfind(b"%%EOF")
    return last < 0 or re.search(rb"\d+ \d+ obj\b", data[last:]) is not None


def _text_page(page: Any, limits: Limits) -> Page | None:
    raw = page.extract_words(x_tolerance_ratio=0.15, y_tolerance=2)
    if len(raw) > limits.words_per_page:
        raise Quarantined("too-heavy", f"{len(raw)} words on page {page.page_number}")
    left, top, right, bottom = (float(edge) for edge in page.bbox)
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    words = []
    for item in raw:
        x0, y0 = float(item["x0"]) - left, float(item["top"]) - top
        x1, y1 = float(item["x1"]) - left, float(item["bottom"]) - top
        # Ink outside the page or of no height is not what a person sees.
        if x1 <= x0 or y1 <= y0 or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
            continue
        words.append(Word(item["text"], x0, y0, x1, y1, fraction(x0, y0, x1, y1, width, height)))
    legible = [word for word in words if not _CID.search(word.text)]
    if len(legible) < _FEWEST_WORDS or len(legible) < len(words) * 0.7:
        return None
    return Page(page.page_number, width, height, tuple(words), "text")
