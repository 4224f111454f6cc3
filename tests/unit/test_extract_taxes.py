"""Tax rows from text, and what lines and tax rows say about the totals."""

from __future__ import annotations

from decimal import Decimal

from schemas.extraction import ExtractedLine, TaxRow
from tests.support.papers import paper
from ticketos.ai.extract.tables import Evidence, evidence, read_lines, read_tax_rows


def rows(drawing: str) -> list[tuple[str | None, str | None, str | None]]:
    """Rate, base and amount of every tax row."""
    sheet = paper(drawing)
    return [(it.rate, it.base, it.amount) for it in read_tax_rows(sheet, read_lines(sheet))]


def test_a_table_of_taxes_gives_its_rows_with_their_category() -> None:
    sheet = paper("""
Art (Kategorie)         Basisbetrag     Steuersatz     Steuerbetrag
Umsatzsteuer (S)             275,00              7            19,25
Umsatzsteuer (E)             198,00              0             0,00
""")
    assert read_tax_rows(sheet) == [
        TaxRow(rate="7", base="275.00", amount="19.25", category="S"),
        TaxRow(rate="0", base="198.00", amount="0.00", category="E"),
    ]


def test_a_row_of_the_sums_gives_rate_base_and_amount_in_any_order() -> None:
    assert rows("zzgl. Umsatzsteuer:   7%   von    129,37       9,06") == [("7", "129.37", "9.06")]
    assert rows("TVA collectée 20,0%      100,00      20,00") == [("20", "100.00", "20.00")]


def test_the_base_of_a_lone_tax_is_found_where_it_is_printed() -> None:
    assert rows("Net total             198.00\nVAT 19%                37.62") == [("19", "198.00", "37.62")]


def test_a_lone_tax_whose_base_is_printed_nowhere_has_none() -> None:
    assert rows("Net total             150.00\nVAT 19%                37.62") == [("19", None, "37.62")]


def test_an_amount_that_includes_the_tax_is_taken_apart() -> None:
    assert rows("Premium including 19 % tax          220.00\ntax in it                            35.13") == [
        ("19", "184.87", "35.13")
    ]


def test_one_tax_printed_twice_is_one_row() -> None:
    text = "VAT 20%   100.00    20.00\nTotal VAT 20%          20.00"
    assert rows(text) == [("20", "100.00", "20.00")]


def test_rates_in_the_lines_are_no_tax_rows() -> None:
    assert (
        rows("""
Description        Qty      Price      VAT       Amount
Wire                 3       2.50      20%         7.50
  holds VAT 20%                                    1.50
Bolt                10       0.40      20%         4.00
""")
        == []
    )


def line(**values: str) -> ExtractedLine:
    return ExtractedLine(**values)


def test_evidence_adds_up_lines_and_taxes() -> None:
    lines = [
        line(quantity="3", unit_price="2.50", tax_rate="7", net="7.50"),
        line(quantity="10", unit_price="0.41", tax_rate="19.0", net="4.00"),
        line(tax_rate="19", net="1.05"),
    ]
    found = evidence(lines, [TaxRow(rate="7", base="7.50", amount="0.53"), TaxRow(rate="19", amount="0.96")])
    assert found == Evidence(
        lines=3,
        net=Decimal("12.55"),
        net_by_rate={Decimal(7): Decimal("7.50"), Decimal(19): Decimal("5.05")},
        tax=Decimal("1.49"),
        stated_base=None,
        stated_tax=Decimal("1.49"),
        products=1,
        compared=2,
    )


def test_evidence_is_silent_where_a_part_is_missing() -> None:
    found = evidence([line(net="7.50", tax_rate="7"), line(description="free text")])
    assert (found.net, found.tax, found.net_by_rate) == (None, None, {})
    assert evidence([]) == Evidence()
