"""The sheets of a file, and where one document ends and the next begins.

A stack put through a scanner as one file is parted at sheets with a separator's barcode and at blank sheets. The
blank back of a single-sided sheet is no separator: where every second sheet is blank, or the next sheet says that
it is the second or a later page, the document goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.extraction import Code
from ticketos.ai.ocr.page import Page


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a file: its words (None for an unread or blank one) and the codes on it."""

    number: int
    page: Page | None
    codes: tuple[Code, ...] = ()
    blank: bool = False
    separator: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a file: its sheets from the first that says something to the last."""

    sheets: tuple[Sheet, ...]

    @property
    def first(self) -> int:
        return self.sheets[0].number

    @property
    def last(self) -> int:
        return self.sheets[-1].number

    @property
    def pages(self) -> list[Page]:
        return [sheet.page for sheet in self.sheets if sheet.page is not None]

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(code for sheet in self.sheets for code in sheet.codes)


def parts(sheets: Sequence[Sheet]) -> list[Part]:
    """The documents of a file in order; none for a file of nothing but blank sheets and separators."""
    backs = _blank_backs(sheets)
    found: list[list[Sheet]] = [[]]
    blank_since = False
    for sheet in sheets:
        if sheet.separator:
            found.append([])
            blank_since = False
        elif sheet.blank:
            blank_since = True
        else:
            if blank_since and not backs and found[-1] and not _continues(sheet):
                found.append([])
            blank_since = False
            found[-1].append(sheet)
    return [Part(tuple(group)) for group in found if group]


def _blank_backs(sheets: Sequence[Sheet]) -> bool:
    """Whether blank sheets are the backs of single-sided ones: each second sheet, at least twice."""
    stack = [sheet for sheet in sheets if not sheet.separator]
    backs = [sheet.blank for sheet in stack[1::2]]
    return len(backs) >= 2 and all(backs) and not any(sheet.blank for sheet in stack[::2])


_LATER_PAGE = re.compile(
    r"\b(?:page|seite|pagina|página|blatt|pág|pag|p)\b\.?\s*:?\s*(\d{1,3})\s*(?:of|von|de|di|/|sur)?\s*(\d{1,3})?\b",
    re.IGNORECASE,
)


def _continues(sheet: Sheet) -> bool:
    """Whether a sheet says that it is page 2 or later."""
    if sheet.page is None:
        return False
    for row in (*sheet.page.rows[:4], *sheet.page.rows[-4:]):
        found = _LATER_PAGE.search(row.text)
        if found and int(found[1]) > 1 and (found[2] is None or int(found[2]) >= int(found[1])):
            return True
    return False
