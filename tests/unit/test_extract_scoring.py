"""The scorer: trees, candidates and their surroundings, sums, suppliers, confidence."""

from __future__ import annotations

from datetime import date

import numpy
import pytest

from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.confidence import conclude
from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.labels import mentions
from ticketos.ai.extract.scoring.calibration import Curve
from ticketos.ai.extract.scoring.option import Option, chosen, log_odds
from ticketos.ai.extract.scoring.spelling import straight
from ticketos.ai.extract.scoring.spots import Spot, labels_near, strength
from ticketos.ai.extract.scoring.trees import Trees, matrix
from ticketos.ai.extract.suppliers import KnownSupplier, KnownSuppliers
from ticketos.ai.extract.values import days, torn_days
from ticketos.ai.ocr.page import Page, Word, fraction
from ticketos.ai.ocr.tidy import tidied

WIDTH, HEIGHT = 600.0, 1100.0


def page(*rows: str, source: str = "ocr") -> Page:
    """A page with one row per text; a bar starts a column at the right. Pictures are till rolls, the rest sheets."""
    width = WIDTH if source == "ocr" else 850.0
    words = []
    for index, row in enumerate(rows):
        y = 30.0 + 26 * index
        for left, part in zip((40.0, 400.0), row.split("|"), strict=False):
            x = left
            for text in part.split():
                box = (x, y, x + 9.0 * len(text), y + 18)
                words.append(Word(text, *box, fraction(*box, width, HEIGHT), 0.98))
                x = box[2] + 6
    return Page(1, width, HEIGHT, tuple(words), "text" if source == "text" else "ocr")


RECEIPT = (
    "KEDAI BUKU HARAPAN SDN BHD",
    "(884213-K)",
    "NO 12, JALAN MERANTI 3,",
    "TAMAN SERI AMAN,",
    "81100 JOHOR BAHRU, JOHOR",
    "TEL: 07-355 1234",
    "GST ID: 000812345678",
    "TAX INVOICE",
    "DATE: 14/03/2018 17:57",
    "PEN BLUE|6.36",
    "NOTEBOOK A4|4.25",
    "SUB TOTAL|10.61",
    "ROUNDING ADJ|-0.01",
    "TOTAL ROUNDED|10.60",
    "CASH|20.00",
    "CHANGE|9.40",
    "THANK YOU",
)


def stump() -> Trees:
    """One tree: 2 where x ≤ 0.5, else -1."""
    return Trees(
        ("x", "y"),
        0.25,
        numpy.array([[0, 0, 0]], dtype=numpy.int32),
        numpy.array([[0.5, 0.0, 0.0]]),
        numpy.array([[1, 1, 2]], dtype=numpy.int32),
        numpy.array([[2, 1, 2]], dtype=numpy.int32),
        numpy.array([[0.0, 2.0, -1.0]]),
        1,
    )


def test_trees_send_a_value_left_up_to_the_threshold_and_survive_being_stored() -> None:
    trees = stump()
    rows = matrix(trees, [{"x": 0.5}, {"x": 0.6, "unknown": 9.0}])
    assert trees.log_odds(rows).tolist() == [2.25, -0.75]
    again = Trees.from_json(trees.as_json())
    assert again.log_odds(rows).tolist() == [2.25, -0.75]
    assert trees.log_odds(matrix(trees, [])).tolist() == []


def option(value: str, probability: float) -> Option:
    return Option(value, {}, (), 1, 0, log_odds(probability))


def test_a_rival_with_another_value_lowers_the_probability_and_the_same_value_does_not() -> None:
    alone = chosen([option("A-1", 0.9)])
    repeated = chosen([option("A-1", 0.9), option("a-1", 0.9)])
    rivalled = chosen([option("A-1", 0.9), option("B-2", 0.9)])
    assert alone is not None
    assert repeated is not None
    assert rivalled is not None
    assert alone.probability == pytest.approx(repeated.probability)
    assert rivalled.probability == pytest.approx(0.45)
    assert chosen([]) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("14/03/20185:57:07PM", date(2018, 3, 14)),
        ("04-05-1812:50:51", date(2018, 5, 4)),
        ("27Mar201818:01", date(2018, 3, 27)),
        ("12 de marzo de 2024", date(2024, 3, 12)),
        ("3 giugno 2024", date(2024, 6, 3)),
    ],
)
def test_a_date_is_read_where_a_time_is_glued_to_it_and_in_spanish_and_italian(text: str, day: date) -> None:
    assert [it.value for it in days(text)] == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("0502-18", date(2018, 2, 5)),
        ("2504/2017", date(2017, 4, 25)),
        ("05 02-18", date(2018, 2, 5)),
        ("27 032018", date(2018, 3, 27)),
        ("27032018", date(2018, 3, 27)),
        ("l4/03/2O18", date(2018, 3, 14)),
    ],
)
def test_a_date_that_lost_its_marks_is_offered_but_never_as_certain(text: str, day: date) -> None:
    assert days(text) == []
    assert [(it.value, it.certain) for it in torn_days(text)] == [(day, False)]


def test_telephones_and_whole_dates_are_no_torn_dates() -> None:
    assert torn_days("tel 03-89410243") == []
    assert torn_days("14/03/2018") == []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Fecha de factura: 1.2.2026", "issue_date"),
        ("Base imponible", "net_total"),
        ("Totale documento", "total"),
        ("Spett.le", "buyer"),
        ("P. IVA", "tax_id"),
    ],
)
def test_spanish_and_italian_labels_announce_their_fields(text: str, field: str) -> None:
    assert any(mention.of(field) for mention in mentions(text))


def test_a_label_reaches_a_value_right_of_it_and_down_its_column_of_figures() -> None:
    paper = Paper([page("Net|Total", "10.00|11.90", "20.00|23.80")])
    beside = Paper([page("Total|11.90")])
    assert strength(labels_near(beside, Spot(0, 1, 0, 5)), "total") > 0.7
    first, second = (strength(labels_near(paper, Spot(row, 1, 0, 5)), "total") for row in (1, 2))
    assert 0 < second < first
    assert strength(labels_near(paper, Spot(1, 0, 0, 5)), "total") == 0


def test_a_receipts_head_gives_name_and_address_without_registration_and_telephone() -> None:
    found = analyse([page(*RECEIPT)])
    assert found.type == "receipt"
    assert found.fields["supplier_name"].value == "KEDAI BUKU HARAPAN SDN BHD"
    address = found.fields["supplier_address"].value or ""
    assert address.startswith("NO 12")
    assert address.endswith("JOHOR")
    assert "884213" not in address
    assert "355" not in address


def test_the_rounded_total_is_the_total_and_not_the_cash_handed_over() -> None:
    found = analyse([page(*RECEIPT)])
    assert found.fields["total"].value == "10.60"
    assert found.fields["issue_date"].value == "2018-03-14"


def test_rates_that_add_up_in_themselves_do_not_overrule_the_labelled_total() -> None:
    rows = ("TAX INVOICE", "Date: 20/10/2017", "Total 0% supplies:|6.39", "Total 6% supplies (excl. GST):|7.92",
            "GST:|0.48", "Total 6% supplies (Inc. GST):|8.40", "Total Payable:|14.79")  # fmt: skip
    assert analyse([page(*rows)]).fields["total"].value == "14.79"


def test_a_credit_note_tells_its_amounts_without_the_sign() -> None:
    rows = ("Bright Paper Ltd", "CREDIT NOTE", "Credit Note No: CN-77", "Date: 03/02/2026",
            "Subtotal|-100.00", "VAT 20%|-20.00", "Total|-120.00")  # fmt: skip
    found = analyse([page(*rows, source="text")])
    assert found.type == "credit_note"
    assert [found.fields[name].value for name in ("net_total", "tax_total", "total")] == [
        "100.00",
        "20.00",
        "120.00",
    ]


KNOWN = (
    KnownSupplier("Sunrise Stationers Pvt Ltd", ("27AAPFU0939F1ZV",), "12 MG Road, Bengaluru 560001"),
    KnownSupplier("Papierhaus Nord GmbH", ("DE136695976",)),
    KnownSupplier("Papierhaus Nord AG"),
)


def test_a_supplier_is_known_by_tax_number_or_name_and_two_alike_are_left_to_a_person() -> None:
    by_name = KnownSuppliers(KNOWN).supplier_of("SUNRISE STATIONERS PRIVATE LIMITED")
    assert by_name is not None
    assert by_name[0] is KNOWN[0]
    assert KnownSuppliers(KNOWN).supplier_of("Papierhaus Nord") is None
    by_number = KnownSuppliers(KNOWN).supplier_of("Papierhaus Nord", ["DE 136 695 976"])
    assert by_number is not None
    assert by_number[0] is KNOWN[1]
    assert KnownSuppliers(KNOWN).supplier_of("Acme") is None
    assert KnownSuppliers().supplier_of("Acme") is None


def test_a_known_supplier_corrects_a_misread_name_and_makes_it_surer() -> None:
    rows = ("KEDAI BUKU HARAPAM SDN BHD", *RECEIPT[1:])
    known = (
        KnownSupplier(
            "KEDAI BUKU HARAPAN SDN BHD", (), "NO 12, JALAN MERANTI 3, TAMAN SERI AMAN, 81100 JOHOR BAHRU"
        ),
    )
    alone = conclude("a.png", analyse([page(*rows)]), date(2026, 3, 1), "rapidocr", 1).fields["supplier_name"]
    helped = conclude(
        "a.png", analyse([page(*rows)], KnownSuppliers(known)), date(2026, 3, 1), "rapidocr", 1
    ).fields["supplier_name"]
    assert alone.value == "KEDAI BUKU HARAPAM SDN BHD"
    assert helped.value == "KEDAI BUKU HARAPAN SDN BHD"
    assert helped.confidence > alone.confidence


def test_confidence_grows_with_the_evidence_and_is_told_smaller_for_pictures() -> None:
    curve = Curve(0.0, {"score": 1.0, "failed": -2.0})
    weak, strong = (curve.probability({"score": score}, "text") for score in (1.0, 4.0))
    assert weak < strong < 1
    assert curve.probability({"score": 4.0, "failed": 1.0}, "text") < strong
    assert curve.probability({"score": 4.0}, "ocr") < strong


def test_what_blocked_a_field_is_said_in_words_with_the_difference() -> None:
    rows = ("Bright Paper Ltd", "TAX INVOICE", "Invoice No: INV-77", "Date: 03/02/2026",
            "Subtotal|100.00", "VAT 20%|20.00", "Total|123.00")  # fmt: skip
    read = conclude("a.pdf", analyse([page(*rows, source="text")]), date(2026, 3, 1), "pdfium", 1)
    total = read.fields["total"]
    assert not total.auto
    assert "check:net_plus_tax" in total.blocked_by
    assert any("differs from net 100.00 + tax 20.00 by 3.00" in it for it in total.blocked_because)


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        (("RMO.02",), ("RM0.02",)),
        (("RMD.17",), ("RM0.17",)),
        (("RM96.", "20"), ("RM96.20",)),
        (("15.0C",), ("15.00",)),
        (("Grand", "Tota1RM21.85"), ("Grand", "Total", "RM21.85")),
        (("Ma11", "TEBRAU"), ("Mall", "TEBRAU")),
        (("G29", "7.50", "12"), ("G29", "7.50", "12")),
        (("No.", "12"), ("No.", "12")),
        (("31.12.", "20"), ("31.12.", "20")),
    ],
)
def test_what_every_reader_of_pictures_confuses_is_put_right(
    read: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    assert tuple(word.text for word in tidied(page(" ".join(read))).words) == meant


def test_a_text_layer_is_not_tidied() -> None:
    layer = page("RMO.02", source="text")
    assert tidied(layer) is layer


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("SANYU STATIONERYSHOP", "SANYU STATIONERY SHOP"),
        ("GARDENIA BAKERIES (KL) SDNBHD", "GARDENIA BAKERIES (KL) SDN BHD"),
        ("AMANO MALAYSIA SON BHD", "AMANO MALAYSIA SDN BHD"),
        ("99 SPEED MART 5/B", "99 SPEED MART S/B"),
        ("LIM HARDWARÉ TRADING", "LIM HARDWARE TRADING"),
        ("Rosa Café Sdn. Bhd.", "Rosa Café Sdn. Bhd."),
        ("14JALAN MANIS 4", "14 JALAN MANIS 4"),
        ("SUPERMARKET ONE", "SUPERMARKET ONE"),
    ],
)
def test_names_of_a_picture_are_spelt_as_such_names_are(read: str, meant: str) -> None:
    paper = Paper([page(*RECEIPT)])
    assert paper.language == "en"
    assert straight(read, paper) == meant
    layer = Paper([page(*RECEIPT, source="text")])
    assert straight(read, layer) == read


def test_terms_of_payment_are_no_amount() -> None:
    found = analyse(
        [
            page(
                "Bright Paper Ltd", "Invoice No 4711", "Invoice date 14/03/2018", "Subtotal|100.00", "VAT 20%|20.00",
                "Total|120.00", "Please pay within 30 days", "Payment terms: 30 days net", "Please pay 14 days after receipt",
                source="text",
            )
        ]
    )  # fmt: skip
    assert found.fields["total"].value == "120.00"
    assert "amount_due" not in found.fields


def test_a_total_of_one_rate_is_not_the_total() -> None:
    rows = (
        "BAKERY ONE SDN BHD", "DD: 21/07/2017 11:10", "Total 0% supplies:|7.61", "Total 6% supplies (excl. GST):|24.00",
        "GST:|1.44", "Total 6% supplies (Inc. GST):|25.44", "Total 0% supplies:|7.61", "Total Payable:|33.05",
    )  # fmt: skip
    assert analyse([page(*rows)]).fields["total"].value == "33.05"


def test_an_amount_and_no_tax_are_not_taken_for_a_sum_that_fits() -> None:
    rows = (
        "Versicherung Muster AG", "Rechnung Nr. 4711 vom 11.03.2018", "Positionssumme|220,00",
        "Rechnungssumme ohne USt.|220,00", "Steuerbetrag|0,00", "Bruttosumme|220,00", "Offene Zahlungen|220,00",
        "Zahlbetrag|440,00",
    )  # fmt: skip
    found = analyse([page(*rows, source="text")])
    total = found.fields["total"]
    assert total.value == "220.00" or not found.evidence["total"]["agrees"]


def test_a_label_inside_a_number_announces_nothing() -> None:
    assert not list(mentions("invoice_number_17"))


def test_a_discount_and_a_rounding_are_no_tax() -> None:
    discounted = (
        *RECEIPT[:9],
        "PEN|29.65",
        "SUBTOTAL|29.65",
        "DISC|-2.97",
        "FINAL TOTAL|26.68",
        "CASH|26.68",
    )
    rounded = (*RECEIPT[:9], "BLOUSE|232.83", "ROUNDING ADJ.|0.02", "NETT TOTAL|232.85", "CREDIT CARD|232.85")
    for rows, total in ((discounted, "26.68"), (rounded, "232.85")):
        found = analyse([page(*rows)])
        assert found.fields["total"].value == total
        assert "tax_total" not in found.fields


def test_older_debts_are_not_part_of_the_total() -> None:
    rows = (
        "Bright Paper GmbH", "Rechnung Nr. 4711 vom 11.03.2018", "Nettobetrag|100,00", "USt. 19 %|19,00",
        "Gesamtbetrag|119,00", "Vorsaldo|81,00", "Zahlbetrag|200,00",
    )  # fmt: skip
    assert analyse([page(*rows, source="text")]).fields["total"].value == "119.00"


def test_a_number_of_an_order_is_not_taken_where_the_invoice_has_one() -> None:
    rows = (
        "Bright Paper Ltd",
        "INVOICE",
        "# INV-2017",
        "PO Number:|77231-B",
        "Date: 14/03/2018",
        "Total|120.00",
    )
    fields = analyse([page(*rows, source="text")]).fields
    assert fields["number"].value == "INV-2017"
