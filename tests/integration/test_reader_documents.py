"""The reader on real PDF and image files made here: layouts of three languages, scans, turned pages."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date
from typing import Any

import pypdf
import pypdfium2
import pytest
import weasyprint
from PIL import Image

from schemas.extraction import Extraction
from ticketos.ai.extract.limits import Limits
from ticketos.ai.extract.pdf import PdfFile
from ticketos.ai.extract.reader import Reader, read_document
from ticketos.ai.ocr.engines import Tesseract

TODAY = date(2026, 3, 1)

STYLE = """<style>@page{size:A4;margin:2cm} body{font:10pt sans-serif} h1{font-size:18pt} table{width:100%;
border-collapse:collapse} td,th{padding:3px;text-align:left} .n{text-align:right}
.sum{width:45%;margin-left:55%}</style>"""

ENGLISH = """<h1>TAX INVOICE</h1><b>Sunrise Stationers Pvt Ltd</b><br>12 MG Road, Bengaluru 560001
<br>GSTIN: 27AAPFU0939F1ZV
<table style="margin:12px 0"><tr><td><b>Bill To</b><br>Acme Retail Ltd<br>4 Park Street
<br>Kolkata 700016</td>
<td>Invoice No.: INV-2026/0042<br>Invoice Date: 14-Feb-2026<br>Due Date: 16/03/2026
<br>PO Number: PO-7781</td></tr></table>
<table><tr><th>Description</th><th>Qty</th><th class=n>Unit Price</th><th class=n>Amount</th></tr>
<tr><td>Copier paper A4, 80 gsm</td><td>500</td><td class=n>210.00</td><td class=n>1,05,000.00</td></tr>
<tr><td>Box files, blue</td><td>40</td><td class=n>95.50</td><td class=n>3,820.00</td></tr></table>
<table class=sum><tr><td>Sub Total</td><td class=n>₹1,08,820.00</td></tr><tr><td>CGST 9%</td>
<td class=n>₹9,793.80</td></tr>
<tr><td>SGST 9%</td><td class=n>₹9,793.80</td></tr><tr><td>Grand Total</td>
<td class=n>₹1,28,407.60</td></tr></table>"""

GERMAN = """<p><small>Papierhaus Nord GmbH · Hafenstraße 9 · 20457 Hamburg</small></p>
<p>Muster Handel AG<br>Lindenallee 3<br>50667 Köln</p>
<h1>Rechnung</h1><p>Rechnungsnummer: RE-26-118<br>Rechnungsdatum: 05.02.2026<br>Fällig am: 07.03.2026
<br>USt-IdNr.: DE136695976</p>
<table><tr><th>Bezeichnung</th><th>Menge</th><th class=n>Einzelpreis</th><th class=n>Betrag</th></tr>
<tr><td>Ordner breit</td><td>30</td><td class=n>4,20 €</td><td class=n>126,00 €</td></tr>
<tr><td>Drehstuhl</td><td>5</td><td class=n>249,00 €</td><td class=n>1.245,00 €</td></tr></table>
<table class=sum><tr><td>Nettobetrag</td><td class=n>1.371,00 €</td></tr><tr><td>MwSt. 19 %</td>
<td class=n>260,49 €</td></tr>
<tr><td>Gesamtbetrag</td><td class=n>1.631,49 €</td></tr></table>"""

FRENCH = """<b>Papeterie du Rhône SARL</b><br>8 rue Victor Hugo<br>69002 Lyon<br>N° TVA : FR11999999998
<h1>Avoir</h1><p>Avoir n° : AV-2026-07<br>Date d'émission : 3 février 2026
<br>Facturé à : Boutique Lumière SAS</p>
<table><tr><th>Désignation</th><th>Quantité</th><th class=n>Prix unitaire</th>
<th class=n>Montant HT</th></tr>
<tr><td>Cahiers reliés</td><td>100</td><td class=n>12,50 €</td><td class=n>1 250,00 €</td></tr></table>
<table class=sum><tr><td>Total HT</td><td class=n>1 250,00 €</td></tr><tr><td>TVA 20 %</td>
<td class=n>250,00 €</td></tr>
<tr><td>Total TTC</td><td class=n>1 500,00 €</td></tr></table>"""

ORDER = """<b>Acme Retail Ltd</b><br>4 Park Street, Kolkata 700016<h1>PURCHASE ORDER</h1>
<p>PO No: PO-7781<br>PO Date: 2026-02-01</p><p>Vendor:<br>Sunrise Stationers Pvt Ltd
<br>12 MG Road, Bengaluru 560001</p>
<table><tr><th>Item</th><th>Qty</th><th class=n>Rate</th><th class=n>Amount</th></tr>
<tr><td>Copier paper A4</td><td>500</td><td class=n>210.00</td><td class=n>105,000.00</td></tr></table>
<table class=sum><tr><td>Total</td><td class=n>₹ 105,000.00</td></tr></table>"""

RECEIPT_STYLE = "<style>@page{size:80mm 190mm;margin:4mm} body{font:9pt monospace} td{padding:1px}</style>"
RECEIPT = """<center><b>CITY MART SDN BHD</b><br>No. 5, Jalan Besar<br>81100 Johor Bahru<br>RECEIPT</center>
<p>Date: 25/12/2025 18:04</p><table style="width:100%"><tr><td>Milk 1L</td><td align=right>7.90</td></tr>
<tr><td>Bread</td><td align=right>4.10</td></tr><tr><td>TOTAL</td><td align=right>RM 12.00</td></tr>
<tr><td>CASH</td><td align=right>20.00</td></tr><tr><td>CHANGE</td><td align=right>8.00</td></tr></table>"""


def pdf(body: str, style: str = STYLE, pages: int = 1) -> bytes:
    break_page = '<p style="page-break-after:always"></p>'
    made: Any = weasyprint.HTML(string=style + break_page.join([body] * pages)).write_pdf()
    return bytes(made)


def picture(data: bytes, turn: float = 0, dpi: int = 150, kind: str = "PNG") -> bytes:
    page = pypdfium2.PdfDocument(data)[0]
    image = page.render(scale=dpi / 72).to_pil().convert("RGB")
    if turn:
        image = image.rotate(turn, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def read(data: bytes, name: str = "a.pdf") -> Extraction:
    return read_document(data, name, today=TODAY)


def fields(found: Extraction) -> dict[str, str | None]:
    return {name: field.value for name, field in found.fields.items()}


ENGLISH_FIELDS = {
    "supplier_name": "Sunrise Stationers Pvt Ltd",
    "supplier_address": "12 MG Road, Bengaluru 560001",
    "supplier_tax_id": "27AAPFU0939F1ZV",
    "buyer_name": "Acme Retail Ltd",
    "number": "INV-2026/0042",
    "issue_date": "2026-02-14",
    "due_date": "2026-03-16",
    "currency": "INR",
    "net_total": "108820.00",
    "tax_total": "19587.60",
    "total": "128407.60",
    "po_number": "PO-7781",
}


def test_an_indian_invoice_with_lakhs_and_two_taxes_is_read_whole() -> None:
    found = read(pdf(ENGLISH))
    assert (found.type, found.language, found.engine) == ("invoice", "en", "pdfium")
    assert fields(found) == ENGLISH_FIELDS
    assert [(it.description, it.quantity, it.unit_price, it.net) for it in found.lines] == [
        ("Copier paper A4, 80 gsm", "500", "210.00", "105000.00"),
        ("Box files, blue", "40", "95.50", "3820.00"),
    ]
    assert all(check.ok for check in found.checks)
    assert found.fields["total"].auto


def test_a_german_letter_is_read_with_the_buyer_in_its_window() -> None:
    found = read(pdf(GERMAN))
    assert (found.type, found.language) == ("invoice", "de")
    assert fields(found) == {
        "supplier_name": "Papierhaus Nord GmbH",
        "supplier_address": "Hafenstraße 9, 20457 Hamburg",
        "supplier_tax_id": "DE136695976",
        "buyer_name": "Muster Handel AG",
        "number": "RE-26-118",
        "issue_date": "2026-02-05",
        "due_date": "2026-03-07",
        "currency": "EUR",
        "net_total": "1371.00",
        "tax_total": "260.49",
        "total": "1631.49",
    }
    assert [line.net for line in found.lines] == ["126.00", "1245.00"]


def test_a_french_credit_note_is_told_from_an_invoice_and_read() -> None:
    found = read(pdf(FRENCH))
    assert (found.type, found.language) == ("credit_note", "fr")
    expected = {
        "supplier_name": "Papeterie du Rhône SARL",
        "supplier_tax_id": "FR11999999998",
        "buyer_name": "Boutique Lumière SAS",
        "number": "AV-2026-07",
        "issue_date": "2026-02-03",
        "net_total": "1250.00",
        "tax_total": "250.00",
        "total": "1500.00",
    }
    assert {name: fields(found).get(name) for name in expected} == expected


def test_on_an_order_the_letterhead_is_the_buyer() -> None:
    found = read(pdf(ORDER))
    assert found.type == "purchase_order"
    expected = {
        "buyer_name": "Acme Retail Ltd",
        "supplier_name": "Sunrise Stationers Pvt Ltd",
        "number": "PO-7781",
        "issue_date": "2026-02-01",
        "total": "105000.00",
    }
    assert {name: fields(found).get(name) for name in expected} == expected


def test_a_till_receipt_is_read_from_its_picture_and_confirmed_by_cash_and_change() -> None:
    found = read(picture(pdf(RECEIPT, RECEIPT_STYLE), dpi=200), "a.png")
    assert (found.type, found.engine) == ("receipt", "rapidocr")
    expected = {
        "supplier_name": "CITY MART SDN BHD",
        "issue_date": "2025-12-25",
        "total": "12.00",
        "currency": "MYR",
    }
    assert {name: fields(found).get(name) for name in expected} == expected
    assert found.fields["total"].source == "ocr"
    assert found.fields["total"].confidence > 0.9


def test_every_value_read_has_a_page_and_a_box_around_its_ink() -> None:
    found = read(pdf(ENGLISH))
    box = found.fields["number"].box
    assert box is not None
    left, top, right, bottom = box
    assert 0.45 < left < right < 0.95
    assert 0.1 < top < bottom < 0.4
    assert found.fields["number"].page == 1


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_stored_turned_reads_like_the_upright_one(turn: int) -> None:
    upright = read(pdf(ENGLISH))
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(ENGLISH)))
    for page in writer.pages:
        page.rotate(turn)
        page.transfer_rotation_to_content()
        page.rotate(-turn)
    # The content now lies turned and the page's own rotation sets it upright again.
    for page in writer.pages:
        page.rotate(0)
    target = io.BytesIO()
    writer.write(target)
    turned = read(target.getvalue())
    assert fields(turned) == fields(upright)


@pytest.mark.parametrize("turn", [0, 2.5, 90])
def test_a_scan_that_lies_crooked_or_sideways_gives_the_same_figures(turn: float) -> None:
    found = read(picture(pdf(ENGLISH), turn=turn, dpi=130), "scan.png")
    names = ("number", "issue_date", "net_total", "tax_total", "total")
    assert {name: fields(found).get(name) for name in names} == {name: ENGLISH_FIELDS[name] for name in names}
    box = found.fields["total"].box
    assert box is not None
    if turn == 90:
        assert box[3] - box[1] > box[2] - box[0]


def test_a_pdf_that_is_only_a_picture_is_read_optically() -> None:
    image = Image.open(io.BytesIO(picture(pdf(GERMAN)))).convert("RGB")
    target = io.BytesIO()
    image.save(target, "PDF", resolution=150)
    found = read(target.getvalue())
    assert found.engine == "rapidocr"
    assert fields(found)["total"] == "1631.49"


def test_all_pages_of_a_tiff_are_read() -> None:
    image = Image.open(io.BytesIO(picture(pdf(RECEIPT, RECEIPT_STYLE)))).convert("L")
    target = io.BytesIO()
    image.save(target, "TIFF", save_all=True, append_images=[image])
    assert read(target.getvalue(), "a.tiff").pages == 2
    assert read_document(target.getvalue(), "a.tiff", Limits(pages=1)).reason == "too-many-pages"


def test_a_second_engine_is_asked_when_the_first_leaves_doubt_and_is_named() -> None:
    reader = Reader(second=Tesseract())
    found = reader.read(picture(pdf(GERMAN), dpi=200), "a.png", TODAY)
    assert found.engine == "rapidocr+tesseract"
    assert fields(found)["total"] == "1631.49"


def test_the_same_text_in_another_file_has_the_same_fingerprint() -> None:
    assert read(pdf(ENGLISH)).text_sha256 == read(pdf(ENGLISH + "<p></p>")).text_sha256
    assert read(pdf(ENGLISH)).text_sha256 != read(pdf(GERMAN)).text_sha256


def test_reading_a_text_layer_does_not_load_the_optical_reader() -> None:
    program = (
        "import sys; from ticketos.ai.extract.reader import read_document;"
        "found = read_document(sys.stdin.buffer.read(), 'a.pdf');"
        "assert found.status == 'read', found;"
        "print(sorted(m for m in sys.modules if m in ('onnxruntime', 'openvino', 'rapidocr', 'cv2', 'pytesseract')))"
    )
    ran = subprocess.run([sys.executable, "-c", program], input=pdf(ENGLISH), capture_output=True, check=True)
    assert ran.stdout.strip() == b"[]"


FORM = """<b>Acme Retail Ltd</b><br>4 Park Street, Kolkata 700016<h1>PURCHASE ORDER</h1>
<form>PO No: <input name=number type=text value="{number}"><br>PO Date: <input name=date value="{date}"><br>
Vendor: <input name=vendor value="{vendor}"><br>Total: <input name=total value="{total}"></form>"""


def form(html: str) -> bytes:
    style = "<style>input{appearance:auto;width:9cm}</style>"
    made: Any = weasyprint.HTML(string=style + html).write_pdf(pdf_forms=True)
    return bytes(made)


def test_what_was_typed_into_the_fields_of_a_form_is_read_and_seen() -> None:
    filled = FORM.format(
        number="PO-7781", date="2026-02-01", vendor="Sunrise Stationers Pvt Ltd", total="INR 105,000.00"
    )
    made, empty = (form(html) for html in (filled, FORM.format(number="", date="", vendor="", total="")))
    found = fields(read(made))
    assert (found["number"], found["issue_date"], found["total"]) == ("PO-7781", "2026-02-01", "105000.00")
    assert found["supplier_name"] == "Sunrise Stationers Pvt Ltd"
    ink = []
    for data in (made, empty):
        file = PdfFile(data, Limits())
        ink.append(sum(file.picture(1).convert("L").histogram()[:128]))
        file.close()
    assert ink[0] > 1.1 * ink[1], "a person sees the same picture"
