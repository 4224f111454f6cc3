"""Amounts, dates and numbers as people print them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ticketos.ai.extract.fingerprint import distance, simhash, text_sha256
from ticketos.ai.extract.labels import mentions
from ticketos.ai.extract.taxid import checksum_right, tax_ids
from ticketos.ai.extract.values import amounts, currency_codes, day_order, days, fold


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("₹1,23,456.78", "123456.78"),
        ("Rs. 12,34,567", "1234567"),
        ("1.234,56 €", "1234.56"),
        ("1 234,56 EUR", "1234.56"),
        ("1\u202f234,56 €", "1234.56"),
        ("CHF 1'234.50", "1234.50"),
        ("$1,234.50", "1234.50"),
        ("RM80.90", "80.90"),
        ("-20,48 €", "-20.48"),
        ("(123.45)", "-123.45"),
        ("9.50-", "-9.50"),
        ("100,-", "100"),
        ("0,79", "0.79"),
        ("160,0000", "160.0000"),
    ],
)
def test_an_amount_is_read_in_any_countrys_notation(printed: str, meant: str) -> None:
    assert [it.value for it in amounts(printed)] == [Decimal(meant)]


@pytest.mark.parametrize("printed", ["05.03.2018", "INV-2024/12", "1.23.4", "12:30"])
def test_dates_times_and_identifiers_are_no_amounts(printed: str) -> None:
    assert not [it for it in amounts(printed) if it.money]


def test_a_percentage_is_marked_as_one() -> None:
    (rate, amount) = amounts("19 % 12,50")
    assert rate.percent
    assert not amount.percent


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("2018-04-13", "2018-04-13"),
        ("25/12/2018", "2018-12-25"),
        ("05.03.2018", "2018-03-05"),
        ("5. März 2018", "2018-03-05"),
        ("3 février 2023", "2023-02-03"),
        ("1er juin 2022", "2022-06-01"),
        ("March 5, 2024", "2024-03-05"),
        ("12-Apr-24", "2024-04-12"),
        ("05/14/2024", "2024-05-14"),
    ],
)
def test_a_date_is_read_in_any_of_the_languages(printed: str, meant: str) -> None:
    assert [day.value.isoformat() for day in days(printed)] == [meant]


def test_a_date_that_could_be_read_two_ways_is_marked_and_follows_the_given_order() -> None:
    (day,) = days("03/04/2024", "dmy")
    (month,) = days("03/04/2024", "mdy")
    assert (day.value.isoformat(), month.value.isoformat()) == ("2024-04-03", "2024-03-04")
    assert not day.certain


def test_one_unmistakable_date_decides_the_order_of_the_document() -> None:
    assert day_order(["03/04/2024", "04/25/2024"], american=False) == "mdy"
    assert day_order(["03/04/2024", "25/04/2024"], american=True) == "dmy"


def test_a_day_no_calendar_has_is_no_date() -> None:
    assert days("29 Feb 2024")
    assert not days("29 Feb 2023")


def test_currency_signs_become_iso_codes() -> None:
    assert currency_codes("₹ 5, 4 €, $3, RM 2") == ("INR", "EUR", "USD", "MYR")


def test_folding_keeps_positions() -> None:
    assert len(fold("Fälligkeit № ½ ﬁ")) == len("Fälligkeit № ½ ﬁ")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Invoice No.: 7", "invoice_number"),
        ("InvoiceNo:7", "invoice_number"),
        ("Rechnungs-Nr. 7", "invoice_number"),
        ("N° de facture 7", "invoice_number"),
        ("Date d'échéance 1", "due_date"),
        ("USt.-Id.-Nr.: DE1", "tax_id"),
        ("Total (incl. VAT)", "total"),
        ("Sub-Total", "net_total"),
    ],
)
def test_a_label_is_known_in_any_spelling(text: str, field: str) -> None:
    assert next(mentions(text)).of(field) is not None


def test_the_longest_label_wins_so_a_delivery_date_is_not_the_documents_date() -> None:
    assert next(mentions("Date: 1")).of("issue_date") is not None
    assert next(mentions("Delivery date: 1")).of("issue_date") is None


@pytest.mark.parametrize("good", ["27AAPFU0939F1ZV", "DE136695976", "FR11999999998"])
def test_a_wrong_check_character_is_caught(good: str) -> None:
    wrong = good[:-1] + (
        "A"
        if good[-1].isalpha() and good[-1] != "A"
        else str((int(good[-1]) + 1) % 10)
        if good[-1].isdigit()
        else "B"
    )
    assert checksum_right(good) is True
    assert checksum_right(wrong) is False


def test_a_scheme_without_a_known_checksum_is_not_judged() -> None:
    assert checksum_right("201/113/40209") is None


def test_a_tax_identifier_is_found_with_and_without_spaces() -> None:
    assert [it.value for it in tax_ids("USt-IdNr. DE136695976")] == ["DE136695976"]
    assert [it.value for it in tax_ids("DE 136 695 976")] == ["DE136695976"]


def test_the_fingerprint_ignores_layout_and_case() -> None:
    assert text_sha256("Total: 12.50\n EUR") == text_sha256("TOTAL 12 50 eur")
    assert text_sha256("  \n") is None


def test_near_duplicates_differ_in_few_bits_and_others_in_many() -> None:
    text = " ".join(f"line {n} of the invoice shows item {n * 7}" for n in range(40))
    first, again, other = (
        simhash(text),
        simhash(text + " copy"),
        simhash("a letter about something else entirely"),
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert distance(first, again) <= 6
    assert distance(first, other) > 15
