"""GST lines, invoice numbers and fiscal years (PB10)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money
from ticketos.domain.tax import (
    ABROAD,
    GST_STATES,
    UNION_TERRITORIES,
    check_invoice_number,
    fiscal_year,
    gst,
    invoice_number,
    state_of,
    tax_charged,
)

RATE = Decimal(18)
NET = Money.of("30002.05", "INR")
STATES = st.sampled_from(sorted(GST_STATES))


def shown(*args: object, **options: object) -> list[tuple[str, str, str]]:
    lines = gst(*args, **options)  # type: ignore[arg-type]
    return [(line.name, str(line.rate), str(line.amount.amount)) for line in lines]


@pytest.mark.parametrize(
    ("supplier", "place", "lines"),
    [
        ("27", "27", [("CGST", "9", "2700.18"), ("SGST", "9", "2700.18")]),
        ("07", "07", [("CGST", "9", "2700.18"), ("SGST", "9", "2700.18")]),  # Delhi has a legislature
        ("04", "04", [("CGST", "9", "2700.18"), ("UTGST", "9", "2700.18")]),
        ("27", "29", [("IGST", "18", "5400.37")]),
        ("27", "04", [("IGST", "18", "5400.37")]),
    ],
)
def test_the_place_of_supply_decides_the_taxes(
    supplier: str, place: str, lines: list[tuple[str, str, str]]
) -> None:
    assert shown(NET, supplier, place, RATE) == lines


def test_an_export_bears_no_tax_under_an_undertaking_and_igst_without() -> None:
    assert shown(NET, "27", ABROAD, RATE, export=True) == [("IGST", "0", "0.00")]
    assert shown(NET, "27", ABROAD, RATE, export=True, under_lut=False) == [("IGST", "18", "5400.37")]
    assert shown(NET, "27", "27", RATE, sez=True) == [("IGST", "0", "0.00")]


def test_under_reverse_charge_the_tax_is_shown_and_not_charged() -> None:
    normal, reverse = gst(NET, "27", "29", RATE), gst(NET, "27", "29", RATE, reverse_charge=True)
    assert normal[0].amount == reverse[0].amount
    assert tax_charged(normal, "INR") == normal[0].amount
    assert (reverse[0].payable_by, tax_charged(reverse, "INR")) == ("recipient", Money.zero("INR"))


@given(st.decimals(0, 10**7, places=2), STATES, STATES, st.sampled_from([0, 5, 12, 18, 28]), st.booleans())
def test_the_halves_are_equal_a_credit_mirrors_and_every_line_carries_the_sac(
    amount: Decimal, supplier: str, place: str, rate: int, sez: bool
) -> None:
    net = Money.of(amount, "INR")
    lines = gst(net, supplier, place, Decimal(rate), sez=sez, sac="998313")
    assert {line.sac for line in lines} == {"998313"}
    assert [-line.amount for line in lines] == [
        line.amount for line in gst(-net, supplier, place, Decimal(rate), sez=sez)
    ]
    if len(lines) == 2:
        assert lines[0].amount == lines[1].amount
        assert supplier == place
        assert not sez
        assert (lines[1].name == "UTGST") == (place in UNION_TERRITORIES)
    exact = net.times(Decimal(rate)).times(Decimal("0.01")).amount
    if not sez:
        assert abs(tax_charged(lines, "INR").amount - exact) <= Decimal("0.01")


def test_what_does_not_fit_is_refused() -> None:
    gst(NET, "27", "29", RATE)
    for code, refused in (
        ("gst-state-unknown", lambda: gst(NET, "28", "27", RATE)),
        ("gst-state-unknown", lambda: gst(NET, "27", "00", RATE)),
        ("gst-export-mismatch", lambda: gst(NET, "27", "29", RATE, export=True)),
        ("gst-export-mismatch", lambda: gst(NET, "27", ABROAD, RATE)),
        ("gst-rate-invalid", lambda: gst(NET, "27", "29", Decimal(-1))),
        ("gst-sac-invalid", lambda: gst(NET, "27", "29", RATE, sac="8471")),
        ("gst-state-unknown", lambda: state_of("XX")),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code
    assert state_of("27AAPFU0939F1ZV") == "27"


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), "25-26"),
        (date(2026, 4, 1), "26-27"),
        (date(2026, 11, 21), "26-27"),
        (date(2099, 4, 1), "99-00"),
    ],
)
def test_the_fiscal_year_runs_from_april_to_march(day: date, year: str) -> None:
    assert fiscal_year(day) == year


def test_invoice_numbers_hold_sixteen_characters_and_no_more() -> None:
    assert invoice_number("INV", "26-27", 1) == "INV/26-27/0001"
    assert invoice_number("INV", "26-27", 999_999) == "INV/26-27/999999"
    assert len(invoice_number("INV", "26-27", 999_999)) == 16
    refused = (
        ("INV", "26-27", 10**6), ("INVOICE", "26-27", 1), ("", "26-27", 1), ("INV", "2026", 1),
        ("INV", "26-27", 0), ("IN V", "26-27", 1), ("-A", "26-27", 1),
    )  # fmt: skip
    for series, year, n in refused:
        with pytest.raises(DomainError) as error:
            invoice_number(series, year, n)
        assert error.value.code == "invoice-number-invalid"


@given(st.text(max_size=20))
def test_a_number_is_accepted_only_in_the_portals_alphabet(number: str) -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/")
    fits = 1 <= len(number) <= 16 and set(number) <= allowed and number[0] not in "0-/"
    if fits:
        assert check_invoice_number(number) == number
    else:
        with pytest.raises(DomainError):
            check_invoice_number(number)
