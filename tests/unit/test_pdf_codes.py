"""Which places of a PDF are worth rendering for a code: pictures, bars and squares are, the rules of a table are not."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp
from PIL import Image

from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.ocr.codes import read_codes

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
    assert bool(list(file.code_pictures(1))) is worth
    file.close()


def stamped(places: Iterable[tuple[Image.Image, float, float, float]], rotation: int = 0) -> bytes:
    """A page of writing with pictures on it: left, bottom and width of each in points."""
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(595, 842)
    for picture, left, bottom, width in places:
        shown = pypdfium2.PdfImage.new(document)
        shown.set_bitmap(pypdfium2.PdfBitmap.from_pil(picture))
        height = width * picture.height / picture.width
        shown.set_matrix(pypdfium2.PdfMatrix(width, 0, 0, height, left, bottom))
        page.insert_obj(shown)
    page.gen_content()
    page.set_rotation(rotation)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def code(kind: zxingcpp.BarcodeFormat, text: str) -> Image.Image:
    pixels = numpy.array(zxingcpp.create_barcode(text, kind).to_image(scale=8))
    return Image.fromarray(pixels).convert("RGB")


LOGO = Image.new("RGB", (90, 60), (20, 60, 140))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_codes_are_found_where_they_stand_without_a_look_at_the_rest_of_the_page(rotation: int) -> None:
    square = code(zxingcpp.BarcodeFormat.QRCode, "upi://pay?pa=shop@bank&am=120.00")
    bars = code(zxingcpp.BarcodeFormat.Code128, "INV-2026-0042")
    data = stamped([(LOGO, 40, 760, 90), (square, 450, 60, 80), (bars, 60, 300, 160)], rotation)
    file = PdfFile(data, Limits())
    parts = list(file.code_pictures(1))
    found = {it.text: it for picture, area in parts for it in read_codes(picture, 1, area)}
    whole = {it.text: it for it in read_codes(file.picture(1), 1)}
    page = file.picture(1)
    file.close()
    assert set(found) == set(whole) == {"upi://pay?pa=shop@bank&am=120.00", "INV-2026-0042"}
    for text, it in found.items():
        assert it.kind == whole[text].kind
        assert it.box == pytest.approx(whole[text].box, abs=0.01)
    seen = sum(picture.width * picture.height for picture, _ in parts)
    assert seen < 0.2 * page.width * page.height


def test_the_strips_of_one_picture_are_looked_at_together() -> None:
    square = code(zxingcpp.BarcodeFormat.QRCode, "in two halves")
    half = square.height // 2
    upper, lower = square.crop((0, 0, square.width, half)), square.crop((0, half, square.width, 2 * half))
    data = stamped([(upper, 300, 440, 80), (lower, 300, 440 - 80 * half / square.width, 80)])
    file = PdfFile(data, Limits())
    found = [it.text for picture, area in file.code_pictures(1) for it in read_codes(picture, 1, area)]
    file.close()
    assert found == ["in two halves"]


def test_a_page_of_many_pictures_is_looked_at_whole() -> None:
    data = stamped([(LOGO, 40 + 180 * (at % 3), 100 + 200 * (at // 3), 60) for at in range(9)])
    file = PdfFile(data, Limits())
    assert [area for _, area in file.code_pictures(1)] == [(0.0, 0.0, 1.0, 1.0)]
    file.close()
