"""The papers of an invoice: the same snapshot, the same bytes; nothing internal, nothing a spreadsheet would
run."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from ticketos.reports.in_words import rupees_in_words
from ticketos.reports.invoice import as_csv, as_html, as_pdf, filename, public


def snapshot(**changed: Any) -> dict[str, Any]:
    company = {
        "name": "Acme <Retail>",
        "address": "1 Road\nBengaluru",
        "country": "IN",
        "tax_id": "29AABCA9999C1Z3",
        "state": {"code": "29", "name": "Karnataka"},
    }
    line = {
        "position": 1,
        "code": "units",
        "description": "Documents accepted",
        "quantity": "123456",
        "unit": "document",
        "unit_price": "3.50",
        "amount": "432096.00",
        "sac": "998599",
        "tax_rate": "18",
        "late": {},
        "units": 123456,
    }
    taxes = [
        {"name": n, "rate": "9", "amount": "38888.64", "sac": "998599", "payable_by": "supplier"}
        for n in ("CGST", "SGST")
    ]
    return {
        "version": 1,
        "kind": "invoice",
        "number": "INV/26-27/0001",
        "fiscal_year": "26-27",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-31",
        "period": "2026-11",
        "currency": "INR",
        "seller": company,
        "buyer": company,
        "contract": {"number": "SOW-1", "name": "Invoices"},
        "place_of_supply": {"code": "29", "name": "Karnataka"},
        "reverse_charge": False,
        "zero_rated": False,
        "lines": [line],
        "taxes": taxes,
        "net": "432096.00",
        "tax": "77777.28",
        "total": "509873.28",
        "internal": {"fee_percent": "20"},
        **changed,
    }


def test_the_page_groups_rupees_the_indian_way_and_escapes_names() -> None:
    page = as_html(snapshot())
    assert "₹5,09,873.28" in page
    assert "1,23,456" in page
    assert "1 December 2026" in page
    assert "November 2026" in page
    assert "Acme &lt;Retail&gt;" in page
    assert "Rupees five lakh nine thousand eight hundred seventy-three and twenty-eight paise only" in page
    assert "fee_percent" not in page


def test_the_pdf_is_the_same_whenever_it_is_made() -> None:
    first = as_pdf(snapshot())
    assert first == as_pdf(snapshot())
    (page,) = pypdf.PdfReader(io.BytesIO(first)).pages
    text = page.extract_text()
    assert "Tax invoice" in text
    assert "INV/26-27/0001" in text
    assert "₹5,09,873.28" in text
    assert float(page.mediabox.width) == pytest.approx(595.28, abs=0.1)


def test_a_credit_note_names_its_invoice_and_reason_and_shows_no_sign() -> None:
    of = {"number": "INV/26-27/0001", "issued_on": "2026-12-01"}
    page = as_html(
        snapshot(
            kind="credit_note",
            number="CN/26-27/0001",
            of=of,
            reason="sent in error",
            due_on=None,
            total="-509873.28",
        )
    )
    assert "Credit note" in page
    assert "INV/26-27/0001" in page
    assert "Reason: sent in error" in page
    assert "₹5,09,873.28" in page
    assert "-₹" not in page


def test_a_draft_says_so_and_a_reverse_charge_too() -> None:
    page = as_html(snapshot(number=None, issued_on=None, due_on=None, reverse_charge=True))
    assert "DRAFT" in page
    assert "payable by the recipient under reverse charge" in page
    assert filename(snapshot(number=None), "pdf") == "draft-2026-11.pdf"
    assert filename(snapshot(), "csv") == "INV-26-27-0001.csv"


def test_cells_that_would_act_as_formulas_are_neutralised_and_amounts_are_not() -> None:
    lines = [
        {**snapshot()["lines"][0], "description": text, "amount": "-7.00"}
        for text in ("=1+1", "@x", "-x", "+1 234", "plain")
    ]
    table = list(csv.DictReader(io.StringIO(as_csv(snapshot(lines=lines)))))
    assert [row["description"] for row in table[:5]] == ["'=1+1", "'@x", "'-x", "'+1 234", "plain"]
    assert {row["amount"] for row in table[:5]} == {"-7.00"}
    assert (table[-1]["code"], table[-1]["amount"]) == ("total", "509873.28")


def test_what_leaves_the_house_has_no_internal_part() -> None:
    assert "internal" in snapshot()
    assert "internal" not in public(snapshot())


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "Rupees zero only"),
        ("495.60", "Rupees four hundred ninety-five and sixty paise only"),
        ("-100000", "Rupees one lakh only"),
        (
            "12345678.01",
            "Rupees one crore twenty-three lakh forty-five thousand six hundred seventy-eight and one paise"
            " only",
        ),
        ("1000000000", "Rupees one hundred crore only"),
    ],
)
def test_rupees_are_written_out_in_lakh_and_crore(amount: str, words: str) -> None:
    assert rupees_in_words(Decimal(amount)) == words
