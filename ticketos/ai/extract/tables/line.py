"""One line of a table, with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.extraction import ExtractedLine
from ticketos.ai.ocr.page import Word


@dataclass(frozen=True)
class Line:
    """A line with the words of its rows, for showing where it stands."""

    values: ExtractedLine
    words: tuple[Word, ...]
    page: int
