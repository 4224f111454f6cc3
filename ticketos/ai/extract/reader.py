"""Reading one document: e-invoice data first, then the text layer, then the picture.

This runs on hostile input and belongs inside the sandbox (`sandbox.py`); nothing here writes a file, opens an
address or trusts a size it was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

from schemas.extraction import Extraction
from ticketos.ai.extract import confidence
from ticketos.ai.extract.analysis import Findings, from_einvoice
from ticketos.ai.extract.answers import alone, quarantine
from ticketos.ai.extract.confidence import doubtful
from ticketos.ai.extract.einvoice import EInvoice, parse_xml, read_einvoice
from ticketos.ai.extract.limits import Guard, Limits, Quarantined
from ticketos.ai.extract.memory import SupplierMemory
from ticketos.ai.extract.memory.apply import known_suppliers, understand
from ticketos.ai.extract.payloads import understood, with_codes
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.scanner import Scanner, Source
from ticketos.ai.extract.scoring.scorer import SHIPPED, Scorer
from ticketos.ai.extract.sheets import Part, parts
from ticketos.ai.extract.sniff import kind_of
from ticketos.ai.extract.suppliers import NOBODY, KnownSuppliers, SupplierIndex
from ticketos.ai.ocr.agreement import compared
from ticketos.ai.ocr.engines import OcrEngine, RapidOcr
from ticketos.ai.ocr.images import ImageFile
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
        guard: Guard | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._ocr = ocr or RapidOcr()
        self._second = second
        self._thresholds = thresholds
        self._guard = guard or Guard()
        self._memory: Sequence[SupplierMemory] = ()
        self._scorer = SHIPPED
        self._vendors: SupplierIndex = NOBODY
        self._known = KnownSuppliers()

    @property
    def limits(self) -> Limits:
        """What one document may cost."""
        return self._limits

    @property
    def ocr(self) -> OcrEngine:
        """The engine that reads pictures first."""
        return self._ocr

    def read(
        self,
        data: bytes,
        filename: str,
        today: date | None = None,
        password: str | None = None,
        memory: Sequence[SupplierMemory] = (),
        scorer: Scorer = SHIPPED,
        vendors: SupplierIndex = NOBODY,
    ) -> Extraction:
        """What the document says, or why it was quarantined; `today` (UTC by default) judges its dates.

        Of a file that holds several documents, the first, with a failed check (`alone`).
        """
        return alone(self.read_all(data, filename, today, password, memory, scorer, vendors))

    def read_all(
        self,
        data: bytes,
        filename: str,
        today: date | None = None,
        password: str | None = None,
        memory: Sequence[SupplierMemory] = (),
        scorer: Scorer = SHIPPED,
        vendors: SupplierIndex = NOBODY,
    ) -> list[Extraction]:
        """What each document of a file says, in order; at least one. `password` opens a protected PDF; `memory` is
        of the suppliers whose papers people corrected before, `scorer` what those corrections taught of all, `vendors`
        the client's own list."""
        if memory is not self._memory or vendors is not self._vendors:
            self._known = known_suppliers(memory, vendors)
        self._memory, self._scorer, self._vendors = memory, scorer, vendors
        today = today or datetime.now(UTC).date()
        try:
            with self._guard.parsing():
                kind = kind_of(data, filename, self._limits)
            if kind == "xml":
                return [self._xml(data, filename, today)]
            with self._guard.parsing():
                source: Source = (
                    PdfFile(data, self._limits, password) if kind == "pdf" else ImageFile(data, self._limits)
                )
            with closing(source):
                return self._documents(source, filename, today)
        except Quarantined as refusal:
            return [quarantine(filename, refusal.code)]
        except MemoryError:
            return [quarantine(filename, "too-heavy")]

    def _xml(self, data: bytes, filename: str, today: date) -> Extraction:
        with self._guard.parsing():
            invoice = read_einvoice(parse_xml(data))
        if invoice is None:
            raise Quarantined("unsupported", "no e-invoice")
        return self._finish(filename, from_einvoice(invoice, []), today, f"xml:{invoice.syntax}", 1)

    def _documents(self, source: Source, filename: str, today: date) -> list[Extraction]:
        scanner = Scanner(source, self._ocr, self._guard)
        with self._guard.parsing():
            invoice, broken = _attached(source) if isinstance(source, PdfFile) else (None, None)
        if invoice is not None:
            # The attachment speaks for the whole file; pages without text add nothing worth their time.
            found = from_einvoice(invoice, scanner.text_pages())
            told = self._finish(filename, found, today, f"xml:{invoice.syntax}", source.pages, broken)
            return [told.model_copy(update={"text": found.text})]
        papers = parts(list(scanner.sheets()))
        if not papers:
            raise Quarantined("empty", "no words")
        return [
            self._part(
                scanner, paper, filename, today, source.pages if len(papers) == 1 else None, broken
            ).model_copy(update={"part": index, "parts": len(papers), "first_page": paper.first})
            for index, paper in enumerate(papers, start=1)
        ]

    def _part(
        self, scanner: Scanner, paper: Part, filename: str, today: date, pages: int | None, broken: str | None
    ) -> Extraction:
        # A document among others counts its own pages: to whoever keys it, and to what is known of its supplier,
        # it is a paper like one that came alone.
        skipped = 0 if pages else paper.first - 1
        own = _from(paper.pages, skipped)
        codes = tuple(
            code.model_copy(update={"page": code.page - skipped}) for code in understood(paper.codes)
        )
        count = pages or paper.last - paper.first + 1
        found = with_codes(understand(own, self._memory, self._scorer, self._known), codes)
        engine = _engine_name(own, self._ocr.name)
        result = self._finish(filename, found, today, engine, count, broken)
        optical = any(page.source == "ocr" for page in own)
        again = self._again(scanner, paper, skipped) if optical and doubtful(result) else None
        if again:
            agreed = [compared(first, second) for first, second in zip(own, again, strict=True)]
            first = with_codes(understand(agreed, self._memory, self._scorer, self._known), codes)
            result = self._second_opinion(
                filename,
                first,
                understand(again, self._memory, self._scorer, self._known),
                today,
                engine,
                count,
            )
        return result.model_copy(update={"codes": codes, "text": found.text})

    def _again(self, scanner: Scanner, paper: Part, skipped: int) -> list[Page] | None:
        """The pages as the second reader sees them; None without one, or where it fails: what the first read stands."""
        if self._second is None:
            return None
        try:
            return _from([scanner.again(page, self._second) for page in paper.pages], skipped)
        except (OSError, RuntimeError):  # not installed, without that language, or out of time
            return None

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


def _from(pages: list[Page], skipped: int) -> list[Page]:
    """The pages with the first of them as page 1."""
    return [replace(page, number=page.number - skipped) for page in pages] if skipped else pages


def _engine_name(pages: list[Page], ocr: str) -> str:
    sources = {page.source for page in pages}
    if sources == {"ocr"}:
        return ocr
    return f"pdfium+{ocr}" if "ocr" in sources else "pdfium"
