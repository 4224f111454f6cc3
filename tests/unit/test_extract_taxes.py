"""Tax rows from text, and what lines and tax rows say about the totals."""

from __future__ import annotations

from schemas.extraction import TaxRow
from tests.support.papers import paper
from ticketos.ai.extract.tables import read_lines, read_tax_rows


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
