"""The sample documents: exact truth, valid numbers, real variety, and files that are what they say."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import time
import zlib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import facturx
import pdfplumber
import pypdfium2 as pdfium
import pytest
from lxml import etree
from PIL import Image
from pypdf import PdfReader
from stdnum import iban
from stdnum.de import vat as german_vat
from stdnum.fr import tva as french_vat
from stdnum.gb import vat as british_vat
from stdnum.in_ import gstin

from ticketos.dev.sim import documents
from ticketos.dev.sim.documents.canvas import FAMILIES, Canvas, faces
from ticketos.dev.sim.documents.layouts import LAYOUTS
from ticketos.dev.sim.documents.parties import company

TAXED_KINDS: tuple[documents.Kind, ...] = ("invoice", "receipt", "purchase_order", "credit_note")
CENT = Decimal("0.01")


def text_of(document: documents.SampleDocument) -> str:
    pdf = pdfium.PdfDocument(document.content)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)
    finally:
        pdf.close()


def tokens(text: str) -> set[str]:
    return set(text.replace(",", " ").split())


@pytest.mark.parametrize("country", documents.COUNTRIES)
@pytest.mark.parametrize("kind", TAXED_KINDS)
def test_lines_taxes_and_totals_add_up_exactly(kind: documents.Kind, country: documents.Country) -> None:
    for seed in range(12):
        truth = documents.generate(kind, seed, country=country, buyer_seed=seed).truth
        by_rate: dict[Decimal, Decimal] = {}
        for line in truth.lines:
            assert line.unit_price is not None
            assert line.tax_rate is not None
            assert line.net is not None
            assert Decimal(line.quantity) * Decimal(line.unit_price) == Decimal(line.net)
            rate = Decimal(line.tax_rate)
            by_rate[rate] = by_rate.get(rate, Decimal(0)) + Decimal(line.net)
        net, tax, total = (Decimal(truth.fields[name] or "") for name in ("net_total", "tax_total", "total"))
        assert sum(by_rate.values()) == net
        assert net + tax == total
        whole = sum((base * rate / 100).quantize(CENT, ROUND_HALF_UP) for rate, base in by_rate.items())
        halves = sum(2 * (base * rate / 200).quantize(CENT, ROUND_HALF_UP) for rate, base in by_rate.items())
        assert tax in ({whole, halves} if country == "IN" else {whole})


@pytest.mark.parametrize("country", documents.COUNTRIES)
def test_tax_and_bank_numbers_pass_their_official_checks(country: documents.Country) -> None:
    valid = {"IN": gstin, "DE": german_vat, "FR": french_vat, "GB": british_vat}[country].is_valid
    companies = [company(country, seed) for seed in range(60)]
    assert all(valid(one.tax_id) for one in companies)
    assert country == "IN" or all(iban.is_valid(one.account) for one in companies)
    first = companies[0].tax_id
    assert not valid(first[:-1] + ("0" if first[-1] != "0" else "1"))


def test_an_indian_tax_number_names_the_state_of_the_address() -> None:
    for seed in range(30):
        one = company("IN", seed)
        assert gstin.info(one.tax_id)["state"] == one.region


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
@pytest.mark.parametrize("country", ["IN", "DE"])
def test_every_value_of_the_truth_can_be_read_from_the_text(layout: int, country: documents.Country) -> None:
    for kind in documents.KINDS:
        document = documents.generate(kind, 40 + layout, layout=layout, country=country)
        text = text_of(document)
        flat = " ".join(text.split())
        fields = document.truth.fields
        for name in ("supplier_tax_id", "buyer_tax_id", "number", "po_number"):
            assert str(fields[name] or "") in flat, (kind, name)
        for name in ("supplier_name", "buyer_name", "supplier_address"):
            assert tokens(fields[name] or "") <= tokens(text), (kind, name)
        for amount in ("total", "net_total"):
            value = fields[amount]
            assert value is None or value.replace(".", "") in flat.replace(",", "").replace(".", ""), (
                kind,
                amount,
            )


def test_every_letter_the_typefaces_offer_is_read_back_as_itself() -> None:
    for family in FAMILIES:
        offered = sorted(char for face in faces(family)[:1] for char in face.characters if not char.isspace())
        canvas = Canvas(family)
        for row in range(0, len(offered), 20):
            canvas.text(40, 40 + row, " ".join(offered[row : row + 20]))
        with pdfplumber.open(io.BytesIO(canvas.finish(dt.date(2025, 1, 6)))) as pdf:
            assert sorted(pdf.pages[0].extract_text().split()) == offered


def test_number_and_date_formats_are_those_of_the_country() -> None:
    indian = documents.generate("invoice", 4, country="IN", vendor_seed=3)
    german = documents.generate("invoice", 1, country="DE", vendor_seed=3)
    total = Decimal(german.truth.fields["total"] or "")
    assert f"{total:,.2f}".translate(str.maketrans(",.", ".,")) in text_of(german)
    issued = dt.date.fromisoformat(german.truth.fields["issue_date"] or "")
    assert any(f"{issued:{pattern}}" in text_of(german) for pattern in ("%d.%m.%Y", "%d.%m.%y", "%-d. "))
    lakhs = next(
        d
        for d in (documents.generate("invoice", s) for s in range(50))
        if float(d.truth.fields["total"] or 0) > 1e5
    )
    whole = (lakhs.truth.fields["total"] or "").split(".")[0]
    assert f"{whole[-5:-3]},{whole[-3:]}" in text_of(lakhs)
    assert indian.truth.fields["currency"] == "INR"


def test_in_state_sales_split_the_tax_and_others_do_not() -> None:
    texts = {"in": "", "out": ""}
    for seed in range(60):
        document = documents.generate("invoice", seed, country="IN", buyer_seed=seed)
        supplier, buyer = (document.truth.fields[name] or "" for name in ("supplier_tax_id", "buyer_tax_id"))
        where = "in" if supplier[:2] == buyer[:2] else "out"
        texts[where] = texts[where] or text_of(document)
    assert "CGST" in texts["in"]
    assert "SGST" in texts["in"]
    assert "IGST" not in texts["in"]
    assert "IGST" in texts["out"]
    assert "CGST" not in texts["out"]


def test_the_same_request_gives_the_same_bytes_in_every_form() -> None:
    early = {
        form: documents.generate("invoice", 7, country="DE", form=form, damage=0.5)
        for form in documents.FORMS
    }
    time.sleep(1.1)  # libraries stamp the clock by the second
    for form, first in early.items():
        assert documents.generate("invoice", 7, country="DE", form=form, damage=0.5) == first, form
        assert documents.generate("invoice", 8, country="DE", form=form, damage=0.5).content != first.content


def test_a_supplier_recurs_with_its_name_tax_number_layout_and_number_pattern() -> None:
    first, second, other = (
        documents.generate("invoice", seed, vendor_seed=vendor)
        for seed, vendor in ((1, 11), (2, 11), (1, 12))
    )
    for name in ("supplier_name", "supplier_address", "supplier_tax_id"):
        assert first.truth.fields[name] == second.truth.fields[name]
        assert first.truth.fields[name] != other.truth.fields[name]
    assert first.truth.fields["number"] != second.truth.fields["number"]
    letters = [f"{d.truth.fields['number']}".rstrip("0123456789") for d in (first, second)]
    assert letters[0].rstrip("-/0123456789") == letters[1].rstrip("-/0123456789")
    top = [text_of(document).splitlines()[0] for document in (first, second)]
    assert top[0] == top[1]


def test_no_two_layouts_put_the_same_things_in_the_same_places() -> None:
    places = set()
    for index, layout in enumerate(LAYOUTS):
        document = documents.generate("invoice", 3, layout=index, vendor_seed=3)
        with pdfplumber.open(io.BytesIO(document.content)) as pdf:
            words = pdf.pages[0].extract_words()
        number = next(word for word in words if str(document.truth.fields["number"]) in word["text"])
        places.add((round(number["x0"] / 10), round(number["top"] / 10), layout.table, layout.family))
    assert len(places) == len(LAYOUTS) >= 8


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_nothing_runs_off_the_page_even_with_many_lines(layout: int) -> None:
    cases: list[tuple[documents.Kind, documents.Country, int]] = [
        ("invoice", "IN", 1),
        ("invoice", "FR", 3),
        ("inventory", "DE", 2),
    ]
    for kind, country, pages in cases:
        for seed in (5, 17):
            document = documents.generate(kind, seed, layout=layout, country=country, pages=pages)
            with pdfplumber.open(io.BytesIO(document.content)) as pdf:
                assert len(pdf.pages) == pages
                for page in pdf.pages:
                    for word in page.extract_words():
                        assert word["x0"] >= 0, (kind, word["text"])
                        assert word["x1"] <= page.width, (kind, word["text"])
                        assert word["bottom"] <= page.height, (kind, word["text"])


def test_a_receipt_is_narrow_and_as_long_as_its_lines() -> None:
    receipts = [documents.generate("receipt", seed) for seed in range(12)]
    sizes = []
    for receipt in receipts:
        pdf = pdfium.PdfDocument(receipt.content)
        sizes.append(pdf[0].get_size())
        pdf.close()
    assert {round(width) for width, _ in sizes} == {226}
    counts = [len(receipt.truth.lines) for receipt in receipts]
    shortest, longest = counts.index(min(counts)), counts.index(max(counts))
    assert sizes[shortest][1] < sizes[longest][1]


def test_kinds_show_what_they_have_and_nothing_else() -> None:
    goods = documents.generate("goods_receipt", 3).truth
    assert goods.fields["total"] is None
    assert goods.fields["po_number"]
    assert all(line.net is None and line.quantity for line in goods.lines)
    stock = documents.generate("inventory", 3).truth
    assert stock.fields["supplier_name"] is None
    assert sum(Decimal(line.net or "") for line in stock.lines) == Decimal(stock.fields["total"] or "")
    for kind in documents.KINDS:
        truth = documents.generate(kind, 3).truth
        assert truth.type == kind
        assert set(documents.FIELD_NAMES) <= set(truth.fields)


def test_an_amount_due_appears_only_where_it_differs_from_the_total() -> None:
    truths = [documents.generate("invoice", seed, country="DE").truth for seed in range(60)]
    prepaid = [truth for truth in truths if "amount_due" in truth.fields]
    assert 0 < len(prepaid) < 30
    assert all(Decimal(t.fields["amount_due"] or "") < Decimal(t.fields["total"] or "") for t in prepaid)


def test_a_scan_has_no_text_layer_and_the_text_pdf_of_it_has() -> None:
    text, scan = (documents.generate("invoice", 6, form=form, pages=2) for form in ("text_pdf", "scan_pdf"))
    assert text.truth == scan.truth
    assert text_of(text).strip()
    assert not text_of(scan).strip()
    assert len(PdfReader(io.BytesIO(scan.content)).pages) == 2


def test_more_damage_moves_the_picture_further_from_the_clean_one() -> None:
    def picture(damage: float) -> Image.Image:
        content = documents.generate("invoice", 6, form="image_png", damage=damage).content
        return Image.open(io.BytesIO(content)).convert("L").resize((400, 566))

    clean = picture(0)
    distances = []
    for damage in (0.1, 0.5, 1.0):
        pairs = zip(clean.tobytes(), picture(damage).tobytes(), strict=True)
        distances.append(math.sqrt(sum((a - b) ** 2 for a, b in pairs)))
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_images_are_of_the_type_their_name_says() -> None:
    for form, kind in (("image_png", "PNG"), ("image_jpeg", "JPEG")):
        document = documents.generate("receipt", 6, form=form, damage=0.4)  # type: ignore[arg-type]
        image = Image.open(io.BytesIO(document.content))
        assert image.format == kind
        assert document.content_type == f"image/{kind.lower()}"
        assert document.filename.endswith({"PNG": ".png", "JPEG": ".jpg"}[kind])


@pytest.mark.parametrize("country", documents.COUNTRIES)
@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_structured_invoices_pass_the_official_schemas(
    kind: documents.Kind, country: documents.Country
) -> None:
    for seed in range(6):
        cii = documents.generate(kind, seed, country=country, form="einvoice_xml_cii")
        ubl = documents.generate(kind, seed, country=country, form="einvoice_xml_ubl")
        assert facturx.xml_check_xsd(cii.content, flavor="factur-x", level="en16931")
        assert facturx.xml_check_xsd(ubl.content, flavor="ubl")
        fields = cii.truth.fields
        for document in (cii, ubl):
            root = etree.fromstring(document.content)
            values = {element.text for element in root.iter() if element.text}
            for name in ("number", "supplier_name", "supplier_tax_id", "buyer_name", "net_total", "total"):
                assert fields[name] in values, name
            assert {line.description for line in document.truth.lines} <= values
            assert (fields["buyer_tax_id"] in values) == (fields["buyer_tax_id"] is not None)


def test_the_schema_check_refuses_an_invoice_without_a_number() -> None:
    ubl = documents.generate("invoice", 1, country="DE", form="einvoice_xml_ubl")
    root = etree.fromstring(ubl.content)
    root.remove(root.find("{*}ID"))
    with pytest.raises(Exception, match="ID"):
        facturx.xml_check_xsd(etree.tostring(root), flavor="ubl")


def test_a_hybrid_invoice_carries_the_same_facts_in_text_and_in_xml() -> None:
    hybrid = documents.generate("invoice", 5, country="DE", form="einvoice_pdf")
    xml_alone = documents.generate("invoice", 5, country="DE", form="einvoice_xml_cii")
    name, xml = facturx.get_xml_from_pdf(hybrid.content)
    assert name == "factur-x.xml"
    assert xml == xml_alone.content
    assert f"{hybrid.truth.fields['number']}" in text_of(hybrid)


def test_what_does_not_exist_is_refused() -> None:
    assert documents.generate("invoice", 1, form="einvoice_xml_ubl").content
    with pytest.raises(ValueError, match="einvoice_xml_ubl of a receipt"):
        documents.generate("receipt", 1, form="einvoice_xml_ubl")
    assert documents.generate("invoice", 1, pages=2).content
    for impossible in ({"kind": "receipt"}, {"kind": "invoice", "form": "image_png"}):
        with pytest.raises(ValueError, match="one page"):
            documents.generate(seed=1, pages=2, **impossible)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one page"):
        documents.generate("invoice", 1, pages=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        documents.generate("invoice", 1, form="scan_pdf", damage=1.5)


@pytest.mark.parametrize("kind", documents.BROKEN_KINDS)
def test_broken_files_say_why_they_must_not_be_read(kind: documents.BrokenKind) -> None:
    document = documents.broken(kind, 3)
    assert document.truth.type == "broken"
    assert document.truth.reason == kind.replace("_", "-")
    assert set(document.truth.fields.values()) == {None}


def test_broken_files_are_broken_in_the_way_they_claim() -> None:
    assert documents.broken("empty", 1).content == b""
    assert PdfReader(io.BytesIO(documents.broken("encrypted", 1).content)).is_encrypted
    assert not PdfReader(io.BytesIO(documents.generate("invoice", 1).content)).is_encrypted
    assert len(PdfReader(io.BytesIO(documents.broken("zero_page", 1).content)).pages) == 0
    for seed in range(3):
        truncated = documents.broken("truncated", seed).content
        assert truncated.startswith(b"%PDF")
        assert b"%%EOF" not in truncated[-1024:]
        assert not documents.broken("wrong_type", seed).content.startswith(b"%PDF")
    assert b"<!ENTITY" in documents.broken("xml_bomb", 1).content
    kinds = {documents.broken("not_a_document", seed).content_type for seed in range(2)}
    assert kinds == {"application/pdf", "image/png"}


def test_the_pixel_bomb_is_small_on_disk_and_huge_in_memory() -> None:
    document = documents.broken("pixel_bomb", 1)
    assert len(document.content) < 200_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(document.content))
    start = document.content.index(b"IDAT") + 4
    inflated = zlib.decompressobj().decompress(document.content[start:], 10_000_000)
    assert len(inflated) == 10_000_000  # the pixels are really there


def test_a_duplicate_is_the_same_bytes_and_a_resend_is_not() -> None:
    for form in documents.FORMS:
        document = documents.generate("invoice", 9, country="DE", form=form, damage=0.3)
        duplicate, resend = documents.duplicate_of(document), documents.resend_of(document)
        assert duplicate.content == document.content
        assert duplicate.filename != document.filename
        assert resend.content != document.content
        for name in ("supplier_name", "number", "total"):
            assert resend.truth.fields[name] == document.truth.fields[name]
    again = documents.resend_of(documents.resend_of(documents.generate("invoice", 9)))
    assert again.content != documents.resend_of(documents.generate("invoice", 9)).content
    with pytest.raises(ValueError, match="second sending"):
        documents.resend_of(documents.broken("empty", 1))


def test_a_batch_is_distinct_in_bytes_and_in_supplier_and_number() -> None:
    batch = list(documents.batch(80, 3))
    assert len({document.content for document in batch}) == 80
    keys = {(d.truth.fields["supplier_tax_id"], d.truth.fields["number"]) for d in batch}
    assert len(keys) == 80
    assert all(document.content_type == "application/pdf" for document in batch)


def test_a_text_pdf_costs_under_thirty_milliseconds_of_processor_time() -> None:
    list(documents.batch(40, 1))  # the typefaces are cut once per process
    start = time.process_time()
    list(documents.batch(40, 2))
    assert (time.process_time() - start) / 40 < 0.030


def test_a_written_folder_has_a_truth_for_every_file(tmp_path: Path) -> None:
    paths = documents.write_samples(tmp_path / "samples", 14, 5)
    truth = json.loads((tmp_path / "samples" / "truth.json").read_text(encoding="utf-8"))
    assert {path.name for path in paths} == set(truth)
    assert len(truth) == 14
    assert all(path.stat().st_size > 0 for path in paths)
    assert {entry["type"] for entry in truth.values()} == set(documents.KINDS)
    assert {path.suffix for path in paths} >= {".pdf", ".png", ".jpg"}


def test_everything_offered_is_listed_and_exists() -> None:
    assert all(hasattr(documents, name) for name in documents.__all__)
    assert list(documents.__all__) == sorted(
        documents.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n)
    )
