"""Reading one document: e-invoice data first, then the text layer, then the picture.

This runs on hostile input and belongs inside the sandbox (`sandbox.py`); nothing here writes a file, opens an
address or trusts a size it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from schemas.extraction import Check, ExtractedField, Extraction
from ticketos.ai.extract.analysis import Findings, analyse, from_einvoice
from ticketos.ai.extract.einvoice import EInvoice, parse_xml, read_einvoice
from ticketos.ai.extract.fingerprint import simhash, text_sha256
from ticketos.ai.extract.limits import REASONS, Limits, Quarantined
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.sniff import kind_of
from ticketos.ai.extract.taxid import checksum_right
from ticketos.ai.extract.totals import with_evidence
from ticketos.ai.ocr.engines import OcrEngine, RapidOcr, read_page
from ticketos.ai.ocr.images import image_pages
from ticketos.ai.ocr.page import Page
from ticketos.lines.data_entry import rules

# How much a rule's verdict says about the fields it speaks for. net_plus_tax chose the amounts, so it has
# been counted already; a checksum is right by chance one time in ten to thirty-six.
_PASSED = {"lines_sum": 12.0, "tax_by_rate": 8.0, "supplier_tax_id": 15.0, "buyer_tax_id": 15.0}
_FAILED = 0.25
_CAP = 0.995
_SECOND_AGREES, _SECOND_DIFFERS = 6.0, 0.35


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

    @property
    def limits(self) -> Limits:
        """What one document may cost."""
        return self._limits

    @property
    def ocr(self) -> OcrEngine:
        """The engine that reads pictures first."""
        return self._ocr

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
            if invoice is None and optical and self._second and _doubtful(result):
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
        if self._second and _doubtful(result):
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
        """Two engines seldom make the same mistake: what both read is likelier, what they dispute is not."""
        for name, field in first.fields.items():
            other = second.fields.get(name)
            if other is None:
                continue
            ratio = _SECOND_AGREES if other.value == field.value else _SECOND_DIFFERS
            better = other if ratio < 1 and other.confidence > field.confidence else field
            first.fields[name] = _doubted(better, ratio)
        for name in second.fields.keys() - first.fields.keys():
            first.fields[name] = _doubted(second.fields[name], _SECOND_DIFFERS)
        name = self._second.name if self._second else ""
        return self._finish(filename, first, today, f"{engine}+{name}", pages)

    def _finish(
        self,
        filename: str,
        found: Findings,
        today: date,
        engine: str,
        pages: int,
        broken_xml: str | None = None,
    ) -> Extraction:
        if not found.text.strip() and not found.fields:
            raise Quarantined("empty", "no words")
        results = list(_check(found, today))
        if found.on_page is not None:
            detail = (
                "the total of the e-invoice is printed on the page"
                if found.on_page
                else ("the total of the e-invoice is not printed on the page")
            )
            results.append(rules.CheckResult("xml_on_page", found.on_page, detail, ("total",)))
        if broken_xml is not None:
            results.append(rules.CheckResult("embedded_xml", False, broken_xml, ()))
        fields = {name: _weigh(name, field, results) for name, field in found.fields.items()}
        decisions = rules.auto_fields(
            {name: rules.FieldValue(it.value, it.confidence) for name, it in fields.items()},
            results,
            self._thresholds,
        )
        return Extraction(
            file=filename,
            type=found.type,
            status="read",
            fields={
                name: field.model_copy(
                    update={"auto": decisions[name].auto, "blocked_by": decisions[name].blocked_by}
                )
                for name, field in fields.items()
            },
            lines=found.lines,
            checks=tuple(Check(name=it.name, ok=it.ok, detail=it.detail) for it in results),
            engine=engine,
            pages=pages,
            text_sha256=text_sha256(found.text),
            simhash=simhash(found.text),
            language=found.language,
            candidates=found.candidates,
        )


def read_document(
    data: bytes, filename: str, limits: Limits | None = None, today: date | None = None
) -> Extraction:
    """Read one document with the default engines in this process. For files from outside, use the sandbox."""
    return Reader(limits).read(data, filename, today)


def quarantine(filename: str, code: str) -> Extraction:
    """The answer for a document that was not read; `code` is a key of REASONS."""
    return Extraction(
        file=filename, status="quarantined", reason=code, reason_text=REASONS[code], engine="none"
    )


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


def _check(found: Findings, today: date) -> tuple[rules.CheckResult, ...]:
    return rules.checks(
        found.type,
        {name: rules.FieldValue(field.value, field.confidence) for name, field in found.fields.items()},
        [rules.LineValue(it.quantity, it.unit_price, it.tax_rate, it.net) for it in found.lines],
        today,
        checksum_right,
    )


def _weigh(name: str, field: ExtractedField, results: list[rules.CheckResult]) -> ExtractedField:
    """The confidence after the rules: each verdict is evidence about the fields it speaks for."""
    confidence = field.confidence
    for result in results:
        if name in result.fields and not (result.name == "net_plus_tax" and field.source != "xml"):
            ratio = _PASSED.get(result.name, 1.0) if result.ok else _FAILED
            confidence = with_evidence(confidence, ratio) if ratio != 1.0 else confidence
    return field.model_copy(update={"confidence": round(min(confidence, _CAP), 3)})


def _doubted(field: ExtractedField, ratio: float) -> ExtractedField:
    confidence = min(with_evidence(field.confidence, ratio), _CAP)
    return field.model_copy(update={"confidence": round(confidence, 3)})


def _doubtful(result: Extraction) -> bool:
    """Whether a second reading is worth its time: a failed sum, or a required field that is weak or
    absent.
    """
    if any(not check.ok for check in result.checks):
        return True
    needed = rules.required_fields(result.type)
    return any(name not in result.fields or not result.fields[name].auto for name in needed)


def _engine_name(pages: list[Page], ocr: str) -> str:
    sources = {page.source for page in pages}
    if sources == {"ocr"}:
        return ocr
    return f"pdfium+{ocr}" if "ocr" in sources else "pdfium"
