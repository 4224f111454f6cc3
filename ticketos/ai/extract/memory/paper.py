"""A paper's words in a compact form, kept with a document that a person corrects: learning starts from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketos.ai.ocr.page import Page, Word, fraction

MOST_WORDS = 1500
"""Of one document; what a person corrects stands on its first pages and its last."""
_FIRST_PAGES = 3


def packed(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """The words of the first pages and the last as plain values, bounded."""
    chosen = list(pages[:_FIRST_PAGES]) + ([pages[-1]] if len(pages) > _FIRST_PAGES else [])
    kept, left = [], MOST_WORDS
    for page in chosen:
        words = page.words[:left]
        left -= len(words)
        kept.append(
            {
                "number": page.number,
                "width": round(page.width, 1),
                "height": round(page.height, 1),
                "source": page.source,
                "words": [
                    [
                        word.text[:200],
                        round(word.x0, 1),
                        round(word.y0, 1),
                        round(word.x1, 1),
                        round(word.y1, 1),
                        round(word.confidence, 3),
                    ]
                    for word in words
                ],
            }
        )
    return kept


def pages_of(kept: Sequence[Mapping[str, Any]]) -> list[Page]:
    """The pages that `packed` wrote. Boxes follow the straightened places, not the ink of a leaning scan."""
    pages = []
    for page in kept:
        width, height = float(page["width"]), float(page["height"])
        words = tuple(
            Word(text, x0, y0, x1, y1, fraction(x0, y0, x1, y1, width, height), confidence)
            for text, x0, y0, x1, y1, confidence in page["words"]
        )
        pages.append(Page(int(page["number"]), width, height, words, page["source"]))
    return pages
