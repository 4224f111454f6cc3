"""Reading one document: e-invoice data first, then the text layer, then the picture.

This runs on hostile input and belongs inside the sandbox (`sandbox.py`); nothing here writes a file, opens an
address or trusts a size it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from schemas.extraction import Extraction
from ticketos.ai.extract import confidence
from ticketos.ai.extract.analysis import Findings, analyse, from_einvoice
from ticketos.ai.extract.confidence import doubtful
from ticketos.ai.extract.confidence import quarantine as quarantine
from ticketos.ai.extract.einvoice import EInvoice, parse_xml, read_einvoice
from ticketos.ai.extract.limits import Limits, Quarantined
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.sniff import kind_of
from ticketos.ai.ocr.engines import OcrEngine, RapidOcr, read_page
from ticketos.ai.ocr.images import image_pages
from ticketos.ai.ocr.page import Page
from ticketos.lines.data_entry import rules


class Reader:
    """Reads documents in this process. `second` is asked when the first optical reading is doubtful."""

    def __init__(
        self,
        limits: Limits | None = None,
        ocr: OcrEngine | None = None,
        second: OcrEngine | None = None,
        thresholds: Mapping[str, float] = rules.DEFAULT_THRESHOLDS,
    ) -> None:
        self._limits = limits or Limits()
        self._ocr = ocr or RapidOcr()
        self._second = second
        self._thresholds = thresholds

    def read(self, data: bytes, filename: str, today: date | None = None) -> Extraction:
        """What the document says, or why it was quarantined; `today` (UTC by default) judges its dates."""
        today = today or datetime.now(UTC).date()
        try:
            kind = kind_of(data, filename, self._limits)
            if kind == "xml":
                return self._xml(data, filename, today)
            if kind == "pdf":
                return self._pdf(data, filename, today)
            return self._image(data, filename, today)
        except Quarantined as refusal:
            return quarantine(filename, refusal.code)
        except MemoryError:
            return quarantine(filename, "too-heavy")

    def _xml(self, data: bytes, filename: str, today: date) -> Extraction:
        invoice = read_einvoice(parse_xml(data))
        if invoice is None:
            raise Quarantined("unsupported", "no e-invoice")
        return self._finish(filename, from_einvoice(invoice, []), today, f"xml:{invoice.syntax}", 1)

    def _pdf(self, data: bytes, filename: str, today: date) -> Extraction:
        file = PdfFile(data, self._limits)
        try:
            invoice, broken = _attached(file)
            pages, optical = self._pdf_pages(file, with_pictures=invoice is None)
            if invoice is not None:
                found, engine = from_einvoice(invoice, pages), f"xml:{invoice.syntax}"
            else:
                found, engine = analyse(pages), _engine_name(pages, self._ocr.name)
            result = self._finish(filename, found, today, engine, file.pages, broken)
            if invoice is None and optical and self._second and doubtful(result):
                again, _ = self._pdf_pages(file, with_pictures=True, engine=self._second)
                result = self._second_opinion(filename, found, analyse(again), today, engine, file.pages)
            return result
        finally:
            file.close()

    def _pdf_pages(
        self, file: PdfFile, with_pictures: bool, engine: OcrEngine | None = None
    ) -> tuple[list[Page], bool]:
        pages, optical = [], False
        for number in range(1, file.pages + 1):
            page = file.text_page(number)
            if page is None and with_pictures:
                optical = True
                page = read_page(engine or self._ocr, file.picture(number), number)
            if page is not None:
                pages.append(page)
        return pages, optical

    def _image(self, data: bytes, filename: str, today: date) -> Extraction:
        first = self._image_read(data, self._ocr)
        result = self._finish(filename, analyse(first), today, self._ocr.name, len(first))
        if self._second and doubtful(result):
            again = analyse(self._image_read(data, self._second))
            return self._second_opinion(filename, analyse(first), again, today, self._ocr.name, len(first))
        return result

    def _image_read(self, data: bytes, engine: OcrEngine) -> list[Page]:
        return [
            read_page(engine, image, number)
            for number, image in enumerate(image_pages(data, self._limits), start=1)
        ]

    def _second_opinion(
        self, filename: str, first: Findings, second: Findings, today: date, engine: str, pages: int
    ) -> Extraction:
        name = self._second.name if self._second else ""
        found = confidence.second_opinion(first, second)
        return self._finish(filename, found, today, f"{engine}+{name}", pages)

    def _finish(
        self,
        filename: str,
        found: Findings,
        today: date,
        engine: str,
        pages: int,
        broken_xml: str | None = None,
    ) -> Extraction:
        return confidence.conclude(filename, found, today, engine, pages, broken_xml, self._thresholds)


def read_document(
    data: bytes, filename: str, limits: Limits | None = None, today: date | None = None
) -> Extraction:
    """Read one document with the default engines in this process. For files from outside, use the sandbox."""
    return Reader(limits).read(data, filename, today)


def _attached(file: PdfFile) -> tuple[EInvoice | None, str | None]:
    """The first attached e-invoice that parses, and the fault of one that does not."""
    broken = None
    for name, content in file.xml_attachments():
        try:
            invoice = read_einvoice(parse_xml(content))
        except Quarantined as fault:
            broken = f"{name}: {fault}"
            continue
        if invoice is not None and invoice.fields:
            return invoice, None
    return None, broken


def _engine_name(pages: list[Page], ocr: str) -> str:
    sources = {page.source for page in pages}
    if sources == {"ocr"}:
        return ocr
    return f"pdfium+{ocr}" if "ocr" in sources else "pdfium"
