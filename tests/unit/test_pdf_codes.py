"""Which pages of a PDF are worth rendering for a code: pictures, bars and squares are, the rules of a table are not."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile

Box = tuple[float, float, float, float]
TABLE = [
    *((40.0 + 80 * column, 600.0 - 20 * row, 0.5, 20.0) for row in range(25) for column in range(7)),
    *((40.0, 600.0 - 20 * row, 480.0, 0.5) for row in range(26)),
]
BARS = [(100.0 + 2.5 * bar, 700.0, 1.0, 30.0) for bar in range(30)]
SQUARES = [(300.0 + 2.0 * (at % 12), 700.0 + 2.0 * (at // 12), 2.0, 2.0) for at in range(0, 144, 2)]


def sheet(boxes: Iterable[Box]) -> bytes:
    """A page with filled boxes: left, bottom, width and height in points."""
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(595, 842)
    for box in boxes:
        shape = pdfium.FPDFPageObj_CreateNewRect(*box)
        pdfium.FPDFPath_SetDrawMode(shape, pdfium.FPDF_FILLMODE_WINDING, False)
        pdfium.FPDFPage_InsertObject(page.raw, shape)
    page.gen_content()
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("boxes", "worth"),
    [(TABLE, False), ([*TABLE, *BARS], True), ([*TABLE, *SQUARES], True), (BARS, True), ([], False)],
)
def test_only_pages_with_shapes_like_a_codes_are_rendered_for_one(boxes: list[Box], worth: bool) -> None:
    file = PdfFile(sheet(boxes), Limits())
    assert file.may_hold_codes(1) is worth
    file.close()
