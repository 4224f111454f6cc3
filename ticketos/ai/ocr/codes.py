"""Barcodes on a page: what each holds and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.extraction import Box, Code
from ticketos.ai.ocr.page import fraction

if TYPE_CHECKING:
    from PIL import Image

# A code longer than the largest QR code holds is a decoder's mistake.
_LONGEST = 4296
_MOST = 40
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def read_codes(image: Image.Image, page: int, area: Box = _WHOLE) -> tuple[Code, ...]:
    """The codes on a picture of page `page` or of an `area` of it, at most forty, each value once.

    Short linear codes without a checksum are not asked for: print and tables are full of them.
    """
    import zxingcpp

    kinds = zxingcpp.barcode_formats_from_str("QRCode,DataMatrix,Aztec,PDF417,Code128,Code39,EAN13")
    found: dict[tuple[str, str], Code] = {}
    for code in zxingcpp.read_barcodes(image.convert("L"), formats=kinds, text_mode=zxingcpp.TextMode.Plain):
        text = code.text
        if not code.valid or not text.strip() or len(text) > _LONGEST:
            continue
        corners = code.position
        across = [
            it.x for it in (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
        ]
        down = [
            it.y for it in (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
        ]
        box = _within(area, fraction(min(across), min(down), max(across), max(down), *image.size))
        kind = str(code.format).rpartition(".")[2]
        found.setdefault((kind, text), Code(kind=kind, text=text, page=page, box=box))
    return tuple(list(found.values())[:_MOST])


def _within(area: Box, box: Box) -> Box:
    """A box in fractions of an area of a page, in fractions of the page."""
    left, top, right, bottom = area
    wide, high = right - left, bottom - top
    return left + box[0] * wide, top + box[1] * high, left + box[2] * wide, top + box[3] * high


# What scan bureaus print on the sheet between two documents.
_SEPARATORS = frozenset(
    ("PATCHT", "PATCH T", "PATCH-T", "PATCH2", "PATCH II", "SEPARATOR", "DOCUMENT SEPARATOR")
)


def is_separator(codes: Sequence[Code]) -> bool:
    """Whether a page with these codes stands between two documents."""
    return any(code.text.strip().upper() in _SEPARATORS for code in codes)
