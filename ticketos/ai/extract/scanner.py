"""From a file's pages to sheets: text layers where there are any, else the picture is read; codes on both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from schemas.extraction import Box, Code
from ticketos.ai.extract.limits import Guard
from ticketos.ai.extract.sheets import Sheet
from ticketos.ai.ocr.codes import is_separator, read_codes
from ticketos.ai.ocr.engines import OcrEngine, read_page
from ticketos.ai.ocr.images import is_blank
from ticketos.ai.ocr.page import Page

if TYPE_CHECKING:
    from PIL import Image


class Source(Protocol):
    """An opened file. Its methods raise Quarantined."""

    pages: int

    def text_page(self, number: int) -> Page | None:
        """The text layer of page `number` (from 1), None where there is none worth the name."""

    def code_pictures(self, number: int) -> Iterator[tuple[Image.Image, Box]]:
        """The places of a page with a text layer that may hold a code, and where on the page each is."""

    def picture(self, number: int) -> Image.Image:
        """Page `number` in RGB."""

    def close(self) -> None: ...


class Scanner:
    """Reads a file page by page; holds no more than one picture at a time."""

    def __init__(self, source: Source, ocr: OcrEngine, guard: Guard) -> None:
        self._source = source
        self._ocr = ocr
        self._guard = guard

    def sheets(self) -> Iterator[Sheet]:
        """Every page, read."""
        for number in range(1, self._source.pages + 1):
            yield self._sheet(number)
            self._guard.page_done(number)

    def text_pages(self) -> list[Page]:
        """The text layers alone, of the pages that have one."""
        with self._guard.parsing():
            found = [self._source.text_page(number) for number in range(1, self._source.pages + 1)]
        return [page for page in found if page is not None]

    def again(self, page: Page, engine: OcrEngine) -> Page:
        """A page read by another engine; one with a text layer is as it was."""
        if page.source == "text":
            return page
        with self._guard.parsing():
            picture = self._source.picture(page.number)
        read = engine.page(picture, page.number, page.turn)
        self._guard.page_done(page.number)
        return read

    def _sheet(self, number: int) -> Sheet:
        with self._guard.parsing():
            page = self._source.text_page(number)
            if page is not None:
                codes = self._codes_beside_text(number)
                return Sheet(number, page, codes, separator=is_separator(codes))
            picture = self._source.picture(number)
            blank = is_blank(picture)
            codes = () if blank else read_codes(picture, number)
        separator = is_separator(codes)
        if not blank and not separator:
            page = read_page(self._ocr, picture, number)
            blank = not page.words
        return Sheet(number, page, codes, blank and not codes, separator)

    def _codes_beside_text(self, number: int) -> tuple[Code, ...]:
        found: dict[tuple[str, str], Code] = {}
        for picture, area in self._source.code_pictures(number):
            for code in read_codes(picture, number, area):
                found.setdefault((code.kind, code.text), code)
        return tuple(found.values())
