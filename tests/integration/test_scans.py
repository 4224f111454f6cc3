"""Scans: turned and skewed pages, second readings, codes on the paper, several documents in one file, passwords."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy
import pypdf
import pypdfium2
import pytest
import weasyprint
import zxingcpp
from PIL import Image

from schemas.extraction import Extraction
from ticketos.ai.extract.answers import alone
from ticketos.ai.extract.reader import Reader
from ticketos.ai.extract.sandbox import ChildBounds, SandboxedReader
from ticketos.ai.ocr.agreement import compared
from ticketos.ai.ocr.engines import RapidOcr, Tesseract
from ticketos.ai.ocr.page import Page, Word, plain_text

TODAY = date(2026, 3, 1)
SMOKE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ocr_smoke"
STYLE = "<style>@page{size:A4;margin:2cm} body{font:11pt sans-serif} td{padding:4px;border:1px solid #000}</style>"
INVOICE = """<h1>TAX INVOICE</h1><b>Sunrise Stationers Ltd</b><br>12 MG Road, Bengaluru 560001<br>
<p>Invoice No.: {number}<br>Invoice Date: 14-Feb-2026</p>
<table><tr><td>Description</td><td>Qty</td><td>Amount</td></tr><tr><td>Copier paper</td><td>5</td><td>1,050.00</td></tr>
<tr><td>Grand Total</td><td></td><td>INR 1,050.00</td></tr></table>{extra}"""


def pages(*bodies: str) -> list[Image.Image]:
    html = STYLE + '<p style="page-break-after:always"></p>'.join(bodies)
    made: Any = weasyprint.HTML(string=html).write_pdf()
    document = pypdfium2.PdfDocument(made)
    return [document[index].render(scale=150 / 72).to_pil().convert("RGB") for index in range(len(document))]


def invoice(number: str = "INV-42", extra: str = "") -> str:
    return INVOICE.format(number=number, extra=extra)


def code(text: str, kind: str = "QRCode") -> str:
    """An HTML picture of a code."""
    made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
    image = Image.fromarray(numpy.array(zxingcpp.write_barcode_to_image(made, scale=4)))
    target = io.BytesIO()
    image.save(target, "PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}">'


def scan(*images: Image.Image) -> bytes:
    """The pictures as one TIFF, as a scanner's feeder makes it."""
    target = io.BytesIO()
    images[0].save(target, "TIFF", save_all=True, append_images=list(images[1:]), compression="tiff_lzw")
    return target.getvalue()


def blank() -> Image.Image:
    return Image.new("RGB", (1240, 1754), "white")


@pytest.fixture(scope="module")
def ocr() -> RapidOcr:
    return RapidOcr()


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    return pages(invoice())[0]


def read(ocr: RapidOcr, data: bytes, name: str = "a.tif") -> list[Extraction]:
    return Reader(ocr=ocr).read_all(data, name, TODAY)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_whichever_way_up_it_lies(ocr: RapidOcr, sheet: Image.Image, turn: int) -> None:
    page = ocr.page(sheet.rotate(turn, expand=True), 1)
    assert (page.turn + turn) % 360 == 0
    assert "Sunrise Stationers Ltd" in plain_text([page])
    (word,) = (word for word in page.words if word.text == "INV-42")
    straight = next(word for word in ocr.page(sheet, 1).words if word.text == "INV-42")
    # The box is on the picture as it came: turned back, it lies where it lies on the upright page.
    box = Image.new("L", (1000, 1000))
    left, top, right, bottom = (round(1000 * side) for side in word.box)
    box.paste(255, (left, top, right, bottom))
    found = box.rotate(-turn).getbbox()
    assert found is not None
    assert all(abs(side / 1000 - wanted) < 0.02 for side, wanted in zip(found, straight.box, strict=True))


@pytest.mark.parametrize("angle", [-4.0, 3.0])
def test_tesseract_reads_a_skewed_ruled_page_and_says_where(sheet: Image.Image, angle: float) -> None:
    skewed = sheet.rotate(angle, fillcolor="white", resample=Image.Resampling.BICUBIC)
    page = Tesseract().page(skewed, 1, turn=0)
    text = plain_text([page])
    assert "Grand Total" in text
    assert "1,050.00" in text
    (word,) = (word for word in page.words if word.text == "INV-42")
    first = next(word for word in RapidOcr().page(skewed, 1).words if word.text == "INV-42")
    assert abs(word.box[0] - first.box[0]) < 0.02
    assert abs(word.box[1] - first.box[1]) < 0.02


def test_two_readings_agree_word_by_word_and_dispute_what_was_changed(
    ocr: RapidOcr, sheet: Image.Image
) -> None:
    first = ocr.page(sheet, 1)
    second = Tesseract().page(sheet, 1, first.turn)
    told = compared(first, second)
    agreed = [word.agreed for word in told.words]
    assert agreed.count(True) > 0.8 * len(agreed)
    changed = replace(second, words=tuple(
        replace(word, text="1NV-4Z") if word.text == "INV-42" else word for word in second.words
    ))  # fmt: skip
    disputed = [word.text for word in compared(first, changed).words if word.agreed is False]
    assert "INV-42" in disputed


def test_a_word_that_the_second_reader_did_not_see_stays_untold() -> None:
    word = Word("7.00", 10, 10, 50, 20, (0.1, 0.1, 0.5, 0.2))
    page = Page(1, 100, 100, (word,), "ocr")
    assert compared(page, replace(page, words=())).words[0].agreed is None
    glued = replace(word, text="EUR7.00", x0=0, box=(0.0, 0.1, 0.5, 0.2))
    assert compared(page, replace(page, words=(glued,))).words[0].agreed is True


def test_a_separator_sheet_parts_two_documents(ocr: RapidOcr) -> None:
    first, separator, second = pages(invoice("INV-1"), "<br>" + code("PATCHT", "Code128"), invoice("INV-2"))
    found = read(ocr, scan(first, separator, second))
    assert [(it.part, it.parts, it.first_page, it.pages) for it in found] == [(1, 2, 1, 1), (2, 2, 3, 1)]
    assert [it.fields["number"].value for it in found] == ["INV-1", "INV-2"]
    assert found[1].fields["number"].page == 1, "a page of the document's own"
    assert found[1].public()["page_range"] == [3, 3]
    # Whoever takes one document per file is told that there are more, so that a person looks.
    (check,) = (it for it in alone(found).checks if it.name == "one_document")
    assert not check.ok
    assert "2 documents, from pages 1, 3" in check.detail
    assert not [it for it in alone(found[:1]).checks if it.name == "one_document"]


def test_a_blank_sheet_parts_two_documents_but_not_a_document_and_its_second_page(ocr: RapidOcr) -> None:
    first, second, later = pages(
        invoice("INV-1"), invoice("INV-2"), "<p>Page 2 of 2</p><p>Terms of payment</p>"
    )
    apart = read(ocr, scan(first, blank(), second))
    assert [it.fields["number"].value for it in apart] == ["INV-1", "INV-2"]
    together = read(ocr, scan(first, blank(), later))
    assert [(it.parts, it.pages) for it in together] == [(1, 3)]


def test_blank_backs_of_single_sided_sheets_part_nothing(ocr: RapidOcr) -> None:
    first, second = pages(invoice("INV-1"), "<p>Annex: delivery notes</p><p>All goods in order</p>")
    found = read(ocr, scan(first, blank(), second, blank()))
    assert [(it.parts, it.pages) for it in found] == [(1, 4)]


def test_the_code_of_an_indian_einvoice_states_the_fields_and_outweighs_a_reading(ocr: RapidOcr) -> None:
    data = {"SellerGstin": "27AAPFU0939F1ZV", "BuyerGstin": "29AAGCB7383J1Z4", "DocNo": "INV-42", "DocTyp": "INV",
            "DocDt": "14/02/2026", "TotInvVal": 1050.00, "Irn": "a" * 64}  # fmt: skip
    claims = base64.urlsafe_b64encode(json.dumps({"data": json.dumps(data), "iss": "NIC"}).encode()).decode()
    token = f"eyJhbGciOiJSUzI1NiJ9.{claims.rstrip('=')}.c2lnbmF0dXJl"
    (found,) = read(ocr, scan(pages(invoice("INV-4Z", code(token)))[0]))
    assert [it.meaning for it in found.codes] == ["einvoice-in"]
    assert found.fields["number"].value == "INV-42"
    assert found.fields["number"].source == "rule"
    assert found.fields["supplier_tax_id"].value == "27AAPFU0939F1ZV"
    assert found.fields["issue_date"].value == "2026-02-14"
    # Whoever asks without the code learns what the page says.
    (plain,) = read(ocr, scan(pages(invoice("INV-4Z"))[0]))
    assert plain.fields["number"].value != "INV-42"
    assert plain.codes == ()


@pytest.mark.parametrize(
    ("payload", "meaning", "stated"),
    [
        ("upi://pay?pa=shop@bank&pn=Sunrise%20Stationers&am=1050.00&cu=INR", "upi",
         {"supplier_name": "Sunrise Stationers", "amount_due": "1050.00", "currency": "INR"}),
        ("BCD\n002\n1\nSCT\nBFSWDE33XXX\nPapierhaus Nord GmbH\nDE89370400440532013000\nEUR1631.49\n\n\nRE-26-118", "epc",
         {"supplier_name": "Papierhaus Nord GmbH", "amount_due": "1631.49", "currency": "EUR"}),
        ("\n".join(["SPC", "0200", "1", "CH5800791123000889012", "S", "Robert Schneider AG", "Via Casa", "1268", "2501",
                    "Biel", "CH", *[""] * 7, "3949.75", "CHF", "S", "Pia Rutschmann", "Marktgasse", "28", "9400",
                    "Rorschach", "CH", "NON", "", "Bill no 3139", "EPD",
                    "//S1/10/10201409/11/190512/30/106017086"]), "swiss-qr",
         {"supplier_name": "Robert Schneider AG", "amount_due": "3949.75", "currency": "CHF",
          "buyer_name": "Pia Rutschmann", "number": "10201409", "issue_date": "2019-05-12",
          "supplier_tax_id": "CHE106017086"}),
    ],
)  # fmt: skip
def test_payment_codes_are_understood(
    ocr: RapidOcr, payload: str, meaning: str, stated: dict[str, str]
) -> None:
    (found,) = read(ocr, scan(pages(invoice(extra=code(payload)))[0]))
    (there,) = found.codes
    assert (there.meaning, there.fields) == (meaning, stated)
    assert there.box is not None
    assert found.public()["codes"][0]["meaning"] == meaning


def test_a_code_on_a_page_with_a_text_layer_is_read_too(ocr: RapidOcr) -> None:
    made: Any = weasyprint.HTML(
        string=STYLE + invoice(extra=code("upi://pay?pa=a@b&pn=Sunrise&am=1050.00"))
    ).write_pdf()
    (found,) = read(ocr, made, "a.pdf")
    assert found.engine == "pdfium"
    assert [it.meaning for it in found.codes] == ["upi"]


def locked(password: str) -> bytes:
    made: Any = weasyprint.HTML(string=STYLE + invoice()).write_pdf()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(made))
    writer.encrypt(password, algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_protected_file_opens_with_its_password_alone(caplog: pytest.LogCaptureFixture) -> None:
    data = locked("Lotus-77")
    with SandboxedReader() as reader:
        assert reader.read(data, "a.pdf").reason == "encrypted"
        assert reader.read(data, "a.pdf", password="Lotus-78").reason == "wrong-password"
        found = reader.read(data, "a.pdf", today=TODAY, password="Lotus-77")
        assert (found.status, found.fields["number"].value) == ("read", "INV-42")
        assert "Lotus" not in found.model_dump_json()
        # It is forgotten: the same process does not open the file a second time without it.
        assert reader.read(data, "a.pdf").reason == "encrypted"
    assert "Lotus" not in caplog.text


@pytest.mark.skipif(not SMOKE.is_dir(), reason="the shared sample files are not here")
def test_every_phrase_of_the_smoke_files_is_found_or_the_reason_said(ocr: RapidOcr) -> None:
    missing = []
    for name, wanted in json.loads((SMOKE / "expected.json").read_text()).items():
        found = read(ocr, (SMOKE / name).read_bytes(), name)
        text = " ".join(part.text for part in found).casefold()
        if isinstance(wanted, dict):
            assert (found[0].status, found[0].reason) == ("quarantined", "encrypted"), name
            assert found[0].reason_text
            assert not text
        else:
            missing += [(name, phrase) for phrase in wanted if phrase.casefold() not in text]
    assert not missing


DOUBTFUL = "<h1>INVOICE</h1><p>Sunrise Stationers Ltd</p><p>Goods as delivered on Monday, with our thanks</p>"
"""An invoice without a number, a date and a total: reason enough to look twice."""


class Missing:
    """A second reader whose language is not installed."""

    name = "tesseract"

    def page(self, image: Image.Image, number: int, turn: int | None = None) -> Page:
        raise RuntimeError("Failed loading language 'xyz'")


def test_where_the_second_reader_fails_the_first_ones_reading_stands(ocr: RapidOcr) -> None:
    (alone,) = read(ocr, scan(pages(DOUBTFUL)[0]))
    (found,) = Reader(ocr=ocr, second=Missing()).read_all(scan(pages(DOUBTFUL)[0]), "a.tif", TODAY)
    assert found == alone
    assert found.engine == "rapidocr"


def test_a_reading_process_asks_the_second_reader_where_it_is_set_and_the_first_is_unsure() -> None:
    with SandboxedReader(bounds=ChildBounds(second_reader="eng")) as reader:
        doubtful = reader.read(scan(pages(DOUBTFUL)[0]), "a.tif", 90.0, TODAY)
        assert doubtful.engine == "rapidocr+tesseract"
    with SandboxedReader() as reader:
        assert reader.read(scan(pages(DOUBTFUL)[0]), "a.tif", 90.0, TODAY).engine == "rapidocr"
