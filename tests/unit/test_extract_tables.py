"""Lines of tables: stacked headings, cells at two heights, arithmetic, names, pages, discounts."""

from __future__ import annotations

import pytest

from tests.support.papers import paper
from ticketos.ai.extract.tables import read_lines

Row = tuple[str | None, str | None, str | None, str | None]


def lines(*pages: str) -> list[Row]:
    """Description, quantity, unit price and net of every line."""
    return [
        (it.values.description, it.values.quantity, it.values.unit_price, it.values.net)
        for it in read_lines(paper(*pages))
    ]


PLAIN = """
Pos   Description              Qty     Unit price      Amount
1     Copper wire              3             2.50        7.50
2     Steel bolt M8           10             0.40        4.00
                              Total                     11.50
"""


def test_a_plain_table_is_read_up_to_its_sum() -> None:
    assert lines(PLAIN) == [("Copper wire", "3", "2.50", "7.50"), ("Steel bolt M8", "10", "0.40", "4.00")]


def test_a_line_keeps_the_words_it_was_read_from() -> None:
    first = read_lines(paper(PLAIN))[0]
    assert {"Copper", "wire", "3", "2.50", "7.50"} <= {word.text for word in first.words}
    assert first.page == 1


@pytest.mark.parametrize(
    "heading",
    [
        "Pos   Bezeichnung              Menge   Einzelpreis     Betrag",
        "N°    Désignation              Qté     Prix unitaire   Montant HT",
        "Nº    Descripción              Cant.   Precio          Importe",
        "Riga  Descrizione              Q.tà    Prezzo unit.    Importo",
    ],
)
def test_the_heading_may_speak_german_french_spanish_or_italian(heading: str) -> None:
    table = f"{heading}\n1     Rotolo / Rolle           3             2,50        7,50"
    assert lines(table) == [("Rotolo / Rolle", "3", "2.50", "7.50")]


def test_a_heading_may_be_stacked_and_broken() -> None:
    table = """
      Our                                        Unit-       Positions-
Pos   art.no.    Description             Qty     price       amount
1     A-77       Copper wire             3        2.50          7.50
2     A-78       Steel bolt             10        0.40          4.00
"""
    assert lines(table) == [("Copper wire", "3", "2.50", "7.50"), ("Steel bolt", "10", "0.40", "4.00")]


def test_amounts_set_half_a_row_lower_belong_to_the_row_they_are_beside() -> None:
    table = """
Pos   Description              Price         Qty             Amount
1     Copper wire              2.50          3 pcs
^                                                              7.50

2     Steel bolt               0.40         10 pcs
^                                                              4.00
"""
    assert lines(table) == [("Copper wire", "3", "2.50", "7.50"), ("Steel bolt", "10", "0.40", "4.00")]


def test_the_product_decides_what_the_heading_leaves_open() -> None:
    table = """
#         Product                  VAT      Price       Sum
3.00      Copper wire              7%        2.50      7.50
10.00     Steel bolt              19%        0.40      4.00
"""
    assert lines(table) == [("Copper wire", "3.00", "2.50", "7.50"), ("Steel bolt", "10.00", "0.40", "4.00")]


def test_a_position_number_is_no_quantity_because_one_line_fits() -> None:
    table = """
Pos       Product                           Price       Sum
1         Copper wire                        2.50      2.50
2         Steel bolt                         0.40      0.40
"""
    assert [row[1] for row in lines(table)] == [None, None]


@pytest.mark.parametrize(
    ("quantity", "price", "net", "read"),
    [
        ("5,000 kg", "5,50", "27,50", "5.000"),
        ("2.000 kg", "5,50", "11.000,00", "2000"),
        ("1 000", "5,50", "5 500,00", "1000"),
    ],
)
def test_a_mark_before_three_digits_is_read_as_the_product_needs_it(
    quantity: str, price: str, net: str, read: str
) -> None:
    heading = "Artikel              Menge         Preis         Betrag"
    table = f"{heading}\nMehl            {quantity:>10}    {price:>10}     {net:>10}"
    (row,) = read_lines(paper(table))
    assert row.values.quantity == read


def test_counts_that_all_have_three_decimals_are_not_thousands() -> None:
    table = """
Article           Ordered        Received
Copper wire           25           25,000
Steel bolt             1            1,000
"""
    assert [row[1] for row in lines(table)] == ["25.000", "1.000"]


def test_a_discount_column_makes_the_product_right() -> None:
    table = """
Désignation           Quantité      Prix      Rem.      Total HT
Nougat 250g                 50      4,55      10%         204,75
Biscuits                    40      3,20                  128,00
"""
    assert lines(table) == [("Nougat 250g", "50", "4.55", "204.75"), ("Biscuits", "40", "3.20", "128.00")]


def test_a_discount_row_comes_off_the_line_above_it_but_one_on_all_lines_does_not() -> None:
    table = """
Description               Qty      Price       Amount
Lawn                        3       4.00        12.00
                        less      10% discount  -1.20
Stakes                     10       0.40         4.00
                        less      10% discount  -1.48
Total                                           13.32
"""
    assert [row[3] for row in lines(table)] == ["10.80", "4.00"]


def test_an_amount_with_tax_gives_way_to_quantity_times_price() -> None:
    table = """
Product              Qty        Price      Tax(%)         Tax      Total
Memory card            1       278.61      14.50%       40.39     319.00
Reader                 2       100.00      10.00%       20.00     220.00
"""
    assert [row[3] for row in lines(table)] == ["278.61", "200.00"]


def test_carried_sums_and_a_repeated_heading_are_no_lines() -> None:
    first = """
Pos   Description              Qty     Unit price      Amount
1     Copper wire              3             2.50        7.50
      Carried forward                                    7.50
"""
    second = """
Example Ltd                                          Page 2/2
Pos   Description              Qty     Unit price      Amount
      Brought forward                                    7.50
2     Steel bolt              10             0.40        4.00
      Total                                             11.50
      VAT 20%                                            2.30
"""
    assert lines(first, second) == [
        ("Copper wire", "3", "2.50", "7.50"),
        ("Steel bolt", "10", "0.40", "4.00"),
    ]


def test_a_table_goes_on_over_the_page_without_a_heading() -> None:
    first = """
Description                          Amount
Copper wire                            7.50
"""
    second = """
Invoice 4711                            1/2


Steel bolt                             4.00
Total                                 11.50
"""
    assert [row[0] for row in lines(first, second)] == ["Copper wire", "Steel bolt"]


def test_sums_that_stand_side_by_side_are_no_line() -> None:
    table = (
        PLAIN.replace("                              Total                     11.50\n", "")
        + """
          Subtotal       VAT amount              Total
             11.50             2.30              13.80
"""
    )
    assert [row[3] for row in lines(table)] == ["7.50", "4.00"]


def test_a_name_goes_on_where_it_had_no_room_and_ends_before_its_properties() -> None:
    table = """
Description                     Qty      Price      Amount
Extra long lasting copper         3       2.50        7.50
wire for outdoor use
Batch: 2024-88
Steel bolt                       10       0.40        4.00
in a box
"""
    assert [row[0] for row in lines(table)] == [
        "Extra long lasting copper wire for outdoor use",
        "Steel bolt",
    ]


def test_the_article_number_over_the_name_is_not_the_name() -> None:
    table = """
Article number           Qty       Price      Amount
Designation
ZS997                      3        2.50        7.50
Citric acid 100ml
GZ250                     10        0.40        4.00
Jam sugar 250g
"""
    assert [row[0] for row in lines(table)] == ["Citric acid 100ml", "Jam sugar 250g"]


def test_a_number_at_the_end_of_a_name_stays_in_the_name() -> None:
    table = """
Description                  Qty       Price      Amount
Pallet of cups 3 x 20          2       29.10       58.20
Wire 100                       3        2.50        7.50
"""
    assert [row[0] for row in lines(table)] == ["Pallet of cups 3 x 20", "Wire 100"]


def test_units_and_rates_are_read() -> None:
    table = """
Description          Qty            Price      VAT      Amount
Copper wire          3 m             2.50     20 %        7.50
Steel bolt          10 pcs           0.40      5 %        4.00
"""
    found = [(it.values.unit, it.values.tax_rate) for it in read_lines(paper(table))]
    assert found == [("m", "20"), ("pcs", "5")]


def test_the_sign_printed_once_is_that_of_the_product() -> None:
    table = """
Description          Qty            Price      Amount
Copper wire            3             2.50       -7.50
"""
    assert lines(table) == [("Copper wire", "-3", "2.50", "-7.50")]


def test_a_table_of_taxes_is_no_table_of_lines() -> None:
    assert (
        lines("""
Kind             Tax base      VAT rate       VAT amount
Standard           100.00           20             20.00
""")
        == []
    )


# --- papers that name no columns --------------------------------------------------------------------------------

SLIP = """
       CORNER SHOP
Tea 250g                   4.40
Milk
  2 x 1.10                 2.20
SUBTOTAL                   6.60
CASH                      10.00
CHANGE                     3.40
"""


def test_rows_that_add_up_are_lines() -> None:
    assert lines(SLIP) == [("Tea 250g", None, None, "4.40"), ("Milk", "2", "1.10", "2.20")]


def test_rows_that_do_not_add_up_are_none() -> None:
    assert lines(SLIP.replace("6.60", "6.70")) == []


def test_quantity_and_price_under_a_line_are_its_own() -> None:
    table = """
Item                            Amount
Tea 250g                          8.80
   2 pcs x 4.40 20%
Milk                              1.10
   1 l x 1.10 7%
Total                             9.90
"""
    assert lines(table) == [("Tea 250g", "2", "4.40", "8.80"), ("Milk", "1", "1.10", "1.10")]
    assert [it.values.tax_rate for it in read_lines(paper(table))] == ["20", "7"]


def test_names_over_their_numbers_are_found() -> None:
    table = """
Particulars         Qty       Price     Net amount
Nasi lemak
                      3      155.50         466.50
Orange juice
                      3       44.46         133.38
TOTAL AMOUNT                                599.88
"""
    assert lines(table) == [
        ("Nasi lemak", "3", "155.50", "466.50"),
        ("Orange juice", "3", "44.46", "133.38"),
    ]


def test_a_paper_without_words_has_no_lines() -> None:
    assert lines("") == []
