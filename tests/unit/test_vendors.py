"""A client's own vendor list: whom a paper is from, whether its number fits, how it is coded, how a list is read."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.support.memory import document, ticket
from tests.support.papers import paper
from ticketos.ai.extract.memory import Corrected, SupplierMemory, learn
from ticketos.ai.extract.memory.apply import known_suppliers, understand
from ticketos.ai.extract.suppliers import KnownSupplier, KnownSuppliers, SupplierIndex
from ticketos.domain.chart import Chart
from ticketos.domain.errors import DomainError
from ticketos.domain.state import CodingFacts, VendorState
from ticketos.lines.data_entry import coding, vendor_file, vendors
from ticketos.lines.data_entry.list_file import MOST_BYTES, ListFile

BRIGHT = VendorState(
    "V-001",
    "Bright Paper Pvt Ltd",
    "bright paper",
    ("bright ppr",),
    ("27AAPFU0939F1ZV",),
    "6815",
    "CC1",
    "GST18",
)
OTHER = VendorState("V-002", "Other Traders", "other traders", (), ("29AAGCB7383J1Z4",))
BARE = VendorState("V-003", "Corner Shop", "corner shop")
LIST = (BRIGHT, OTHER, BARE)


def test_a_tax_number_decides_before_a_name_and_other_names_count_too() -> None:
    assert vendors.matched(LIST, "Somebody else", "27 AAPFU 0939 F1ZV").vendor is BRIGHT
    assert vendors.matched(LIST, "BRIGHT PAPER PRIVATE LIMITED", None).vendor is BRIGHT
    assert vendors.matched(LIST, "Bright Ppr.", "").vendor is BRIGHT
    assert vendors.matched(LIST, "Bright Papers", None).vendor is None
    assert vendors.matched(LIST, None, None).vendor is None
    assert vendors.matched(LIST, "???", None).vendor is None


def test_branches_with_one_number_are_told_apart_by_name_and_twins_by_nobody() -> None:
    north, south = (
        VendorState(code, name, vendors.vendor_key(name), (), ("27AAPFU0939F1ZV",))
        for code, name in (("N", "Bright North"), ("S", "Bright South"))
    )
    assert vendors.matched((north, south), "Bright South Ltd", "27AAPFU0939F1ZV").vendor is south
    assert vendors.matched((north, south), "Bright", "27AAPFU0939F1ZV").vendor is None
    twin = VendorState("V-009", BRIGHT.name, BRIGHT.vendor_key)
    assert vendors.matched((BRIGHT, twin), BRIGHT.name, None).vendor is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("DE136695976", "136 695 976", True),
        ("ATU12345678", "U12345678", True),
        ("27AAPFU0939F1ZV", "27aapfu0939f1zv", True),
        ("DEXPK1234F", "XPK1234F", False),  # a PAN is no VAT number of a country
        ("DE136695976", "DE136695977", False),
    ],
)
def test_a_vat_number_is_the_same_with_and_without_its_country(left: str, right: str, same: bool) -> None:
    assert (vendors.tax_key(left) == vendors.tax_key(right)) is same


def test_a_number_that_is_not_the_vendors_is_said_in_words() -> None:
    wrong = "27AAAAA0000A1Z5"
    check = vendors.check(vendors.matched(LIST, BRIGHT.name, wrong), wrong)
    assert check is not None
    assert (check.name, check.ok, check.fields) == ("vendor_tax_id", False, ("supplier_tax_id",))
    assert check.detail == f"{wrong} is not the number the vendor list has for V-001 Bright Paper Pvt Ltd"
    swapped = vendors.check(vendors.matched(LIST, BRIGHT.name, OTHER.tax_ids[0]), OTHER.tax_ids[0])
    assert swapped is not None
    assert not swapped.ok
    assert "V-002 Other Traders, not for V-001" in swapped.detail
    right = vendors.check(vendors.matched(LIST, BRIGHT.name, BRIGHT.tax_ids[0]), BRIGHT.tax_ids[0])
    assert right is not None
    assert right.ok
    for name, number in ((BRIGHT.name, None), (BARE.name, wrong), ("Nobody listed", wrong)):
        assert vendors.check(vendors.matched(LIST, name, number), number) is None


def test_a_reading_with_a_wrong_number_asks_a_person_for_it() -> None:
    field = {"value": "27AAAAA0000A1Z5", "confidence": 0.99, "auto": True, "blocked_by": []}
    reading = {"fields": {"supplier_name": {"value": BRIGHT.name}, "supplier_tax_id": field}, "checks": []}
    checked = vendors.checked(reading, LIST)
    assert checked["fields"]["supplier_tax_id"] == {
        **field,
        "auto": False,
        "blocked_by": ["check:vendor_tax_id"],
    }
    assert [one["ok"] for one in checked["checks"]] == [False]
    assert reading["checks"] == []
    assert vendors.checked(reading, ()) is reading


def test_the_list_codes_after_people_and_before_rules() -> None:
    bill = document(1, ticket(), fields={"supplier_name": {"value": BRIGHT.name}})
    rule = {"pattern": "bright", "account": "7000", "cost_centre": "", "tax_code": ""}
    memory = {"account": "6400", "cost_centre": "", "tax_code": "", "times": 2}
    facts = CodingFacts(rules=(rule,), vendor=BRIGHT)
    assert coding.code(bill, facts) == {
        "account": "6815",
        "cost_centre": "CC1",
        "tax_code": "GST18",
        "by": "vendor",
        "reason": "vendor list: V-001",
    }
    assert coding.code(bill, CodingFacts(memory=(memory,), vendor=BRIGHT))["by"] == "memory"
    assert coding.code(bill, CodingFacts(rules=(rule,), vendor=OTHER))["by"] == "rule"
    assert coding.code(bill, CodingFacts(vendor=OTHER))["by"] == "default"


# --- the reader -------------------------------------------------------------------------------------------------------

DRAWING = """
{name}
NO 12, JALAN MERANTI 3, 81100 JOHOR BAHRU

TAX INVOICE
Invoice No: INV-77
Date: 03/02/2026

Total        123.00
"""
RIGHT, MISREAD = "Kedai Buku Harapan Sdn Bhd", "Kedai Buku Harapam Sdn Bhd"


def many(count: int) -> list[KnownSupplier]:
    """Names as a long list has them: put together from few words, so that many are alike."""
    rng = random.Random(4)
    words = "Sunrise Royal Lotus Kaveri Orient Delta Metro Prime United Sharma".split()  # noqa: SIM905
    trades = "Paper Steel Cement Traders Textiles Foods Hardware Packaging Motors".split()  # noqa: SIM905
    return [
        KnownSupplier(
            f"{rng.choice(words)} {rng.choice(words)} {rng.choice(trades)} {at} Ltd", (f"27ABCDE{at:04}F1ZV",)
        )
        for at in range(count)
    ]


def test_a_vendor_nobody_ever_corrected_is_spelt_as_the_list_has_it() -> None:
    pages = list(paper(DRAWING.format(name=MISREAD)).pages)
    listed = SupplierIndex([*many(500), KnownSupplier(RIGHT)])
    assert understand(pages).fields["supplier_name"].value == MISREAD
    found = understand(pages, known=known_suppliers((), listed))
    assert found.fields["supplier_name"].value == RIGHT


def test_a_supplier_of_both_is_one_and_called_as_people_corrected_it() -> None:
    corrected = Corrected(
        paper(DRAWING.format(name=RIGHT)).pages, {"supplier_name": RIGHT}, {}, frozenset({"supplier_name"})
    )
    memory = learn(SupplierMemory("kedai buku harapan"), corrected)
    listed = SupplierIndex([KnownSupplier("KEDAI BUKU HARAPAN", ("12345678",), "12 Jalan Meranti")])
    hit = known_suppliers((memory,), listed).supplier_of("Kedai Buku Harapan")
    assert hit is not None
    assert (hit[0].name, hit[0].tax_ids, hit[0].address) == (RIGHT, ("12345678",), "12 Jalan Meranti")
    assert known_suppliers((memory,), listed).supplier_of(None, ["12345678"]) == hit


def test_a_name_merely_alike_with_a_number_of_its_own_is_left_as_printed() -> None:
    drawing = DRAWING.format(name="Harapan Paper Traders Sdn Bhd") + "\nGSTIN: 27AAPFU0939F1ZV\n"
    pages = list(paper(drawing).pages)
    listed = SupplierIndex([KnownSupplier("Harapan Papar Traders", ("29AAGCB7383J1Z4",))])
    found = understand(pages, known=known_suppliers((), listed))
    assert found.fields["supplier_name"].value == "Harapan Paper Traders Sdn Bhd"
    assert found.fields["supplier_tax_id"].value == "27AAPFU0939F1ZV"


def test_the_number_of_one_and_the_name_of_another_is_for_a_person() -> None:
    known = KnownSuppliers((), SupplierIndex(many(50)))
    first, second = many(50)[:2]
    assert known.supplier_of(second.name, first.tax_ids) is None
    hit = known.supplier_of("A new name of it", first.tax_ids)
    assert hit is not None
    assert hit[0] == first


def test_what_is_far_from_every_listed_name_is_not_more_like_one_because_there_are_many() -> None:
    known = KnownSuppliers((), SupplierIndex(many(2_000)))
    assert known.likeness("taxinvoice") == 0.0
    assert known.likeness("sunriseroyalpaper12ltd") > 0.8


# --- the file ---------------------------------------------------------------------------------------------------------


def read(text: str, *chart: str) -> ListFile:
    return vendor_file.read(text.encode(), Chart(frozenset(chart)))


def test_good_rows_are_taken_and_each_bad_one_is_named_by_line_and_reason() -> None:
    found = read(
        "Code,Name,Tax IDs,aliases,account,active\n"
        'V-1,"Bright\nPaper",27AAPFU0939F1ZV; 29AAGCB7383J1Z4,Bright Ppr|BP,6815,yes\n'
        ",No code,,,,\n"
        "V-2,,,,,\n"
        "V-3,Wrong account,,,9999,\n"
        "V-4,Strange,,,,perhaps\n"
        "V-1,Twice,,,,\n"
        "\n"
        "V-5,Too,many,cells,6815,no,here\n"
        f"V-6,{'x' * 301},,,,\n"
        "V-7,Good,,,,no\n",
        "6815",
    )
    assert [dict(row) for row in found.rows] == [
        {
            "code": "V-1",
            "name": "Bright\nPaper",
            "tax_ids": ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4"],
            "aliases": ["Bright Ppr", "BP"],
            "account": "6815",
            "active": True,
        },
        {"code": "V-7", "name": "Good", "tax_ids": [], "aliases": [], "account": "", "active": False},
    ]
    assert [(one.line, one.code, one.reason) for one in found.refused] == [
        (4, "", "code is empty"),
        (5, "V-2", "name is empty"),
        (6, "V-3", "account 9999 is not in the chart of accounts"),
        (7, "V-4", "active is “perhaps”; write yes or no"),
        (8, "V-1", "code V-1 stands on line 2 already"),
        (10, "V-5", "the row has 1 cells more than there are columns; quote cells with commas"),
        (11, "V-6", "name is longer than 300 characters"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"code,title\n1,x\n", "vendor-file-columns"),
        (b"name\nx\n", "vendor-file-columns"),
        (b"code,name,name\n1,x,y\n", "vendor-file-columns"),
        (b"", "vendor-file-columns"),
        ("code,name\n1,Müller\n".encode("latin-1"), "vendor-file-no-text"),
        (b"code,name\n1," + b"x" * 200_000 + b"\n", "vendor-file-unreadable"),
        (b"x" * (MOST_BYTES + 1), "vendor-file-too-large"),
        (b"code,name\n" + b"".join(b"%d,x\n" % n for n in range(5_001)), "vendor-file-too-long"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        vendor_file.read(content)
    assert refusal.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_read_as_spreadsheets_write_it(encoding: str, delimiter: str) -> None:
    text = "\r\n".join(
        delimiter.join(row) for row in (("code", "name"), ("1", "Müller & Söhne"), ("'=2", "x"))
    )
    rows: list[Any] = list(vendor_file.read(text.encode(encoding)).rows)
    assert rows == [{"code": "1", "name": "Müller & Söhne"}, {"code": "=2", "name": "x"}]
